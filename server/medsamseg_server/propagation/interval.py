"""Filling the slices between two boxes, from both sides."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.box_vote import dice
from medsamseg_server.engine.masks import SliceMask
from medsamseg_server.engine.prompts import Box
from medsamseg_server.propagation.events import SliceResult, Way
from medsamseg_server.propagation.finding import Finder, Keyframe
from medsamseg_server.propagation.intensity_histogram import IntensityHistogram
from medsamseg_server.propagation.motion import blend
from medsamseg_server.propagation.plan import Direction, Plan
from medsamseg_server.propagation.trust import confidence


class Interval:
    """The slices between two prompted ones, on which the object was found.

    The expectation on a slice comes from both sides: from the neighbor that was found last on the near side, and by
    motion alone from the far one, each counting the more the closer its box is. The box interpolated between the two of
    the user is one of the candidates. Nothing beyond the two boxes matters.
    """

    def __init__(self, plan: Plan, finder: Finder, left: Keyframe, right: Keyframe) -> None:
        self._plan = plan
        self._finder = finder
        self._left = left
        self._right = right
        inside = min(left.inside, right.inside)
        self._inside = {"inside": inside} if inside < 1 else {}

    def results(self) -> Iterator[SliceResult]:
        """Yield every slice of the interval, in the order of the plan's direction; alternately from both ends."""
        indices = range(self._left.index + 1, self._right.index)
        from_left = self._carried_on(self._left, indices)
        from_right = self._carried_on(self._right, reversed(indices))
        near = {"forward": self._left, "backward": self._right}
        for index, way in _ordered(indices, self._plan.direction):
            share = (index - self._left.index) / (self._right.index - self._left.index)
            expected = self._finder.expect(near[way], index)
            sides = (expected, from_right[index]) if way == "forward" else (from_left[index], expected)
            result, mask = self._find(index, way, sides, share)
            yield result
            near[way] = Keyframe(index, mask, None)

    def _find(
        self, index: int, way: Way, sides: tuple[NDArray[np.bool_], NDArray[np.bool_]], share: float
    ) -> tuple[SliceResult, NDArray[np.bool_]]:
        expected = blend(*sides, share)
        if not expected.any():
            expected = sides[0] if share < 0.5 else sides[1]
        between = interpolated_box(self._plan.boxes[self._left.index], self._plan.boxes[self._right.index], share)
        found = self._finder.near(index, expected, [between])
        # Between two boxes the object is there, also where the network does not see it: then its shape is interpolated.
        mask = found.vote.mask if found else expected
        sure = confidence(
            jitter=found.vote.agreement if found else 0.0,
            intensity=self._similarity(found.histogram, share) if found else 0.0,
            directions=dice(*sides),
            **self._inside,
        )
        packed = found.vote.slice_mask if found else SliceMask.from_mask(mask, 0.0)
        box = found.box if found else between
        return SliceResult(index, way, box, packed, "interpolated", sure), mask

    def _carried_on(self, key: Keyframe, indices: Iterator[int] | range) -> dict[int, NDArray[np.bool_]]:
        """Return where motion alone takes the object from one end, by slice."""
        carried: dict[int, NDArray[np.bool_]] = {}
        for index in indices:
            key = Keyframe(index, self._finder.expect(key, index), None)
            carried[index] = key.mask
        return carried

    def _similarity(self, histogram: IntensityHistogram, share: float) -> float:
        left, right = self._left.histogram, self._right.histogram
        assert left is not None and right is not None
        return (1 - share) * histogram.similarity(left) + share * histogram.similarity(right)


def interpolated_box(left: Box, right: Box, share: float) -> Box:
    """Return the box between two, whose corners lie on the straight lines between theirs in millimeters.

    Args:
        left: where ``share`` is 0.
        right: where ``share`` is 1.
        share: of the way. Slices are equally far apart, so the share of slices is that of millimeters.
    """
    x0, y0, x1, y1 = ((1 - share) * a + share * b for a, b in zip(left, right, strict=True))
    return x0, y0, x1, y1


def _ordered(indices: range, direction: Direction) -> list[tuple[int, Way]]:
    """Return the slices with the side from which each is reached."""
    if direction == "forward":
        return [(index, "forward") for index in indices]
    if direction == "backward":
        return [(index, "backward") for index in reversed(indices)]
    # 0, n−1, 1, n−2, …: both sides go on alike and meet in the middle.
    middle = (len(indices) + 1) // 2
    forward: list[tuple[int, Way]] = [(index, "forward") for index in indices[:middle]]
    backward: list[tuple[int, Way]] = [(index, "backward") for index in reversed(indices[middle:])]
    mixed = [entry for pair in zip(forward, backward, strict=False) for entry in pair]
    return mixed + forward[len(backward) :]
