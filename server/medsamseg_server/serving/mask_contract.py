"""The HTTP contract's form of masks, and of the probabilities behind them."""

from __future__ import annotations

import base64
import math
import zlib

import numpy as np

from medsamseg_server.engine.masks import Extent, SliceMask
from medsamseg_server.engine.probabilities import ProbabilityMap
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


class Mask(Reply):
    """A binary mask on a slice.

    ``extent`` is x0, y0, x1, y1, inclusive, or null when the mask is empty; ``bits`` the base64 of ``numpy.packbits``
    of the extent's pixels in row-major order; ``score`` the network's own estimate of the mask's IoU. ``probability``
    is null unless it was asked for.
    """

    extent: Extent | None
    bits: str
    score: float
    voxels: int
    probability: Probability | None = None

    @classmethod
    def of(cls, mask: SliceMask) -> Mask:
        """Return the reply's form of a mask."""
        # JSON has no NaN; an untrained score may be one.
        score = mask.score if math.isfinite(mask.score) else 0.0
        bits = base64.b64encode(np.packbits(mask.pixels).tobytes()).decode("ascii")
        behind = mask.own_probability
        likely = None if behind is None else Probability.of(behind)
        return cls(extent=mask.extent, bits=bits, score=round(score, 6), voxels=mask.voxels, probability=likely)
