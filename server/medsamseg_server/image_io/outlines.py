"""Outlines of masks on a slice as closed polygons; a channel without width joins each hole to its outline, a keyhole.

An outline passes halfway between the centers of the mask's outermost pixels and those of their neighbors, as in the
measurement of diameters. So a pixel's center lies inside exactly if the pixel is the mask's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from skimage.measure import find_contours


def outlines(mask: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    """Return the polygons of a mask, one for each part of it.

    Args:
        mask: (H, W).

    Returns:
        Polygons (N, 2) of x, y in pixels whose centers are integers, without a repeated last point. Pixels that touch
        at a corner are one part.
    """
    found = find_contours(np.pad(mask, 1).astype(np.float64), 0.5, fully_connected="high")
    rings = [points[:-1, ::-1] - 1 for points in found]
    parts = [ring for ring in rings if _area(ring) > 0]
    # A hole whose channel ends at another hole is joined after that one.
    for hole in sorted((ring for ring in rings if _area(ring) < 0), key=lambda ring: float(ring[:, 0].min())):
        _join(hole, parts)
    return [_without_straight_points(part) for part in parts]


def _area(ring: NDArray[np.float64]) -> float:
    """Return what a ring encloses: more than 0 for outer rings, less for holes, which wind the other way."""
    x, y = ring.T
    return float(x @ np.roll(y, -1) - np.roll(x, -1) @ y) / 2


def _join(hole: NDArray[np.float64], parts: list[NDArray[np.float64]]) -> None:
    """Put a hole into the part that it lies in, by a channel along its row of pixels to the left.

    Where an outline crosses a row of pixel centers, it has a point. So the channel ends at the nearest point of a part
    on that row, and crosses nothing.
    """
    hole = np.roll(hole, -int(hole[:, 0].argmin()), axis=0)
    x, y = hole[0]
    ends = []
    for number, part in enumerate(parts):
        there = np.flatnonzero((part[:, 1] == y) & (part[:, 0] < x))
        if len(there):
            place = int(there[part[there, 0].argmax()])
            ends.append((float(part[place, 0]), number, place))
    _, number, place = max(ends)
    part = parts[number]
    # In through the channel, round the hole, and back the same way.
    parts[number] = np.concatenate([part[: place + 1], hole, hole[:1], part[place:]])


def _without_straight_points(ring: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a ring without the points at which it goes straight on."""
    before, after = ring - np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0) - ring
    turn = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    is_straight = (turn == 0) & ((before * after).sum(axis=1) > 0)
    return np.asarray(ring[~is_straight])
