"""The HTTP contract's form of masks, and of the probabilities behind them."""

from __future__ import annotations

import base64
import math
import zlib

import numpy as np

from medsamseg_server.engine.masks import Extent, SliceMask
from medsamseg_server.engine.probabilities import ProbabilityMap
from medsamseg_server.measurements.ranges import slice_range
from medsamseg_server.measurements.slice_plane import StraightGrid
from medsamseg_server.serving.contract_types import Reply
from medsamseg_server.volumes.probability_levels import to_levels


class Probability(Reply):
    """How likely each pixel is the object's, in 8 bits.

    ``extent`` is the rectangle with levels above 0, as that of ``Mask``, or null when there is none; ``levels`` the
    base64 of its zlib-compressed bytes, row by row. A level v stands for probabilities above v / 256, up to (v + 1) /
    256: 128 and more are the mask of the threshold 0.5.
    """

    extent: Extent | None
    levels: str

    @classmethod
    def of(cls, probability: ProbabilityMap) -> Probability:
        """Return the reply's form of a map."""
        levels = to_levels(probability.values)
        extent = SliceMask.from_mask(levels > 0, 0.0).extent
        if extent is None:
            return cls(extent=None, levels="")
        x0, y0, x1, y1 = extent
        packed = zlib.compress(np.ascontiguousarray(levels[y0 : y1 + 1, x0 : x1 + 1]).tobytes(), 1)
        x, y = probability.x0, probability.y0
        return cls(extent=(x0 + x, y0 + y, x1 + x, y1 + y), levels=base64.b64encode(packed).decode("ascii"))


class MaskRange(Reply):
    """The sizes of the masks that voted for a mask, lowest and highest, its own among them.

    ``voxels`` on the slice, and in millimeters the longest diameter and the longest one perpendicular to it.
    """

    voxels: tuple[int, int]
    longest_mm: tuple[float, float]
    perpendicular_mm: tuple[float, float]

    @classmethod
    def of(cls, mask: SliceMask, axis: int, spacing: tuple[float, float, float] | None) -> MaskRange | None:
        """Return a mask's range; None where nothing voted for it, or distances are not known.

        Args:
            mask: on a slice.
            axis: array axis across the slices.
            spacing: of the voxels along K, J and I, in millimeters.
        """
        if mask.variants is None or spacing is None:
            return None
        found = slice_range(mask.variants.masks, StraightGrid(spacing), axis)
        longest, across = _rounded(found.longest_mm), _rounded(found.perpendicular_mm)
        return cls(voxels=found.pixels, longest_mm=longest, perpendicular_mm=across)


def _rounded(ends: tuple[float, float]) -> tuple[float, float]:
    return round(ends[0], 4), round(ends[1], 4)


class Mask(Reply):
    """A binary mask on a slice.

    ``extent`` is x0, y0, x1, y1, inclusive, or null when the mask is empty; ``bits`` the base64 of ``numpy.packbits``
    of the extent's pixels in row-major order; ``score`` the network's own estimate of the mask's IoU. ``probability``
    and ``range`` are null unless they were asked for; so is the range of a mask that no others voted for, or that
    something was taken away from.
    """

    extent: Extent | None
    bits: str
    score: float
    voxels: int
    probability: Probability | None = None
    range: MaskRange | None = None

    @classmethod
    def of(cls, mask: SliceMask, sizes: MaskRange | None = None) -> Mask:
        """Return the reply's form of a mask, with the range of its sizes where that was asked for."""
        # JSON has no NaN; an untrained score may be one.
        score = mask.score if math.isfinite(mask.score) else 0.0
        bits = base64.b64encode(np.packbits(mask.pixels).tobytes()).decode("ascii")
        behind = mask.own_probability
        likely = None if behind is None else Probability.of(behind)
        return cls(
            extent=mask.extent, bits=bits, score=round(score, 6), voxels=mask.voxels, probability=likely, range=sizes
        )
