"""The protocol's interactions as what this server works on: a box or a drawn mask on one slice along one axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.prompts import Box

#: Half-open bounds along the three array axes.
Bounds = Sequence[Sequence[int]]


@dataclass(frozen=True)
class OnSlice:
    """A rectangle on one slice.

    Attributes:
        axis: array axis of the slice.
        index: of the slice.
        rows: first row, and the one behind the last.
        columns: first column, and the one behind the last.
    """

    axis: int
    index: int
    rows: tuple[int, int]
    columns: tuple[int, int]

    @property
    def box(self) -> Box:
        """x0, y0, x1, y1 of the outermost pixels' centers."""
        return (self.columns[0], self.rows[0], self.columns[1] - 1, self.rows[1] - 1)

    @property
    def pixels(self) -> tuple[slice, slice]:
        """Indices of the rectangle within its slice."""
        return slice(*self.rows), slice(*self.columns)


def on_slice(bounds: Bounds, shape: Sequence[int]) -> OnSlice:
    """Return the rectangle of a box that is one voxel thick.

    Args:
        bounds: half-open, cut to the image.
        shape: of the image.

    Raises:
        ValueError: when it is not on one slice, or outside of the image; in words for the user.
    """
    if len(bounds) != 3 or any(len(each) != 2 for each in bounds):
        raise ValueError(f"A box has a start and an end along each of three axes, but {list(bounds)} was sent.")
    cut = [(max(0, int(low)), min(size, int(high))) for (low, high), size in zip(bounds, shape, strict=True)]
    sizes = [high - low for low, high in cut]
    if min(sizes) < 1:
        raise ValueError(f"The box {[list(each) for each in bounds]} is empty, or outside of the image {tuple(shape)}.")
    flat = [axis for axis in range(3) if int(bounds[axis][1]) - int(bounds[axis][0]) == 1]
    if not flat:
        raise ValueError("Draw the box on one slice: this server finds the rest of the object by itself.")
    axis = flat[0]
    rows, columns = (cut[other] for other in range(3) if other != axis)
    return OnSlice(axis, cut[axis][0], rows, columns)


def drawn_on_slice(
    mask: NDArray[Any], offset: Sequence[int], shape: Sequence[int]
) -> tuple[OnSlice, NDArray[np.bool_]]:
    """Return the rectangle of what was drawn, and what was drawn in it.

    Args:
        mask: of all or a part of the image, not 0 where something was drawn.
        offset: where the part begins.
        shape: of the image.

    Raises:
        ValueError: when nothing was drawn, or not on one slice; in words for the user.
    """
    if mask.ndim != 3:
        raise ValueError(f"What was drawn has {mask.ndim} axes instead of 3.")
    places = [np.flatnonzero(mask.any(axis=tuple(other for other in range(3) if other != axis))) for axis in range(3)]
    if any(each.size == 0 for each in places):
        raise ValueError("Nothing was drawn.")
    low = [int(each[0]) for each in places]
    high = [int(each[-1]) + 1 for each in places]
    found = on_slice([(a + start, b + start) for a, b, start in zip(low, high, offset, strict=True)], shape)
    piece = mask[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    return found, piece.take(0, axis=found.axis) != 0
