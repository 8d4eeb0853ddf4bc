"""Through time: an object of a film, which may move far, hide, leave and come back.

As long as the object is in sight, it is followed as through a volume: motion says where it should be, the network finds
it there. Where that fails, the whole frame is searched for its colors, and the network has to confirm what is found. A
frame on which nothing can be confirmed gets no mask. Once the object is found again, the frames just passed are gone
through backward from there, since things come into view bit by bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.box_vote import dice
from medsamseg_server.propagation.events import Confidence, DirectionEnded, Event, SliceResult, Way
from medsamseg_server.propagation.finding import Finder, Found, Keyframe
from medsamseg_server.propagation.plan import Plan
from medsamseg_server.propagation.sighting import Sighting
from medsamseg_server.propagation.source import SliceSource

#: The share of a mask's pixels that must have the object's colors.
LEAST_SIMILARITY = 0.6
#: In sight: the least Dice coefficient of a mask and where motion expects it …
LEAST_AGREEMENT = 0.5
#: … and the largest factor by which the area may change from one frame to the next.
MOST_CHANGE = 2.0
#: Below this agreement, the object is looked for in the whole frame as well: it may have jumped.
SURE_AGREEMENT = 0.9
#: Found again: the least Dice coefficient of the mask and the place that has the object's colors …
LEAST_CONFIRMATION = 0.6
#: … and how many times the area on the prompted frame it may have, more or less.
MOST_RESIZED = 3.0


class FilmStrategy:
    """Follows an object through the frames of a film, both ways from the prompted ones."""

    def run(self, plan: Plan, source: SliceSource) -> Iterator[Event]:
        """Segment the prompted frames, then go outward from them; between two of them, from each to the middle."""
        return _Film(plan, source).events()


class _Film:
    def __init__(self, plan: Plan, source: SliceSource) -> None:
        self._plan = plan
        self._source = source
        self._finder = Finder(plan, source)
        self._known: tuple[NDArray[np.bool_], float] | None = None

    def events(self) -> Iterator[Event]:
        plan = self._plan
        keyframes: dict[int, Keyframe] = {}
        for result, key in self._finder.prompted():
            keyframes[result.index] = key
            yield result
        prompted = list(keyframes)
        if plan.direction != "forward":
            yield from self._follow(keyframes[prompted[0]], range(prompted[0] - 1, plan.lowest - 1, -1), is_last=True)
        for left, right in pairwise(prompted):
            middle = {"both": (left + right) // 2, "forward": right - 1, "backward": left}[plan.direction]
            yield from self._follow(keyframes[left], range(left + 1, middle + 1), is_last=False)
            yield from self._follow(keyframes[right], range(right - 1, middle, -1), is_last=False)
        if plan.direction != "backward":
            yield from self._follow(keyframes[prompted[-1]], range(prompted[-1] + 1, plan.highest + 1), is_last=True)

    def _follow(self, key: Keyframe, indices: range, is_last: bool) -> Iterator[Event]:
        """Go through ``indices`` from the object on the frame ``key``."""
        way: Way = "forward" if indices.step > 0 else "backward"
        if not key.mask.any():
            yield DirectionEnded.after(way, key.index, "empty")
            return
        sighting = Sighting(self._source.pixels(key.index), key.mask)
        reached, before = key.index, key
        missed: list[int] = []
        for index in indices:
            if index in self._plan.locked:
                continue
            found = None if missed else self._in_sight(index, before, sighting)
            if found is None or found.vote.agreement < SURE_AGREEMENT:
                again = self._again(index, sighting)
                found = max((each for each in (found, again) if each), key=_agreement, default=None)
            if found is None:
                missed.append(index)
                continue
            yield self._result(index, way, found, sighting)
            before = Keyframe(index, found.vote.mask, before.histogram)
            reached = max(reached, index) if indices.step > 0 else min(reached, index)
            yield from self._back(before, missed, way, sighting)
            missed = []
        if is_last:
            _, end = self._plan.end(1 if indices.step > 0 else -1)
            yield DirectionEnded.after(way, reached, end)

    def _back(self, key: Keyframe, missed: list[int], way: Way, sighting: Sighting) -> Iterator[Event]:
        """Go back over the frames on which the object was missed, from where it was found, until it is out of sight."""
        before = key
        for index in reversed(missed):
            found = self._in_sight(index, before, sighting)
            if found is None:
                return
            yield self._result(index, way, found, sighting)
            before = Keyframe(index, found.vote.mask, key.histogram)

    def _in_sight(self, index: int, before: Keyframe, sighting: Sighting) -> Found | None:
        """Return the object near where motion expects it; None where it is not, or no longer, there."""
        expected = self._finder.expect(before, index)
        found = self._finder.near(index, expected)
        if found is None or found.vote.agreement < LEAST_AGREEMENT:
            return None
        if _size_ratio(_area(found.vote.mask), _area(before.mask)) > MOST_CHANGE:
            return None
        return found if self._is_like(index, found.vote.mask, sighting) else None

    def _again(self, index: int, sighting: Sighting) -> Found | None:
        """Return the object wherever its colors are and the network confirms it; None where it is not."""
        for place in sighting.places(self._source.pixels(index)):
            found = self._finder.near(index, place)
            if found is None or dice(found.vote.mask, place) < LEAST_CONFIRMATION:
                continue
            if _size_ratio(_area(found.vote.mask), sighting.area) > MOST_RESIZED:
                continue
            if self._is_like(index, found.vote.mask, sighting):
                return found
        return None

    def _is_like(self, index: int, mask: NDArray[np.bool_], sighting: Sighting) -> bool:
        return self._similarity(index, mask, sighting) >= LEAST_SIMILARITY

    def _similarity(self, index: int, mask: NDArray[np.bool_], sighting: Sighting) -> float:
        """Return how far a mask has the object's colors; of the same mask again, as is asked of all that are found."""
        if self._known is None or self._known[0] is not mask:
            self._known = mask, sighting.similarity(self._source.pixels(index), mask)
        return self._known[1]

    def _result(self, index: int, way: Way, found: Found, sighting: Sighting) -> SliceResult:
        similarity = self._similarity(index, found.vote.mask, sighting)
        parts = {"jitter": found.vote.agreement, "intensity": similarity}
        sure = Confidence(found.vote.agreement * similarity, parts)
        return SliceResult(index, way, found.box, found.vote.slice_mask, confidence=sure)


def _size_ratio(first: int, second: int) -> float:
    """Return how many times the smaller area the larger one is, at least 1; both are positive."""
    return max(first, second) / min(first, second)


def _agreement(found: Found) -> float:
    return found.vote.agreement


def _area(mask: NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(mask))
