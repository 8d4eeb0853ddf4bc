"""The longest diameter of an object on a slice, by the same rule as ``medsamseg segment``.

RECIST 1.1 (Eisenhauer et al., doi:10.1016/j.ejca.2008.10.026) measures a lesion by its longest diameter in the plane of
the slices. The ends lie on the outline, halfway between the centers of the outermost voxels and of their neighbors: a
row of n voxels is n voxels long. A diameter is that of one part, of voxels that touch on a slice at least at a corner.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from MedSAMSegLib.volumes.sliceAxes import inPlaneIJK, toIJK


@dataclass(frozen=True)
class Diameter:
    """A line across an object on one slice.

    :param length: in millimeters.
    :param sliceIndex: index of the slice.
    :param ends: both ends as (R, A, S) in the world.
    """

    length: float
    sliceIndex: int
    ends: tuple


def longestDiameter(masks: Iterable[Any], axis: int, IJKToWorld: np.ndarray) -> Diameter:
    """Return the longest :class:`Diameter` of an object on its slices; None where it has no voxels.

    :param masks: iterable of (slice index, x0, y0, bool array (rows, columns)): the object on each slice, and where
        the array begins within the slice.
    :param axis: array axis of the slices.
    :param IJKToWorld: 4 × 4 array, from voxels to millimeters; may be anisotropic, turned or sheared.
    """
    toMillimeters = IJKToWorld[:3, list(inPlaneIJK(axis))].T
    length, found = -1.0, None
    for sliceIndex, x0, y0, mask in masks:
        for part in _parts(mask):
            # No line is longer than the part's frame; most parts and slices need no closer look.
            size = np.ptp(part, axis=0) + 1
            if np.linalg.norm([size * (1, 1), size * (1, -1)] @ toMillimeters, axis=1).max() <= length:
                continue
            outermost = _hull(part)
            points = outermost @ toMillimeters
            distances = np.linalg.norm(points[:, None] - points[None, :], axis=2)
            first, second = np.unravel_index(int(distances.argmax()), distances.shape)
            if distances[first, second] > length:
                length = float(distances[first, second])
                found = sliceIndex, outermost[[first, second]] + (x0, y0)
    if found is None:
        return None
    sliceIndex, places = found
    ends = tuple(tuple((IJKToWorld @ [*toIJK(axis, sliceIndex, x, y), 1.0])[:3].tolist()) for x, y in places)
    return Diameter(length, int(sliceIndex), ends)


def _parts(mask):
    """:return: for each connected part of a mask an array (N, 2): x and y of the ends of its runs of pixels."""
    parts: dict[int, list] = {}
    above: list[tuple] = []
    for y, inRow in enumerate(_runs(np.asarray(mask, bool))):
        runs: list[tuple] = []
        for left, end in inRow:
            right = end - 1
            touched = {number for number, low, high in above if low <= right + 1 and left - 1 <= high}
            number = min(touched, default=len(parts) and max(parts) + 1)
            members = parts.setdefault(number, [])
            members += [(left, y), (right, y)]
            for other in touched - {number}:
                members += parts.pop(other)
                above = [(number if known == other else known, low, high) for known, low, high in above]
                runs = [(number if known == other else known, low, high) for known, low, high in runs]
            runs.append((number, left, right))
        above = runs
    return [np.array(members) for members in parts.values()]


def _runs(mask):
    """:return: for each row of a mask the list of its runs of pixels, each (first, end)."""
    padded = np.pad(mask, ((0, 0), (1, 1)))
    rows, changes = np.nonzero(padded[:, 1:] != padded[:, :-1])
    runs = changes.reshape(-1, 2).tolist()
    ends = np.searchsorted(rows[::2], range(len(mask) + 1)).tolist()
    return [runs[first:end] for first, end in itertools.pairwise(ends)]


def _hull(pixels):
    """:return: the corners (N, 2) of the convex hull of an outline (Andrew's monotone chain)."""
    points = np.unique(_outermost(*pixels.T), axis=0).tolist()
    return np.array([*_chain(points), *_chain(points[::-1])])


def _outermost(x, y):
    """:return: the leftmost and rightmost places (N, 2) where the outline of a part can pass, at every height.

    It passes half a pixel beside the pixels of a row, and half a pixel above and below them.
    """
    rows = y - y.min() + 1
    left, right = np.full(rows.max() + 2, np.inf), np.full(rows.max() + 2, -np.inf)
    np.minimum.at(left, rows, x)
    np.maximum.at(right, rows, x)
    heights = y.min() + np.arange(len(left) - 2.0)
    between = y.min() + np.arange(len(left) - 1.0) - 0.5
    return np.concatenate(
        [
            np.column_stack([left[1:-1] - 0.5, heights]),
            np.column_stack([right[1:-1] + 0.5, heights]),
            np.column_stack([np.minimum(left[:-1], left[1:]), between]),
            np.column_stack([np.maximum(right[:-1], right[1:]), between]),
        ]
    )


def _chain(points):
    """:return: one half of the hull of points in their order."""
    chain: list = []
    for x, y in points:
        while len(chain) > 1:
            (ax, ay), (bx, by) = chain[-2:]
            if (bx - ax) * (y - ay) > (by - ay) * (x - ax):
                break
            chain.pop()
        chain.append((x, y))
    return chain
