"""One mask in a box of the user from several: boxes a little larger, decoded in one batch, and a vote among the masks.

A tight box is tighter than the boxes that the networks were trained with (each side 0 to 5 pixels of 256 outward for
LiteMedSAM, 0 to 20 of 1024 for MedSAM), and one box alone may be an unlucky one. On the development targets a margin of
3 pixels was better than none on 13 of 17 first slices (left kidney in MR: Dice 0.40 with none, 0.78 with 6), and voting
for the mask that fills the user's box finds the good ones. Which margins exactly matters little: 0.806 to 0.808 mean
Dice through the volume for three, four and six of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.masks import Extent, SliceMask, part_with
from medsamseg_server.engine.probabilities import ProbabilityMap, voted
from medsamseg_server.engine.prompts import Box
from medsamseg_server.engine.variants import Variants

#: Outward, in pixels of the mask that the network makes; a whole slice has 256.
MARGINS = (0.0, 2.0, 4.0, 6.0)
#: … of a box round what is excluded from an object, which is all round it: wider boxes would fit that as well. In
#: synthetic rings with a bright wall, margins of 4 and 6 gave the wall, too (Dice 0.68 instead of 0.98).
EXCLUDED_MARGINS = (-1.0, 0.0, 1.0)
#: For a box that is one candidate among others.
MIDDLE_MARGIN = 3.0
#: The largest margin is no larger a part of the box's longer side: six pixels round an object of twenty would be boxes
#: that nobody draws.
_LARGEST_PART = 1 / 6

#: How strongly the better masks outvote the others.
POWER = 4
#: A mask fills a box well enough from here on: people's boxes are loose, and objects have processes. On the first
#: slices both tight boxes and loose ones give 0.88; without this limit, and margins up to 8, loose ones gave 0.87.
_FILLED = 0.7


@dataclass(frozen=True)
class Vote:
    """What a vote gave.

    Attributes:
        mask: the object, (H, W).
        agreement: how far the candidates agree with what was expected, 0 to 1.
        score: mean IoU that the network predicts for the candidates.
        probability: exceeds 0.5 on the mask, (H, W); None unless the candidates' were given.
        candidates: what voted, (N, H, W).
    """

    mask: NDArray[np.bool_]
    agreement: float
    score: float
    probability: NDArray[np.float32] | None
    candidates: NDArray[np.bool_]

    @property
    def slice_mask(self) -> SliceMask:
        """The mask as one of a slice of its size."""
        probability = None if self.probability is None else ProbabilityMap(self.probability)
        found = SliceMask.from_mask(self.mask, self.score, probability)
        return replace(found, variants=Variants.of(self.mask, self.candidates))

    def without(self, patches: NDArray[np.bool_]) -> Vote:
        """Return the vote on what is not of some pixels, (H, W)."""
        probability = None if self.probability is None else np.where(patches, np.float32(0), self.probability)
        return replace(self, mask=self.mask & ~patches, probability=probability, candidates=self.candidates & ~patches)


def widened(box: Box, margins: Sequence[float], pixel: float, image_size: tuple[int, int]) -> list[Box]:
    """Return the box with each margin, cut off at the outer edges of the border pixels.

    Args:
        box: x0, y0, x1, y1.
        margins: in pixels of the network's mask; less than that round small boxes.
        pixel: size of such a pixel in those of the image.
        image_size: (H, W).
    """
    height, width = image_size
    x0, y0, x1, y1 = box
    longer_side = max(x1 - x0, y1 - y0) + 1
    pixel = min(pixel, _LARGEST_PART * longer_side / max(MARGINS))
    return [
        (
            max(x0 - margin * pixel, -0.5),
            max(y0 - margin * pixel, -0.5),
            min(x1 + margin * pixel, width - 0.5),
            min(y1 + margin * pixel, height - 0.5),
        )
        for margin in margins
    ]


def vote_for_box(
    masks: NDArray[np.bool_],
    scores: NDArray[np.floating[Any]],
    box: Box,
    probabilities: NDArray[np.float32] | None = None,
) -> Vote:
    """Return the object in a box of the user: masks count by how well they fill it.

    ``mask`` is empty when all candidates are.

    Args:
        masks: (N, H, W), one at least.
        scores: (N,), the IoU that the network predicts for each.
        box: x0, y0, x1, y1 in pixels of the masks.
        probabilities: (N, H, W), what is behind the masks.
    """
    fills = np.array([fill(mask, box) for mask in masks])
    weights = np.minimum(fills, _FILLED) ** POWER
    if not weights.sum() > 0:
        weights = np.ones(len(masks))

    def is_elected(votes: NDArray[np.bool_]) -> NDArray[np.bool_]:
        rows, columns = part_with(votes)
        elected = np.zeros(votes.shape[1:], bool)
        elected[rows, columns] = np.tensordot(weights, votes[:, rows, columns], 1) > weights.sum() / 2
        return elected

    mask = is_elected(masks)
    probability = None if probabilities is None else voted(probabilities, is_elected)
    if not mask.any():
        best = int(fills.argmax())
        mask, probability = masks[best], None if probabilities is None else probabilities[best]
    agreement = float(np.mean([dice(other, mask) for other in masks]))
    return Vote(mask, agreement, float(np.mean(scores, dtype=np.float64)), probability, masks)


def dice(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    """Return the Dice coefficient of two masks (H, W); 0 when both are empty."""
    total = np.count_nonzero(first) + np.count_nonzero(second)
    return 2.0 * float(np.count_nonzero(first & second)) / total if total else 0.0


def fill(mask: NDArray[np.bool_], box: Box) -> float:
    """Return how well a mask (H, W) fills a box, 0 to 1: the IoU of its own box and that, both with whole pixels."""
    return fill_of(SliceMask.from_mask(mask, 0.0).extent, box)


def fill_of(extent: Extent | None, box: Box) -> float:
    """Return how well a mask of this extent fills a box, as ``fill``."""
    if extent is None:
        return 0.0
    x0, y0, x1, y1 = extent
    width = min(x1, box[2]) - max(x0, box[0]) + 1
    height = min(y1, box[3]) - max(y0, box[1]) + 1
    if width <= 0 or height <= 0:
        return 0.0
    own = (x1 - x0 + 1) * (y1 - y0 + 1)
    given = (box[2] - box[0] + 1) * (box[3] - box[1] + 1)
    return float(width * height / (own + given - width * height))
