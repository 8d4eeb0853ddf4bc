"""From embeddings and prompts to masks: prompts in batches by kind, and a vote where a box is asked several ways."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.box_vote import MARGINS, vote_for_box, widened
from medsamseg_server.engine.close_ups import View
from medsamseg_server.engine.masks import Candidates, SliceMask
from medsamseg_server.engine.probabilities import ProbabilityMap
from medsamseg_server.engine.prompts import Box, Prompt
from medsamseg_server.engine.slice_embeddings import Embedded
from medsamseg_server.models.point_slots import count_tokens
from medsamseg_server.models.specification import EMBEDDING_SIDE, SamDecoder

# Bounds of the decoder's memory: objects, tokens and mask pixels of one batch, unless one object alone has more.
_DECODED_AT_ONCE = 16
_TOKENS_AT_ONCE = _DECODED_AT_ONCE * count_tokens(0)
_PIXELS_AT_ONCE = 2**24
# … on the processor: five on close-ups, four on whole slices, where an object takes 46 MB in single precision. More at
# once are hardly faster (docs/speed.md).
_DECODED_AT_ONCE_ON_PROCESSOR = 5
_POSITIONS_AT_ONCE_ON_PROCESSOR = 4 * EMBEDDING_SIDE**2


@dataclass(frozen=True)
class _Answer:
    """What the network gave for one way of asking: a mask (h, w) of the view, its predicted IoU, what is behind it."""

    mask: NDArray[np.bool_]
    score: float
    probability: NDArray[np.float32] | None


def decode_prompts(
    embedded: Sequence[Embedded], prompts: Sequence[Prompt], quick: bool = False, with_probabilities: bool = False
) -> tuple[list[SliceMask], list[float | None]]:
    """Return the mask of each prompt on its embedding, and how far slightly different boxes agree on it.

    A box without points is asked with several margins, which vote, of a model with close-ups: LiteMedSAM learned loose
    boxes. MobileSAM is used to tight ones, and its vote was worse. Other prompts are asked as they are, and have no
    agreement; with ``quick``, all are. Masks bring their probabilities along where that is asked for.
    """
    asked = [[prompt] if quick else _ways(each, prompt) for each, prompt in zip(embedded, prompts, strict=True)]
    flat = [(number, way) for number, ways in enumerate(asked) for way in ways]
    waiting: list[list[_Answer]] = [[] for _ in prompts]
    settled: dict[int, tuple[SliceMask, float | None]] = {}
    views = [embedded[number] for number, _ in flat]
    for place, answer in _decode(views, [way for _, way in flat], with_probabilities):
        number = flat[place][0]
        waiting[number].append(answer)
        # As soon as a prompt has all its answers, so that those of a thousand prompts are never kept at once.
        if len(waiting[number]) == len(asked[number]):
            settled[number] = _settle(embedded[number].framing.view, prompts[number], waiting[number])
            waiting[number] = []
    return [settled[number][0] for number in range(len(prompts))], [settled[n][1] for n in range(len(prompts))]


def decode_boxes(
    embedded: Embedded, boxes: Sequence[Box], with_probabilities: bool = False, is_exact: bool = False
) -> Candidates:
    """Return the mask of each box, one at least, on an embedding, as it is.

    Args:
        embedded: the embedding.
        boxes: x0, y0, x1, y1 on the slice.
        with_probabilities: masks bring theirs along.
        is_exact: nothing is seen coarsely.
    """
    view = embedded.framing.view
    prompts = [Prompt(box) for box in boxes]
    answers = [answer for _, answer in _decode([embedded] * len(boxes), prompts, with_probabilities, is_exact)]
    scores = np.array([answer.score for answer in answers])
    masks, is_learned = np.array([answer.mask for answer in answers]), embedded.predictor.specification.learned_scores
    return Candidates(masks, scores, view.x0, view.y0, _behind(answers), is_learned)


def _behind(answers: Sequence[_Answer]) -> NDArray[np.float32] | None:
    """Return the probabilities of some answers, (N, h, w); None where they were not asked for."""
    known = [answer.probability for answer in answers if answer.probability is not None]
    return np.array(known) if known else None


def _settle(view: View, prompt: Prompt, answers: Sequence[_Answer]) -> tuple[SliceMask, float | None]:
    """Return a prompt's mask on the slice, and how far its answers agree where there are several."""
    if prompt.box is None or len(answers) == 1:
        only = answers[0]
        probability = None if only.probability is None else ProbabilityMap(only.probability)
        mask, agreement = SliceMask.from_mask(only.mask, only.score, probability), None
    else:
        masks, scores = (np.array(each) for each in zip(*((one.mask, one.score) for one in answers), strict=True))
        vote = vote_for_box(masks, scores, view.box_inside(prompt.box), _behind(answers))
        mask, agreement = vote.slice_mask, vote.agreement
    return mask.moved(view.x0, view.y0), agreement


def _ways(embedded: Embedded, prompt: Prompt) -> list[Prompt]:
    """Return what the network is asked for a prompt."""
    if prompt.box is None or prompt.points or embedded.predictor.specification.close_up_size is None:
        return [prompt]
    view = embedded.framing.view
    end = (view.y0 + view.height, view.x0 + view.width)
    margins = prompt.margins or MARGINS
    return [Prompt(box) for box in widened(prompt.box, margins, embedded.mask_pixel, end)]


def _decode(
    embedded: Sequence[Embedded], prompts: Sequence[Prompt], with_probabilities: bool, is_exact: bool = False
) -> Iterator[tuple[int, _Answer]]:
    """Decode prompts of one kind (embedding, with a box or not, number of points, meaning) in batches.

    Yields the number of a prompt, in ascending order within its kind, and its answer.
    """
    kinds: dict[tuple[int, bool, int, int], list[int]] = {}
    for number, (each, prompt) in enumerate(zip(embedded, prompts, strict=True)):
        kind = (id(each), prompt.box is not None, len(prompt.points), prompt.answer)
        kinds.setdefault(kind, []).append(number)
    for (_, _, point_count, _), numbers in kinds.items():
        most = _batch_size(point_count, embedded[numbers[0]])
        # Of one size where that can be: for every other one the network is compiled, and keeps memory.
        at_once = math.ceil(len(numbers) / math.ceil(len(numbers) / most))
        for start in range(0, len(numbers), at_once):
            batch = numbers[start : start + at_once]
            alike = [prompts[number] for number in batch]
            yield from zip(batch, _decode_alike(embedded[batch[0]], alike, with_probabilities, is_exact), strict=True)


def _batch_size(point_count: int, embedded: Embedded) -> int:
    """Return how many prompts of so many points are decoded at once on an embedding, at most."""
    height, width = embedded.framing.view.shape
    bounds = [_DECODED_AT_ONCE, _TOKENS_AT_ONCE // count_tokens(point_count), _PIXELS_AT_ONCE // (height * width)]
    specification = embedded.predictor.specification
    if embedded.predictor.device == "cpu" and isinstance(specification.decoder, SamDecoder):
        positions = math.prod(specification.embedding_shape[1:])
        bounds += [_DECODED_AT_ONCE_ON_PROCESSOR, _POSITIONS_AT_ONCE_ON_PROCESSOR // positions]
    return max(min(bounds), 1)


def _decode_alike(
    embedded: Embedded, prompts: Sequence[Prompt], with_probabilities: bool, is_exact: bool
) -> list[_Answer]:
    """Decode prompts that all have a box or not, as many points, and the same meaning, in one batch."""
    view = embedded.framing.view
    given = [prompt.box for prompt in prompts if prompt.box is not None]
    boxes = np.array([view.box_inside(box) for box in given], np.float32) if given else None
    points = labels = None
    if prompts[0].points:
        triples = np.array([prompt.points for prompt in prompts], np.float32)
        points, labels = view.points_inside(triples[..., :2]), triples[..., 2].astype(np.int32)
    answer = prompts[0].answer
    # Not of a close-up: that has a quarter of a whole slice's positions, and no more than what is round the object.
    is_coarse = embedded.predictor.specification.coarse_surroundings and not is_exact
    prediction = embedded.predictor.decode(embedded.embedding, view.shape, boxes, points, labels, answer, is_coarse)
    behind = prediction.probabilities if with_probabilities else [None] * len(prompts)
    return [
        _Answer(mask, float(score), probability)
        for mask, score, probability in zip(prediction.masks, prediction.scores, behind, strict=True)
    ]
