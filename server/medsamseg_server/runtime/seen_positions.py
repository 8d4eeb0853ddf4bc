"""Which positions of the image grid the decoder computes for an object: all, or means where it is far from the object.

The decoder knows S×S positions, 64×64 of a whole slice. An object needs them one by one where its mask is made. What is
far from it tells little, and means of 2×2 positions do nearly as well, if they count four times in every attention.
Farther away means of 4×4 would do as well on average, but changed single masks a lot (docs/speed.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.runtime.mask_windows import MaskWindows

#: Side of a mean, in positions. The decoder's rows are all positions, then all means.
MEAN_SIDE = 2
# Sides of the square that is seen position by position: the network is compiled anew for each that it meets.
_RUNG = 16


@dataclass(frozen=True)
class SeenPositions:
    """What B objects see of an image grid.

    Attributes:
        rows: int32 (B, M), or (1, M) for all alike: which positions and means, by the decoder's rows.
        first: int (B, 2), row and column of the first position that is seen by itself.
        side: how many positions a side are seen by themselves.
    """

    rows: NDArray[np.int32]
    first: NDArray[np.int64]
    side: int

    @classmethod
    def all(cls, count: int, grid_side: int) -> SeenPositions:
        """Return all positions, for ``count`` objects."""
        return cls(np.arange(grid_side**2, dtype=np.int32)[None], np.zeros((count, 2), np.int64), grid_side)

    @classmethod
    def around(cls, windows: MaskWindows, side: int) -> SeenPositions:
        """Return squares of ``side`` positions that hold the windows, and means of the rest."""
        grid_side = windows.side
        if side == grid_side:
            return cls.all(len(windows.first), grid_side)
        first = np.minimum(windows.first // MEAN_SIDE * MEAN_SIDE, grid_side - side)
        rows = [_rows(top, left, side, grid_side) for top, left in first.tolist()]
        return cls(np.array(rows, np.int32), first, side)

    def rows_of(self, windows: MaskWindows, objects: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return which rows of the decoder's images (B, M) are positions of windows, for these objects, int32 (L, W).

        The windows lie in the squares.
        """
        down, across = (np.arange(length) for length in windows.size)
        first = windows.first - self.first[objects]
        inside = (first[:, :1] + down)[:, :, None] * self.side + (first[:, 1:] + across)[:, None]
        own = objects[:, None] * self.rows.shape[1]
        rows: NDArray[np.int32] = (inside.reshape(len(inside), -1) + own).astype(np.int32)
        return rows


def side_seen(windows: MaskWindows) -> int:
    """Return the side of a square of positions that holds windows; the grid's, where there would be little else."""
    # One more, because a square begins where a mean does.
    side = -(-(max(windows.size) + 1) // _RUNG) * _RUNG
    return side if side <= windows.side - _RUNG else windows.side


def _rows(top: int, left: int, side: int, grid_side: int) -> NDArray[np.int64]:
    """Return the decoder's rows: the positions of a square, row by row, and the means of all that is not in it."""
    positions = np.arange(grid_side**2).reshape(grid_side, grid_side)
    coarse_side = grid_side // MEAN_SIDE
    is_mean = np.ones((coarse_side, coarse_side), bool)
    is_mean[top // MEAN_SIDE : (top + side) // MEAN_SIDE, left // MEAN_SIDE : (left + side) // MEAN_SIDE] = False
    means = grid_side**2 + np.flatnonzero(is_mean)
    return np.concatenate([positions[top : top + side, left : left + side].ravel(), means])
