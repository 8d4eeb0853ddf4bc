"""An object as the program has it while a reader works on it: its masks, and what they are propagated from."""

from __future__ import annotations

from dataclasses import replace

from medsamseg_server.annotation_study.study_object import StudyObject, slices_of
from medsamseg_server.engine.engine import Engine
from medsamseg_server.engine.masks import SliceMask
from medsamseg_server.propagation.events import SliceResult
from medsamseg_server.propagation.task import Task
from medsamseg_server.propagation.voting import box_around
from medsamseg_server.propagation.whole_volume import WholeMask, WholeVolume


class FollowedSegment:
    """The masks of one object, as the module keeps them.

    Slices with a box, and those that were outlined or accepted, are what a propagation starts from, and it takes their
    masks as they are. After a change on one slice only what lies between it and the next such slices is computed anew.

    Args:
        target: the object.
        engine: segments.
        task: what was asked first.
        found: what that gave; None to carry it out.

    Attributes:
        mask: slices along the first axis.
        waited: seconds for the computer, unless ``found`` was given.
        boxes: how many the reader drew.
    """

    def __init__(self, target: StudyObject, engine: Engine, task: Task, found: WholeMask | None = None) -> None:
        self._target, self._engine, self._task = target, engine, task
        self.waited = 0.0
        first = self._run(task) if found is None else found
        self._results = {each.index: each for each in first.results}
        self._starts = dict(task.boxes)
        self._fixed: set[int] = set()
        self.boxes = len(task.boxes)
        self.mask = target.along_slices(first)

    @property
    def slices(self) -> list[int]:
        """The slices with the object, or with something that was found, ascending."""
        return sorted({*self._target.present, *slices_of(self.mask)})

    def is_fixed(self, index: int) -> bool:
        """Return whether the reader outlined, emptied or accepted a slice."""
        return index in self._fixed

    def is_boxed(self, index: int) -> bool:
        """Return whether the reader drew a box on a slice."""
        return index in self._starts and index not in self._fixed

    def confidence(self, index: int) -> float:
        """Return how sure the program is of a slice; less than of any where it found nothing."""
        found = self._results.get(index)
        return -1.0 if found is None or found.confidence is None else found.confidence.value

    def draw(self, index: int) -> None:
        """Put what is in a box of the reader on a slice; nothing else changes."""
        box = self._target.box(index)
        found = self._run(replace(self._task, boxes={index: box}, first=None, last=None, propagates=False))
        self.boxes += 1
        self._starts[index] = box
        self._put(index, found.results[0])

    def outline(self, index: int) -> None:
        """Put the object on a slice as the reader outlines it, or empty the slice where there is none."""
        self.mask[index] = self._target.reference[index]
        self.accept(index)

    def accept(self, index: int) -> None:
        """Keep what is on a slice: no propagation changes it, and the next ones start from it."""
        kept = self.mask[index]
        self._fixed.add(index)
        self._starts.pop(index, None)
        if kept.any():
            self._starts[index] = box_around(kept)
            mask = SliceMask.from_mask(kept, 1.0)
            self._results[index] = SliceResult(index, "prompt", self._starts[index], mask, "box")

    def reaches(self, index: int) -> bool:
        """Return whether there is anything that a propagation from a slice would compute anew."""
        low, high = self._neighbors(index)
        between = range(0 if low is None else low + 1, len(self.mask) if high is None else high)
        return any(each in between and each != index for each in self.slices)

    def propagate_from(self, index: int) -> None:
        """Compute what lies between a slice with a box or an outline and the next ones that the reader saw to."""
        low, high = self._neighbors(index)
        starts = {each: self._starts[each] for each in (low, index, high) if each in self._starts}
        found = self._run(
            replace(
                self._task,
                boxes=starts,
                found={each: self._results[each].mask for each in starts},
                first=low if low in starts else self._task.first,
                last=high if high in starts else self._task.last,
                locked=frozenset(self._fixed - starts.keys()),
            )
        )
        new = {each.index: each for each in found.results}
        for each in range(0 if low is None else low + 1, len(self.mask) if high is None else high):
            if each != index:
                self._put(each, new.get(each))

    def _neighbors(self, index: int) -> tuple[int | None, int | None]:
        """Return the next slices below and above that no propagation changes; None where there is none."""
        walls = self._fixed | self._starts.keys()
        low = max((each for each in walls if each < index), default=None)
        return low, min((each for each in walls if each > index), default=None)

    def _put(self, index: int, result: SliceResult | None) -> None:
        self.mask[index] = False
        self._results.pop(index, None)
        if result is not None:
            self._results[index] = result
            result.mask.paint(self.mask[index], True)

    def _run(self, task: Task) -> WholeMask:
        found = WholeVolume(self._target.case.volume, task).run(self._engine)
        self.waited += found.seconds_encoding + found.seconds_decoding
        return found
