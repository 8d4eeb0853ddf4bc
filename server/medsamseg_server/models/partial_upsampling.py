"""SAM's interpolation of logits to a slice, of no more than the part that is above a value.

Bilinear interpolation is linear and separable, so all its steps together are one product with a matrix on either side.
A value on the slice is a mean of a few logits around it: where none of them is above a value, neither is the mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.models.frames import resized_shape
from medsamseg_server.models.specification import ModelSpecification, Upsampling

# Larger products go to several threads in OpenBLAS, which wait for each other longer than they compute: 26 ms a mask
# instead of 1, on two cores that others use as well.
_BLOCK = 16


@dataclass(frozen=True)
class UpsampledPart:
    """A rectangle of mask values on a slice.

    Attributes:
        values: float32 (h, w).
        x0: its first column.
        y0: its first row.
    """

    values: NDArray[np.float32]
    x0: int
    y0: int


class PartialUpsampling:
    """From logits to parts of a slice of one size, with the result of ``upsampling.upsample_masks``.

    Args:
        specification: a model whose logits are interpolated to the input's size first, as SAM's are.
        side: S, of the square of logits.
        image_size: (H, W) of the slice.
    """

    def __init__(self, specification: ModelSpecification, side: int, image_size: tuple[int, int]) -> None:
        if specification.upsampling is not Upsampling.LOGITS_AT_INPUT_SIZE:
            raise ValueError(f"The masks of {specification.title} are not interpolated as SAM's.")
        inner = resized_shape(specification, image_size)
        self._rows, self._columns = (
            _Axis.of(_interpolation(inside, size) @ _interpolation(side, specification.input_size)[:inside])
            for inside, size in zip(inner, image_size, strict=True)
        )

    def above(self, logits: NDArray[np.float32], value: float) -> UpsampledPart | None:
        """Return a part of a mask that holds all pixels above a value; None where there is none.

        Args:
            logits: (S, S) of one object.
            value: what is not above it may be left out.
        """
        high = logits > value
        rows, columns = (
            self._rows.reach(np.asarray(high.any(axis=1))),
            self._columns.reach(np.asarray(high.any(axis=0))),
        )
        if rows is None or columns is None:
            return None
        stretched = self._columns.interpolate(logits.T, *columns).T
        return UpsampledPart(self._rows.interpolate(stretched, *rows), columns[0], rows[0])


@dataclass(frozen=True)
class _Axis:
    """How the N positions of a slice along an axis are made of those of the logits.

    Attributes:
        weights: float32 (N, S).
        first: int (N,), the first logit that a position is made of.
        last: int (N,), the last one.
    """

    weights: NDArray[np.float32]
    first: NDArray[np.int64]
    last: NDArray[np.int64]

    @classmethod
    def of(cls, weights: NDArray[np.float64]) -> _Axis:
        used = weights > 0
        return cls(weights.astype(np.float32), used.argmax(axis=1), used.shape[1] - 1 - used[:, ::-1].argmax(axis=1))

    def reach(self, high: NDArray[np.bool_]) -> tuple[int, int] | None:
        """Return the first position made of a high logit, and that behind the last one; None if there is none."""
        found = np.flatnonzero(high)
        if not len(found):
            return None
        touched = np.flatnonzero((self.last >= found[0]) & (self.first <= found[-1]))
        return (int(touched[0]), int(touched[-1]) + 1) if len(touched) else None

    def interpolate(self, values: NDArray[np.float32], start: int, end: int) -> NDArray[np.float32]:
        """Return the positions from ``start`` to before ``end``, (end - start, n), made of values (S, n)."""
        result = np.empty((end - start, values.shape[1]), np.float32)
        # In blocks, because only few of the S values make a position: the other products would be with zeros.
        for here in range(start, end, _BLOCK):
            there = min(here + _BLOCK, end)
            used = slice(int(self.first[here]), int(self.last[there - 1]) + 1)
            result[here - start : there - start] = self.weights[here:there, used] @ values[used]
        return result


def _interpolation(source: int, target: int) -> NDArray[np.float64]:
    """Return the weights (target, source) of bilinear interpolation along an axis, pixel centers at half integers."""
    places = np.clip((np.arange(target) + 0.5) * source / target - 0.5, 0, source - 1)
    before = places.astype(int)
    share = places - before
    weights = np.zeros((target, source))
    np.add.at(weights, (np.arange(target), before), 1 - share)
    np.add.at(weights, (np.arange(target), np.minimum(before + 1, source - 1)), share)
    return weights
