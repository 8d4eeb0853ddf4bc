"""Ranges of an object's sizes: from the smallest to the largest of the masks that voted for it."""

import dataclasses
import itertools

import numpy as np
import pytest
from scan_geometries import GEOMETRIES
from skimage.measure import find_contours

from medsamseg_server.engine.box_vote import vote_for_box
from medsamseg_server.engine.masks import SliceMask
from medsamseg_server.engine.variants import Variants, variants_of_rest
from medsamseg_server.measurements.outline import outline_edges
from medsamseg_server.measurements.ranges import size_range, slice_range
from medsamseg_server.measurements.slice_plane import StraightGrid
from medsamseg_server.propagation.voting import vote_for_expected
from medsamseg_server.serving.mask_contract import Mask, MaskRange

SIZE = (40, 50)
#: Along K, J and I.
SPACING = (3.0, 2.0, 0.5)


def block(width, height, x0=10, y0=10):
    mask = np.zeros(SIZE, bool)
    mask[y0 : y0 + height, x0 : x0 + width] = True
    return mask


def outlined(width, height, across, along):
    """The longest line between the middles of a block's outermost pixels' sides, in millimeters."""
    ends = [(width * across, (height - 1) * along), ((width - 1) * across, height * along)]
    return max(np.hypot(*end) for end in ends)


VOTERS = np.array([block(20, 8), block(22, 8), block(18, 7), block(4, 4, 40, 30), np.zeros(SIZE, bool)])


@pytest.mark.parametrize(
    "vote",
    [
        vote_for_box(VOTERS[:3], np.ones(3), (10.0, 10.0, 29.0, 17.0)),
        vote_for_box(VOTERS, np.ones(5), (10.0, 10.0, 29.0, 17.0)),
        vote_for_expected(VOTERS, np.ones(5), VOTERS[0]),
    ],
    ids=["all alike", "in a box", "as expected"],
)
@pytest.mark.parametrize(("axis", "along", "across"), [(0, 2.0, 0.5), (1, 3.0, 0.5), (2, 3.0, 2.0)])
def test_the_masks_that_voted_say_how_large_the_object_might_be(vote, axis, along, across):
    mask = vote.slice_mask
    assert (mask.voxels, mask.moved(3, 4).variants.shape) == (160, (4, 8, 22))
    told = MaskRange.of(mask, axis, SPACING)
    # What sees something else, or nothing, does not count.
    assert told.voxels == (126, 176)
    longest = outlined(18, 7, across, along), outlined(22, 8, across, along)
    assert told.longest_mm == pytest.approx(longest, abs=1e-4)
    assert Mask.of(mask, told).model_dump()["range"]["voxels"] == (126, 176)
    assert Mask.of(mask).range is None
    assert MaskRange.of(mask, axis, None) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda mask: mask.without(SliceMask.from_mask(block(2, 2), 1.0)),
        lambda mask: mask.limited_to(block(3, 3)),
        lambda mask: SliceMask.from_mask(mask.to_array(SIZE), 1.0),
    ],
)
def test_what_was_changed_since_has_no_range(change):
    mask = vote_for_box(VOTERS, np.ones(5), (10.0, 10.0, 29.0, 17.0)).slice_mask
    assert MaskRange.of(mask, 0, SPACING) is not None
    assert MaskRange.of(change(mask), 0, SPACING) is None


def test_what_is_taken_from_the_mask_is_taken_from_those_that_voted():
    vote = vote_for_box(VOTERS, np.ones(5), (10.0, 10.0, 29.0, 17.0)).without(block(50, 9, 0, 0) | block(5, 30))
    # Five columns less of each.
    assert MaskRange.of(vote.slice_mask, 0, SPACING).voxels == (126 - 35, 176 - 40)


def voted_for(*masks):
    """The first of some masks, with all as those that voted for it, as they are on a slice."""
    return dataclasses.replace(SliceMask.from_mask(masks[0], 1.0), variants=Variants.of(masks[0], np.array(masks)))


WHOLES = [block(20, 12), block(22, 12), block(18, 10, 11, 11)]
HOLES = [block(6, 4, 14, 12), block(8, 5, 13, 12), block(5, 4, 15, 12)]
SECOND = [block(4, 3, 24, 15), block(5, 3, 24, 15), block(3, 3, 24, 15)]


@pytest.mark.parametrize("taken", [[HOLES], [HOLES, SECOND], [HOLES[:1]]], ids=["one", "two", "drawn"])
def test_what_is_left_might_have_been_what_is_left_of_the_others(taken):
    whole, parts = voted_for(*WHOLES), [voted_for(*masks) for masks in taken]
    rest = WHOLES[0] & ~np.any([masks[0] for masks in taken], axis=0)
    found = variants_of_rest(whole, parts)
    np.testing.assert_array_equal(found.masks[0], rest[10:22, 10:32])
    every = [each & ~np.any(holes, axis=0) for each in WHOLES for holes in itertools.product(*taken)]
    sizes = [np.count_nonzero(each) for each in every]
    assert found.pixels == (min(sizes), max(sizes))
    # All of them can be: no shape is told that nothing voted for.
    possible = {each[10:22, 10:32].tobytes() for each in every}
    assert {each.tobytes() for each in found.masks} <= possible


def test_what_is_drawn_is_taken_from_all():
    drawn = SliceMask.from_mask(HOLES[0], 1.0)
    found = variants_of_rest(voted_for(*WHOLES), [drawn])
    assert found.pixels == (180 - 24, 264 - 24)
    assert variants_of_rest(voted_for(*WHOLES), []).pixels == (180, 264)
    assert variants_of_rest(drawn, [voted_for(*HOLES)]) is None
    assert variants_of_rest(voted_for(*WHOLES), [SliceMask.from_mask(block(30, 30, 5, 5), 1.0)]) is None


def test_what_is_taken_elsewhere_on_the_slice_changes_nothing():
    beside = voted_for(block(3, 3, 40, 30), block(4, 3, 40, 30))
    assert variants_of_rest(voted_for(*WHOLES), [beside]).pixels == (180, 264)


def test_a_mask_that_nobody_voted_for_has_no_range():
    assert Variants.of(block(10, 10), np.array([block(4, 4), block(10, 10, 30, 25)])) is None
    # Motion alone decided.
    seen = np.array([block(10, 10, 30, 25)])
    assert vote_for_expected(seen, np.ones(1), block(10, 10)).slice_mask.variants is None
    assert Variants.of(np.zeros(SIZE, bool), VOTERS) is None


def test_slices_add_up_and_the_diameter_is_that_of_the_longest_slice():
    grid = StraightGrid(SPACING)
    masks = {4: np.array([block(20, 8), block(22, 9)]), 5: np.array([block(10, 5), block(9, 5), block(10, 7)])}
    found = size_range(masks, 4, grid, 0, 0.003)
    assert found.volume_ml == pytest.approx(((160 + 45) * 0.003, (198 + 70) * 0.003))
    assert (found.longest_mm, found.perpendicular_mm) == (
        slice_range(masks[4], grid, 0).longest_mm,
        slice_range(masks[4], grid, 0).perpendicular_mm,
    )
    assert size_range({**masks, 6: None}, 4, grid, 0, 0.003) is None


@pytest.mark.parametrize("name", list(GEOMETRIES))
def test_a_range_of_one_mask_is_its_own_size(name):
    found = slice_range(np.array([block(20, 8)]), GEOMETRIES[name], 0)
    assert found.pixels == (160, 160)
    assert found.longest_mm[0] == found.longest_mm[1] > found.perpendicular_mm[0] > 0


@pytest.mark.parametrize("seed", range(8))
def test_outlines_are_those_of_marching_squares(seed):
    random = np.random.default_rng(seed)
    mask = random.random((9, 12)) < random.uniform(0.1, 0.9)
    corners, edges = outline_edges(mask)
    expected = set()
    for line in find_contours(np.pad(mask, 1).astype(float), 0.5, fully_connected="high"):
        points = [tuple(point) for point in (line[:, ::-1] - 1).tolist()]
        expected |= {frozenset(pair) for pair in itertools.pairwise(points)}
    assert {frozenset((tuple(corners[a]), tuple(corners[b]))) for a, b in edges} == expected
    assert len(corners) == len({corner for edge in expected for corner in edge})
