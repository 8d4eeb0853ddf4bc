"""What lies in a box and is not the object: asked as an object of its own, followed, and taken away."""

import numpy as np
import pytest
from server_fakes import IDENTITY_WINDOW, ROD_BOX
from test_app_segment import error_of, segment, unpack
from test_several_objects import events_of, final_masks

from medsamseg_server.engine.exclusion import agreement_on_rest
from medsamseg_server.engine.masks import SliceMask
from medsamseg_server.engine.probabilities import ProbabilityMap
from medsamseg_server.engine.prompts import Prompt
from medsamseg_server.propagation import Confidence, DirectionEnded, SliceResult
from medsamseg_server.propagation.exclusion import FollowedExclusion, events_of_rest, whole_of
from medsamseg_server.propagation.plan import make_plan
from medsamseg_server.serving.mask_contract import Mask

#: In the middle of the rod, which has columns 8 to 17 and rows 10 to 19 on slices 2 to 9.
INSIDE = (11.0, 13.0, 14.0, 16.0)
HOLE = (slice(13, 17), slice(11, 15))
SIZE = (32, 32)


def rod_mask():
    mask = np.zeros(SIZE, bool)
    mask[10:20, 8:18] = True
    return mask


def ring_mask():
    mask = rod_mask()
    mask[HOLE] = False
    return mask


def sent(mask):
    packed = Mask.of(SliceMask.from_mask(mask, 1.0))
    return {"extent": packed.extent, "bits": packed.bits}


def hole_alone():
    return rod_mask() & ~ring_mask()


@pytest.mark.parametrize("excluded", [{"exclude": [INSIDE]}, {"exclude_mask": sent(hole_alone())}])
def test_a_ring_is_answered_to_a_click(client, rod_path, excluded):
    reply = segment(client, rod_path, [{"box": ROD_BOX, **excluded}, {"box": INSIDE}], probabilities=True).json()
    ring, inside = reply["masks"]
    assert (ring["voxels"], inside["voxels"], len(reply["windows"])) == (84, 16, 2)
    np.testing.assert_array_equal(unpack(ring), ring_mask()[10:20, 8:18])
    assert 0.95 < reply["agreements"][0] <= 1.0
    assert ring["probability"]["extent"] == ring["extent"]


@pytest.mark.parametrize("excluded", [{"exclude": [INSIDE]}, {"exclude_mask": sent(hole_alone())}])
def test_a_ring_has_a_range_of_sizes_where_it_is_asked_for(client, rod_path, excluded):
    reply = segment(client, rod_path, [{"box": ROD_BOX, **excluded}], spacing=[1.0, 1.0, 1.0]).json()
    low, high = reply["masks"][0]["range"]["voxels"]
    assert low <= 84 <= high


@pytest.mark.parametrize("excluded", [{"exclude": [INSIDE]}, {}])
def test_a_ring_that_is_followed_has_a_range_on_every_slice(engine, volume, excluded):
    masks = [{"slice": index, "mask": sent(hole_alone())} for index in range(2, 10)]
    options = {"ranges": True, "spacing": [1.0, 1.0, 1.0], **({} if excluded else {"exclude_masks": masks})}
    events = propagate(engine, volume, excluded, **options)
    ranges = {event.slice: event.mask.range for event in events if event.event == "slice"}
    assert sorted(ranges) == list(range(2, 10))
    for found in ranges.values():
        assert found.voxels[0] <= 84 <= found.voxels[1]


@pytest.mark.parametrize(
    ("prompt", "code"),
    [
        ({"box": ROD_BOX, "exclude": [(20, 13, 24, 16)]}, "exclude_outside_box"),
        ({"box": ROD_BOX, "exclude": [(7, 9, 18, 20)]}, "exclude_covers_box"),
        ({"box": ROD_BOX, "exclude": [(11, 13, 60, 16)]}, "box_outside_image"),
        ({"box": ROD_BOX, "exclude": [(14, 13, 11, 16)]}, "box_reversed"),
        ({"points": [[12, 12, 1]], "exclude": [INSIDE]}, "exclude_without_box"),
        ({"box": ROD_BOX, "exclude_mask": {"extent": (0, 0, 40, 3), "bits": ""}}, "mask_invalid"),
    ],
)
def test_what_cannot_be_excluded_is_named(client, rod_path, prompt, code):
    assert error_of(segment(client, rod_path, [prompt]))["code"] == code
    if "box" in prompt and "exclude" in prompt:
        asked = {"prompts": [{"slice": 5, **prompt}], "window": IDENTITY_WINDOW}
        assert error_of(client.post(f"{rod_path}/propagate", json=asked))["code"] == code


def propagate(engine, volume, prompt, **options):
    request = {"prompts": [{"slice": 5, "box": ROD_BOX, **prompt}], "window": IDENTITY_WINDOW}
    return events_of(engine, volume, request, **options)


@pytest.mark.parametrize("method", ["tracking", "reference", "film"])
def test_what_is_excluded_is_followed_and_taken_away(engine, volume, method):
    masks = final_masks(propagate(engine, volume, {"exclude": [INSIDE]}, method=method))
    assert [index for _, index in sorted(masks)] == list(range(2, 10))
    for mask in masks.values():
        np.testing.assert_array_equal(mask, ring_mask())


def test_a_ring_that_was_drawn_is_followed_as_one(engine, volume):
    # Drawn a little larger than the network finds it, so that one sees which is which.
    drawn = ring_mask()
    drawn[9, 8:18] = True
    events = propagate(engine, volume, {"exclude": [INSIDE], "mask": sent(drawn)})
    masks = final_masks(events)
    np.testing.assert_array_equal(masks[None, 5], drawn)
    for index in (2, 4, 6, 9):
        assert not masks[None, index][HOLE].any()
    assert next(event.confidence for event in events if event.event == "slice") == 1.0


def test_pixels_that_are_excluded_are_taken_away_where_they_are(engine, volume):
    request = {"exclude_masks": [{"slice": 7, "mask": sent(hole_alone())}]}
    masks = final_masks(propagate(engine, volume, {}, **request))
    np.testing.assert_array_equal(masks[None, 7], ring_mask())
    np.testing.assert_array_equal(masks[None, 6], rod_mask())


def test_a_ring_that_was_drawn_is_followed_as_surely_as_its_outline_where_pixels_are_excluded(engine, volume):
    inside = np.zeros(SIZE, bool)
    inside[11:19, 9:17] = True
    wall = rod_mask() & ~inside
    request = {"exclude_masks": [{"slice": index, "mask": sent(inside)} for index in range(2, 10)]}
    events = propagate(engine, volume, {"mask": sent(wall)}, **request)
    masks = final_masks(events)
    assert [index for _, index in sorted(masks)] == list(range(2, 10))
    for mask in masks.values():
        np.testing.assert_array_equal(mask, wall)
    sure = {event.slice: event.confidence for event in events if event.event == "slice"}
    filled = propagate(engine, volume, {"mask": sent(rod_mask())})
    assert sure == {event.slice: event.confidence for event in filled if event.event == "slice"}


def test_only_holes_that_are_excluded_count_as_the_whole():
    drawn = ring_mask()
    drawn[11, 9] = False
    pixels = SliceMask.from_mask(hole_alone(), 1.0)
    whole = whole_of(Prompt(ROD_BOX, mask=SliceMask.from_mask(drawn, 1.0)), pixels)
    expected = rod_mask()
    expected[11, 9] = False
    np.testing.assert_array_equal(whole.mask.to_array(SIZE), expected)


def result(index, direction, mask, sure=0.9):
    return SliceResult(index, direction, ROD_BOX, SliceMask.from_mask(mask, 0.8), confidence=Confidence(sure))


@pytest.mark.parametrize(("hole", "is_sure"), [(HOLE, False), ((slice(14, 15), slice(12, 13)), True)])
def test_an_excluded_part_that_is_lost_makes_what_follows_unsure_unless_it_was_small(hole, is_sure):
    inside = np.zeros(SIZE, bool)
    inside[hole] = True
    plan = make_plan((12, *SIZE), 0, {5: INSIDE})
    followed = iter(
        [result(5, "prompt", inside), DirectionEnded.after("backward", 5, "changed"), result(6, "forward", inside)]
    )
    whole = [result(5, "prompt", rod_mask()), *(result(index, "forward", rod_mask()) for index in (6, 7, 8))]
    left = list(events_of_rest(iter(whole), [FollowedExclusion(plan, followed)], {}, {}))
    assert [each.mask.voxels for each in left] == [100 - inside.sum()] * 2 + [100] * 2
    assert left[2].confidence == left[3].confidence
    assert (left[3].confidence.value > 0.85) == is_sure


def test_an_object_that_is_excluded_whole_is_not_reported(engine, volume):
    events = propagate(engine, volume, {"exclude": [(7.5, 9, 18, 20)]})
    slices = [event for event in events if event.event == "slice"]
    assert [(event.slice, event.mask.voxels) for event in slices] == [(5, 0)]
    assert slices[0].confidence == 0.0


@pytest.mark.parametrize(
    ("whole", "excluded", "expected"),
    [
        (1.0, [(hole_alone(), 1.0)], 1.0),
        # 100 pixels, 5 % of which may be wrong, and 16 of which 10 % may be: 6.6 of 84.
        (0.95, [(hole_alone(), 0.9)], 1 - 6.6 / 84),
        (0.95, [], 0.95),
        (0.1, [(hole_alone(), 0.5)], 0.0),
        (1.0, [(rod_mask(), 1.0)], 0.0),
    ],
)
def test_the_less_is_left_the_less_it_can_be_relied_on(whole, excluded, expected):
    masks = [(SliceMask.from_mask(mask, 1.0), sure) for mask, sure in excluded]
    rest = SliceMask.from_mask(rod_mask(), 1.0)
    for mask, _ in masks:
        rest = rest.without(mask)
    assert agreement_on_rest((SliceMask.from_mask(rod_mask(), 1.0), whole), masks, rest) == pytest.approx(expected)


def test_probabilities_part_what_masks_part():
    rng = np.random.default_rng(0)
    whole, other = rng.random((2, 20, 24), dtype=np.float32)
    first = SliceMask.from_mask(whole > 0.5, 0.9, ProbabilityMap(whole)).moved(3, 2)
    second = SliceMask.from_mask(other > 0.5, 0.8, ProbabilityMap(other)).moved(7, 6)
    for taken in (second, SliceMask.from_mask(other > 0.5, 0.8).moved(7, 6)):
        rest = first.without(taken)
        expected = first.to_array((40, 40)) & ~second.to_array((40, 40))
        np.testing.assert_array_equal(rest.to_array((40, 40)), expected)
        np.testing.assert_array_equal(rest.at(0.5).to_array((40, 40)), expected)
