import base64

import numpy as np
import pytest

from medsamseg_server.engine.masks import Candidates, SliceMask, overlap
from medsamseg_server.serving.mask_contract import Mask

RANDOM = np.random.default_rng(3)


def blob(shape=(20, 30), rows=slice(4, 9), columns=slice(10, 23), density=0.7):
    mask = np.zeros(shape, bool)
    mask[rows, columns] = RANDOM.random((rows.stop - rows.start, columns.stop - columns.start)) < density
    return mask


@pytest.mark.parametrize("number", range(10))
def test_mask_comes_back_as_it_was(number):
    mask = blob()
    kept = SliceMask.from_mask(mask, 0.5)
    np.testing.assert_array_equal(kept.to_array(mask.shape), mask)
    assert kept.voxels == mask.sum()
    assert kept.score == 0.5


def test_extent_is_tight_and_inclusive():
    mask = np.zeros((20, 30), bool)
    mask[4:9, 10] = True
    mask[6, 22] = True
    assert SliceMask.from_mask(mask, 0).extent == (10, 4, 22, 8)


def test_on_the_wire_are_the_packed_rows_of_the_extent():
    mask = np.zeros((5, 5), bool)
    mask[1, 1:4] = True
    mask[2, 2] = True
    assert base64.b64decode(Mask.of(SliceMask.from_mask(mask, 0)).bits) == bytes([0b11101000])


@pytest.mark.parametrize("pixel", [(0, 0), (0, 29), (19, 0), (19, 29)])
def test_single_pixel_in_a_corner(pixel):
    mask = np.zeros((20, 30), bool)
    mask[pixel] = True
    kept = SliceMask.from_mask(mask, 0)
    assert kept.extent == (pixel[1], pixel[0], pixel[1], pixel[0])
    np.testing.assert_array_equal(kept.to_array(mask.shape), mask)


def test_full_slice():
    mask = np.ones((20, 30), bool)
    kept = SliceMask.from_mask(mask, 0)
    assert (kept.extent, kept.voxels) == ((0, 0, 29, 19), 600)
    assert kept.to_array((20, 30)).all()


def test_empty_mask_has_no_extent():
    kept = SliceMask.from_mask(np.zeros((20, 30), bool), 0.9)
    assert (kept.extent, kept.voxels) == (None, 0)
    assert kept.pixels.shape == (0, 0)
    assert Mask.of(kept).bits == ""
    assert not kept.to_array((20, 30)).any()


def test_masks_are_equal_by_place_pixels_and_score():
    mask = blob()
    kept = SliceMask.from_mask(mask, 0.5)
    other = mask.copy()
    other[tuple(np.argwhere(mask)[3])] = False
    assert kept == SliceMask.from_mask(mask.copy(), 0.5)
    assert kept not in (SliceMask.from_mask(other, 0.5), SliceMask.from_mask(mask, 0.6), kept.moved(1, 0), None)


@pytest.mark.parametrize("place", [(0, 0), (7, 11)])
def test_candidates_of_a_part_are_where_that_part_is(place):
    x0, y0 = place
    full = np.zeros((2, 20, 30), bool)
    full[:, y0 : y0 + 9, x0 : x0 + 12] = RANDOM.random((2, 9, 12)) < 0.5
    candidates = Candidates(full[:, y0 : y0 + 9, x0 : x0 + 12], np.array([0.4, 0.6]), x0, y0)
    np.testing.assert_array_equal(candidates.on_slice((20, 30)), full)
    assert candidates.slice_masks() == [
        SliceMask.from_mask(mask, score) for mask, score in zip(full, (0.4, 0.6), strict=True)
    ]


def test_paint_leaves_the_rest_of_a_view_alone():
    labels = np.full((20, 30, 3), 7)
    mask = blob()
    SliceMask.from_mask(mask, 0).paint(labels[:, :, 1], 2)
    np.testing.assert_array_equal(labels[:, :, 1], np.where(mask, 2, 7))
    assert (labels[:, :, [0, 2]] == 7).all()


@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        (slice(4, 9), slice(10, 23)),
        (slice(6, 15), slice(2, 14)),
        (slice(8, 12), slice(22, 25)),
        (slice(9, 12), slice(10, 23)),
        (slice(0, 20), slice(0, 30)),
    ],
)
def test_overlap_is_the_dice_of_the_full_masks(rows, columns):
    first, second = blob(), blob(rows=rows, columns=columns)
    expected = 2 * (first & second).sum() / (first.sum() + second.sum())
    assert overlap(SliceMask.from_mask(first, 0), SliceMask.from_mask(second, 0)) == pytest.approx(expected)


def test_overlap_with_an_empty_mask_is_none():
    empty, full = (SliceMask.from_mask(np.full((3, 3), value), 0) for value in (False, True))
    assert overlap(empty, full) == overlap(full, empty) == overlap(empty, empty) == 0
    assert overlap(full, full) == 1
