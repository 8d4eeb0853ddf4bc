"""One mask from several: boxes a little larger than the object, decoded in one batch, and a vote among the masks.

A tight box is tighter than the boxes that the networks were trained with (each side 0 to 5 pixels of 256 outward for
LiteMedSAM, 0 to 20 of 1024 for MedSAM), and one box alone may be an unlucky one. On the development targets a margin of
3 pixels was better than none on 13 of 17 first slices (left kidney in MR: Dice 0.40 with none, 0.78 with 6), and voting
for the mask that fills the user's box finds the good ones. Which margins exactly matters little: 0.806 to 0.808 mean
Dice through the volume for three, four and six of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.masks import SliceMask
from medsamseg_server.engine.prompts import Box

#: Outward, in pixels of a frame whose longer side is 256.
MARGINS = (0.0, 2.0, 4.0, 6.0)
_MARGIN_FRAME = 256

#: How strongly the better masks outvote the others.
_POWER = 4
#: A mask fills a box well enough from here on: people's boxes are loose, and objects have processes. On the first
#: slices both tight boxes and loose ones give 0.88; without this limit, and margins up to 8, loose ones gave 0.87.
_FILLED = 0.7
#: What the mask that the motion predicts weighs against the network's; 0.5 is as good.
_PRIOR_WEIGHT = 0.35
#: Below this agreement the network is looking at something else, and the motion alone decides.
_LEAST_AGREEMENT = 0.4


@dataclass(frozen=True)
class Vote:
    """What a vote gave.

    Attributes:
        mask: the object, (H, W).
        agreement: how far the candidates agree with what was expected, 0 to 1.
        score: mean IoU that the network predicts for the candidates.
    """

    mask: NDArray[np.bool_]
    agreement: float
    score: float


def widened(box: Box, margins: Sequence[float], image_size: tuple[int, int]) -> list[Box]:
    """Return the box with each margin, cut off at the outer edges of the border pixels.

    Args:
        box: x0, y0, x1, y1.
        margins: in pixels of a frame whose longer side is 256.
        image_size: (H, W).
    """
    height, width = image_size
    scale = max(height, width) / _MARGIN_FRAME
    x0, y0, x1, y1 = box
    return [
        (
            max(x0 - margin * scale, -0.5),
            max(y0 - margin * scale, -0.5),
            min(x1 + margin * scale, width - 0.5),
            min(y1 + margin * scale, height - 0.5),
        )
        for margin in margins
    ]


def vote_for_box(candidates: Sequence[SliceMask], box: Box, image_size: tuple[int, int]) -> Vote:
    """Return the object in a box of the user: masks count by how well they fill it.

    ``mask`` is empty when all candidates are.
    """
    masks = np.array([candidate.to_array(image_size) for candidate in candidates])
    fills = np.array([_fill(candidate, box) for candidate in candidates])
    weights = np.minimum(fills, _FILLED) ** _POWER
    if not weights.sum() > 0:
        weights = np.ones(len(masks))
    mask = np.tensordot(weights, masks, 1) > weights.sum() / 2
    if not mask.any():
        mask = masks[fills.argmax()]
    agreement = float(np.mean([dice(other, mask) for other in masks]))
    return Vote(mask, agreement, float(np.mean([candidate.score for candidate in candidates])))


def vote_for_expected(candidates: Sequence[SliceMask], expected: NDArray[np.bool_]) -> Vote:
    """Return the object near where it is expected: masks count by how well they agree with that, (H, W), not empty.

    ``mask`` is empty when all candidates are.
    """
    masks = np.array([candidate.to_array((expected.shape[0], expected.shape[1])) for candidate in candidates])
    agreements = np.array([dice(mask, expected) for mask in masks])
    score = float(np.mean([candidate.score for candidate in candidates]))
    agreement = float(agreements.mean())
    if not masks.any():
        return Vote(masks[0], agreement, score)
    if agreements.max() < _LEAST_AGREEMENT:
        return Vote(expected, agreement, score)
    weights = agreements**_POWER
    share = np.tensordot(weights / weights.sum(), masks, 1)
    return Vote((1 - _PRIOR_WEIGHT) * share + _PRIOR_WEIGHT * expected > 0.5, agreement, score)


def dice(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    """Return the Dice coefficient of two masks (H, W); 0 when both are empty."""
    total = np.count_nonzero(first) + np.count_nonzero(second)
    return 2.0 * float(np.count_nonzero(first & second)) / total if total else 0.0


def box_around(mask: NDArray[np.bool_]) -> Box:
    """Return the tight box of a mask (H, W) that is not empty; half a pixel more on both sides where it is thin.

    >>> mask = np.zeros((8, 8), bool)
    >>> mask[4, 2:6] = True
    >>> box_around(mask)
    (2.0, 3.5, 5.0, 4.5)
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    x0, y0, x1, y1 = float(columns[0]), float(rows[0]), float(columns[-1]), float(rows[-1])
    # A box has an area.
    thin_x, thin_y = 0.5 * (x0 == x1), 0.5 * (y0 == y1)
    return x0 - thin_x, y0 - thin_y, x1 + thin_x, y1 + thin_y


def fill(mask: NDArray[np.bool_], box: Box) -> float:
    """Return how well a mask (H, W) fills a box, 0 to 1; see ``vote_for_box``."""
    return _fill(SliceMask.from_mask(mask, 0.0), box)


def _fill(candidate: SliceMask, box: Box) -> float:
    """Return the intersection over union of the mask's own box and a box, both with whole pixels."""
    if candidate.extent is None:
        return 0.0
    x0, y0, x1, y1 = candidate.extent
    width = min(x1, box[2]) - max(x0, box[0]) + 1
    height = min(y1, box[3]) - max(y0, box[1]) + 1
    if width <= 0 or height <= 0:
        return 0.0
    own = (x1 - x0 + 1) * (y1 - y0 + 1)
    given = (box[2] - box[0] + 1) * (box[3] - box[1] + 1)
    return float(width * height / (own + given - width * height))
