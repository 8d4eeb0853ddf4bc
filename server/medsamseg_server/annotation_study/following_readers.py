"""Simulated readers who let the program follow an object, and go on where it is least sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.annotation_study.costs import Effort, correction_points
from medsamseg_server.annotation_study.readers import corrected
from medsamseg_server.annotation_study.study_object import Reading, StudyObject, looks_good, slices_of
from medsamseg_server.engine.engine import Engine
from medsamseg_server.propagation.task import Task
from medsamseg_server.propagation.whole_volume import WholeMask, WholeObjects, WholeVolume

#: The ways by their names.
PROPAGATED, LINES, BATCH = "propagated", "lines", "batch"
_MOST_BOXES = 8
# A box is four points, its extreme ones.
_POINTS_OF_BOX = 4

# Shift+N for a new lesion, Ctrl+Down for the next one, Shift+A to accept it.
_KEYS = 6


def read_by_propagation(target: StudyObject, engine: Engine) -> Reading:
    """Draw one box where the object is largest, propagate, and go through the slices as the audit proposes.

    The least confident slice comes first. One that is bad gets a box, and all is propagated again; where a box does not
    help, its outline is corrected. Of the true ends of the object, the reader tells the program, after a look at each.
    """
    present = target.present
    task = target.task({target.largest: target.box(target.largest)}, (present[0], present[-1]))
    return _Follower(PROPAGATED, target, engine, task, Effort(boxes=1, checks=2)).read()


def read_by_lines(target: StudyObject, engine: Engine) -> Reading:
    """Measure the two diameters as RECIST 1.1 has it, propagate from them, and go on as after one box.

    Nobody says where the object ends. Two lines are four clicks at its extremes, and count as a box.
    """
    index, prompt = target.lines()
    task = target.task({index: prompt.box}, reach=prompt.reach)
    return _Follower(LINES, target, engine, task, Effort(boxes=1)).read()


def read_as_batch(targets: Sequence[StudyObject], engine: Engine) -> list[Reading]:
    """Draw a box round each lesion of a scan, let all be followed together, and check one after the other by keys.

    The table of lesions shows each in all three views where it is largest: three looks. One that is good there is
    accepted; through any other the reader goes slice by slice as after one box, and so through one that looks good in
    the views without being so: a reader would not know, and its reading says that it was overlooked. All the waiting
    is before the first check, and shared.

    Args:
        targets: the lesions of one scan.
        engine: segments.
    """
    tasks = {target.name: target.task({target.largest: target.box(target.largest)}) for target in targets}
    followed = WholeObjects(targets[0].case.volume, tasks).run(engine)
    waited = _seconds_of(next(iter(followed.values()))) / len(targets)
    readings = []
    for target in targets:
        found = followed[target.name]
        effort = Effort(boxes=1, keys=_KEYS, waited=waited)
        follower = _Follower(BATCH, target, engine, tasks[target.name], effort, found)
        readings.append(_read_in_views(follower, target, found))
    return readings


def _read_in_views(follower: _Follower, target: StudyObject, found: WholeMask) -> Reading:
    mask = target.along_slices(found)
    if len(slices_of(mask)) <= mask.ndim:
        # A look at each slice is no more than one in each view.
        return follower.read()
    looks = _looks_in_views(target, found.mask.astype(bool))
    follower.effort = follower.effort.plus(checks=len(looks))
    if all(looks) and target.is_good(mask):
        return Reading(BATCH, follower.effort, target.dice(mask), target.dice(mask))
    return replace(follower.read(), overlooked=all(looks))


def _looks_in_views(target: StudyObject, mask: NDArray[np.bool_]) -> list[bool]:
    """Return whether a mask (K, J, I) looks good in each view: a slice and two cuts through its longest diameter."""
    reference, measured = target.case.target(target.name), target.measured(mask)
    assert measured is not None, "it has voxels"
    middle = np.rint(np.mean(measured.longest.voxels, axis=0)).astype(int)[::-1].tolist()
    return [
        looks_good(mask.take(index, axis), reference.take(index, axis), target.wanted)
        for axis, index in enumerate(middle)
    ]


class _Follower:
    """Goes through the slices of an object that is followed; draws boxes, and corrects outlines where they do not help.

    Args:
        way: name of the way.
        target: the object.
        engine: segments.
        task: the first one.
        effort: of the reader until now.
        found: what the first task gave; None to carry it out.
    """

    def __init__(
        self,
        way: str,
        target: StudyObject,
        engine: Engine,
        task: Task,
        effort: Effort,
        found: WholeMask | None = None,
    ) -> None:
        self._way, self._target, self._engine, self._task = way, target, engine, task
        self.effort = effort
        self._corrected: dict[int, NDArray[np.bool_]] = {}
        self._seen: set[int] = set()
        self._found = self._follow() if found is None else found

    def read(self) -> Reading:
        """Draw more boxes, or correct outlines, where the program is least sure and the mask is bad."""
        target = self._target
        first_dice = target.dice(self._mask())
        while (bad := self._go_through()) is not None:
            self._draw(bad)
            self._found = self._follow()
        mask = self._mask()
        unseen = {*target.present, *slices_of(mask)} - self._seen
        rest = corrected(self._way, target, mask, self.effort.plus(checks=len(unseen)))
        return replace(rest, first_dice=first_dice)

    def _follow(self) -> WholeMask:
        found = WholeVolume(self._target.case.volume, self._task).run(self._engine)
        self.effort = self.effort.plus(waited=_seconds_of(found))
        return found

    def _mask(self) -> NDArray[np.bool_]:
        mask = self._target.along_slices(self._found)
        for index, right in self._corrected.items():
            mask[index] = right
        return mask

    def _go_through(self) -> int | None:
        """Look at slices until all is good; return the first one that a box may mend, None where there is none."""
        target, mask = self._target, self._mask()
        shown = sorted({*target.present, *slices_of(mask)})
        for index in _least_confident_first(self._found, shown):
            if target.is_good(mask):
                return None
            if index in self._corrected or (index in self._seen and index in self._task.boxes):
                continue
            self.effort = self.effort.plus(checks=1)
            self._seen.add(index)
            if target.is_good_on(mask, index):
                continue
            if self._is_worth_a_box(mask, index):
                return index
            self._correct(mask, index)
            mask = self._mask()
        return None

    def _is_worth_a_box(self, mask: NDArray[np.bool_], index: int) -> bool:
        target, boxes = self._target, self._task.boxes
        if index not in target.present or index in boxes or len(boxes) >= _MOST_BOXES:
            return False
        return correction_points(mask[index], target.reference[index], target.wanted) > _POINTS_OF_BOX

    def _draw(self, index: int) -> None:
        boxes = {**self._task.boxes, index: self._target.box(index)}
        self._task = replace(self._task, boxes=boxes)
        self.effort = self.effort.plus(boxes=1)
        again = self._target.on_slices(self._engine, {index: boxes[index]})
        if not self._target.is_good_on(again, index):
            # The reader sees at once that the box did not do it.
            self._correct(again, index)

    def _correct(self, mask: NDArray[np.bool_], index: int) -> None:
        right = self._target.reference[index]
        self.effort = self.effort.plus(points=correction_points(mask[index], right, self._target.wanted))
        self._corrected[index] = right


def _least_confident_first(found: WholeMask, present: list[int]) -> list[int]:
    sure = {result.index: result.confidence.value for result in found.results if result.confidence is not None}
    # A slice without any mask is the most suspicious one.
    return sorted(present, key=lambda index: (sure.get(index, -1.0), index))


def _seconds_of(found: WholeMask) -> float:
    return found.seconds_encoding + found.seconds_decoding
