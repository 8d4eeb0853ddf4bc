"""The masks that voted for another one on a slice: what it might have been with a slightly different box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.masks import Extent, SliceMask, part_with

# A mask that has less than this in common with the elected one (Dice) sees something else.
_LEAST_AGREEMENT = 0.5


@dataclass(frozen=True, eq=False)
class Variants:
    """A mask and those that voted for it, packed: they are kept as long as the mask is.

    Attributes:
        bits: of all of them, row by row, eight pixels a byte.
        shape: (N, h, w) of the smallest rectangle with their pixels; the elected mask is the first.
    """

    bits: NDArray[np.uint8]
    shape: tuple[int, int, int]

    @classmethod
    def of(cls, elected: NDArray[np.bool_], masks: NDArray[np.bool_]) -> Variants | None:
        """Return what voted for a mask; None where nothing did.

        Args:
            elected: (H, W), not empty.
            masks: (N, H, W), the candidates.
        """
        every = np.concatenate((elected[None], masks))
        rows, columns = part_with(every)
        every = every[:, rows, columns]
        sizes = np.count_nonzero(every, axis=(1, 2))
        shared = np.count_nonzero(every & every[0], axis=(1, 2))
        agree = 2 * shared >= _LEAST_AGREEMENT * (sizes + sizes[0])
        if not sizes[0] or np.count_nonzero(agree) < 2:
            return None
        kept = every[agree]
        rows, columns = part_with(kept)
        kept = kept[:, rows, columns]
        return cls(np.packbits(kept), kept.shape)

    @property
    def masks(self) -> NDArray[np.bool_]:
        """(N, h, w), True on the object; the elected mask is the first."""
        count = int(np.prod(self.shape))
        return np.unpackbits(self.bits, count=count).reshape(self.shape).astype(bool)

    @property
    def pixels(self) -> tuple[int, int]:
        """Number of pixels of the smallest and of the largest mask."""
        sizes = np.count_nonzero(self.masks, axis=(1, 2))
        return int(sizes.min()), int(sizes.max())


def variants_of_rest(whole: SliceMask, taken: Sequence[SliceMask]) -> Variants | None:
    """Return what voted for what is left of a mask; None where nothing voted for the mask, or nothing is left.

    With a slightly different box, the mask might have been another one, or one of those that are taken from it; both at
    once count as far as they make the least and the most of it.

    Args:
        whole: the mask.
        taken: what is taken from it, on the same slice; of what nobody voted for, such as what was drawn, there is one
            mask alone.
    """
    if whole.variants is None or whole.extent is None:
        return None
    if not taken:
        return whole.variants
    wholes = whole.variants.masks
    corner = _corner(whole.extent, wholes[0])
    parts = [_on_rectangle(each, corner, wholes.shape[1:]) for each in taken]
    # Each mask for itself, then each of what is taken for itself, then both ends.
    others = [wholes & ~_any_of([part[0] for part in parts], wholes.shape[1:])]
    for number, part in enumerate(parts):
        besides = _any_of([each[0] for each in parts[:number] + parts[number + 1 :]], wholes.shape[1:])
        others.append(wholes[:1] & ~(part | besides))
    ends = [_extremes(part) for part in parts]
    for mask, end in zip(_extremes(wholes), (1, 0), strict=True):
        others.append((mask & ~_any_of([each[end] for each in ends], wholes.shape[1:]))[None])
    return Variants.of(others[0][0], np.concatenate(others))


def _any_of(masks: Sequence[NDArray[np.bool_]], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return the pixels of any of some masks (h, w), of which there may be none."""
    found = np.zeros(shape, bool)
    for mask in masks:
        found |= mask
    return found


def _extremes(masks: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the smallest and the largest of some masks (N, h, w)."""
    sizes = np.count_nonzero(masks, axis=(1, 2))
    return masks[int(sizes.argmin())], masks[int(sizes.argmax())]


def _corner(extent: Extent, elected: NDArray[np.bool_]) -> tuple[int, int]:
    """Return the column and row on the slice of the first pixel of the rectangle that holds an elected mask."""
    rows, columns = part_with(elected[None])
    return extent[0] - columns.start, extent[1] - rows.start


def _on_rectangle(mask: SliceMask, corner: tuple[int, int], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return a mask and those that voted for it, (N, h, w), on a rectangle of the slice."""
    if mask.variants is None or mask.extent is None:
        return mask.cut(*corner, shape)[None]
    masks = mask.variants.masks
    right, down = _corner(mask.extent, masks[0])
    return np.array([SliceMask.from_mask(each, 0.0).moved(right, down).cut(*corner, shape) for each in masks])
