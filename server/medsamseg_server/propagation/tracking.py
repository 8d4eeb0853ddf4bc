"""The default method: the image's own motion carries the object along, and the network finds it anew on each slice.

On the next slice, optical flow says where the object should be. Boxes a little larger than that are decoded in one
batch, and the masks vote together with the expectation. Where the object is known to be, the network is also asked
where it may have grown to. Mean Dice with LiteMedSAM from one tight box on the 17 development targets, range given:
0.83 (published recipe 0.64, a tight box on every slice 0.88).

Without a range a pass ends where the object no longer looks like itself: 0.79. That alone was worth 0.03 more than
stopping on low overlap, and 0.05 more than going on to the volume's end.
"""

from __future__ import annotations

from collections.abc import Iterator
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
        """Go from slice to slice through ``indices``; ``end`` is the reason when all are done."""
        way: Way = "forward" if indices.step > 0 else "backward"
        reached, before, reason = key.index, key, end
        may_end = end in ("volume", "reach")
        find = self._finder.near if may_end else self._finder.near_or_larger
        for index in indices:
            if index in self._plan.locked:
                reason = "locked"
                break
            if before.histogram is None:
                reason = "empty"
                break
            expected = self._finder.expect(before, index)
            found = find(index, expected)
            left = None if found is None else self._finder.without_foreign(index, found)
            refused = _refusal(before, left) if may_end else None
            if refused is not None:
                reason = refused
                break
            # Where the user says that the object is there, a slice on which nothing is found is passed over.
            if found is None or left is None:
                continue
            # The gray levels of all that the network found tell how sure it is: what is foreign was found as well.
            yield _result(index, way, before, replace(left, histogram=found.histogram))
            weakest = min(before.weakest, left.vote.agreement)
            reached, before = index, Keyframe(index, left.vote.mask, before.histogram, weakest, before.inside)
        yield DirectionEnded.after(way, reached, reason)


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
