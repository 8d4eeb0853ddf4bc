"""Volumes in color: what is kept of colors, and masks from them with the real LiteMedSAM and over HTTP."""

import base64

import numpy as np
import pytest
from realNetwork import loadOnce
from server_fakes import npy

from medsamseg_server.engine.embedding_cache import EmbeddingCache
from medsamseg_server.engine.engine import Engine, Prompt
from medsamseg_server.engine.slice_request import SliceRequest
from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.models.preprocessing import prepare_image
from medsamseg_server.propagation import EngineSlices, Propagation, SliceResult
from medsamseg_server.volumes.npy_upload import parse_npy
from medsamseg_server.volumes.volume import Volume
from medsamseg_server.weights.catalog import get_specification
from medsamseg_server.weights.store import ModelStore

# Made before any test gets a home of its own: where `make weights` put the real weights.
DEVELOPMENT_STORE = ModelStore()
NOISE = np.random.default_rng(5).integers(0, 256, (2, 5, 7, 4)).astype(np.uint8)
#: Of the disk on each frame of `film`.
CENTERS = [(90 + 3 * frame, 70 + 2 * frame) for frame in range(4)]
RADIUS = 30


def film():
    """A disk that differs from its background in hue and hardly in brightness, moving, in noise; (4, 160, 200, 3)."""
    random = np.random.default_rng(1)
    colors = np.empty((4, 160, 200, 3))
    colors[:] = (60, 150, 90)
    rows, columns = np.indices((160, 200))
    for frame, (x, y) in zip(colors, CENTERS, strict=True):
        frame[(columns - x) ** 2 + (rows - y) ** 2 <= RADIUS**2] = (190, 70, 80)
    return np.clip(colors + random.normal(0, 6, colors.shape), 0, 255).astype(np.uint8)


def disk(frame):
    rows, columns = np.indices((160, 200))
    x, y = CENTERS[frame]
    return (columns - x) ** 2 + (rows - y) ** 2 <= RADIUS**2


def box_of(frame):
    x, y = CENTERS[frame]
    return (float(x - RADIUS), float(y - RADIUS), float(x + RADIUS), float(y + RADIUS))


def dice(first, second):
    return 2 * np.count_nonzero(first & second) / (np.count_nonzero(first) + np.count_nonzero(second))


@pytest.fixture(scope="module")
def engine():
    return Engine(DEVELOPMENT_STORE, EmbeddingCache(), "cpu", load_predictor=loadOnce)


def test_8_bit_colors_are_kept_as_they_are():
    volume = Volume.from_array(NOISE[..., :3])
    np.testing.assert_array_equal(volume.array, NOISE[..., :3])
    assert (volume.is_color, volume.shape, volume.dtype, volume.notes) == (True, (2, 5, 7), "uint8", ())


@pytest.mark.parametrize(
    ("axis", "size"), [(0, (5, 7)), (1, (2, 7)), (2, (2, 5))], ids=["stored slices", "rows", "columns"]
)
def test_slices_along_every_axis(axis, size):
    volume = Volume.from_array(NOISE[..., :3])
    np.testing.assert_array_equal(volume.slice(axis, 1), NOISE[..., :3].take(1, axis))
    assert volume.slice_size(axis, 1) == size


def test_transparency_is_left_out_and_told():
    volume = Volume.from_array(NOISE)
    np.testing.assert_array_equal(volume.array, NOISE[..., :3])
    assert volume.notes == ("The image is transparent in places; its colors were taken as they are stored there.",)
    opaque = NOISE.copy()
    opaque[..., 3] = 255
    assert Volume.from_array(opaque).notes == ()


@pytest.mark.parametrize("order", ["<u2", ">u2"])
def test_16_bit_colors_become_the_nearest_of_8_bits(order):
    values = np.array([0, 128, 129, 32767, 32768, 65406, 65407, 65535], order)
    colors = np.repeat(values, 3).reshape(1, 1, 8, 3)
    assert Volume.from_array(colors).array[0, 0, :, 0].tolist() == [0, 0, 1, 127, 128, 254, 255, 255]


def test_networks_see_colors_unchanged():
    volume = Volume.from_array(NOISE[..., :3])
    window = volume.window("auto")
    np.testing.assert_array_equal(window.apply(volume.slice(0, 0)), NOISE[0, ..., :3])
    assert (window.name, window.lower, window.upper) == ("color", 0, 255)


@pytest.mark.parametrize("text", ["soft", "percentile", "400,40"])
def test_a_window_for_colors_is_refused(text):
    with pytest.raises(MedSAMSegError) as caught:
        Volume.from_array(NOISE).window(text)
    assert caught.value.code == "window_invalid"
    assert caught.value.message == f"A color image has no intensity window, but '{text}' was asked for."


@pytest.mark.parametrize("fortran_order", [False, True])
def test_colors_are_uploaded(fortran_order):
    array = np.asfortranarray(NOISE) if fortran_order else NOISE
    np.testing.assert_array_equal(parse_npy(npy(array)).array, NOISE[..., :3])


def test_a_box_finds_what_differs_in_color_alone(engine):
    volume = Volume.from_array(film())
    result = engine.segment(SliceRequest(volume, 0, 0), [Prompt(box_of(0))])
    assert dice(result.masks[0].to_array((160, 200)), disk(0)) >= 0.95


def test_the_embedding_is_that_of_the_color_picture(engine):
    colors = film()
    embedded = engine.embed(SliceRequest(Volume.from_array(colors), 0, 1))
    prepared = prepare_image(get_specification("litemedsam"), colors[1])
    assert not np.array_equal(prepared[0], prepared[1])
    np.testing.assert_array_equal(embedded.embedding, engine.predictor().encode_prepared(prepared).astype(np.float16))


def test_an_object_is_followed_through_colors(engine):
    volume = Volume.from_array(film())
    source = EngineSlices(engine, volume, 0, "auto", None)
    events = Propagation(volume.shape, 0, {0: box_of(0)}, 0, 3).run(source)
    found = {event.index: event.mask for event in events if isinstance(event, SliceResult)}
    assert sorted(found) == [0, 1, 2, 3]
    assert min(dice(found[index].to_array((160, 200)), disk(index)) for index in found) >= 0.95


def test_colors_over_http(client, upload):
    colors = np.zeros((2, 32, 32, 3), np.uint8)
    colors[:, 8:20, 10:25] = (250, 200, 200)
    path = upload(colors)
    known = client.get(path).json()
    assert known["shape"] == [2, 32, 32]
    assert known["window"] == {"name": "color", "lower": 0.0, "upper": 255.0}
    reply = client.post(f"{path}/segment", json={"axis": 0, "slice": 1, "prompts": [{"box": [9, 7, 25, 20]}]}).json()
    mask = reply["masks"][0]
    assert mask["extent"] == [10, 8, 24, 19]
    bits = np.unpackbits(np.frombuffer(base64.b64decode(mask["bits"]), np.uint8), count=15 * 12)
    assert bits.all()
    refused = client.post(
        f"{path}/segment", json={"axis": 0, "slice": 1, "prompts": [{"box": [9, 7, 25, 20]}], "window": "soft"}
    )
    assert refused.status_code == 422
    assert refused.json()["error"]["code"] == "window_invalid"
