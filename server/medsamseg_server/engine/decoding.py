"""From embeddings and prompts to masks: prompts in batches by kind, and a vote where a box is asked several ways."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from medsamseg_server.engine.box_vote import MARGINS, vote_for_box, widened
from medsamseg_server.engine.masks import SliceMask
from medsamseg_server.engine.probabilities import ProbabilityMap
from medsamseg_server.engine.prompts import Box, Prompt
from medsamseg_server.engine.slice_embeddings import Embedded
from medsamseg_server.models.point_slots import count_tokens

# Bounds of the decoder's memory: objects, tokens and mask pixels of one batch, unless one object alone has more.
_DECODED_AT_ONCE = 16
_TOKENS_AT_ONCE = _DECODED_AT_ONCE * count_tokens(0)
_PIXELS_AT_ONCE = 2**24


def decode_prompts(
    embedded: Sequence[Embedded], prompts: Sequence[Prompt], quick: bool = False, with_probabilities: bool = False
) -> tuple[list[SliceMask], list[float | None]]:
    """Return the mask of each prompt on its embedding, and how far slightly different boxes agree on it.

    A box without points is asked with several margins, which vote, of a model with close-ups: LiteMedSAM learned loose
    boxes. MobileSAM is used to tight ones, and its vote was worse. Other prompts are asked as they are, and have no
    agreement; with ``quick``, all are. Masks bring their probabilities along where that is asked for.
    """
    if with_probabilities and len(prompts) > 1:
        # One after the other: only the maps of one vote are in memory.
        pairs = zip(embedded, prompts, strict=True)
        found = [decode_prompts([each], [prompt], quick, with_probabilities) for each, prompt in pairs]
        return [mask for (mask,), _ in found], [agreement for _, (agreement,) in found]
    asked = [[prompt] if quick else _ways(each, prompt) for each, prompt in zip(embedded, prompts, strict=True)]
    flat = [(each, way) for each, ways in zip(embedded, asked, strict=True) for way in ways]
    answers = iter(_decode([each for each, _ in flat], [way for _, way in flat], with_probabilities))
    masks: list[SliceMask] = []
    agreements: list[float | None] = []
    for each, prompt, ways in zip(embedded, prompts, asked, strict=True):
        candidates = [next(answers) for _ in ways]
        if prompt.box is None or len(candidates) == 1:
            mask, agreement = candidates[0], None
        else:
            view = each.framing.view
            vote = vote_for_box(candidates, view.box_inside(prompt.box), view.shape)
            mask, agreement = vote.slice_mask, vote.agreement
        masks.append(mask.moved(each.framing.view.x0, each.framing.view.y0))
        agreements.append(agreement)
    return masks, agreements


def decode_boxes(embedded: Embedded, boxes: Sequence[Box], with_probabilities: bool = False) -> list[SliceMask]:
    """Return the mask of each box on an embedding, as it is, with its probability where that is asked for."""
    view = embedded.framing.view
    masks = _decode([embedded] * len(boxes), [Prompt(box) for box in boxes], with_probabilities)
    return [mask.moved(view.x0, view.y0) for mask in masks]


def _ways(embedded: Embedded, prompt: Prompt) -> list[Prompt]:
    """Return what the network is asked for a prompt."""
    if prompt.box is None or prompt.points or embedded.predictor.specification.close_up_size is None:
        return [prompt]
    view = embedded.framing.view
    end = (view.y0 + view.height, view.x0 + view.width)
    return [Prompt(box) for box in widened(prompt.box, MARGINS, embedded.mask_pixel, end)]


def _decode(embedded: Sequence[Embedded], prompts: Sequence[Prompt], with_probabilities: bool) -> list[SliceMask]:
    """Decode prompts of one kind (embedding, with a box or not, number of points) in batches.

    Returns masks in the prompts' order, in pixels of their views.
    """
    kinds: dict[tuple[int, bool, int], list[int]] = {}
    for number, (each, prompt) in enumerate(zip(embedded, prompts, strict=True)):
        kinds.setdefault((id(each), prompt.box is not None, len(prompt.points)), []).append(number)
    masks: dict[int, SliceMask] = {}
    for (_, _, point_count), numbers in kinds.items():
        at_once = _batch_size(point_count, embedded[numbers[0]].framing.view.shape)
        for start in range(0, len(numbers), at_once):
            batch = numbers[start : start + at_once]
            found = _decode_alike(embedded[batch[0]], [prompts[number] for number in batch], with_probabilities)
            masks.update(zip(batch, found, strict=True))
    return [masks[number] for number in range(len(prompts))]


def _batch_size(point_count: int, image_size: tuple[int, int]) -> int:
    """Return how many prompts of so many points are decoded at once on a view of ``image_size`` (H, W)."""
    height, width = image_size
    bounds = (_DECODED_AT_ONCE, _TOKENS_AT_ONCE // count_tokens(point_count), _PIXELS_AT_ONCE // (height * width))
    return max(min(bounds), 1)


def _decode_alike(embedded: Embedded, prompts: Sequence[Prompt], with_probabilities: bool) -> list[SliceMask]:
    """Decode prompts that all have a box or not, and as many points, in one batch."""
    view = embedded.framing.view
    given = [prompt.box for prompt in prompts if prompt.box is not None]
    boxes = np.array([view.box_inside(box) for box in given], np.float32) if given else None
    points = labels = None
    if prompts[0].points:
        triples = np.array([prompt.points for prompt in prompts], np.float32)
        points, labels = view.points_inside(triples[..., :2]), triples[..., 2].astype(np.int32)
    prediction = embedded.predictor.decode(embedded.embedding, view.shape, boxes, points, labels)
    maps = [ProbabilityMap(each) for each in prediction.probabilities] if with_probabilities else [None] * len(prompts)
    return [
        SliceMask.from_mask(mask, float(score), probability)
        for mask, score, probability in zip(prediction.masks, prediction.scores, maps, strict=True)
    ]
