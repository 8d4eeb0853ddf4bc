"""The longest diameter of an object on a slice, and the longest one perpendicular to it.

RECIST 1.1 (Eisenhauer et al., doi:10.1016/j.ejca.2008.10.026) measures a lesion by its longest diameter in the plane of
the slices, and a lymph node by its short axis, the longest diameter perpendicular to that on the same slice.

The ends lie on the object's outline, halfway between the centers of its outermost voxels and of their neighbors, as in
marching squares and in the meshes of the Image Biomarker Standardisation Initiative (doi:10.1148/radiol.2020191145). So
a row of n voxels is n voxels long, and a single one has a size. Of ellipses 12 to 60 voxels long, the diameters come
out 0.4 and 0.2 voxels too long on average, those of discs up to 0.8 and 0.1. Between voxel centers the longest would be
0.1 (discs) to 0.7 too short, between the corners of voxels 0.9 too long.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from medsamseg_server.measurements.outline import outline_edges
from medsamseg_server.measurements.slice_plane import Grid, Points, Position, SlicePlane, Voxel

# From the center of a pixel to where the outline can pass.
_EDGES = np.array([(-0.5, 0.0), (0.5, 0.0), (0.0, -0.5), (0.0, 0.5)])

# Millimeters.
_NO_DIFFERENCE = 1e-9


@dataclass(frozen=True)
class Diameter:
    """A line across an object.

    Attributes:
        length: in millimeters.
        voxels: its ends as indices i, j, k.
        ras: its ends in millimeters.
    """

    length: float
    voxels: tuple[Voxel, Voxel]
    ras: tuple[Position, Position]


@dataclass(frozen=True)
class Diameters:
    """The two diameters of an object, on the slice with the longest one.

    Attributes:
        slice: its index.
        longest: the longest diameter of all slices.
        perpendicular: the longest at a right angle to it, on the same slice, across the same part of the object.
    """

    slice: int
    longest: Diameter
    perpendicular: Diameter


@dataclass(frozen=True)
class _Line:
    """The longest line on a slice: its ends in pixels (2, 2), its length, and the part of the slice that it crosses."""

    length: float
    ends: Points
    index: int
    part: NDArray[np.bool_]
    corner: tuple[int, int]


def diameters(mask: NDArray[np.bool_], geometry: Grid, axis: int = 0) -> Diameters | None:
    """Return the diameters of an object; None where it has no voxels.

    A diameter is that of one part: of voxels on a slice that touch each other, at least at a corner. Single voxels that
    lie apart do not make it longer. Gaps within a part, such as a necrosis, count.

    Args:
        mask: (K, J, I), the object.
        geometry: where it lies.
        axis: array axis across the slices.
    """
    plane = SlicePlane(geometry, axis)
    slices = np.moveaxis(mask, axis, 0)
    best: _Line | None = None
    for index in np.flatnonzero(slices.any(axis=(1, 2))).tolist():
        best = _longest_on(slices[index], index, plane, best)
    if best is None:
        return None
    ends = _perpendicular(best, plane)
    return Diameters(best.index, _diameter(best.ends, best.index, plane), _diameter(ends, best.index, plane))


def lengths_on_slice(mask: NDArray[np.bool_], plane: SlicePlane) -> tuple[float, float] | None:
    """Return the lengths of both diameters of an object on one slice, (H, W), in millimeters; as ``diameters``."""
    best = _longest_on(mask, 0, plane, None)
    return None if best is None else (best.length, plane.distance(_perpendicular(best, plane)))


def _diameter(ends: Points, index: int, plane: SlicePlane) -> Diameter:
    first, second = sorted(plane.voxel(end, index) for end in ends)
    return Diameter(plane.distance(ends), (first, second), (plane.ras(first), plane.ras(second)))


def _longest_on(mask: NDArray[np.bool_], index: int, plane: SlicePlane, best: _Line | None) -> _Line | None:
    """Return the longest line on a slice (H, W), or ``best`` where none is longer."""
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    for label in range(1, count):
        x, y, width, height = (int(number) for number in boxes[label, :4])
        diagonals = plane.in_mm(np.array([(width, height), (width, -height)], np.float64))
        if best is not None and np.linalg.norm(diagonals, axis=1).max() <= best.length:
            continue
        part = labels[y : y + height, x : x + width] == label
        outermost = _hull(part) + np.array([x, y])
        points = plane.in_mm(outermost)
        along, across = (each[:, None] - each[None, :] for each in points.T)
        squares = along**2 + across**2
        first, second = np.unravel_index(int(squares.argmax()), squares.shape)
        length = math.sqrt(squares[first, second])
        if best is None or length > best.length:
            best = _Line(length, outermost[[first, second]], index, part, (x, y))
    return best


def _hull(part: NDArray[np.bool_]) -> Points:
    """Return points (N, 2), x and y, among which the corners of the outline's convex hull are."""
    rows = np.flatnonzero(part.any(axis=1))
    left = part[rows].argmax(axis=1)
    right = part.shape[1] - 1 - part[rows, ::-1].argmax(axis=1)
    ends = np.concatenate([np.stack([left, rows], axis=1), np.stack([right, rows], axis=1)])
    corners = cv2.convexHull(ends.astype(np.int32)[:, None])[:, 0].astype(np.float64)
    return np.asarray((corners[:, None] + _EDGES).reshape(-1, 2))


def _perpendicular(line: _Line, plane: SlicePlane) -> Points:
    """Return the ends (2, 2), in pixels, of the longest line perpendicular to ``line`` across the same part."""
    from_px, to_px = plane.in_mm(line.ends)
    along = (to_px - from_px) / np.linalg.norm(to_px - from_px)
    turn = np.array([along, (-along[1], along[0])])
    corners, edges = outline_edges(line.part)
    # Each corner once: its place must be the same number for all of its edges.
    turned = plane.in_mm(corners + line.corner) @ turn.T
    places, low, high = _span(turned[edges[:, 0]], turned[edges[:, 1]])
    widths = high - low
    # Of many that are equally long, as in a bar, the one in the middle.
    equal = np.flatnonzero(widths > widths.max() - _NO_DIFFERENCE)
    widest = equal[len(equal) // 2]
    place = places[widest]
    return plane.in_pixels(np.array([(place, low[widest]), (place, high[widest])]) @ turn)


def _span(starts: Points, ends: Points) -> tuple[Points, Points, Points]:
    """Return where an outline's corners are along the first coordinate, and its lowest and highest second one there.

    Between corners, the outline is straight, so that it is nowhere wider than at one of them.

    Args:
        starts: (N, 2), where each of the outline's edges begins.
        ends: (N, 2), where it ends.
    """
    places = np.unique(np.concatenate([starts[:, 0], ends[:, 0]]))
    slanted = starts[:, 0] != ends[:, 0]
    starts, ends = starts[slanted], ends[slanted]
    first = np.searchsorted(places, np.minimum(starts[:, 0], ends[:, 0]), "left")
    counts = np.searchsorted(places, np.maximum(starts[:, 0], ends[:, 0]), "right") - first
    edge = np.repeat(np.arange(len(starts)), counts)
    place = first[edge] + np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts)
    share = (places[place] - starts[edge, 0]) / (ends[edge, 0] - starts[edge, 0])
    heights = starts[edge, 1] + share * (ends[edge, 1] - starts[edge, 1])
    low, high = np.full(len(places), np.inf), np.full(len(places), -np.inf)
    np.minimum.at(low, place, heights)
    np.maximum.at(high, place, heights)
    return places, low, high
