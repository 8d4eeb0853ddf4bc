"""Array axes against IJK: the one place that knows how the two orders meet.

A volume's array is (K, J, I). A slice along array axis `axis` has rows (y) along the first remaining array axis and
columns (x) along the last remaining one. ::

    >>> toIJK(axis=0, depth=24, x=54, y=160)
    [54, 160, 24]
    >>> fromIJK(0, (54, 160, 24))
    (24, 54, 160)
    >>> [toIJK(axis, "depth", "x", "y") for axis in AXES]
    [['x', 'y', 'depth'], ['x', 'depth', 'y'], ['depth', 'x', 'y']]
"""

from __future__ import annotations

from typing import Any

AXES = (0, 1, 2)

_COLUMN_AND_ROW_IJK = {0: (0, 1), 1: (0, 2), 2: (1, 2)}


def depthIJK(axis: int) -> int:
    """:return: index into (I, J, K) of the direction that an array axis runs along."""
    return 2 - axis


def inPlaneIJK(axis: int) -> tuple[int, int]:
    """:return: indices into (I, J, K) of a slice's x (columns) and y (rows)."""
    return _COLUMN_AND_ROW_IJK[axis]


def toIJK(axis: int, depth: int, x: float, y: float) -> list[float]:
    """:return: [i, j, k] of a place on a slice: `depth` along the axis, `x` and `y` within the slice."""
    column, row = inPlaneIJK(axis)
    ijk: list[float] = [0, 0, 0]
    ijk[depthIJK(axis)] = depth
    ijk[column] = x
    ijk[row] = y
    return ijk


def byAxis(ijk: Any) -> list[Any]:
    """:return: list of three values for I, J and K, in the order of the array axes 0, 1 and 2."""
    return list(reversed(ijk))


def fromIJK(axis: int, ijk: Any) -> tuple[Any, Any, Any]:
    """:return: (depth, x, y) on the slices along an axis, the inverse of `toIJK`."""
    column, row = inPlaneIJK(axis)
    return ijk[depthIJK(axis)], ijk[column], ijk[row]
