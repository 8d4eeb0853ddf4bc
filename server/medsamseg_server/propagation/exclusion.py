"""An object without what is excluded from it, on every slice: both are followed, and one is taken from the other.

What is excluded is followed by the same rules as an object. Where it ends first, such as the blood at the heart's apex,
all of the object is left, and where it fills the object, nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from medsamseg_server.engine.masks import SliceMask, filled, overlap
from medsamseg_server.engine.prompts import Box, Prompt
from medsamseg_server.engine.variants import variants_of_rest
from medsamseg_server.propagation.events import DirectionEnded, Event, SliceResult
from medsamseg_server.propagation.plan import Plan
from medsamseg_server.propagation.trust import confidence_in_rest


def whole_of(prompt: Prompt, pixels: SliceMask | None = None) -> Prompt:
    """Return a prompt for an object and all that it excludes; the holes of what was drawn of it are its own then.

    Args:
        prompt: of the object.
        pixels: further pixels on its slice that are not the object's; without boxes to exclude, holes are its own where
            these are.
    """
    drawn = prompt.mask
    if drawn is not None and prompt.exclude:
        drawn = _filled(drawn)
    elif drawn is not None and pixels is not None:
        whole = _filled(drawn)
        drawn = whole.without(whole.without(drawn).without(pixels))
    return replace(prompt, mask=drawn, exclude=(), exclude_mask=None)


def excluded_prompts(prompts: Mapping[int, Box | Prompt]) -> list[dict[int, Prompt]]:
    """Return the prompts, by slice, of each thing to be excluded: the n-th boxes of all slices are round one thing.

    A hole in what was drawn of the object is that thing as it was drawn.
    """
    things: list[dict[int, Prompt]] = []
    for index, prompt in prompts.items():
        for number, box in enumerate(prompt.exclude if isinstance(prompt, Prompt) else ()):
            if number == len(things):
                things.append({})
            assert isinstance(prompt, Prompt)
            things[number][index] = Prompt(box, mask=None if prompt.mask is None else _hole(prompt.mask, box))
    return things


@dataclass
class FollowedExclusion:
    """One thing to be excluded, on its way; followed only as far as it is asked for.

    Attributes:
        plan: where it is to be looked for.
        events: what happens on the way.
    """

    plan: Plan
    events: Iterator[Event]
    _found: dict[int, SliceResult] = field(default_factory=dict)
    _is_done_below: bool = False
    _is_over: bool = False

    def at(self, index: int) -> SliceResult | None:
        """Return it on a slice; None where it is not."""
        while index not in self._found and not self._is_past(index):
            event = next(self.events, None)
            if event is None:
                self._is_over = True
            elif isinstance(event, SliceResult):
                self._found[event.index] = event
            elif isinstance(event, DirectionEnded):
                self._is_done_below |= event.direction == "backward"
        return self._found.get(index)

    def _is_past(self, index: int) -> bool:
        # Methods go down from the first prompt before they go on to what is above it.
        return self._is_over or (self._is_done_below and index < next(iter(self.plan.prompts)))


def events_of_rest(
    whole: Iterator[Event],
    excluded: Sequence[FollowedExclusion],
    masks: Mapping[int, SliceMask],
    drawn: Mapping[int, SliceMask],
) -> Iterator[Event]:
    """Follow an object without what is excluded from it.

    Args:
        whole: what happens to the object as if nothing were excluded.
        excluded: what is excluded.
        masks: further pixels that are not the object's, by slice.
        drawn: the object as a person drew it, by slice, which stays as it is.

    Yields:
        The events of ``whole``; slices on which nothing is left only where they have a prompt.
    """
    remainder = _Rest(excluded, masks, drawn)
    for event in whole:
        if not isinstance(event, SliceResult):
            yield event
            continue
        rest = remainder.of(event)
        if rest.mask.voxels or rest.direction == "prompt":
            yield rest


class _Rest:
    def __init__(
        self,
        excluded: Sequence[FollowedExclusion],
        masks: Mapping[int, SliceMask],
        drawn: Mapping[int, SliceMask],
    ) -> None:
        self._excluded = excluded
        self._masks = masks
        self._drawn = drawn
        self._left: dict[int, SliceMask] = {}
        #: How far what is left resembles what was left before something excluded came to its end.
        self._similarity: dict[int, float] = {}

    def of(self, whole: SliceResult) -> SliceResult:
        """Return what is left of an object on a slice."""
        if whole.index in self._drawn:
            self._left[whole.index] = self._drawn[whole.index]
            return replace(whole, mask=self._drawn[whole.index])
        found = [each for each in (thing.at(whole.index) for thing in self._excluded) if each is not None]
        mask = whole.mask
        for each in found:
            mask = mask.without(each.mask)
        sure = whole.confidence
        if sure is not None:
            similarity = self._similarity_of(whole, mask, len(found) == len(self._excluded))
            sure = confidence_in_rest(whole, found, mask, similarity)
        self._left[whole.index] = mask
        taken = [each.mask for each in found]
        if whole.index in self._masks:
            mask = mask.without(self._masks[whole.index])
            taken.append(self._masks[whole.index])
        return replace(whole, mask=replace(mask, variants=variants_of_rest(whole.mask, taken)), confidence=sure)

    def _similarity_of(self, whole: SliceResult, mask: SliceMask, is_complete: bool) -> float:
        before = whole.index - {"prompt": 0, "forward": 1, "backward": -1}[whole.direction]
        if is_complete or before not in self._left:
            return 1.0
        similarity = self._similarity.get(before, overlap(mask, self._left[before]))
        self._similarity[whole.index] = similarity
        return similarity


def _filled(mask: SliceMask) -> SliceMask:
    """Return a mask with its holes."""
    return mask if mask.extent is None else SliceMask(mask.extent, filled(mask.pixels), mask.score)


def _hole(mask: SliceMask, box: Box) -> SliceMask | None:
    """Return the hole of a mask that begins in a box; None where it has none there."""
    hole = _filled(mask).without(mask)
    if hole.extent is None:
        return None
    x, y = np.meshgrid(*(np.arange(low, high + 1) for low, high in zip(hole.extent[:2], hole.extent[2:], strict=True)))
    in_box = (x >= box[0]) & (x <= box[2]) & (y >= box[1]) & (y <= box[3])
    part = SliceMask.from_mask(hole.pixels & in_box, mask.score).moved(*hole.extent[:2])
    return part if part.voxels else None
