"""What ``auto`` means for a box, by what is inside and round it."""

import hashlib
import json

import numpy as np
import pytest
from server_fakes import npy

from medsamseg_server.engine.box_windows import window_for_box
from medsamseg_server.engine.engine import Engine, Prompt
from medsamseg_server.engine.slice_request import SliceRequest
from medsamseg_server.volumes.volume import Volume
from medsamseg_server.volumes.windows import IntensityRange, resolve_window

RANDOM = np.random.default_rng(16)
LUNG, LIVER, FAT, GROUND_GLASS, AIR = -850, 60, -90, -600, -1000
SIZE = 200
BOX = (80.0, 80.0, 119.0, 119.0)
INSIDE = (slice(80, 120), slice(80, 120))


def slice_of(ground, inside, noise=15):
    """A slice with a square object in BOX, (200, 200)."""
    pixels = np.full((SIZE, SIZE), ground, np.float32)
    pixels[INSIDE] = inside
    return pixels + RANDOM.normal(0, noise, pixels.shape).astype(np.float32)


def chest():
    """A slice of which much is lung."""
    pixels = slice_of(LIVER, LIVER)
    pixels[:, :90] = LUNG + RANDOM.normal(0, 30, (SIZE, 90))
    return pixels


def window_of(pixels):
    volume = np.stack([chest(), pixels])
    return window_for_box(resolve_window("auto", volume), pixels[INSIDE], pixels[40:160, 40:160])


def dome():
    """A box on the liver, with lung above it."""
    pixels = slice_of(LIVER, LIVER + 30)
    pixels[:75] = LUNG
    return pixels


@pytest.mark.parametrize(
    ("pixels", "window"),
    [
        (slice_of(FAT, LIVER), "soft"),
        (dome(), "bone"),
        (slice_of(LUNG, LIVER), "bone"),
        (slice_of(LUNG, GROUND_GLASS), "lung"),
        (slice_of(LIVER, LUNG), "lung"),
        # Air that is no lung, beside the body.
        (np.where(np.arange(SIZE) < 60, AIR, slice_of(FAT, LIVER)), "soft"),
        (slice_of(FAT, 700), "soft"),
    ],
    ids=["liver in fat", "dome of the liver", "solid nodule", "ground-glass", "lung", "beside air", "bone in fat"],
)
def test_window_of_a_box_in_ct(pixels, window):
    assert resolve_window("auto", np.stack([chest(), pixels])).kind == "ct"
    assert window_of(pixels) == window


def other(background, tissue, scale=1.0, offset=0.0):
    """A volume that is no CT, and whose object in BOX of slice 1 is much brighter than all else: (2, 200, 200)."""
    pixels = np.abs(RANDOM.normal(background, background / 10, (12, SIZE, SIZE)))
    pixels[1][INSIDE] = tissue
    return (pixels * scale + offset).astype(np.float32)


def standardized(volume):
    """A volume as if its mean were 0 and its standard deviation 1."""
    return (volume - volume.mean()) / volume.std()


def as_shown(volume, width=400, level=40):
    """A CT as it was saved from a screen: 8 bits, much of it black or white."""
    return IntensityRange("", level - width / 2, level + width / 2, "").apply(volume)


#: Images that are no CT in Hounsfield units, and whether an object in BOX of slice 1 gets a window of its own.
OTHER_IMAGES = {
    "MR": (other(100, 115), False),
    "z-scored MR": (standardized(other(100, 115)), False),
    "MR below zero": (other(100, 115, offset=-2000), False),
    # A lesion ten times as hot as the body, and less than a hundredth of it.
    "PET": (other(1, 12), True),
    # The same in other units.
    "SUV": (other(1, 12, scale=0.2), True),
    "z-scored PET": (standardized(other(1, 12)), True),
    "hot below zero": (other(1, 12, scale=10, offset=-300), True),
    "8 bits": (np.clip(other(100, 160), 0, 255).astype(np.uint8), True),
    "windowed CT": (as_shown(np.stack([chest(), slice_of(FAT, LIVER)])), False),
    "nodule in windowed CT": (as_shown(np.stack([chest(), slice_of(LUNG, LIVER)])), False),
}


@pytest.mark.parametrize(("volume", "is_local"), OTHER_IMAGES.values(), ids=OTHER_IMAGES)
def test_window_of_a_box_in_other_images(volume, is_local):
    whole = resolve_window("auto", volume)
    assert whole.kind == "percentile"
    text = window_for_box(whole, volume[1][INSIDE], volume[1][40:160, 40:160])
    window = resolve_window(text, volume)
    assert (window.kind == "custom") == is_local
    # The object is told apart from what is round it, and its own gray levels from each other.
    assert window.apply(volume[1][INSIDE]).mean() > window.apply(volume[1][:40]).mean() + 20
    if is_local:
        most = float(volume[1][INSIDE].max())
        assert whole.upper < most < window.upper + 0.01 * (window.upper - window.lower)
        assert window.name == text


def test_saturated_image_keeps_the_window_of_its_volume():
    """Nothing is above a window that reaches to the brightest voxel."""
    volume = np.zeros((4, SIZE, SIZE), np.uint8)
    volume[:, INSIDE[0], INSIDE[1]] = 255
    whole = resolve_window("auto", volume)
    assert window_for_box(whole, volume[1][INSIDE], volume[1]) == whole.name


def test_only_auto_goes_by_the_box(engine: Engine):
    volume = Volume.from_array(np.stack([chest(), dome()]))
    prompts = [Prompt(BOX), Prompt(points=((100, 100, 1),)), Prompt((20, 20, 60, 60))]
    assert volume.window("auto").name == "lung"
    seen = [framing.window.name for framing in engine.segment(SliceRequest(volume, 0, 1, "auto"), prompts).framings]
    assert seen == ["bone", "lung", "lung"]
    assert {
        framing.window.name for framing in engine.segment(SliceRequest(volume, 0, 1, "soft"), prompts).framings
    } == {"soft"}


def test_caller_may_know_better_what_the_volume_is(engine):
    """Without any air it does not look like a CT; the file says that it is one."""
    volume = Volume.from_array(np.stack([slice_of(FAT, LIVER)] * 2)[:, 60:140, 60:140])
    box = [Prompt((20, 20, 59, 59))]
    for text, name in (("auto", "percentile"), ("auto:soft", "soft"), (" AUTO:Lung ", "soft")):
        assert engine.segment(SliceRequest(volume, 0, 0, text), box).window.name == name
    assert volume.window("auto:lung").name == "lung"


def test_reply_says_which_window_each_box_got(client):
    body = npy(np.stack([chest(), dome()]))

    path = f"/v1/volumes/{hashlib.sha256(body).hexdigest()}"
    assert client.put(path, content=body).status_code in (200, 201)
    prompts = [{"box": BOX}, {"box": (20, 20, 60, 60)}]
    reply = client.post(f"{path}/segment", json={"slice": 1, "prompts": prompts}).json()
    assert [window["name"] for window in reply["windows"]] == ["bone", "lung"]
    assert reply["window"] == reply["windows"][0] == {"name": "bone", "lower": -500, "upper": 1300}
    assert len(reply["agreements"]) == 2


def test_propagation_keeps_the_window_of_its_box(client, watch):
    """On the other slice the same place would get another window."""

    array = np.stack([dome(), slice_of(FAT, LIVER), chest()])
    body = npy(array)
    path = f"/v1/volumes/{hashlib.sha256(body).hexdigest()}"
    client.put(path, content=body)
    objects = [
        {"id": "dome", "prompts": [{"slice": 0, "box": BOX}], "last": 1},
        {"id": "abdomen", "prompts": [{"slice": 1, "box": BOX}], "last": 2},
    ]
    reply = client.post(f"{path}/propagate", json={"objects": objects})
    events = [json.loads(line) for line in reply.text.splitlines()]
    start = events[0]
    assert [window["name"] for window in start["windows"]] == ["bone", "soft"]
    assert start["window"] == start["windows"][0]
