"""The masks that voted for another one on a slice: what it might have been with a slightly different box."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.masks import part_with

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
