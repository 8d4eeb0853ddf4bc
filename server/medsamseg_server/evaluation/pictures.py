"""Pictures of slices that went wrong: the reference's outline, the mask's, and the box, on the image."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from medsamseg_server.evaluation.cases import Case
from medsamseg_server.evaluation.runner import Outcome, SliceScore

#: Red, green and blue. Told apart also by people who see no red or no green.
REFERENCE_COLOR = (64, 200, 255)
MASK_COLOR = (255, 140, 0)
BOX_COLOR = (255, 240, 90)

_LONGER_SIDE = 260
_MARGIN = 0.25
_LEAST_MARGIN = 6


def worst_slice(outcome: Outcome) -> SliceScore:
    """Return the slice with the lowest Dice coefficient; of several, the one with most wrong pixels."""

    def wrong(found: SliceScore) -> int:
        return int(np.count_nonzero(outcome.mask[found.index] ^ outcome.reference[found.index]))

    return min(outcome.score.slices, key=lambda found: (found.dice, -wrong(found)))


def draw_slice(outcome: Outcome, case: Case, index: int) -> bytes:
    """Return a PNG of a slice of the outcome's case around the object, with outlines."""
    volume, entry = case.volume, case.entry
    seen = volume.window(entry.window).apply(volume.slice(entry.axis, index))
    box = outcome.boxes.get(index)
    shown = outcome.mask[index] | outcome.reference[index]
    y0, y1, x0, x1 = _crop(shown, seen.shape[:2])
    scale = _LONGER_SIDE / max(y1 - y0, x1 - x0)
    spacing = [distance for number, distance in enumerate(case.spacing) if number != entry.axis]
    # Pixels that are not square are shown as they are in the patient.
    wide, high = scale * spacing[1] / max(spacing), scale * spacing[0] / max(spacing)
    size = (max(1, round((x1 - x0) * wide)), max(1, round((y1 - y0) * high)))
    picture = cv2.resize(seen[y0:y1, x0:x1], size, interpolation=cv2.INTER_LINEAR)
    picture = picture if volume.is_color else cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)
    for mask, color in ((outcome.reference, REFERENCE_COLOR), (outcome.mask, MASK_COLOR)):
        _outline(picture, mask[index, y0:y1, x0:x1], color)
    if box is not None:
        corners = [((x - x0 + 0.5) * wide, (y - y0 + 0.5) * high) for x, y in (box[:2], box[2:])]
        (left, top), (right, bottom) = ((round(x), round(y)) for x, y in corners)
        cv2.rectangle(picture, (left, top), (right, bottom), BOX_COLOR, 1)
    _, encoded = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    return bytes(encoded)


def _crop(shown: NDArray[np.bool_], size: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Return y0, y1, x0, x1 of what to show, ends exclusive."""
    limits: list[int] = []
    for axis, length in enumerate(size):
        places = np.flatnonzero(shown.any(axis=1 - axis))
        margin = max(_LEAST_MARGIN, round(_MARGIN * (places[-1] - places[0] + 1)))
        limits += [max(0, int(places[0]) - margin), min(length, int(places[-1]) + 1 + margin)]
    return limits[0], limits[1], limits[2], limits[3]


def _outline(picture: NDArray[Any], mask: NDArray[Any], color: tuple[int, int, int]) -> None:
    height, width = picture.shape[:2]
    large = cv2.resize(mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    contours, _ = cv2.findContours(large, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(picture, contours, -1, color, 1)
