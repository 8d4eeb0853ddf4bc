"""Metrics on shapes whose answers are known."""

import numpy as np
import pytest

from medsamseg_server.evaluation.metrics import Extent, dice, extent, roc_area, surface_dice


def block(shape, *ranges):
    mask = np.zeros(shape, bool)
    mask[tuple(slice(*r) for r in ranges)] = True
    return mask


def ball(radius_mm, spacing, shape=(40, 40, 40)):
    center = [(n - 1) / 2 for n in shape]
    grids = np.indices(shape)
    return sum(((g - c) * s) ** 2 for g, c, s in zip(grids, center, spacing, strict=True)) <= radius_mm**2


def test_dice_of_shifted_blocks():
    a = block((4, 10, 10), (0, 4), (0, 10), (0, 4))
    b = block((4, 10, 10), (0, 4), (0, 10), (2, 6))
    assert dice(a, b) == 0.5
    assert dice(a, a) == 1
    assert dice(a, ~a) == 0


def test_surface_dice_is_one_within_the_tolerance_and_little_beyond():
    spacing = (1.0, 1.0, 1.0)
    reference = ball(12, spacing)
    assert surface_dice(reference, reference, spacing) == 1
    assert surface_dice(ball(13, spacing), reference, spacing) == 1
    assert surface_dice(ball(16, spacing), reference, spacing) < 0.01


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_surface_dice_takes_the_spacing_of_each_axis_for_its_own(axis):
    reference = block((30, 30, 30), (10, 20), (10, 20), (10, 20))
    moved = np.roll(reference, 1, axis)
    fine, coarse = [1.0, 1.0, 1.0], [1.0, 1.0, 1.0]
    coarse[axis] = 5.0
    assert surface_dice(moved, reference, tuple(fine)) == 1
    # Moved by 5 mm, the two faces across this axis are off; they are a third of the cube as seen in voxels.
    assert surface_dice(moved, reference, tuple(coarse)) < 0.95
    # Stretching another axis moves nothing.
    other = [1.0, 1.0, 1.0]
    other[(axis + 1) % 3] = 5.0
    assert surface_dice(moved, reference, tuple(other)) == 1


def test_wrong_contours_of_a_flat_object_are_not_hidden_by_its_faces():
    """A disc three pixels too large: in 2D, embedded as a slab, it would score 0.98 (all of its faces agree)."""
    spacing = (0.5, 1.0, 1.0)
    thick = 40
    y, x = np.indices((64, 64)) - 31.5
    disc, larger = (np.repeat((x**2 + y**2 <= r**2)[None], thick, axis=0) for r in (18, 21.5))
    # Its ends agree within 2 mm: two faces of about pi r² against the mantle 2 pi r h.
    faces = 18 / (18 + thick * 0.5)
    assert surface_dice(larger, disc, spacing) == pytest.approx(faces, abs=0.1)


def test_nothing_found_scores_nothing():
    reference = ball(8, (1, 1, 1))
    empty = np.zeros_like(reference)
    assert surface_dice(empty, reference, (1, 1, 1)) == 0
    assert dice(empty, reference) == 0


def test_extent_counts_found_missed_and_overshoot():
    reference = block((12, 8, 8), (3, 8), (2, 6), (2, 6))
    mask = block((12, 8, 8), (1, 7), (2, 6), (2, 6))
    mask[10] = True
    # On this slice the mask is elsewhere.
    mask[5] = ~reference[5]
    assert extent(mask, reference) == Extent(slices=5, found=3, missed=2, over_low=2, over_high=1)


def test_roc_area():
    assert roc_area([0.1, 0.2, 0.8, 0.9], [True, True, False, False]) == 1
    assert roc_area([0.5, 0.2, 0.8, 0.4], [True, True, False, False]) == 0.75
    assert roc_area([0.5, 0.5, 0.5], [True, False, False]) == 0.5
    assert roc_area([0.5, 0.6], [False, False]) is None
