"""The part of a decoder's mask that is worth computing: the surroundings of the object's box.

The image grid has S×S positions, 64×64 of a whole slice, each of which is 4×4 logits of the mask.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.models.specification import EMBEDDING_SIDE

#: The image grid grows by this factor in each of the two steps of ``optimized_upscaling``, which imports PyTorch.
GROWTH = 2
#: Logit of what was not computed: certainly not the object.
OUTSIDE = -20.0
# How far a window reaches beyond the box: a part of the box's side, and so many positions at least.
_MARGIN_SHARE = 0.25
_MARGIN = 3
_SCALE = GROWTH**2


@dataclass(frozen=True)
class MaskWindows:
    """Windows of the image grid, of one size, an object each.

    Attributes:
        first: int (B, 2), row and column of each window's first position.
        size: (rows, columns) of all windows.
        side: S, positions along a side of the grid.
    """

    first: NDArray[np.int64]
    size: tuple[int, int]
    side: int = EMBEDDING_SIDE

    @classmethod
    def whole(cls, count: int, side: int = EMBEDDING_SIDE) -> MaskWindows:
        """Return windows that are the whole grid."""
        return cls(np.zeros((count, 2), np.int64), (side, side), side)

    @staticmethod
    def plane_shape(side: int = EMBEDDING_SIDE) -> tuple[int, int]:
        """Return the shape of a whole mask."""
        return side * _SCALE, side * _SCALE

    @classmethod
    def around(cls, boxes: NDArray[np.float32], input_size: int, side: int = EMBEDDING_SIDE) -> MaskWindows:
        """Return the surroundings of boxes (B, 4), which are in the frame of the encoder's input of ``input_size``."""
        corners = boxes.reshape(-1, 2, 2)[:, :, ::-1] * (side / input_size)
        start, end = corners.min(axis=1), corners.max(axis=1)
        margin = np.maximum(_MARGIN, _MARGIN_SHARE * (end - start))
        first = np.clip(np.floor(start - margin), 0, side - 1).astype(np.int64)
        last = np.clip(np.ceil(end + margin), 1, side).astype(np.int64)
        rows, columns = (last - first).max(axis=0).tolist()
        return cls(np.minimum(first, side - np.array((rows, columns))), (rows, columns), side)

    def planes(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the windows' logits (B, M, 16) as images (B, 4 · rows, 4 · columns)."""
        rows, columns = self.size
        parts = logits.reshape(len(logits), rows, columns, GROWTH, GROWTH, GROWTH, GROWTH)
        return parts.transpose(0, 1, 3, 5, 2, 4, 6).reshape(len(logits), rows * _SCALE, columns * _SCALE)

    def place(self, planes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the images of ``planes`` at their places in masks (B, 4 · S, 4 · S)."""
        masks = np.full((len(planes), *self.plane_shape(self.side)), OUTSIDE, np.float32)
        _, height, width = planes.shape
        for mask, plane, (top, left) in zip(masks, planes, self.first * _SCALE, strict=True):
            mask[top : top + height, left : left + width] = plane
        return masks

    def leaving(self, planes: NDArray[np.float32]) -> NDArray[np.int64]:
        """Return which objects go on beyond their windows, judging by the images of ``planes``."""
        top, left = self.first.T
        rows, columns = self.size
        found = (planes[:, 0] > 0).any(axis=1) & (top > 0)
        found |= (planes[:, -1] > 0).any(axis=1) & (top + rows < self.side)
        found |= (planes[:, :, 0] > 0).any(axis=1) & (left > 0)
        found |= (planes[:, :, -1] > 0).any(axis=1) & (left + columns < self.side)
        return np.flatnonzero(found)
