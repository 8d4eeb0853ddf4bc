"""Masks on slices: several of a batch as the network gave them, and that of one object, kept as its rectangle."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.probabilities import DEFAULT_THRESHOLD, ProbabilityMap, paste

if TYPE_CHECKING:
    from medsamseg_server.engine.variants import Variants

_Value = TypeVar("_Value", bound=np.generic)

#: x0, y0, x1, y1 in in-plane pixels; both ends belong to the object.
Extent = tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class Candidates:
    """Masks of one part of a slice, as the network gave them.

    Attributes:
        pixels: (N, h, w), True on the object.
        scores: (N,), the IoU that the network predicts for each.
        x0: the part's first column.
        y0: its first row.
        probabilities: (N, h, w), what is behind the masks, where it was asked for.
        learned_scores: the network was trained on medical images to estimate the IoU; MedSAM was not.
    """

    pixels: NDArray[np.bool_]
    scores: NDArray[np.floating[Any]]
    x0: int = 0
    y0: int = 0
    probabilities: NDArray[np.float32] | None = None
    learned_scores: bool = False

    def on_slice(self, image_size: tuple[int, int]) -> NDArray[np.bool_]:
        """Return the masks on the full slice of ``image_size`` (H, W), as (N, H, W)."""
        return self._on_slice(self.pixels, image_size)

    def probabilities_on_slice(self, image_size: tuple[int, int]) -> NDArray[np.float32] | None:
        """Return the probabilities on the full slice, as ``on_slice``; None where they were not asked for."""
        return None if self.probabilities is None else self._on_slice(self.probabilities, image_size)

    def _on_slice(self, values: NDArray[_Value], image_size: tuple[int, int]) -> NDArray[_Value]:
        count, height, width = values.shape
        if (height, width) == image_size:
            return values
        full = np.zeros((count, *image_size), values.dtype)
        full[:, self.y0 : self.y0 + height, self.x0 : self.x0 + width] = values
        return full

    def slice_masks(self) -> list[SliceMask]:
        """Return each mask as one of the slice."""
        behind = [None] * len(self.pixels) if self.probabilities is None else map(ProbabilityMap, self.probabilities)
        return [
            SliceMask.from_mask(mask, float(score), probability).moved(self.x0, self.y0)
            for mask, score, probability in zip(self.pixels, self.scores, behind, strict=True)
        ]


@dataclass(frozen=True, eq=False)
class SliceMask:
    """A cropped binary mask; equal to another one with the same pixels and score.

    >>> full = np.zeros((6, 8), bool)
    >>> full[2:4, 3:6] = True
    >>> mask = SliceMask.from_mask(full, score=0.9)
    >>> mask.extent, mask.voxels, mask.pixels.shape
    ((3, 2, 5, 3), 6, (2, 3))
    >>> bool((mask.to_array((6, 8)) == full).all())
    True

    Attributes:
        extent: tight rectangle round the object, inclusive; None when the mask is empty.
        pixels: the rectangle's, (y1 − y0 + 1, x1 − x0 + 1), True on the object; (0, 0) when the mask is empty.
        score: the network's own estimate of the mask's IoU. MedSAM's is untrained: show it, decide nothing by it.
        probability: what is behind the mask, where it was asked for.
        variants: the masks that voted for this one, as long as it is as they elected it.
    """

    extent: Extent | None
    pixels: NDArray[np.bool_]
    score: float
    probability: ProbabilityMap | None = field(default=None, repr=False)
    variants: Variants | None = field(default=None, repr=False)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SliceMask):
            return NotImplemented
        same_place = (self.extent, self.score) == (other.extent, other.score)
        return same_place and np.array_equal(self.pixels, other.pixels)

    def __hash__(self) -> int:
        return hash((self.extent, self.score))

    @classmethod
    def from_mask(cls, mask: NDArray[np.bool_], score: float, probability: ProbabilityMap | None = None) -> SliceMask:
        """Crop and pack a full mask.

        Args:
            mask: (H, W), True on the object.
            score: predicted IoU.
            probability: as the attribute.
        """
        rows = np.flatnonzero(mask.any(axis=1))
        if rows.size == 0:
            return cls(None, np.zeros((0, 0), bool), score, probability)
        columns = np.flatnonzero(mask.any(axis=0))
        extent = (int(columns[0]), int(rows[0]), int(columns[-1]), int(rows[-1]))
        # A copy, so that the rest of the slice need not be kept.
        return cls(extent, mask[extent[1] : extent[3] + 1, extent[0] : extent[2] + 1].copy(), score, probability)

    @cached_property
    def voxels(self) -> int:
        """Number of pixels of the object."""
        return int(np.count_nonzero(self.pixels))

    def moved(self, right: int, down: int) -> SliceMask:
        """Return the same object so many pixels further right and down."""
        probability = None if self.probability is None else self.probability.moved(right, down)
        if self.extent is None:
            return replace(self, probability=probability)
        x0, y0, x1, y1 = self.extent
        return replace(self, extent=(x0 + right, y0 + down, x1 + right, y1 + down), probability=probability)

    def at(self, threshold: float) -> SliceMask:
        """Return the mask of what is likelier than a threshold; the same where no probability is known."""
        if self.probability is None:
            return self
        found = self.probability
        mask = SliceMask.from_mask(found.values > threshold, self.score).moved(found.x0, found.y0)
        return replace(mask, probability=found)

    def without(self, other: SliceMask) -> SliceMask:
        """Return what of the object is not another one's of the same slice; so are its probabilities, where known."""
        if self.extent is None:
            return self
        x0, y0, x1, y1 = self.extent
        taken = other.cut(x0, y0, (y1 - y0 + 1, x1 - x0 + 1))
        left = SliceMask.from_mask(self.pixels & ~taken, self.score).moved(x0, y0)
        if self.probability is None:
            return left
        place = self.probability.x0, self.probability.y0, self.probability.values.shape
        other_one = other.cut(*place) if other.probability is None else other.probability.cut(*place)
        return replace(left, probability=self.probability.without(other_one))

    def cut(self, x0: int, y0: int, shape: tuple[int, ...]) -> NDArray[np.bool_]:
        """Return the mask on a rectangle (h, w) of the slice from column ``x0`` and row ``y0`` on."""
        part = np.zeros(shape, bool)
        if self.extent is not None:
            paste(part, self.pixels, self.extent[0] - x0, self.extent[1] - y0)
        return part

    def rectangle_of(self, pixels: NDArray[_Value]) -> NDArray[_Value]:
        """Return a slice's pixels (H, W) in the mask's extent, shaped as ``pixels`` of the mask."""
        if self.extent is None:
            return pixels[:0, :0]
        x0, y0, x1, y1 = self.extent
        return pixels[y0 : y1 + 1, x0 : x1 + 1]

    def limited_to(self, part: NDArray[np.bool_]) -> SliceMask:
        """Return what of the object is left: a part of it, (H, W); the probability stays that of all of it."""
        return SliceMask.from_mask(part, self.score, self.probability)

    @property
    def own_probability(self) -> ProbabilityMap | None:
        """The probability without what was taken from the mask (see ``limited_to``): it exceeds 0.5 on the mask alone.

        So masks at all thresholds leave to others what this one does.
        """
        behind = self.probability
        if behind is None or np.count_nonzero(behind.values > DEFAULT_THRESHOLD) == self.voxels:
            return behind
        own = np.zeros(behind.values.shape, bool)
        self.moved(-behind.x0, -behind.y0).paint(own, True)
        return replace(behind, values=np.where((behind.values > DEFAULT_THRESHOLD) & ~own, 0, behind.values))

    def to_array(self, image_size: tuple[int, int]) -> NDArray[np.bool_]:
        """Return the mask on a full slice of ``image_size`` (H, W)."""
        full = np.zeros(image_size, bool)
        self.paint(full, True)
        return full

    def paint(self, target: NDArray[Any], value: Any) -> None:
        """Set the object's pixels of ``target`` (H, W), a slice or a view of one, to ``value`` in place."""
        if self.extent is not None:
            x0, y0, x1, y1 = self.extent
            target[y0 : y1 + 1, x0 : x1 + 1][self.pixels] = value


def part_with(masks: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Return the rows and columns that any of some masks (N, H, W) has pixels in; empty ones where there are none.

    >>> masks = np.zeros((2, 6, 8), bool)
    >>> masks[0, 2, 3] = masks[1, 4, 5] = True
    >>> part_with(masks)
    (slice(2, 5, None), slice(3, 6, None))
    """
    any_of_them: NDArray[np.bool_] = np.any(masks, axis=0)
    extent = SliceMask.from_mask(any_of_them, 0.0).extent
    if extent is None:
        return slice(0, 0), slice(0, 0)
    return slice(extent[1], extent[3] + 1), slice(extent[0], extent[2] + 1)


def filled(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return a mask (H, W) with its holes.

    >>> int(filled(np.pad(~np.eye(3, dtype=bool), 1))[2, 2])
    1
    """
    around = np.pad(~mask, 1, constant_values=True).astype(np.uint8)
    _, areas = cv2.connectedComponents(around, connectivity=4)
    whole: NDArray[np.bool_] = areas[1:-1, 1:-1] != areas[0, 0]
    return whole


def overlap(first: SliceMask, second: SliceMask) -> float:
    """Return the Dice coefficient of two masks of the same slice shape, 0…1; 0 when both are empty.

    >>> row = SliceMask.from_mask(np.array([[True, True, True, False]]), 1.0)
    >>> overlap(row, SliceMask.from_mask(np.array([[False, True, False, False]]), 1.0))
    0.5
    """
    total = first.voxels + second.voxels
    if first.extent is None or second.extent is None:
        return 0.0
    ax0, ay0, ax1, ay1 = first.extent
    bx0, by0, bx1, by1 = second.extent
    x0, y0, x1, y1 = max(ax0, bx0), max(ay0, by0), min(ax1, bx1), min(ay1, by1)
    if x0 > x1 or y0 > y1:
        return 0.0
    a = first.pixels[y0 - ay0 : y1 - ay0 + 1, x0 - ax0 : x1 - ax0 + 1]
    b = second.pixels[y0 - by0 : y1 - by0 + 1, x0 - bx0 : x1 - bx0 + 1]
    return 2.0 * float(np.count_nonzero(a & b)) / total
