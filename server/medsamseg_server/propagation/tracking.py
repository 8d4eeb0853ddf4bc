"""The default method: the image's own motion carries the object along, and the network finds it anew on each slice.

On the next slice, optical flow says where the object should be. Boxes a little larger than that are decoded in one
batch, and the masks vote together with the expectation. Where the object is known to be, the network is also asked
where it may have grown to. Mean Dice with LiteMedSAM from one tight box on the 17 development targets, range given:
0.82 (published recipe 0.64, a tight box on every slice 0.88).

Without a range a pass ends where the object no longer looks like itself, which alone was worth 0.03 more than stopping
on low overlap, and 0.05 more than going on to the volume's end. Then it is known where the object is, and where it may
have grown it is followed once more: 0.80 instead of 0.79.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.box_vote import dice
from medsamseg_server.propagation.events import DirectionEnded, Event, Reason, SliceResult, Way
from medsamseg_server.propagation.finding import Finder, Found, Keyframe
from medsamseg_server.propagation.interval import Interval
from medsamseg_server.propagation.plan import Plan
from medsamseg_server.propagation.source import SliceSource
from medsamseg_server.propagation.trust import confidence

#: A pass without a limit ends below this similarity to the prompted slice of what is left without foreign gray levels,
#: which looks more like the object than the whole mask does: 0.82 to 0.9 were all better than 0.8 of the whole mask.
LEAST_SIMILARITY = 0.85
#: … or below this Dice coefficient of neighboring masks. 0.5 missed two slices more of a small tumor in thick slices,
#: 0.3 went on beyond four more ends.
LEAST_OVERLAP = 0.4
#: … or below this mean Dice coefficient of the network's masks with what is expected: it finds nothing there. 0.25 to
#: 0.35 are the same; with 0.4 a brain tumor ended too early.
LEAST_AGREEMENT = 0.3
#: Where an object without a limit is followed once more because it may have grown, that ends where it is so much less
#: sure than before. 0.2 was the same on the development targets; with no limit, a stomach grew to five times its size.
LESS_SURE = 0.1


class TrackingStrategy:
    """Follows an object by motion and network, one batch of boxes a slice, or two where the object may have grown."""

    def run(self, plan: Plan, source: SliceSource) -> Iterator[Event]:
        """Segment the prompted slices, then go outward from the first and the last, and fill what is between.

        Masks between two prompts depend on these two alone. So a changed box concerns only the slices up to the next
        boxes on either side: ask again for that range, with their boxes.
        """
        return _Run(plan, source).events()


class _Run:
    def __init__(self, plan: Plan, source: SliceSource) -> None:
        self._plan = plan
        self._finder = Finder(plan, source)

    def events(self) -> Iterator[Event]:
        plan = self._plan
        keyframes: dict[int, Keyframe] = {}
        for result, key in self._finder.prompted():
            keyframes[result.index] = key
            yield result
        prompted = list(plan.prompts)
        if plan.direction != "forward":
            yield from self._outward(keyframes[prompted[0]], -1)
        for left, right in pairwise(prompted):
            yield from self._between(keyframes[left], keyframes[right])
        if plan.direction != "backward":
            yield from self._outward(keyframes[prompted[-1]], +1)

    def _outward(self, key: Keyframe, step: Literal[-1, 1]) -> Iterator[Event]:
        stop, end = self._plan.end(step)
        yield from self._follow(key, range(key.index + step, stop + step, step), end)

    def _between(self, left: Keyframe, right: Keyframe) -> Iterator[Event]:
        inside = range(left.index + 1, right.index)
        is_open = left.histogram is not None and right.histogram is not None
        if is_open and not self._plan.locked.intersection(inside):
            yield from self._interval(left, right)
            return
        reached = left.index
        if self._plan.direction != "backward":
            for event in self._follow(left, inside, "prompt"):
                reached = event.index if isinstance(event, SliceResult) else reached
                yield event
        if self._plan.direction != "forward":
            yield from self._follow(right, range(right.index - 1, reached, -1), "prompt")

    def _interval(self, left: Keyframe, right: Keyframe) -> Iterator[Event]:
        reached = {"forward": left.index, "backward": right.index}
        for result in Interval(self._plan, self._finder, left, right).results():
            reached[result.direction] = result.index
            yield result
        if self._plan.direction != "backward":
            yield DirectionEnded.after("forward", reached["forward"], "prompt")
        if self._plan.direction != "forward":
            yield DirectionEnded.after("backward", reached["backward"], "prompt")

    def _follow(self, key: Keyframe, indices: range, end: Reason) -> Iterator[Event]:
        """Go from slice to slice through ``indices``; ``end`` is the reason when all are done.

        Where the object may end before, it is only known afterwards on which slices it is. From where it may have grown
        it is then followed once more, and these slices are told again.
        """
        way: Way = "forward" if indices.step > 0 else "backward"
        may_end = end in ("volume", "reach")
        passed = _Pass(self._finder, self._plan.locked, way, key, may_end, may_widen=not may_end)
        reason = yield from passed.through(indices, end)
        if passed.widens_after is not None:
            yield from self._once_more(passed, passed.widens_after, way)
        yield DirectionEnded.after(way, passed.reached, reason)

    def _once_more(self, before: _Pass, key: Keyframe, way: Way) -> Iterator[SliceResult]:
        """Go on from ``key`` as far as a pass came; what it grew into is something else once it is less sure there."""
        step = 1 if way == "forward" else -1
        widening = _Pass(self._finder, self._plan.locked, way, key, may_end=True, may_widen=True)
        for result in widening.through(range(key.index + step, before.reached + step, step), "reach"):
            if widening.sure[result.index] < before.sure[result.index] - LESS_SURE:
                return
            yield result


class _Pass:
    """One way from a slice on which the object is known.

    Attributes:
        reached: the last slice with the object so far.
        sure: the confidence of each slice so far.
        widens_after: the object on the last slice before it may have grown; None where it has not, or ``may_widen``.

    Args:
        finder: asks the network.
        locked: slices that it does not cross.
        way: where it goes.
        key: the object, from where it starts.
        may_end: it ends where the object no longer looks like itself.
        may_widen: the network is asked for a larger object as well, where there may be one.
    """

    def __init__(
        self, finder: Finder, locked: frozenset[int], way: Way, key: Keyframe, may_end: bool, may_widen: bool
    ) -> None:
        self._finder = finder
        self._locked = locked
        self._way: Way = way
        self._before = key
        self._may_end = may_end
        self._may_widen = may_widen
        self.reached = key.index
        self.sure: dict[int, float] = {}
        self.widens_after: Keyframe | None = None

    def through(self, indices: range, end: Reason) -> Generator[SliceResult, None, Reason]:
        """Yield the object slice by slice, and return why that ended: ``end`` when all are done."""
        for index in indices:
            if index in self._locked:
                return "locked"
            if self._before.histogram is None:
                return "empty"
            found = self._find(index)
            left = None if found is None else self._finder.without_foreign(index, found)
            refused = _refusal(self._before, left) if self._may_end else None
            if refused is not None:
                return refused
            # Where the user says that the object is there, a slice on which nothing is found is passed over.
            if found is None or left is None:
                continue
            # The gray levels of all that the network found tell how sure it is: what is foreign was found as well.
            result = _result(index, self._way, self._before, replace(left, histogram=found.histogram))
            self.sure[index] = 0.0 if result.confidence is None else result.confidence.value
            yield result
            before = self._before
            weakest = min(before.weakest, left.vote.agreement)
            self.reached = index
            self._before = Keyframe(index, left.vote.mask, before.histogram, weakest, before.inside)
        return end

    def _find(self, index: int) -> Found | None:
        expected = self._finder.expect(self._before, index)
        if self._may_widen:
            return self._finder.near_or_larger(index, expected)
        if self.widens_after is None and self._finder.larger(index, expected) is not None:
            self.widens_after = self._before
        return self._finder.near(index, expected)


def _result(index: int, way: Way, before: Keyframe, found: Found) -> SliceResult:
    assert before.histogram is not None
    sure = confidence(
        jitter=found.vote.agreement,
        path=min(before.weakest, found.vote.agreement),
        intensity=found.histogram.similarity(before.histogram),
        neighbors=dice(found.vote.mask, before.mask),
        **_inside(before.inside),
    )
    return SliceResult(index, way, found.box, found.vote.slice_mask, confidence=sure)


def _inside(part: float) -> dict[str, float]:
    return {"inside": part} if part < 1 else {}


def _refusal(before: Keyframe, found: Found | None) -> Reason | None:
    """Return why what was found is no continuation of what was before, or None when it is one."""
    if found is None:
        return "empty"
    mask: NDArray[np.bool_] = found.vote.mask
    if dice(mask, before.mask) < LEAST_OVERLAP or found.vote.agreement < LEAST_AGREEMENT:
        now, then = np.count_nonzero(mask), np.count_nonzero(before.mask)
        return "shrunk" if 2 * now < then else "grown" if now > 2 * then else "jumped"
    assert before.histogram is not None
    return "changed" if found.histogram.similarity(before.histogram) < LEAST_SIMILARITY else None
