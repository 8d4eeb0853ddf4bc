"""Finding the object on one slice: in a box of the user, or near where it is expected."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.box_vote import Vote, fill, vote_for_box
from medsamseg_server.engine.prompts import Box, Prompt
from medsamseg_server.propagation.events import Confidence, SliceResult
from medsamseg_server.propagation.growth import grow
from medsamseg_server.propagation.insides import similarity_of_inside
from medsamseg_server.propagation.intensity_histogram import IntensityHistogram, TellingLevels
from medsamseg_server.propagation.motion import carry
from medsamseg_server.propagation.plan import Plan
from medsamseg_server.propagation.source import SliceSource
from medsamseg_server.propagation.trust import confidence_in_box
from medsamseg_server.propagation.voting import box_around, vote_for_expected

# A pass looks at two neighboring slices, from either end of an interval.
_GRAYS_KEPT = 4
#: A larger object than expected is believed unless the network agrees with it by so much less.
_LESS_AGREEMENT = 0.1
#: Where less than this part of a mask would be left, the object itself has changed its gray levels.
LEAST_LEFT = 1 / 4


@dataclass(frozen=True)
class Keyframe:
    """The object on a slice, from where it is followed on.

    Attributes:
        index: slice index.
        mask: (H, W).
        histogram: its gray levels on the prompted slice that the pass started from; None when nothing was found there.
        weakest: the least agreement of candidates since then, 0 to 1.
        inside: the part ``inside`` of the confidence on that slice.
    """

    index: int
    mask: NDArray[np.bool_]
    histogram: IntensityHistogram | None
    weakest: float = 1.0
    inside: float = 1.0


@dataclass(frozen=True)
class Found:
    """What was found near where the object was expected.

    Attributes:
        box: the tight box of the expectation, which the candidates' boxes were made from.
        vote: the mask, and how far the candidates agree.
        histogram: the gray levels of the mask.
    """

    box: Box
    vote: Vote
    histogram: IntensityHistogram


class Finder:
    """Asks the network for the object on a slice, with several boxes in one batch.

    Args:
        plan: what is looked for.
        source: the slices.
    """

    def __init__(self, plan: Plan, source: SliceSource) -> None:
        self._size = plan.image_size
        self._prompts = plan.prompts
        self._source = source
        self._levels: TellingLevels | None = None
        self._grays: OrderedDict[int, NDArray[np.uint8]] = OrderedDict()

    def in_prompt(self, index: int, prompt: Prompt) -> tuple[SliceResult, Keyframe]:
        """Return the object in a box of the user, or as the user drew it; as a result, and as what to go on from."""
        box, drawn = prompt.box, prompt.mask
        assert box is not None
        if drawn is not None:
            mask = drawn.to_array(self._size)
            result = SliceResult(index, "prompt", box, drawn, "box", Confidence(1.0))
            return result, Keyframe(index, mask, IntensityHistogram(self._gray(index), mask))
        candidates = self._source.candidates(index, box)
        likely = candidates.probabilities_on_slice(self._size)
        vote = vote_for_box(candidates.on_slice(self._size), candidates.scores, box, likely)
        score = vote.score if candidates.learned_scores else None
        inside = similarity_of_inside(self._gray(index), vote.mask)
        sure = confidence_in_box(fill(vote.mask, box), vote.agreement, score, inside)
        result = SliceResult(index, "prompt", box, vote.slice_mask, "box", sure)
        histogram = IntensityHistogram(self._gray(index), vote.mask) if vote.mask.any() else None
        return result, Keyframe(index, vote.mask, histogram, inside=sure.parts.get("inside", 1.0))

    def prompted(self) -> Iterator[tuple[SliceResult, Keyframe]]:
        """Yield what is on each prompted slice, ascending; see ``in_prompt``."""
        for index, prompt in self._prompts.items():
            result, key = self.in_prompt(index, prompt)
            if key.mask.any():
                found = TellingLevels(self._gray(index), key.mask, result.box)
                self._levels = found if self._levels is None else self._levels & found
            yield result, key

    def expect(self, before: Keyframe, index: int) -> NDArray[np.bool_]:
        """Return where the object of ``before`` is expected on slice ``index``, (H, W), not empty."""
        carried = carry(before.mask, self._gray(before.index), self._gray(index))
        return carried if carried.any() else before.mask

    def near(self, index: int, expected: NDArray[np.bool_], more_boxes: Sequence[Box] = ()) -> Found | None:
        """Return the object near where it is expected, (H, W), not empty; None when the network finds nothing."""
        box = box_around(expected)
        candidates = self._source.candidates(index, box, more_boxes)
        likely = candidates.probabilities_on_slice(self._size)
        vote = vote_for_expected(candidates.on_slice(self._size), candidates.scores, expected, likely)
        return Found(box, vote, IntensityHistogram(self._gray(index), vote.mask)) if vote.mask.any() else None

    def near_or_larger(self, index: int, expected: NDArray[np.bool_]) -> Found | None:
        """Return the object as ``near``; where it may reach beyond what is expected, the network is asked there, too.

        For slices on which the object is known to be: where it may have ended, what it grows into is another one.
        """
        found = self.near(index, expected)
        larger = self.larger(index, expected)
        if larger is None:
            return found
        more = self.near(index, larger)
        if found is None or more is None:
            return found or more
        return found if more.vote.agreement < found.vote.agreement - _LESS_AGREEMENT else more

    def larger(self, index: int, expected: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
        """Return what is expected, (H, W), not empty, with what it may have grown into; None if that is hardly more."""
        return None if self._levels is None else grow(expected, self._levels.own(self._gray(index)))

    def without_foreign(self, index: int, found: Found) -> Found:
        """Return what was found on slice ``index`` without what looks like the surroundings of the object.

        That goes by the slices with a box: what is not rare in the object there, it may hold elsewhere, too.
        """
        if self._levels is None:
            return found
        mask = found.vote.mask
        foreign = mask & self._levels.foreign(self._gray(index))
        # Single pixels are noise, and would be holes.
        patches = cv2.morphologyEx(foreign.view(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)) > 0
        if not patches.any():
            return found
        vote = found.vote.without(patches)
        if np.count_nonzero(vote.mask) < LEAST_LEFT * np.count_nonzero(mask):
            return found
        return replace(found, vote=vote, histogram=IntensityHistogram(self._gray(index), vote.mask))

    def _gray(self, index: int) -> NDArray[np.uint8]:
        if index not in self._grays:
            self._grays[index] = self._source.gray(index)
            if len(self._grays) > _GRAYS_KEPT:
                self._grays.popitem(last=False)
        self._grays.move_to_end(index)
        return self._grays[index]
