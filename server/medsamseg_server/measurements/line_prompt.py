"""From the diameters that a reader measured on a slice to the box and the slices of the object.

One line is the longest diameter; a second one that crosses it is taken as the diameter across. Measured lines and the
masks of 26 organs, tumors and lesions (development data, reference diameters) gave the rules:

* The object is somewhere between the box of the lines' ends, which cuts what bulges between them, and the box of the
  ellipse on the lines, which is too large for what has corners. Its box is halfway: mean Dice on the slice 0.885
  (LiteMedSAM), with the ends' 0.846, with the ellipse's 0.873, with the tight box of the reference mask 0.880.
* With one line, the diameter across is taken as 0.65 of it, the median: Dice 0.859 (0.840 at 0.6, 0.860 at 0.8).
* Along the slices, none of them reached farther from the slice of the lines than their longest diameter.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.measurements.slice_plane import Grid, Points, SlicePlane

#: The diameter across, as a part of the longest one, where it was not measured.
ACROSS = 0.65

# A hand-drawn line may end this part of its length short of the other.
_GAP = 0.1

# In slices: differences by rounding.
_NO_DIFFERENCE = 1e-6

#: The ends x0, y0, x1, y1 of a line in pixels of its slice, whose centers are integers.
Line = tuple[float, float, float, float]


@dataclass(frozen=True)
class LinePrompt:
    """Where the object of measured diameters is.

    Attributes:
        box: x0, y0, x1, y1 in pixels of the slice, from the center of its first to that of its last pixel.
        reach: how many slices from that of the lines the object can be, each way.
    """

    box: Line
    reach: int


def prompt_from_lines(lines: Sequence[Line], geometry: Grid, axis: int, size: tuple[int, int]) -> LinePrompt:
    """Return where the object with these diameters is.

    Args:
        lines: one, the longest diameter, or two that cross, in any order; on the object's outline.
        geometry: of the scan.
        axis: array axis across the slices.
        size: (H, W) of the slice, which the box does not leave.

    Raises:
        MedSAMSegError: ``line_invalid``, ``line_outside_image`` or ``lines_apart``.
    """
    for line in lines:
        _check_line(line, size)
    plane = SlicePlane(geometry, axis)
    pixels = np.array(lines, np.float64).reshape(-1, 2, 2)
    if len(lines) == 2 and not _cross(pixels):
        raise _bad_line(
            "lines_apart",
            "The two lines do not cross: they are not two diameters of one object.",
            "Give the longest diameter and the one across it, or two objects in two calls.",
        )
    millimeters = np.stack([plane.in_mm(ends) for ends in pixels])
    lengths = np.linalg.norm(millimeters[:, 1] - millimeters[:, 0], axis=1)
    longest = float(lengths.max())
    box = _box(pixels[int(lengths.argmax())], _half_across(millimeters, plane), pixels)
    return LinePrompt(_of_pixels(box, size), math.ceil(longest / plane.slice_distance - _NO_DIFFERENCE))


def _check_line(line: Line, size: tuple[int, int]) -> None:
    text = ", ".join(f"{value:g}" for value in line)
    x0, y0, x1, y1 = line
    if not all(math.isfinite(value) for value in line) or (x0, y0) == (x1, y1):
        raise _bad_line("line_invalid", f"The line {text} has no length.", "Give its two ends as x0, y0, x1, y1.")
    height, width = size
    if not all(-0.5 <= x <= width - 0.5 for x in (x0, x1)) or not all(-0.5 <= y <= height - 0.5 for y in (y0, y1)):
        raise _bad_line(
            "line_outside_image",
            f"The line {text} leaves the slice, whose pixels are x 0 to {width - 1} and y 0 to {height - 1}.",
            "Give the line's ends in pixels of this slice.",
        )


def _cross(lines: Points) -> bool:
    """Return whether two lines (2, 2, 2), each made a little longer, have a point in common."""
    (a, b), (c, d) = lines
    matrix = np.stack([b - a, c - d], axis=1)
    if abs(np.linalg.det(matrix)) < 1e-9:
        return False
    places = np.linalg.solve(matrix, c - a)
    return bool(np.all((places >= -_GAP) & (places <= 1 + _GAP)))


def _half_across(millimeters: Points, plane: SlicePlane) -> Points:
    """Return half of the diameter across as a vector (2,) in pixels; ``millimeters`` are the lines (N, 2, 2)."""
    along = millimeters[:, 1] - millimeters[:, 0]
    if len(along) == 2:
        across = along[1 - int(np.linalg.norm(along, axis=1).argmax())]
    else:
        across = np.array([-along[0, 1], along[0, 0]]) * ACROSS
    return np.asarray(plane.in_pixels(across[None] / 2)[0])


def _box(longest: Points, half_across: Points, lines: Points) -> Points:
    """Return the corners (2, 2) halfway between the box of the lines' ends and that of the ellipse on them."""
    middle, half = longest.mean(axis=0), (longest[1] - longest[0]) / 2
    if len(lines) == 1:
        return _ellipse(middle, half, half_across)
    ends = lines.reshape(-1, 2)
    inner = np.array([ends.min(axis=0), ends.max(axis=0)])
    round_it = _ellipse(middle, half, half_across)
    outer = np.array([np.minimum(inner[0], round_it[0]), np.maximum(inner[1], round_it[1])])
    return np.asarray((inner + outer) / 2)


def _ellipse(middle: Points, half: Points, half_across: Points) -> Points:
    """Return the corners (2, 2) of the box of an ellipse, of which two conjugate half diameters are known."""
    reach = np.sqrt(half**2 + half_across**2)
    return np.array([middle - reach, middle + reach])


def _of_pixels(corners: Points, size: tuple[int, int]) -> Line:
    """Return the box from center to center of the pixels whose outlines ``corners`` (2, 2) are, inside the slice."""
    low, high = corners[0] + 0.5, corners[1] - 0.5
    # The box of an object thinner than a pixel is that around its middle.
    middle = corners.mean(axis=0)
    low, high = np.minimum(low, middle - 0.5), np.maximum(high, middle + 0.5)
    limits = np.array([size[1], size[0]]) - 0.5
    (x0, y0), (x1, y1) = np.clip(low, -0.5, limits).tolist(), np.clip(high, -0.5, limits).tolist()
    return (x0, y0, x1, y1)


def _bad_line(code: str, message: str, hint: str) -> MedSAMSegError:
    return MedSAMSegError(ErrorKind.INVALID_INPUT, code, message, hint)
