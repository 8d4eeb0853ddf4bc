"""How far a slice can be trusted: a confidence from signs that need no reference."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from medsamseg_server.engine.box_vote import fill_of
from medsamseg_server.engine.exclusion import agreement_on_rest
from medsamseg_server.engine.masks import SliceMask
from medsamseg_server.engine.prompts import Box
from medsamseg_server.propagation.events import Confidence, SliceResult

#: How much each sign counts. The similarity of the intensity histogram to that of the prompted slice tells most, then
#: the weakest agreement on the way. On the development targets low confidence finds slices with a Dice coefficient
#: below 0.7 with an area under the ROC curve of 0.90 (one box, range given), 0.89 (no range) and 0.84 (three boxes).
#: Overlap with the neighbor, and of what motion brings from two boxes far apart, alone tell little (0.73, 0.41):
#: objects taper.
_WEIGHTS = {"jitter": 0.5, "path": 1.0, "intensity": 3.0, "neighbors": 0.1, "directions": 0.1, "inside": 1.0}
#: A mask fills a box well enough from here on: people draw boxes loosely, and one whose sides are each 5 % of its
#: length outside of the object is filled by 1 / 1.1², 0.83.
_FILLED = 0.8
#: The inside of a mask is like its rim from here on. Nine of ten masks of the development targets are so to 0.9 and
#: more, and one of ten of those in boxes round synthetic rings, which have what is in the ring as well, to 0.75.
_ALIKE = 0.8
#: Below this confidence a mask in a box of the user is to be doubted. On the development targets, a box on every slice,
#: tight or loose (764 masks): 43 % of those below have a Dice coefficient under 0.7, and 2 % of those above.
LEAST_IN_BOX = 0.6
_SIGNS = {
    "box": "it leaves much of the box empty",
    "jitter": "slightly different boxes give other masks",
    "score": "the network expects it to be wrong",
    "inside": "its inside looks unlike its rim, as that of a ring does, which can be marked as not this",
    "excluded": "little is left of it without what was excluded, or that is uncertain itself",
}


def confidence(**parts: float) -> Confidence:
    """Return the product of the signs, each to its power: one that is low cannot be made up for by the others.

    Args:
        **parts: each 0 to 1. ``jitter``: masks of slightly different boxes agree with each other and with what was
            expected; ``path``: the least of this since the user's box; ``intensity``: the gray levels are those of the
            prompted slice; ``neighbors``: overlap with the slice before; ``directions``: what motion brings from either
            side agrees.
    """
    weights = dict(_WEIGHTS)
    if "path" not in parts:
        # Nothing lies between, so the slice's own agreement is all there is.
        weights["jitter"] += weights["path"]
    return _confidence(math.prod(max(part, 0.0) ** weights[name] for name, part in parts.items()), parts)


def confidence_in_box(filled: float, agreement: float, score: float | None, inside: float = 1.0) -> Confidence:
    """Return how far the mask in a box of the user can be trusted: the product of its signs.

    Args:
        filled: how well the mask fills the box, 0 to 1; see ``box_vote.fill``.
        agreement: how far masks of slightly different boxes are the same, 0 to 1.
        score: the IoU that the network predicts; None where it was not trained to.
        inside: as ``insides.similarity_of_inside``.
    """
    parts = {"box": min(filled / _FILLED, 1.0), "jitter": agreement}
    if score is not None:
        parts["score"] = min(max(score, 0.0), 1.0)
    if inside < _ALIKE:
        parts["inside"] = (inside / _ALIKE) ** 2
    return _confidence(math.prod(parts.values()), parts)


def confidence_in_rest(
    whole: SliceResult, excluded: Sequence[SliceResult], rest: SliceMask, similarity: float
) -> Confidence:
    """Return how far what is left of an object can be trusted: the part ``excluded`` more than the object itself.

    Args:
        whole: the object with all that is excluded; its confidence is known.
        excluded: each thing that was taken away on the slice.
        rest: what is left.
        similarity: to what was left on the slice on which something excluded was found last, 0 to 1: where that has
            come to its end bit by bit, 1.
    """
    assert whole.confidence is not None
    # What is excluded may look like something else.
    kept = {name: part for name, part in whole.confidence.parts.items() if name != "inside"}
    sure = whole.confidence.value / (whole.confidence.parts.get("inside") or 1.0)
    if excluded:
        parts = [(each.mask, 1.0 if each.confidence is None else each.confidence.value) for each in excluded]
        left = agreement_on_rest((whole.mask, sure), parts, rest)
    else:
        left = sure
    share = similarity * (left / sure if sure > 0 else 0.0)
    return _confidence(sure * share, {**kept, "excluded": share})


def confidence_of_answer(
    mask: SliceMask, box: Box | None, agreement: float | None, inside: float = 1.0
) -> Confidence | None:
    """Return how far the answer to a prompt can be trusted, as ``confidence_in_box``; None where that is not known.

    Args:
        mask: what was found.
        box: x0, y0, x1, y1 of the user; None for points alone.
        agreement: as ``SliceSegmentation.agreements``.
        inside: as ``insides.similarity_of_inside``.
    """
    if box is None or agreement is None:
        return None
    # Only networks whose scores are learned are asked several boxes.
    return confidence_in_box(fill_of(mask.extent, box), agreement, mask.score, inside)


def doubt(result: SliceResult) -> str | None:
    """Return a sentence on a mask in a box of the user that is likely to be wrong, with what to do; None otherwise.

    What follows from the box follows from this mask, so that a look at it saves the rest.
    """
    return doubt_on_mask(result.index, result.mask, result.confidence) if result.direction == "prompt" else None


def doubt_on_mask(index: int, mask: SliceMask, sure: Confidence | None) -> str | None:
    """Return the sentence of ``doubt`` for the mask in a box of the user on slice ``index``."""
    if not mask.voxels or sure is None or sure.value >= LEAST_IN_BOX:
        return None
    signs = [_SIGNS[name] for name, part in sure.parts.items() if part == min(sure.parts.values())]
    return (
        f"The mask on slice {index} is uncertain: {signs[0]}. "
        "Draw the box tighter, or add a point or a box on another slice."
    )


def _confidence(value: float, parts: Mapping[str, float]) -> Confidence:
    return Confidence(round(value, 4), {name: round(part, 4) for name, part in parts.items()})
