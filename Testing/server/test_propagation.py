import numpy as np
import pytest

from medsamseg_server.engine.masks import SliceMask
from medsamseg_server.engine.prompts import Prompt
from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.propagation import DirectionEnded, Propagation, SliceResult
from medsamseg_server.propagation.reference import EndRule

SHAPE = (30, 64, 80)
BOX = (9.0, 9.0, 31.0, 31.0)


class Scene:
    """Gives slice masks from a function of the slice index, and records what was asked."""

    def __init__(self, mask_of, size=(64, 80)):
        self._mask_of = mask_of
        self._size = size
        self.asked = []

    def masks(self, index, boxes):
        (box,) = boxes
        self.asked.append((index, box))
        mask = np.zeros(self._size, bool)
        rectangle = self._mask_of(index)
        if rectangle is not None:
            x0, y0, x1, y1 = rectangle
            mask[y0 : y1 + 1, x0 : x1 + 1] = True
        return [SliceMask.from_mask(mask, 0.5)]


def steady(index):
    return (10, 10, 30, 30)


def between(first, last, rectangle=(10, 10, 30, 30)):
    return lambda index: rectangle if first <= index <= last else None


def run(scene, prompts, shape=SHAPE, axis=0, **options):
    items = list(Propagation(shape, axis, prompts, method="reference", **options).run(scene))
    results = [item for item in items if isinstance(item, SliceResult)]
    ends = [item for item in items if isinstance(item, DirectionEnded)]
    return results, ends


def indices(results, direction):
    return [result.index for result in results if result.direction == direction]


def reasons(ends):
    return [(end.direction, end.reason, end.index) for end in ends]


def error_code(*arguments, **options):
    with pytest.raises(MedSAMSegError) as caught:
        Propagation(*arguments, **options)
    return caught.value.code


def test_goes_from_the_prompt_to_both_ends_of_the_volume():
    results, ends = run(Scene(steady), {12: BOX})
    assert indices(results, "prompt") == [12]
    assert indices(results, "backward") == list(range(11, -1, -1))
    assert indices(results, "forward") == list(range(13, 30))
    assert reasons(ends) == [("backward", "volume", 0), ("forward", "volume", 29)]


def test_next_box_is_the_masks_rectangle_plus_three_pixels_of_256():
    margin = 3 * 80 / 256
    scene = Scene(lambda index: (10 + index, 10, 30 + index, 28))
    run(scene, {12: BOX}, direction="forward", last=14)
    assert scene.asked == [
        (12, BOX),
        (13, (22 - margin, 10 - margin, 42 + margin, 28 + margin)),
        (14, (23 - margin, 10 - margin, 43 + margin, 28 + margin)),
    ]


def test_margin_is_scaled_by_the_longer_side_of_the_slices_of_the_axis():
    scene = Scene(steady, size=(30, 512))
    run(scene, {3: BOX}, shape=(30, 6, 512), axis=1, direction="forward", last=4)
    assert scene.asked[1][1] == (4, 4, 36, 29.5)


def test_next_box_is_clipped_to_the_image():
    scene = Scene(lambda index: (0, 0, 79, 63))
    run(scene, {3: BOX}, direction="forward", last=4)
    assert scene.asked[1][1] == (-0.5, -0.5, 79.5, 63.5)


def test_next_box_of_a_single_border_pixel_is_still_a_box():
    scene = Scene(lambda index: (0, 0, 0, 0), size=(1, 8))
    results, _ = run(scene, {3: (-0.5, -0.5, 0.5, 0.5)}, shape=(8, 1, 8), direction="forward", last=5)
    assert len(results) == 3
    x0, y0, x1, y1 = scene.asked[1][1]
    assert x0 < x1
    assert y0 < y1


def test_every_slice_is_asked_once():
    scene = Scene(steady)
    run(scene, {5: BOX, 12: BOX, 20: BOX})
    assert sorted(index for index, _ in scene.asked) == list(range(30))


@pytest.mark.parametrize(
    ("first", "last", "expected"), [(4, 9, range(4, 10)), (None, 9, range(10)), (4, None, range(4, 30)), (7, 7, [7])]
)
def test_range_is_honored_exactly(first, last, expected):
    scene = Scene(steady)
    results, ends = run(scene, {7: BOX}, first=first, last=last)
    assert sorted(result.index for result in results) == list(expected)
    assert {index for index, _ in scene.asked} == set(expected)
    assert reasons(ends) == [
        ("backward", "volume" if first is None else "range", expected[0]),
        ("forward", "volume" if last is None else "range", expected[-1]),
    ]


@pytest.mark.parametrize(
    ("direction", "expected"), [("forward", list(range(12, 30))), ("backward", list(range(13))), ("both", range(30))]
)
def test_direction_bounds_the_result(direction, expected):
    results, ends = run(Scene(steady), {12: BOX}, direction=direction)
    assert sorted(result.index for result in results) == list(expected)
    assert len(ends) == (2 if direction == "both" else 1)


def test_prompts_meet_in_the_middle():
    results, ends = run(Scene(steady), {10: BOX, 15: BOX}, first=10, last=15)
    assert indices(results, "prompt") == [10, 15]
    assert indices(results, "forward") == [11, 12]
    assert indices(results, "backward") == [14, 13]
    assert ("forward", "prompt", 12) in reasons(ends)
    assert ("backward", "prompt", 13) in reasons(ends)


@pytest.mark.parametrize(("direction", "expected"), [("forward", [11, 12, 13, 14]), ("backward", [14, 13, 12, 11])])
def test_one_direction_goes_on_to_the_next_prompt(direction, expected):
    results, _ = run(Scene(steady), {10: BOX, 15: BOX}, first=10, last=15, direction=direction)
    assert indices(results, direction) == expected


def test_where_one_walk_between_prompts_ends_the_other_goes_on():
    results, ends = run(Scene(lambda index: None if index == 11 else steady(index)), {10: BOX, 16: BOX})
    assert indices(results, "backward")[-4:] == [15, 14, 13, 12]
    assert ("forward", "empty", 10) in reasons(ends)
    assert ("backward", "empty", 12) in reasons(ends)


def test_neighboring_prompts_have_nothing_between_them():
    results, ends = run(Scene(steady), {10: BOX, 11: BOX}, first=10, last=11)
    assert [result.index for result in results] == [10, 11]
    assert {end.reason for end in ends} == {"prompt", "range"}


def test_prompts_keep_the_users_boxes():
    other = (12.0, 12.0, 40.0, 40.0)
    results, _ = run(Scene(steady), {15: other, 10: BOX})
    assert [(result.index, result.box) for result in results if result.direction == "prompt"] == [
        (10, BOX),
        (15, other),
    ]


def test_empty_mask_ends_the_direction_and_never_becomes_a_box():
    scene = Scene(between(5, 16))
    results, ends = run(scene, {12: BOX})
    assert sorted(result.index for result in results) == list(range(5, 17))
    assert reasons(ends) == [("backward", "empty", 5), ("forward", "empty", 16)]
    assert {index for index, _ in scene.asked} == set(range(4, 18))


def test_after_an_empty_mask_within_the_range_the_first_box_is_tried_again():
    scene = Scene(lambda index: None if index in (14, 15) else steady(index))
    results, ends = run(scene, {12: BOX}, direction="forward", last=18)
    assert indices(results, "forward") == [13, 16, 17, 18]
    assert [box for index, box in scene.asked if index in (15, 16)] == [BOX, BOX]
    assert reasons(ends) == [("forward", "range", 18)]


def test_locked_slices_are_not_crossed():
    scene = Scene(steady)
    results, ends = run(scene, {12: BOX}, locked=[9, 20])
    assert sorted(result.index for result in results) == list(range(10, 20))
    assert {index for index, _ in scene.asked} == set(range(10, 20))
    assert reasons(ends) == [("backward", "locked", 10), ("forward", "locked", 19)]
    assert error_code(SHAPE, 0, {12: BOX}, locked=[12]) == "prompt_locked"


def test_empty_mask_on_the_prompt_ends_at_once():
    results, ends = run(Scene(lambda index: None), {12: BOX})
    assert [(result.index, result.mask.voxels) for result in results] == [(12, 0)]
    assert reasons(ends) == [("backward", "empty", 12), ("forward", "empty", 12)]


def test_object_that_shrinks_to_a_crumb_has_ended():
    results, ends = run(Scene(lambda index: (10, 10, 30, 30) if index < 16 else (14, 14, 17, 17)), {12: BOX})
    assert results[-1].index == 15
    assert ("forward", "shrunk", 15) in reasons(ends)


def test_object_that_is_suddenly_elsewhere_has_ended():
    results, ends = run(Scene(lambda index: (10, 10, 30, 30) if index < 16 else (29, 10, 49, 30)), {12: BOX})
    assert results[-1].index == 15
    assert ("forward", "jumped", 15) in reasons(ends)


def test_object_that_tapers_or_wanders_slowly_goes_on():
    results, _ = run(Scene(lambda index: (10 + index, 10, 60 - index // 2, 60 - index)), {2: BOX})
    assert len(results) == 30


@pytest.mark.parametrize("options", [{"last": 20}, {"first": 0, "last": 20}])
def test_users_limit_outweighs_the_rule_for_vanished_objects(options):
    results, ends = run(Scene(lambda index: (10, 10, 30, 30) if index < 16 else (40, 40, 45, 45)), {12: BOX}, **options)
    assert max(result.index for result in results) == 20
    assert ("forward", "range", 20) in reasons(ends)


def test_users_limit_on_one_side_leaves_the_rule_on_the_other():
    scene = Scene(lambda index: (10, 10, 30, 30) if 8 < index < 16 else (40, 40, 45, 45))
    _, ends = run(scene, {12: BOX}, last=20)
    assert reasons(ends) == [("backward", "shrunk", 9), ("forward", "range", 20)]


def rows(first, last):
    mask = np.zeros((30, 10), bool)
    mask[first:last] = True
    return SliceMask.from_mask(mask, 0)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (rows(0, 10), None),
        (rows(0, 30), None),
        (rows(0, 4), None),
        (rows(5, 15), None),
        (rows(0, 3), "shrunk"),
        (rows(7, 12), "jumped"),
        (rows(6, 16), "jumped"),
        (rows(8, 30), "grown"),
    ],
)
def test_rule_is_the_overlap_of_neighbors(found, reason):
    assert EndRule().reason(rows(0, 10), found) == reason


def test_rule_can_be_another():
    assert EndRule(smallest_overlap=0.9).reason(rows(0, 10), rows(0, 8)) == "jumped"
    assert EndRule(smallest_overlap=0).reason(rows(0, 10), rows(20, 21)) is None


@pytest.mark.parametrize("reason", ["range", "volume", "prompt", "empty", "shrunk", "grown", "jumped"])
def test_every_reason_has_a_sentence_with_the_slice(reason):
    scenes = {
        "range": (Scene(steady), {"last": 14}),
        "volume": (Scene(steady), {}),
        "prompt": (Scene(steady), {}),
        "empty": (Scene(between(0, 14)), {}),
        "shrunk": (Scene(lambda index: (10, 10, 30, 30) if index < 15 else (10, 10, 11, 11)), {}),
        "grown": (Scene(lambda index: (10, 10, 30, 30) if index < 15 else (0, 0, 79, 63)), {}),
        "jumped": (Scene(lambda index: (10, 10, 30, 30) if index < 15 else (50, 10, 70, 30)), {}),
    }
    scene, options = scenes[reason]
    prompts = {12: BOX, 20: BOX} if reason == "prompt" else {12: BOX}
    _, ends = run(scene, prompts, direction="forward", **options)
    found = next(end for end in ends if end.reason == reason)
    assert f"slice {found.index}" in found.message
    assert found.message.endswith(".")


@pytest.mark.parametrize(
    ("prompts", "options"),
    [
        ({12: BOX}, {}),
        ({12: BOX}, {"first": 4, "last": 20}),
        ({12: BOX}, {"direction": "forward", "last": 20}),
        ({12: BOX}, {"direction": "backward", "first": 3}),
        ({12: BOX, 20: BOX, 25: BOX}, {}),
        ({12: BOX, 20: BOX}, {"direction": "forward"}),
        ({12: BOX, 20: BOX}, {"direction": "backward"}),
    ],
)
def test_announced_total_is_what_a_steady_object_gives(prompts, options):
    results, _ = run(Scene(steady), prompts, **options)
    assert Propagation(SHAPE, 0, prompts, **options).slices_total == len(results)


def test_nothing_is_computed_before_it_is_asked_for():
    scene = Scene(steady)
    walk = Propagation(SHAPE, 0, {12: BOX}, method="reference").run(scene)
    assert scene.asked == []
    next(walk)
    assert len(scene.asked) == 1


def test_wrong_arguments_are_errors_at_once():
    assert error_code(SHAPE, 3, {12: BOX}) == "axis_invalid"
    assert error_code(SHAPE, 0, {}) == "prompt_missing"
    assert error_code(SHAPE, 0, {30: BOX}) == "slice_out_of_range"
    assert error_code(SHAPE, 0, {-1: BOX}) == "slice_out_of_range"
    assert error_code(SHAPE, 0, {12: BOX}, first=-1) == "range_outside_volume"
    assert error_code(SHAPE, 0, {12: BOX}, last=30) == "range_outside_volume"
    assert error_code(SHAPE, 0, {12: BOX}, first=15, last=10) == "range_reversed"
    assert error_code(SHAPE, 0, {12: BOX, 3: BOX}, first=4) == "prompt_outside_range"
    assert error_code(SHAPE, 0, {12: BOX}, last=11) == "prompt_outside_range"
    assert error_code(SHAPE, 1, {70: BOX}) == "slice_out_of_range"


def test_prompt_outside_the_range_is_told_with_both():
    with pytest.raises(MedSAMSegError) as caught:
        Propagation(SHAPE, 0, {3: BOX}, first=4, last=20)
    assert caught.value.message == "The box on slice 3 is outside the range (4 to 20)."


def test_a_prompt_without_a_box_is_refused_by_its_slice():
    prompts = {20: Prompt((0, 0, 9, 9)), 22: Prompt(points=((5, 5, 1),))}
    with pytest.raises(MedSAMSegError, match="slice 22 has no box") as caught:
        Propagation(SHAPE, 0, prompts)
    assert caught.value.code == "prompt_without_box"
