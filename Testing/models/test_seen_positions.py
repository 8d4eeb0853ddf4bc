"""Which positions of the image grid an object sees one by one, and which as means."""

import numpy as np
import pytest

from medsamseg_server.runtime.mask_windows import MaskWindows
from medsamseg_server.runtime.seen_positions import MEAN_SIDE, SeenPositions, side_seen

GRID = 64


def windows_at(*corners, size=(12, 9)):
    return MaskWindows(np.array(corners), size, GRID)


def counted(rows):
    """How often each position is seen, (64, 64), means taken apart again."""
    own, means = rows[rows < GRID**2], rows[rows >= GRID**2] - GRID**2
    coarse = np.bincount(means, minlength=(GRID // MEAN_SIDE) ** 2).reshape(GRID // MEAN_SIDE, -1)
    return np.bincount(own, minlength=GRID**2).reshape(GRID, GRID) + coarse.repeat(MEAN_SIDE, 0).repeat(MEAN_SIDE, 1)


@pytest.mark.parametrize("corner", [(0, 0), (21, 30), (30, 21), (52, 55), (17, 55)])
def test_each_position_is_seen_once_and_those_of_the_window_by_themselves(corner):
    windows = windows_at(corner)
    seen = SeenPositions.around(windows, side_seen(windows))
    np.testing.assert_array_equal(counted(seen.rows[0]), 1)
    assert seen.rows.shape == (1, 16**2 + (GRID**2 - 16**2) // 4)
    inside = np.arange(GRID**2).reshape(GRID, GRID)[corner[0] : corner[0] + 12, corner[1] : corner[1] + 9].ravel()
    np.testing.assert_array_equal(seen.rows[0][seen.rows_of(windows, np.array([0]))[0]], inside)


def test_objects_find_their_own_windows_among_those_of_all():
    windows, objects = windows_at((0, 0), (21, 30), (52, 55)), np.array([2, 0])
    seen = SeenPositions.around(windows, 16)
    chosen = MaskWindows(windows.first[objects], windows.size, GRID)
    found = seen.rows.ravel()[seen.rows_of(chosen, objects)]
    for row, (top, left) in zip(found, chosen.first, strict=True):
        expected = np.arange(GRID**2).reshape(GRID, GRID)[top : top + 12, left : left + 9]
        np.testing.assert_array_equal(row, expected.ravel())


@pytest.mark.parametrize(
    ("size", "side"), [((3, 3), 16), ((15, 4), 16), ((16, 16), 32), ((31, 2), 32), ((40, 47), 48), ((48, 48), 64)]
)
def test_few_sides_are_seen_so_that_the_network_is_compiled_for_few(size, side):
    assert side_seen(windows_at((0, 0), size=size)) == side


def test_all_is_seen_where_an_object_fills_the_slice():
    windows = windows_at((3, 2), (8, 8), size=(50, 56))
    seen = SeenPositions.around(windows, side_seen(windows))
    np.testing.assert_array_equal(seen.rows, np.arange(GRID**2)[None])
    inside = np.arange(GRID**2).reshape(GRID, GRID)[8:58, 8:64].ravel()
    np.testing.assert_array_equal(seen.rows_of(windows, np.array([0, 1]))[1], inside + GRID**2)
