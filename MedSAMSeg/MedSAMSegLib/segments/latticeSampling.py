"""Voxels of one grid looked up in another one: nearest neighbors, with one rule for what lies in the middle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

#: Points closer than this to the middle between two voxels, in voxels, count as in the middle, whatever rounding does.
TIE = 1e-4


def coordinates(matrix: np.ndarray, extent: Sequence[int], shift: float = 0.0) -> list[np.ndarray]:
    """Return where the voxels of a block are in other coordinates.

    :param matrix: 4 × 4 array from the indices (i, j, k) of the block to the other coordinates.
    :param extent: inclusive VTK extent of the block.
    :param shift: added to the indices.
    :return: three arrays that can be broadcast to (K, J, I); directions that do not matter have the length 1.
    """
    i, j, k = (np.arange(first, last + 1) + shift for first, last in zip(extent[::2], extent[1::2], strict=True))
    steps = i[None, None, :], j[None, :, None], k[:, None, None]
    return [
        row[3] + sum(factor * step for factor, step in zip(row[:3], steps, strict=True) if abs(factor) > TIE**2)
        for row in matrix[:3]
    ]


def nearest(values: Any, tie: Any = TIE) -> Any:
    """:return: the nearest whole numbers; in the middle between two, the higher one."""
    return np.floor(np.asarray(values) + 0.5 + tie).astype(int)


def lookUp(voxels: np.ndarray, start: Sequence[int], toIJK: np.ndarray, extent: Sequence[int]) -> np.ndarray:
    """Look voxels up at the centers of those of another grid; what lies beyond them is 0.

    :param voxels: array (K, J, I).
    :param start: (i, j, k) of the first voxel.
    :param toIJK: 4 × 4 array from indices of the other grid to those of the voxels.
    :param extent: inclusive VTK extent of a block in the other grid.
    :return: array over the block.
    """
    shape = shapeOf(extent)
    if 0 in shape or voxels.size == 0:
        return np.zeros(shape, voxels.dtype)
    isInside, indices = True, []
    # A little below the center, so that of two voxels that meet there the lower one is taken.
    for place, first, size in zip(coordinates(toIJK, extent, -TIE), start, reversed(voxels.shape), strict=True):
        index = nearest(place, tie=0.0) - first
        isInside = isInside & (index >= 0) & (index < size)
        indices.append(np.clip(index, 0, size - 1))
    i, j, k = indices
    return np.broadcast_to(np.where(isInside, voxels[k, j, i], 0).astype(voxels.dtype), shape)


def shapeOf(extent: Sequence[int]) -> tuple[int, ...]:
    """:return: (K, J, I) of an inclusive VTK extent."""
    return tuple(max(extent[index + 1] - extent[index] + 1, 0) for index in (4, 2, 0))
