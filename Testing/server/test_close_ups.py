"""Close-ups: which part of a slice the network sees, and that masks come back on the slice's own pixels."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from server_fakes import IDENTITY_WINDOW, FakePrediction, FakePredictor

from medsamseg_server.engine.close_ups import View, choose_view, crop_to_box, view_ahead, whole_slice
from medsamseg_server.engine.engine import Engine, Prompt
from medsamseg_server.engine.slice_request import SliceRequest
from medsamseg_server.volumes.volume import Volume
from medsamseg_server.weights.catalog import get_specification

LITEMEDSAM = get_specification("litemedsam")
SIZE = (180, 220)


def view_of(box, size=(512, 512), points=(), model="litemedsam"):
    return choose_view(get_specification(model), Prompt(box, points), size)


@pytest.mark.parametrize(
    ("box", "size", "side", "input_size"),
    [
        # Three times the box's longer side, up to the next of sides that grow by a fifth.
        ((100, 100, 141, 121), (512, 512), 128, 128),
        ((100, 100, 142, 121), (512, 512), 152, 128),
        ((300, 40, 369, 139), (512, 512), 304, 128),
        # Never less than 96 pixels, however small the object is.
        ((200, 200, 204, 203), (512, 512), 108, 128),
        # Cut off where the slice ends.
        ((100, 100, 339, 200), (512, 512), 512, 128),
        # An object that fills the slice, as large as others then; a slice that is enlarged as a whole.
        ((50, 50, 420, 200), (512, 512), 512, 128),
        ((0, 0, 511, 511), (512, 512), 512, 128),
        ((40, 40, 52, 50), (122, 101), 122, 256),
        ((40, 40, 52, 50), (129, 129), 108, 128),
        # … unless it would be enlarged four times.
        ((20, 10, 31, 20), (50, 35), 38, 128),
        ((20, 10, 31, 20), (65, 35), 65, 256),
        ((20, 10, 31, 20), (64, 35), 54, 128),
    ],
)
def test_what_is_seen_of_a_box(box, size, side, input_size):
    view = view_of(box, size)
    assert (max(view.shape), view.input_size) == (side, input_size)
    assert view.holds(box)


def test_close_up_is_centered_on_the_box():
    view = view_of((250, 130, 289, 169))
    assert view.shape == (128, 128)
    center = (view.x0 + 63.5, view.y0 + 63.5)
    assert abs(center[0] - 269.5) <= 8.5
    assert abs(center[1] - 149.5) <= 8.5


@pytest.mark.parametrize("model", ["medsam", "sam", "mobilesam"])
def test_other_models_see_the_whole_slice(model):
    specification = get_specification(model)
    assert view_of((100, 100, 140, 120), model=model) == whole_slice(specification, (512, 512))


@pytest.mark.parametrize(
    ("box", "points"),
    [(None, ((110, 110, 1),)), ((100, 100, 140, 120), ((400, 110, 0),))],
    ids=["points alone", "a point far away"],
)
def test_points_that_a_close_up_does_not_hold_are_seen_on_the_whole_slice(box, points):
    assert view_of(box, points=points) == whole_slice(LITEMEDSAM, (512, 512))


def test_point_near_the_box_is_seen_in_its_close_up():
    assert view_of((100, 100, 140, 120), points=((150, 110, 0),)) == view_of((100, 100, 140, 120))


@st.composite
def boxes_on_slices(draw):
    height, width = draw(st.integers(1, 700)), draw(st.integers(1, 700))
    x0, x1 = sorted(draw(st.lists(st.floats(-0.5, width - 0.5, width=32), min_size=2, max_size=2)))
    y0, y1 = sorted(draw(st.lists(st.floats(-0.5, height - 0.5, width=32), min_size=2, max_size=2)))
    return (x0, y0, x1, y1), (height, width)


@given(boxes_on_slices())
@settings(deadline=None)
def test_every_view_lies_on_the_slice_and_holds_its_box(case):
    box, (height, width) = case
    view = view_of(box, (height, width))
    assert 0 <= view.x0 <= view.x0 + view.width <= width
    assert 0 <= view.y0 <= view.y0 + view.height <= height
    assert min(view.shape) >= 1
    assert view.holds(box)
    inside = view.box_inside(box)
    np.testing.assert_allclose(np.add(inside, (view.x0, view.y0) * 2), box, atol=1e-9)


@given(boxes_on_slices())
@settings(deadline=None)
def test_pixels_of_a_box_are_those_whose_centers_are_in_it(case):
    box, (height, width) = case
    rows, columns = np.indices((height, width))
    x0, y0, x1, y1 = box
    inside = (columns >= x0) & (columns <= x1) & (rows >= y0) & (rows <= y1)
    found = crop_to_box(np.arange(height * width).reshape(height, width), box)
    assert found.size >= 1
    if inside.any():
        np.testing.assert_array_equal(np.sort(found, axis=None), np.flatnonzero(inside))


def request(volume):
    """The second slice."""
    return SliceRequest(volume, 0, 1, IDENTITY_WINDOW)


def bright(*rectangles):
    """A volume of two slices with bright rectangles (x0, y0, x1, y1), inclusive, on the second one."""
    volume = np.zeros((2, *SIZE), np.uint8)
    for x0, y0, x1, y1 in rectangles:
        volume[1, y0 : y1 + 1, x0 : x1 + 1] = 250
    return Volume.from_array(volume)


@given(x=st.integers(0, 200), y=st.integers(0, 165), width=st.integers(1, 19), height=st.integers(1, 14))
@settings(deadline=None, max_examples=40)
def test_mask_of_a_close_up_is_on_the_slices_own_pixels(store_of_module, x, y, width, height):
    """The fake network marks what is bright in the box, to the pixel."""
    engine = Engine(store_of_module, load_predictor=lambda specification, *_: FakePredictor(specification))
    rectangle = (x, y, x + width, y + height)
    box = (max(x - 1.5, -0.5), max(y - 1.5, -0.5), min(x + width + 1.5, 219.5), min(y + height + 1.5, 179.5))
    volume = bright(rectangle)
    found = engine.segment(request(volume), [Prompt(box)])
    assert max(found.framings[0].view.shape) < 128
    np.testing.assert_array_equal(found.masks[0].to_array(SIZE), volume.array[1] > 0)
    assert found.agreements == [1.0]


@pytest.fixture(scope="module")
def store_of_module(tmp_path_factory):
    from medsamseg_server.weights.store import ModelStore

    folder = tmp_path_factory.mktemp("weights")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDSAMSEG_HOME", str(folder))
        made = ModelStore()
        made.folder.mkdir(parents=True)
        made.final_path("litemedsam").write_bytes(b"the fake network needs none")
    return made


def test_boxes_at_both_ends_of_a_slice_get_their_own_close_ups(engine, watch):
    first, second = (10, 10, 29, 29), (180, 140, 205, 160)
    volume = bright(first, second)
    found = engine.segment(request(volume), [Prompt(first), Prompt(second), Prompt((12, 12, 29, 29))])
    assert [mask.extent for mask in found.masks][:2] == [first, second]
    assert len(watch.encoded) == 2
    assert found.framings[0] == found.framings[2] != found.framings[1]


def test_box_that_moves_a_little_is_seen_in_the_same_close_up(engine, watch):
    volume = bright((90, 80, 119, 109))
    for shift in range(-2, 3):
        engine.segment(request(volume), [Prompt((88 + shift, 78, 121 + shift, 111))])
    assert len(watch.encoded) == 1


def test_close_up_does_not_wait_for_the_whole_slice(engine, watch):
    volume = bright((90, 80, 119, 109))
    engine.segment(request(volume), [Prompt((88, 78, 121, 111))])
    assert engine.find(request(volume)) is None
    assert len(watch.encoded) == 1


def test_same_box_gets_the_same_mask_whatever_is_encoded(engine, watch):
    """A ring of another brightness round the object shows what the network was given."""
    volume = bright((90, 80, 119, 109), (60, 80, 62, 109))
    prompts = [Prompt((88, 78, 121, 111))]
    alone = engine.segment(request(volume), prompts)
    engine.precompute(request(volume))
    after = engine.segment(request(volume), prompts)
    assert (after.masks, after.framings) == (alone.masks, alone.framings)


@pytest.fixture
def ahead(engine, monkeypatch):
    """What is seen of each slice that is encoded ahead."""
    seen = []

    def fill(predictor, request, framing):
        seen.append(framing.view)
        return True

    monkeypatch.setattr(engine._embeddings, "fill", fill)
    return seen


def test_large_boxes_find_what_was_encoded_ahead(engine, ahead):
    volume = bright((30, 20, 159, 149))
    engine.precompute(request(volume))
    found = engine.segment(request(volume), [Prompt((28, 18, 161, 151)), Prompt((0, 0, 219, 179))])
    assert {framing.view for framing in found.framings} == set(ahead) == {View(0, 0, 220, 180, 128)}


def test_what_clicks_begin_with_is_encoded_ahead_where_a_head_was_trained(engine, ahead, monkeypatch):
    monkeypatch.setattr("medsamseg_server.engine.engine.has_click_head", lambda model: model == "litemedsam")
    assert engine.precompute(request(bright((90, 80, 119, 109))))
    assert ahead == [view_ahead(LITEMEDSAM, SIZE), whole_slice(LITEMEDSAM, SIZE)]


EVERY_SIZE = pytest.mark.parametrize(
    ("size", "model", "input_size"),
    [
        ((512, 400), "litemedsam", 128),
        ((120, 90), "litemedsam", 256),
        ((40, 50), "litemedsam", 128),
        ((512, 400), "medsam", 1024),
    ],
)


@EVERY_SIZE
def test_what_is_seen_before_there_is_a_box(size, model, input_size):
    height, width = size
    assert view_ahead(get_specification(model), size) == View(0, 0, width, height, input_size)


@EVERY_SIZE
def test_what_a_slice_takes_of_the_cache_is_known_before_it_is_encoded(engine, size, model, input_size):
    asked = SliceRequest(Volume.from_array(np.zeros((1, *size), np.uint8)), 0, 0, model=model)
    expected = {128: 256 * 32 * 32 * 2, 256: 256 * 64 * 64 * 2, 1024: 256 * 64 * 64 * 2}
    assert engine.precomputed_bytes(asked) == expected[input_size]


def test_where_clicks_are_learned_a_slice_takes_more(engine, monkeypatch):
    monkeypatch.setattr("medsamseg_server.engine.engine.has_click_head", lambda model: model == "litemedsam")
    assert engine.precomputed_bytes(request(bright((90, 80, 119, 109)))) == 256 * (32 * 32 + 64 * 64) * 2


def test_preview_makes_do_with_what_was_encoded_ahead(engine):
    volume = bright((90, 80, 119, 109))
    prompts = [Prompt((88, 78, 121, 111))]
    engine.precompute(request(volume))
    assert engine.find_for(request(volume), prompts) is None
    embedded = engine.find_for(request(volume), prompts, or_ahead=True)
    preview = engine.decode(embedded, prompts, quick=True)
    assert preview.framings[0].view == view_ahead(LITEMEDSAM, SIZE)
    assert (preview.masks[0].extent, preview.agreements) == ((90, 80, 119, 109), [None])


def test_preview_prefers_the_close_up(engine):
    volume = bright((90, 80, 119, 109))
    prompts = [Prompt((88, 78, 121, 111))]
    engine.precompute(request(volume))
    engine.segment(request(volume), prompts)
    (embedded,) = engine.find_for(request(volume), prompts, or_ahead=True)
    assert embedded.framing.view.input_size == 128


def test_candidates_are_seen_where_the_expected_object_is(engine):
    volume = bright((90, 80, 119, 109))
    inside, far = (95, 85, 110, 100), (0, 0, 20, 20)
    found = engine.candidates(request(volume), (88, 78, 121, 111), [inside, far])
    # Four margins, the other box with one, and none for what the close-up does not show.
    masks = found.masks.slice_masks()
    assert len(masks) == 5
    assert {mask.extent for mask in masks[:4]} == {(90, 80, 119, 109)}
    np.testing.assert_array_equal(found.masks.on_slice(SIZE)[0], volume.array[1] > 0)


def test_view_cuts_what_it_says():
    pixels = np.arange(70).reshape(7, 10)
    np.testing.assert_array_equal(View(3, 2, 4, 5, 128).cut(pixels), pixels[2:7, 3:7])


@pytest.mark.parametrize(("side", "is_coarse"), [(120, True), (300, False)], ids=["whole slice", "close-up"])
def test_only_whole_slices_have_coarse_surroundings(store_of_module, side, is_coarse):
    asked = []

    class Noting(FakePredictor):
        def decode(self, embedding, image_size, boxes, points, labels, answer, coarse_surroundings):
            asked.append(coarse_surroundings)
            masks = np.ones((len(boxes), *image_size), bool)
            return FakePrediction(masks, np.ones(len(boxes), np.float32))

        def prepare(self, image):
            return np.zeros((3, 8, 8), np.float32)

        def encode_prepared(self, prepared):
            return np.zeros(self.specification.embedding_shape, np.float32)

        def at(self, input_size):
            same = input_size == self.specification.input_size
            return self if same else Noting(self.specification.at(input_size))

    engine = Engine(store_of_module, load_predictor=lambda *_: Noting(LITEMEDSAM))
    volume = Volume.from_array(np.full((2, side, side), 200, np.uint8))
    engine.segment(request(volume), [Prompt((40, 40, 70, 70))])
    assert set(asked) == {is_coarse}
    asked.clear()
    engine.candidates(request(volume), (40, 40, 70, 70))
    assert set(asked) == {is_coarse}
    asked.clear()
    # As the authors do, who see everything.
    engine.segment_whole(request(volume), [(40, 40, 70, 70)])
    assert set(asked) == {False}


def test_only_a_model_with_close_ups_is_asked_several_times(store_of_module):
    asked = []

    class Counting(FakePredictor):
        def decode(
            self, embedding, image_size, boxes=None, points=None, labels=None, answer=0, coarse_surroundings=False
        ):
            asked.append(len(boxes if boxes is not None else points))
            return super().decode(embedding, image_size, boxes, points, labels)

    volume, prompts = bright((90, 80, 119, 109)), [Prompt((88, 78, 121, 111))]
    for close_up_size in (128, None):
        changed = dataclasses.replace(LITEMEDSAM, close_up_size=close_up_size)
        engine = Engine(store_of_module, load_predictor=lambda *_, changed=changed: Counting(changed))
        found = engine.segment(request(volume), prompts)
        assert found.masks[0].extent == (90, 80, 119, 109)
        assert found.agreements == [1.0 if close_up_size else None]
        points = engine.segment(request(volume), [Prompt((88, 78, 121, 111), ((95, 85, 1),))])
        assert points.agreements == [None]
    assert asked == [4, 1, 1, 1]
