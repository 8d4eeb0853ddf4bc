"""From the diameters that a reader measured to the box and the slices of the object, as ``medsamseg segment --line``.

The server's ``measurements/line_prompt.py`` has the same rules, and the measurements that gave them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.sliceAxes import AXES, depthIJK, fromIJK, inPlaneIJK
from MedSAMSegLib.volumes.sliceGeometry import SAME_SLICE_TOLERANCE
from MedSAMSegLib.volumes.slicePrompt import SlicePrompt

if TYPE_CHECKING:
    from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

#: The diameter across, as a part of the longest one, where it was not measured.
ACROSS = 0.65

# A hand-drawn line may end this part of its length short of the other.
_GAP = 0.1

# In slices: differences by rounding.
_NO_DIFFERENCE = 1e-6


def promptFromLines(geometry: SliceGeometry, lines: Sequence[Any], axis: int | None = None) -> tuple[SlicePrompt, int]:
    """Return where the object with these diameters is.

    :param geometry: SliceGeometry of the volume.
    :param lines: one, the longest diameter, or two that cross; each two ends as (R, A, S) in the world.
    :param axis: array axis of the slice; None for the first one that has all ends on one slice.
    :return: (SlicePrompt, how many slices from its own the object can be).
    :raises UserError: when the lines are not on one slice, have no length, do not cross, or lie outside the volume.
    """
    ends = np.asarray(lines, float)
    if not np.isfinite(ends).all() or (ends[:, 0] == ends[:, 1]).all(axis=1).any():
        raise UserError("A line has no length.", "Draw it from one side of the object to the other.", "line_invalid")
    axis, sliceIndex, pixels = _onSlice(geometry, ends, axis)
    if len(lines) == 2 and not _cross(pixels):
        raise UserError(
            "The two lines do not cross: they are not two diameters of one object.",
            "Give the longest diameter and the one across it, or two objects one after the other.",
            "lines_apart",
        )
    toMillimeters = geometry.IJKToWorld[:3, list(inPlaneIJK(axis))]
    along = (pixels[:, 1] - pixels[:, 0]) @ toMillimeters.T
    lengths = np.linalg.norm(along, axis=1)
    longest = int(lengths.argmax())
    across = np.subtract(*pixels[1 - longest]) if len(lines) == 2 else _across(along[0], toMillimeters)
    corners = _corners(pixels, pixels[longest], across / 2)
    return geometry.clip(_promptOf(axis, sliceIndex, corners)), _reach(geometry, axis, lengths[longest])


def linesCross(geometry: SliceGeometry, lines: Sequence[Any]) -> bool:
    """:return: whether two lines, each two ends (R, A, S), lie on one slice and cross there."""
    try:
        return _cross(_onSlice(geometry, np.asarray(lines, float))[2])
    except UserError:
        return False


def _onSlice(geometry, ends, axis=None):
    """:return: (axis, slice index, ends (N, 2, 2) as x and y in pixels) of the slice on which all ends lie."""
    places = np.array([geometry.continuousIJK(point) for point in ends.reshape(-1, 3)])
    spreads = {axis: np.ptp(places[:, depthIJK(axis)]) for axis in AXES}
    if axis is None:
        # A line along an edge of the voxels lies on slices of two axes: diameters are measured on the stored ones.
        fitting = [each for each in AXES if spreads[each] <= SAME_SLICE_TOLERANCE]
        axis = fitting[0] if fitting else min(AXES, key=lambda each: spreads[each])
    if spreads[axis] > SAME_SLICE_TOLERANCE:
        raise UserError(
            f"The line's ends lie on different slices of '{geometry.volumeNode.GetName()}': {spreads[axis]:.1f} slices"
            f" apart along axis {axis}.",
            "Draw the line on one slice, in a view that shows the volume's own slices.",
            "line_spans_slices",
        )
    depths, xs, ys = fromIJK(axis, places.T)
    return axis, math.floor(float(np.mean(depths)) + 0.5), np.stack([xs, ys], axis=1).reshape(-1, 2, 2)


def _cross(lines):
    """:return: whether two lines (2, 2, 2), each made a little longer, have a point in common."""
    (a, b), (c, d) = lines
    matrix = np.stack([b - a, c - d], axis=1)
    if abs(np.linalg.det(matrix)) < 1e-9:
        return False
    places = np.linalg.solve(matrix, c - a)
    return bool(np.all((places >= -_GAP) & (places <= 1 + _GAP)))


def _across(along, toMillimeters):
    """:return: the usual diameter across in pixels, (2,), of the longest one `along` in millimeters."""
    normal = np.cross(*toMillimeters.T)
    direction = np.cross(normal / np.linalg.norm(normal), along) * ACROSS
    return np.linalg.lstsq(toMillimeters, direction, rcond=None)[0]


def _corners(lines, longest, halfAcross):
    """:return: corners (2, 2) of the box: halfway from the lines' ends to the ellipse on them; of one, the ellipse."""
    middle, half = longest.mean(axis=0), (longest[1] - longest[0]) / 2
    reach = np.sqrt(half**2 + halfAcross**2)
    ellipse = np.array([middle - reach, middle + reach])
    if len(lines) == 1:
        return ellipse
    ends = lines.reshape(-1, 2)
    inner = np.array([ends.min(axis=0), ends.max(axis=0)])
    outer = np.array([np.minimum(inner[0], ellipse[0]), np.maximum(inner[1], ellipse[1])])
    return (inner + outer) / 2


def _promptOf(axis, sliceIndex, corners):
    """:return: the SlicePrompt from center to center of the pixels whose outlines `corners` are."""
    middle = corners.mean(axis=0)
    # The box of an object thinner than a pixel is that around its middle.
    low = np.minimum(corners[0] + 0.5, middle - 0.5)
    high = np.maximum(corners[1] - 0.5, middle + 0.5)
    return SlicePrompt(axis, sliceIndex, (*low.tolist(), *high.tolist()))


def _reach(geometry, axis, length):
    """:return: how many slices `length` millimeters are along the slices' normal."""
    distance = 1 / np.linalg.norm(geometry.worldToIJK[depthIJK(axis), :3])
    return math.ceil(length / distance - _NO_DIFFERENCE)
