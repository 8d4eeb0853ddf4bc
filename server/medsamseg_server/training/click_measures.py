"""How good the boxes of clicks are, and the masks in them, through the very engine that answers a user's click."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.engine import Engine
from medsamseg_server.engine.masks import SliceMask, overlap
from medsamseg_server.engine.prompts import Box, Prompt
from medsamseg_server.engine.slice_request import SliceRequest
from medsamseg_server.evaluation.protocols import Jitter, tight_box
from medsamseg_server.training.box_task import Sample
from medsamseg_server.training.clicks import random_click
from medsamseg_server.volumes.volume import Volume

#: What a click is compared with: boxes up to so much too large on each side, in percent.
LOOSE = 5.0
# Gray levels as they are.
_WINDOW = "255,127.5"
# Beginning of the seed, so that the clicks are others than in training.
_TEST = 2_000_003


@dataclass(frozen=True)
class ClickScore:
    """One object.

    Attributes:
        target: its name.
        box_iou: of the box round the click and the tight one.
        dice: of the mask in that box.
        dice_loose: of the mask in a loose box.
    """

    target: str
    box_iou: float
    dice: float
    dice_loose: float


def score_clicks(
    engine: Engine, model: str, samples: Sequence[Sample], seed: int, progress: Callable[[], None] = lambda: None
) -> list[ClickScore]:
    """Return how good the box and mask of one click on each object are, beside a loose box on the same slice.

    Raises:
        MedSAMSegError: as ``Engine.box_for_click``.
    """
    jitter = Jitter(LOOSE, seed)
    scores = []
    for number, sample in enumerate(samples):
        request = SliceRequest(Volume.from_array(sample.slice.gray[None]), 0, 0, _WINDOW, model)
        mask = sample.mask.to_array(sample.size)
        x, y = random_click(sample.mask, (seed, _TEST, number)).tolist()
        clicked = engine.box_for_click(request, (x, y)).box
        tight = tight_box(mask)
        loose = jitter.apply(tight, sample.size, sample.target, number)
        dices = [overlap(sample.mask, each) for each in _masks(engine, request, (clicked, loose))]
        scores.append(ClickScore(sample.target, _iou(clicked, tight), *dices))
        progress()
    return scores


def summarize_clicks(scores: Sequence[ClickScore]) -> dict[str, Any]:
    """Return the means over the objects as plain JSON, also by the objects' names."""
    targets = dict.fromkeys(score.target for score in scores)
    by_target = {target: _means([score for score in scores if score.target == target]) for target in targets}
    return {**_means(scores), "by_target": by_target}


def _means(scores: Sequence[ClickScore]) -> dict[str, float]:
    iou, dice, loose = np.mean([(each.box_iou, each.dice, each.dice_loose) for each in scores], 0).tolist()
    return {"objects_on_slices": len(scores), "box_iou": iou, "dice_click": dice, "dice_loose_box": loose}


def _masks(engine: Engine, request: SliceRequest, boxes: Sequence[Box]) -> list[SliceMask]:
    return engine.segment(request, [Prompt(box) for box in boxes]).masks


def _iou(first: Box, second: Box) -> float:
    """Return the IoU of two boxes as the pixels that they are round."""
    low, high = np.array([first[:2], second[:2]]), np.array([first[2:], second[2:]]) + 1
    common = float(np.prod(np.clip(high.min(0) - low.max(0), 0, None)))
    areas: NDArray[np.float64] = np.prod(high - low, 1)
    return common / (float(areas.sum()) - common)
