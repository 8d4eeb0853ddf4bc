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
from medsamseg_server.image_io.image import Geometry
from medsamseg_server.measurements.diameters import diameters
from medsamseg_server.measurements.line_prompt import LinePrompt, prompt_from_lines
from medsamseg_server.propagation.interval import interpolated_box
from medsamseg_server.propagation.whole_volume import Task, WholeMask, WholeVolume

#: The ways by their names.
CONTOURS, BOXES, INTERPOLATED, PROPAGATED, LINES = "contours", "boxes", "interpolated", "propagated", "lines"
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

    def lines(self) -> tuple[int, LinePrompt]:
        """Return the slice with the longest diameter, and what that and the diameter across it ask for."""
        axis, spacing = self.case.entry.axis, self.case.spacing
        geometry = Geometry.from_matrix(np.diag([*reversed(spacing), 1.0]))
        found = diameters(self.case.target(self.name), geometry, axis)
        assert found is not None, "a manifest names objects that are there"
        columns, rows = (2 - each for each in reversed([each for each in range(3) if each != axis]))
        lines = [
            (first[columns], first[rows], second[columns], second[rows])
            for first, second in (found.longest.voxels, found.perpendicular.voxels)
        ]
        return found.slice, prompt_from_lines(lines, geometry, axis, self.reference.shape[1:])

    def segment(
        self, engine: Engine, boxes: Mapping[int, Box], span: tuple[int, int] | None, reach: int | None = None
    ) -> WholeMask:
        """Segment the slices with boxes; propagate through ``span``, or as far as ``reach``, where it is given."""
        first, last = span or (None, None)
        entry = self.case.entry
        task = Task(
            entry.axis,
            boxes,
            first,
            last,
            span is not None or reach is not None,
            entry.window,
            self.model,
            self.case.spacing,
            reach=reach,
        )
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
    present = _present(target.reference)
    largest = int(np.count_nonzero(target.reference, axis=(1, 2)).argmax())
    start = {largest: target.box(largest)}
    return _read_along(PROPAGATED, target, engine, start, (present[0], present[-1]), None, Effort(boxes=1, checks=2))


def read_by_lines(target: StudyObject, engine: Engine) -> Reading:
    """Measure the two diameters as RECIST 1.1 has it, propagate from them, and go on as after one box.

    Nobody says where the object ends. Two lines are four clicks at its extremes, and count as a box.
    """
    index, prompt = target.lines()
    return _read_along(LINES, target, engine, {index: prompt.box}, None, prompt.reach, Effort(boxes=1))


def _read_along(
    way: str,
    target: StudyObject,
    engine: Engine,
    boxes: dict[int, Box],
    span: tuple[int, int] | None,
    reach: int | None,
    effort: Effort,
) -> Reading:
    """Propagate from boxes; draw more, or correct outlines, where the program is least sure and the mask is bad."""
    reference = target.reference
    present = _present(reference)
    corrected: dict[int, NDArray[np.bool_]] = {}
    seen: set[int] = set()
    first_dice: float | None = None
    while True:
        found = target.segment(engine, boxes, span, reach)
        mask = _with(target.along_slices(found), corrected)
        first_dice = dice(mask, reference) if first_dice is None else first_dice
        bad = None
        shown = sorted({*present, *_present(mask)})
        for index in _least_confident_first(found, shown):
            if dice(mask, reference) >= target.wanted:
                break
            if index in corrected or (index in seen and index in boxes):
                continue
            effort, seen = effort.plus(checks=1), seen | {index}
            if _slice_dice(mask[index], reference[index]) >= target.wanted:
                continue
            if index in present and index not in boxes and len(boxes) < _MOST_BOXES:
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
    rest = _corrected(way, target, mask, effort.plus(checks=len({*present, *_present(mask)} - seen)))
    return Reading(way, rest.effort, rest.dice, first_dice)


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
