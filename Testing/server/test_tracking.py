"""The default method of propagation on scenes whose answers are known, with a network made of a function."""

import dataclasses
import itertools

import numpy as np
import pytest

from medsamseg_server.engine.box_vote import MARGINS, vote_for_box, widened
from medsamseg_server.engine.masks import Candidates, SliceMask
from medsamseg_server.engine.prompts import Prompt, check_box
from medsamseg_server.propagation import DirectionEnded, Propagation, SliceResult
from medsamseg_server.propagation.intensity_histogram import IntensityHistogram
from medsamseg_server.propagation.interval import interpolated_box
from medsamseg_server.propagation.motion import blend, carry
from medsamseg_server.propagation.trust import confidence
from medsamseg_server.propagation.voting import box_around, vote_for_expected

SIZE = (96, 128)
SHAPE = (20, *SIZE)
TEXTURE = np.random.default_rng(4).integers(0, 30, SIZE, np.uint8)


def disc(x, y, radius):
    rows, columns = np.indices(SIZE)
    return (columns - x) ** 2 + (rows - y) ** 2 <= radius**2


def box_of(mask):
    x0, y0, x1, y1 = SliceMask.from_mask(mask, 0).extent
    return (float(x0), float(y0), float(x1), float(y1))


def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


class Scene:
    """A bright object on a dark ground; the network sees what is bright in its box, or what `network` says."""

    def __init__(self, truth, network=None, level=200):
        self._truth = truth
        self._network = network
        self._level = level
        self.batches = []

    def gray(self, index):
        image = TEXTURE + 40
        level = self._level(index) if callable(self._level) else self._level
        image[self._truth(index)] = level
        return image

    def candidates(self, index, box, more_boxes=()):
        boxes = [*widened(box, MARGINS, max(SIZE) / 256, SIZE), *more_boxes]
        self.batches.append((index, tuple(boxes)))
        return Candidates(np.array([self._mask(index, each) for each in boxes]), np.full(len(boxes), 0.9))

    def masks(self, index, boxes):
        self.batches.append((index, tuple(boxes)))
        return [SliceMask.from_mask(self._mask(index, box), 0.9) for box in boxes]

    def _mask(self, index, box):
        if self._network is not None:
            return self._network(index, box)
        rows, columns = np.indices(SIZE)
        x0, y0, x1, y1 = box
        return self._truth(index) & (columns >= x0) & (columns <= x1) & (rows >= y0) & (rows <= y1)


def moving(index):
    return disc(40 + 2 * index, 48, 18 - 0.5 * abs(index - 10))


def run(scene, prompts, **options):
    items = list(Propagation(SHAPE, 0, prompts, **options).run(scene))
    results = {item.index: item for item in items if isinstance(item, SliceResult)}
    ends = [(end.direction, end.reason, end.index) for end in items if isinstance(end, DirectionEnded)]
    return results, ends


def test_follows_an_object_that_moves_and_shrinks():
    results, ends = run(Scene(moving), {10: box_of(moving(10))})
    assert sorted(results) == list(range(20))
    for index, result in results.items():
        assert dice(result.mask.to_array(SIZE), moving(index)) > 0.95
    assert ends == [("backward", "volume", 0), ("forward", "volume", 19)]


def test_a_slice_costs_one_batch():
    scene = Scene(moving)
    run(scene, {5: box_of(moving(5)), 14: box_of(moving(14))})
    assert sorted(index for index, _ in scene.batches) == list(range(20))


def test_nothing_is_computed_before_it_is_asked_for():
    scene = Scene(moving)
    steps = Propagation(SHAPE, 0, {10: box_of(moving(10))}).run(scene)
    assert scene.batches == []
    next(steps)
    assert len(scene.batches) == 1


def test_network_that_leaks_into_the_surroundings_is_outvoted():
    def leak(index, box):
        rows, columns = np.indices(SIZE)
        # All of the box, which is always a little larger than the object before: followed blindly, it grows.
        x0, y0, x1, y1 = box
        return (columns >= x0) & (columns <= x1) & (rows >= y0) & (rows <= y1)

    still = disc(60, 48, 16)
    results, _ = run(Scene(lambda index: still, leak), {10: box_of(still)}, first=0, last=19)
    grown = results[19].mask.voxels / results[10].mask.voxels
    reference, _ = run(Scene(lambda index: still, leak), {10: box_of(still)}, first=0, last=19, method="reference")
    assert grown < 1.6
    assert reference[19].mask.voxels / reference[10].mask.voxels > 2


def test_network_that_sees_something_else_is_not_believed():
    elsewhere = disc(100, 20, 12)
    scene = Scene(moving, lambda index, box: elsewhere if index == 12 else moving(index))
    results, _ = run(scene, {10: box_of(moving(10))}, first=8, last=14)
    assert dice(results[12].mask.to_array(SIZE), moving(12)) > 0.9
    assert results[12].confidence.value < 0.2
    assert results[11].confidence.value > 0.9


def test_ends_where_the_network_sees_something_else():
    elsewhere = disc(100, 20, 12)
    scene = Scene(moving, lambda index, box: elsewhere if index >= 12 else moving(index))
    results, ends = run(scene, {10: box_of(moving(10))}, first=8)
    assert max(results) == 11
    assert ends[-1] == ("forward", "jumped", 11)


def test_ends_where_the_object_ends():
    def truth(index):
        return moving(index) if 4 <= index <= 15 else np.zeros(SIZE, bool)

    results, ends = run(Scene(truth), {10: box_of(moving(10))})
    assert sorted(results) == list(range(4, 16))
    assert ends == [("backward", "empty", 4), ("forward", "empty", 15)]


def test_ends_where_the_object_becomes_another_one():
    """The network goes on with whatever is in the box; its brightness tells that it is not the same."""
    scene = Scene(moving, level=lambda index: 200 if index <= 13 else 60)
    results, ends = run(scene, {10: box_of(moving(10))}, direction="forward")
    assert max(results) == 13
    assert ends == [("forward", "changed", 13)]


def test_ends_where_little_is_left():
    def truth(index):
        return moving(index) if index <= 13 else disc(66, 48, 5)

    _, ends = run(Scene(truth, lambda index, box: truth(index)), {10: box_of(moving(10))}, direction="forward")
    assert ends == [("forward", "shrunk", 13)]


def test_the_users_range_outweighs_the_rules():
    scene = Scene(moving, level=lambda index: 200 if index <= 13 else 60)
    results, ends = run(scene, {10: box_of(moving(10))}, first=7, last=16)
    assert sorted(results) == list(range(7, 17))
    assert ends == [("backward", "range", 7), ("forward", "range", 16)]
    assert results[15].confidence.parts["intensity"] < 0.3
    assert results[12].confidence.parts["intensity"] > 0.9


def test_slices_where_nothing_is_found_within_the_range_are_passed_over():
    scene = Scene(moving, lambda index, box: moving(index) & (index != 12))
    results, ends = run(scene, {10: box_of(moving(10))}, first=10, last=14)
    assert sorted(results) == [10, 11, 13, 14]
    assert ends[-1] == ("forward", "range", 14)


def test_nothing_in_the_users_box_ends_at_once():
    scene = Scene(moving, lambda index, box: np.zeros(SIZE, bool))
    results, ends = run(scene, {10: box_of(moving(10))})
    assert [(index, result.mask.voxels) for index, result in results.items()] == [(10, 0)]
    assert [end[1] for end in ends] == ["empty", "empty"]


def test_locked_slices_are_not_crossed():
    scene = Scene(moving)
    results, ends = run(scene, {5: box_of(moving(5)), 12: box_of(moving(12))}, locked=[2, 8, 17])
    assert sorted(results) == [3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16]
    assert not {2, 8, 17} & {index for index, _ in scene.batches}
    assert ("forward", "locked", 7) in ends
    assert ("backward", "locked", 9) in ends


@pytest.mark.parametrize("method", ["tracking", "reference"])
def test_a_drawn_mask_is_taken_as_it_is_and_followed(method):
    """Where the network is wrong on the prompted slice, the person's mask is what goes on."""
    wrong = disc(20, 20, 10)
    scene = Scene(moving, lambda index, box: wrong if index == 10 else moving(index))
    drawn = SliceMask.from_mask(moving(10), 1.0)
    results, _ = run(scene, {10: Prompt(box_of(moving(10)), mask=drawn)}, first=8, last=12, method=method)
    assert results[10].mask == drawn
    assert sorted(index for index, _ in scene.batches) == [8, 9, 11, 12]
    assert all(dice(result.mask.to_array(SIZE), moving(index)) > 0.95 for index, result in results.items())


@pytest.mark.parametrize("direction", ["both", "forward", "backward"])
def test_between_boxes_masks_come_from_both_sides(direction):
    scene = Scene(moving)
    prompts = {4: box_of(moving(4)), 15: box_of(moving(15))}
    results, _ = run(scene, prompts, first=4, last=15, direction=direction)
    assert sorted(results) == list(range(4, 16))
    inner = [results[index] for index in range(5, 15)]
    assert {result.provenance for result in inner} == {"interpolated"}
    assert all("directions" in result.confidence.parts for result in inner)
    assert all(dice(result.mask.to_array(SIZE), moving(result.index)) > 0.95 for result in inner)
    assert (results[4].provenance, results[15].provenance) == ("box", "box")


def test_between_boxes_the_object_is_there_although_the_network_sees_nothing():
    scene = Scene(moving, lambda index, box: moving(index) & (index in (4, 15)))
    results, _ = run(scene, {4: box_of(moving(4)), 15: box_of(moving(15))}, first=4, last=15)
    assert dice(results[9].mask.to_array(SIZE), moving(9)) > 0.85
    assert results[9].confidence.value < 0.1


def test_a_changed_box_changes_nothing_beyond_its_neighbors():
    boxes = {index: box_of(moving(index)) for index in (3, 8, 13, 17)}
    changed = {**boxes, 8: (40.0, 30.0, 70.0, 66.0)}
    before, _ = run(Scene(moving), boxes)
    after, _ = run(Scene(moving), changed)
    for index in [*range(4), *range(13, 20)]:
        assert before[index].mask == after[index].mask


def test_the_interval_of_a_changed_box_can_be_asked_for_alone():
    """What is asked with the neighbors' boxes and their slices as range is what the whole would give, at its price."""
    boxes = {index: box_of(moving(index)) for index in (3, 8, 13, 17)}
    whole, _ = run(Scene(moving), boxes)
    scene = Scene(moving)
    part, _ = run(scene, {index: boxes[index] for index in (3, 8, 13)}, first=3, last=13)
    assert sorted(index for index, _ in scene.batches) == list(range(3, 14))
    for index in range(3, 14):
        assert part[index].mask == whole[index].mask


def test_every_slice_says_how_sure_it_is():
    results, _ = run(Scene(moving), {5: box_of(moving(5)), 12: box_of(moving(12))})
    for result in results.values():
        assert 0.8 < result.confidence.value <= 1
        assert all(0 <= part <= 1 for part in result.confidence.parts.values())
    assert set(results[5].confidence.parts) == {"box", "jitter"}
    assert set(results[8].confidence.parts) == {"jitter", "intensity", "directions"}
    assert set(results[1].confidence.parts) == {"jitter", "path", "intensity", "neighbors"}


@pytest.mark.parametrize("shape", [(6, 1, 8), (6, 8, 1), (6, 3, 3), (6, 300, 9)])
def test_slices_of_any_shape(shape):
    class Bright:
        def gray(self, index):
            return np.full(shape[1:], 100, np.uint8)

        def candidates(self, index, box, more_boxes=()):
            return Candidates(np.ones((1, *shape[1:]), bool), np.array([0.5]))

    items = list(Propagation(shape, 0, {3: (-0.5, -0.5, shape[2] - 0.5, shape[1] - 0.5)}).run(Bright()))
    assert len([item for item in items if isinstance(item, SliceResult)]) == 6


def test_motion_of_a_still_image_is_none():
    mask = disc(50, 40, 17)
    image = Scene(lambda index: mask).gray(0)
    np.testing.assert_array_equal(carry(mask, image, image), mask)


@pytest.mark.parametrize(("dx", "dy"), [(4, 0), (0, -3), (3, 3)])
def test_motion_carries_the_mask_with_the_image(dx, dy):
    before, after = disc(50, 40, 17), disc(50 + dx, 40 + dy, 17)
    scene = Scene([before, after].__getitem__)
    assert dice(carry(before, scene.gray(0), scene.gray(1)), after) > 0.97
    assert dice(before, after) < 0.92


def test_blend_goes_from_one_shape_to_the_other():
    small, large = disc(60, 48, 10), disc(60, 48, 20)
    np.testing.assert_array_equal(blend(small, large, 0), small)
    np.testing.assert_array_equal(blend(small, large, 1), large)
    assert dice(blend(small, large, 0.5), disc(60, 48, 15)) > 0.97
    empty = np.zeros(SIZE, bool)
    np.testing.assert_array_equal(blend(empty, large, 0.1), large)
    np.testing.assert_array_equal(blend(small, empty, 0.9), small)


def test_box_between_two_has_its_corners_on_straight_lines():
    assert interpolated_box((0, 10, 20, 30), (10, 10, 40, 50), 0.25) == (2.5, 10, 25, 35)


def test_margins_are_pixels_of_256_within_the_image():
    assert widened((10, 20, 30, 40), (0, 4), 0.5, (96, 128)) == [(10, 20, 30, 40), (8, 18, 32, 42)]
    # Six pixels are a sixth of the longer side at most.
    assert widened((40, 30, 57, 35), (6, 3), 2, (96, 128)) == [(37, 27, 60, 38), (38.5, 28.5, 58.5, 36.5)]
    assert widened((0, 0, 127, 95), (8,), 0.5, (96, 128)) == [(-0.5, -0.5, 127.5, 95.5)]


def test_box_of_a_thin_mask_has_an_area():
    """Objects taper to a line of pixels before they end."""
    mask = np.zeros(SIZE, bool)
    mask[19:22, 64] = True
    assert box_around(mask) == (63.5, 19, 64.5, 21)
    check_box(box_around(mask), SIZE)
    mask = np.zeros(SIZE, bool)
    mask[0, 0] = True
    check_box(box_around(mask), SIZE)


def test_mask_that_fills_the_box_outvotes_those_that_do_not():
    full, part = disc(60, 48, 20), disc(50, 40, 8)
    vote = vote_for_box(np.array([part, part, full]), np.full(3, 0.9), box_of(full))
    np.testing.assert_array_equal(vote.mask, full)


def test_masks_that_agree_with_the_expectation_outvote_those_that_do_not():
    expected, near, far = disc(60, 48, 20), disc(61, 48, 20), disc(75, 60, 20)
    vote = vote_for_expected(np.array([far, near, far]), np.full(3, 0.9), expected)
    assert dice(vote.mask, near) > 0.95
    assert vote.agreement == pytest.approx(np.mean([dice(mask, expected) for mask in (far, near, far)]))


def test_similarity_of_histograms():
    mask = disc(60, 48, 20)
    bright, dim = (IntensityHistogram(Scene(lambda index: mask, level=level).gray(0), mask) for level in (200, 90))
    assert bright.similarity(bright) == pytest.approx(1)
    assert bright.similarity(dim) < 0.01
    slightly = IntensityHistogram(Scene(lambda index: mask, level=204).gray(0), mask)
    assert bright.similarity(slightly) > 0.5


def test_confidence_is_as_good_as_its_signs():
    assert confidence(jitter=1.0, intensity=1.0).value == 1
    assert confidence(jitter=1.0, intensity=0.0).value < 0.01
    values = [confidence(jitter=jitter, intensity=0.9).value for jitter in (0.2, 0.5, 0.8, 1.0)]
    assert all(a < b for a, b in itertools.pairwise(values))
    # The gray levels tell more than the rest.
    assert confidence(jitter=0.5, intensity=1.0).value > confidence(jitter=1.0, intensity=0.5).value


def test_confidence_remembers_the_weakest_slice_on_the_way():
    scene = Scene(moving, lambda index, box: disc(60, 40, 18) if index == 12 else moving(index))
    results, _ = run(scene, {10: box_of(moving(10))}, first=10, last=15)
    weakest = results[12].confidence.parts["jitter"]
    assert weakest < 0.9 < results[14].confidence.parts["jitter"]
    assert results[14].confidence.parts["path"] <= weakest
    assert results[11].confidence.parts["path"] > 0.9


@pytest.mark.parametrize("method", ["tracking", "reference"])
def test_the_reach_bounds_a_walk_and_the_object_may_end_before(method):
    scene = Scene(lambda index: disc(60, 48, 14) if index < 13 else np.zeros(SIZE, bool))
    events = list(Propagation(SHAPE, 0, {10: box_of(disc(60, 48, 14))}, reach=6, method=method).run(scene))
    ends = {end.direction: (end.index, end.reason) for end in events if isinstance(end, DirectionEnded)}
    assert ends["backward"] == (4, "reach")
    assert ends["forward"][0] == 12
    assert {result.index for result in events if isinstance(result, SliceResult)} == set(range(4, 13))
    assert Propagation(SHAPE, 0, {10: box_of(disc(60, 48, 14))}, reach=6).slices_total == 13


def test_beyond_the_volume_the_reach_ends_nothing():
    plan = Propagation(SHAPE, 0, {3: (0, 0, 9, 9)}, reach=6, last=5).plan
    assert plan.end(-1) == (0, "volume")
    assert plan.end(+1) == (5, "range")


def with_ground(index, box):
    """A network that sees the object alone on slice 10, and on others some of the ground beside it as well."""
    shape = moving(index)
    return shape if index == 10 else shape | (np.roll(shape, 14, axis=1))


@pytest.mark.parametrize("limits", [{"first": 6, "last": 14}, {"reach": 4}], ids=["range", "no range"])
def test_ground_that_the_network_takes_with_the_object_is_left(limits):
    """It looks like what is round the object on the slice with the box, and like nothing in it."""
    results, _ = run(Scene(moving, with_ground), {10: box_of(moving(10))}, **limits)
    assert len(results) == 9
    assert all(dice(result.mask.to_array(SIZE), moving(index)) > 0.97 for index, result in results.items())
    assert dice(with_ground(11, None), moving(11)) < 0.85


def test_what_the_object_holds_on_the_slice_with_its_box_it_may_hold_on_others():
    """Half of it looks like the ground there."""
    drawn = SliceMask.from_mask(moving(10) | np.roll(moving(10), 14, axis=1), 1.0)
    prompts = {10: Prompt(box_of(drawn.to_array(SIZE)), mask=drawn)}
    results, _ = run(Scene(moving, with_ground), prompts, first=10, last=11)
    assert (results[11].mask.to_array(SIZE) & ~moving(11)).sum() > 100


def test_object_that_takes_on_the_grays_of_the_ground_is_not_cut_to_pieces():
    results, _ = run(
        Scene(moving, level=lambda index: 200 if index == 10 else 60), {10: box_of(moving(10))}, first=9, last=11
    )
    assert all(dice(results[index].mask.to_array(SIZE), moving(index)) > 0.97 for index in (9, 11))


def test_single_dark_pixels_are_no_holes():
    def speckled(index):
        dark = np.zeros(SIZE, bool)
        dark[::5, ::5] = index != 10
        return moving(index) & ~dark

    scene = Scene(speckled, lambda index, box: moving(index))
    results, _ = run(scene, {10: box_of(moving(10))}, first=10, last=11)
    assert (results[11].mask.to_array(SIZE) == moving(11)).all()


def test_cut_masks_have_no_probability_where_they_are_cut():
    class Likely(Scene):
        def candidates(self, index, box, more_boxes=()):
            found = super().candidates(index, box, more_boxes)
            return dataclasses.replace(found, probabilities=np.where(found.pixels, 0.9, 0.1).astype(np.float32))

    results, _ = run(Likely(moving, with_ground), {10: box_of(moving(10))}, first=10, last=11)
    likely = results[11].mask.probability.to_array(SIZE)
    assert (likely[moving(11)] > 0.5).all()
    cut = with_ground(11, None) & ~results[11].mask.to_array(SIZE)
    assert cut.sum() > 100
    assert (likely[cut] == 0).all()


def test_ends_where_the_network_finds_the_ground_alone():
    """Less than a quarter of it would be left, so it is judged as it is."""

    def truth(index):
        return moving(index) if index <= 12 else np.zeros(SIZE, bool)

    scene = Scene(truth, lambda index, box: moving(index))
    results, ends = run(scene, {10: box_of(moving(10))}, first=8)
    assert max(results) == 12
    assert ends[-1] == ("forward", "changed", 12)
