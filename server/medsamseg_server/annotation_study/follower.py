"""What a reader does with an object that was followed: looks, finds what is wrong, and mends it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.annotation_study.costs import Effort, correction_points
from medsamseg_server.annotation_study.followed_segment import FollowedSegment
from medsamseg_server.annotation_study.readers import corrected
from medsamseg_server.annotation_study.study_object import Reading, StudyObject, looks_good

#: With more boxes than that, a reader outlines.
_MOST_BOXES = 8
#: A box is four points, its extreme ones.
_POINTS_OF_BOX = 4
#: Slices are along this axis.
_SLICES = 0
#: That the table of lesions shows at once.
VIEWS = 3


class Follower:
    """A reader at work on one object.

    What was looked at once takes no second look until it changes. A slice that is bad gets a box; where that would take
    longer than to outline what is wrong, or does not help, it is outlined. Then "Propagate" goes on from there, where
    anything lies between it and the next slices that are known to be good. A good slice that is gone to is accepted.

    Args:
        target: the object.
        segment: the object as the program has it.
        effort: of the reader until now, without the boxes.
    """

    def __init__(self, target: StudyObject, segment: FollowedSegment, effort: Effort) -> None:
        self._target, self._segment, self._effort = target, segment, effort
        self._first_dice = target.dice(segment.mask)
        self._seen: dict[tuple[int, int], NDArray[np.bool_]] = {}
        self._was_overlooked = False

    def read(self, way: str, how: Callable[[Follower], None]) -> Reading:
        """Work on the object in one of the two ways below until it is good.

        Args:
            way: name of the way.
            how: ``Follower.go_by_views`` or ``Follower.go_through_slices``.
        """
        how(self)
        segment = self._segment
        effort = self._effort.plus(boxes=segment.boxes, waited=segment.waited)
        rest = corrected(way, self._target, segment.mask, effort)
        return Reading(way, rest.effort, rest.dice, self._first_dice, self._was_overlooked)

    def go_by_views(self) -> None:
        """Look at three views one after the other; mend where one shows the most wrong, until none shows anything.

        The views are a slice and two cuts through the longest diameter of what was found, as the table of lesions shows
        them. A lesion that looks good in the views without being so is gone through slice by slice all the same: a
        reader would not know, and its reading says that it was overlooked.
        """
        if len(self._segment.slices) <= VIEWS:
            # A look at each slice is no more than one in each view.
            self.go_through_slices()
            return
        views = self._views()
        bad = self._bad_view(views, _SLICES)
        while bad is not None and self._mend_what_is_shown(bad, views[bad]):
            bad = self._bad_view(views, bad)
        if not self._target.is_good(self._segment.mask):
            self._was_overlooked = bad is None
            self.go_through_slices()

    def go_through_slices(self) -> None:
        """Look at slices, the least confident first, and mend, until all is good; then look at the others."""
        while not self._target.is_good(self._segment.mask):
            index = next(filter(self._is_news, self._least_confident_first()), None)
            if index is None:
                break
            self._effort = self._effort.plus(keys=1)
            self._accept_or_mend(index)
        for index in filter(self._is_news, self._segment.slices):
            self._effort = self._effort.plus(keys=1)
            self._look(_SLICES, index)

    def _views(self) -> list[int]:
        """Return the index along each axis at which the views show what was found; of slices the first axis is."""
        measured = self._target.measured(self._target.as_volume(self._segment.mask))
        if measured is None:
            return [int(each.mean()) for each in np.nonzero(self._target.reference)]
        middle = np.rint(np.mean(measured.longest.voxels, axis=0)).astype(int)[::-1].tolist()
        return [middle.pop(self._target.case.entry.axis), *middle]

    def _bad_view(self, views: list[int], first: int) -> int | None:
        """Look at one view after the other, from ``first`` on, until one is bad; return its axis, or None."""
        axes = [*range(first, VIEWS), *range(first)]
        return next((axis for axis in axes if not self._look(axis, views[axis])), None)

    def _look(self, axis: int, index: int) -> bool:
        """Return whether a slice or cut looks good; a second look at the same is none."""
        if self._is_news(index, axis):
            self._see(axis, index)
            self._effort = self._effort.plus(checks=1)
        mask, reference = (_cut(each, axis, index) for each in (self._segment.mask, self._target.reference))
        return looks_good(mask, reference, self._target.wanted)

    def _see(self, axis: int, index: int) -> None:
        self._seen[axis, index] = _cut(self._segment.mask, axis, index).copy()

    def _is_news(self, index: int, axis: int = _SLICES) -> bool:
        seen = self._seen.get((axis, index))
        return seen is None or not np.array_equal(seen, _cut(self._segment.mask, axis, index))

    def _least_confident_first(self) -> list[int]:
        # A slice without any mask is the most suspicious one.
        return sorted(self._segment.slices, key=lambda index: (self._segment.confidence(index), index))

    def _mend_what_is_shown(self, axis: int, at: int) -> bool:
        """Go to what a view shows as wrong, the worst slice first; mend one that is bad, and say whether any was."""
        for index in self._shown_as_wrong(axis, at):
            if self._segment.is_fixed(index):
                continue
            if axis != _SLICES:
                self._effort = self._effort.plus(clicks=1)
            if self._accept_or_mend(index):
                return True
        return False

    def _shown_as_wrong(self, axis: int, at: int) -> list[int]:
        if axis == _SLICES:
            return [at]
        wrong = np.count_nonzero(_cut(self._segment.mask ^ self._target.reference, axis, at), axis=1)
        return [int(index) for index in np.argsort(-wrong, kind="stable") if wrong[index]]

    def _accept_or_mend(self, index: int) -> bool:
        """Look at a slice, accept it by a key where it is good, mend it where it is bad; return whether it was bad."""
        if self._look(_SLICES, index):
            self._effort = self._effort.plus(keys=1)
            self._segment.accept(index)
            return False
        self._mend(index)
        return True

    def _mend(self, index: int) -> None:
        """Make a slice good that was looked at, and propagate from there."""
        if index not in self._target.present:
            self._empty_beyond(index)
            return
        segment = self._segment
        points = self._points(index)
        if points > _POINTS_OF_BOX and not segment.is_boxed(index) and segment.boxes < _MOST_BOXES:
            segment.draw(index)
        if not self._look(_SLICES, index):
            self._outline(index)
        if segment.reaches(index):
            self._effort = self._effort.plus(clicks=1)
            segment.propagate_from(index)

    def _empty_beyond(self, index: int) -> None:
        """Empty a slice on which the object is not, and those that follow it away from the object, by the arrow key."""
        present = self._target.present
        self._outline(index)
        step = 1 if index > present[-1] else -1
        index += step
        while 0 <= index < len(self._segment.mask) and self._segment.mask[index].any() and index not in present:
            self._effort = self._effort.plus(keys=1)
            self._look(_SLICES, index)
            self._outline(index)
            index += step

    def _points(self, index: int) -> int:
        return correction_points(self._segment.mask[index], self._target.reference[index], self._target.wanted)

    def _outline(self, index: int) -> None:
        self._effort = self._effort.plus(points=self._points(index))
        self._segment.outline(index)
        self._see(_SLICES, index)


def _cut(mask: NDArray[np.bool_], axis: int, index: int) -> NDArray[np.bool_]:
    cut: NDArray[np.bool_] = np.moveaxis(mask, axis, 0)[index]
    return cut
