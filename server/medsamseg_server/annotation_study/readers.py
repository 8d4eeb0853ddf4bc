"""Simulated readers: each segments an object to a wanted Dice in its own way, and counts what it did.

A reader sees how good a slice is, as people do by looking; the reference stands for the reader's own opinion.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.annotation_study.costs import Effort, correction_points, outline
from medsamseg_server.engine.engine import Engine
from medsamseg_server.engine.prompts import Box
from medsamseg_server.evaluation.cases import Case
from medsamseg_server.evaluation.metrics import dice
from medsamseg_server.evaluation.protocols import Jitter, tight_box
from medsamseg_server.propagation.interval import interpolated_box
from medsamseg_server.propagation.whole_volume import Task, WholeMask, WholeVolume

#: The ways by their names.
CONTOURS, BOXES, INTERPOLATED, PROPAGATED = "contours", "boxes", "interpolated", "propagated"
_MOST_BOXES = 8


@dataclass(frozen=True)
class StudyObject:
    """An object to segment.

    Attributes:
        case: its scan.
        name: of the object.
        wanted: the Dice to reach, in 3D.
        jitter: how far the reader's boxes are from tight.
        model: the network that helps.
    """

    case: Case
    name: str
    wanted: float
    jitter: Jitter
    model: str

    @property
    def reference(self) -> NDArray[np.bool_]:
        """The object, slices along the first axis."""
        return np.moveaxis(self.case.target(self.name), self.case.entry.axis, 0)

    def box(self, index: int) -> Box:
        """Return the box that the reader draws on a slice."""
        mask = self.reference[index]
        return self.jitter.apply(tight_box(mask), mask.shape, f"{self.case.entry.name}/{self.name}", index)

    def segment(self, engine: Engine, boxes: Mapping[int, Box], span: tuple[int, int] | None) -> WholeMask:
        """Segment the slices with boxes; propagate through ``span`` where it is given."""
        first, last = span or (None, None)
        entry = self.case.entry
        task = Task(
            entry.axis, boxes, first, last, span is not None, entry.window, self.model, self.case.spacing
        )  # fmt: skip
        return WholeVolume(self.case.volume, task).run(engine)

    def along_slices(self, found: WholeMask) -> NDArray[np.bool_]:
        """Return a mask with slices along the first axis."""
        return np.moveaxis(found.mask, self.case.entry.axis, 0).astype(bool)


@dataclass(frozen=True)
class Reading:
    """What a reader did for one object.

    Attributes:
        way: name of the way.
        effort: what was done.
        dice: reached in 3D.
        first_dice: before the first correction.
    """

    way: str
    effort: Effort
    dice: float
    first_dice: float


def read_by_contours(target: StudyObject) -> Reading:
    """Outline the object on every slice by hand."""
    reference = target.reference
    points = sum(len(outline(mask, target.wanted)) for mask in reference if mask.any())
    return Reading(CONTOURS, Effort(points=points), target.wanted, 0.0)


def read_by_boxes(target: StudyObject, engine: Engine) -> Reading:
    """Draw a box on every slice, look at every mask, and correct the worst ones."""
    boxes = {index: target.box(index) for index in _present(target.reference)}
    mask = target.along_slices(target.segment(engine, boxes, None))
    effort = Effort(boxes=len(boxes), checks=len(boxes))
    return _corrected(BOXES, target, mask, effort)


def read_by_interpolated_boxes(target: StudyObject, engine: Engine, every: int) -> Reading:
    """Draw a box on every Nth slice, as in the MedSAM study; the boxes between are interpolated; correct the worst."""
    present = _present(target.reference)
    drawn = {index: target.box(index) for index in sorted({*present[::every], present[-1]})}
    boxes = {index: _between(drawn, index) for index in present}
    mask = target.along_slices(target.segment(engine, boxes, None))
    effort = Effort(boxes=len(drawn), checks=len(present))
    return _corrected(INTERPOLATED, target, mask, effort)


def read_by_propagation(target: StudyObject, engine: Engine) -> Reading:
    """Draw one box where the object is largest, propagate, and go through the slices as the audit proposes.

    The least confident slice comes first. One that is bad gets a box, and all is propagated again; where a box does not
    help, its outline is corrected. Of the true ends of the object, the reader tells the program, after a look at each.
    """
    reference = target.reference
    present = _present(reference)
    span = (present[0], present[-1])
    areas = np.count_nonzero(reference, axis=(1, 2))
    boxes = {int(areas.argmax()): target.box(int(areas.argmax()))}
    effort = Effort(boxes=1, checks=2)
    corrected: dict[int, NDArray[np.bool_]] = {}
    seen: set[int] = set()
    first_dice: float | None = None
    while True:
        found = target.segment(engine, boxes, span)
        mask = _with(target.along_slices(found), corrected)
        first_dice = dice(mask, reference) if first_dice is None else first_dice
        bad = None
        for index in _least_confident_first(found, present):
            if dice(mask, reference) >= target.wanted:
                break
            if index in corrected or (index in seen and index in boxes):
                continue
            effort, seen = effort.plus(checks=1), seen | {index}
            if _slice_dice(mask[index], reference[index]) >= target.wanted:
                continue
            if index not in boxes and len(boxes) < _MOST_BOXES:
                bad = index
                break
            effort = effort.plus(points=correction_points(mask[index], reference[index], target.wanted))
            corrected[index] = reference[index]
            mask[index] = reference[index]
        if bad is None:
            break
        boxes[bad] = target.box(bad)
        effort = effort.plus(boxes=1)
        again = target.along_slices(target.segment(engine, {bad: boxes[bad]}, None))[bad]
        if _slice_dice(again, reference[bad]) < target.wanted:
            # The reader sees at once that the box did not do it.
            effort = effort.plus(points=correction_points(again, reference[bad], target.wanted))
            corrected[bad] = reference[bad]
    rest = _corrected(PROPAGATED, target, mask, effort.plus(checks=len(set(present) - seen)))
    return Reading(PROPAGATED, rest.effort, rest.dice, first_dice)


def _corrected(way: str, target: StudyObject, mask: NDArray[np.bool_], effort: Effort) -> Reading:
    """Correct the outlines of the worst slices until the object is good enough."""
    reference = target.reference
    mask = mask.copy()
    first = dice(mask, reference)
    slices = np.flatnonzero((mask | reference).any(axis=(1, 2))).tolist()
    wrong = {index: int(np.count_nonzero(mask[index] ^ reference[index])) for index in slices}
    for index in sorted(slices, key=lambda index: -wrong[index]):
        if dice(mask, reference) >= target.wanted:
            break
        effort = effort.plus(points=correction_points(mask[index], reference[index], target.wanted))
        mask[index] = reference[index]
    return Reading(way, effort, dice(mask, reference), first)


def _present(reference: NDArray[np.bool_]) -> list[int]:
    return [int(index) for index in np.flatnonzero(reference.any(axis=(1, 2)))]


def _between(drawn: Mapping[int, Box], index: int) -> Box:
    if index in drawn:
        return drawn[index]
    left = max(other for other in drawn if other < index)
    right = min(other for other in drawn if other > index)
    return interpolated_box(drawn[left], drawn[right], (index - left) / (right - left))


def _least_confident_first(found: WholeMask, present: list[int]) -> list[int]:
    sure = {result.index: result.confidence.value for result in found.results if result.confidence is not None}
    # A slice without any mask is the most suspicious one.
    return sorted(present, key=lambda index: (sure.get(index, -1.0), index))


def _slice_dice(mask: NDArray[np.bool_], reference: NDArray[np.bool_]) -> float:
    return dice(mask, reference) if mask.any() or reference.any() else 1.0


def _with(mask: NDArray[np.bool_], corrected: Mapping[int, NDArray[np.bool_]]) -> NDArray[np.bool_]:
    mask = mask.copy()
    for index, right in corrected.items():
        mask[index] = right
    return mask
