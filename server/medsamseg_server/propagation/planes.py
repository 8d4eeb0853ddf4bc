"""Three planes: an object that was followed slice by slice is looked at again across the two other axes.

What was found says where the object lies on each slice of the two other axes, and the network is asked there once. Then
the three planes vote on each voxel. That mends shapes that change at once from slice to slice, such as vertebrae.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.box_vote import dice, vote_for_box
from medsamseg_server.engine.masks import SliceMask
from medsamseg_server.engine.probabilities import DEFAULT_THRESHOLD, ProbabilityMap
from medsamseg_server.engine.variants import Variants
from medsamseg_server.propagation.events import Event, SliceResult, SliceSeen
from medsamseg_server.propagation.plan import Plan
from medsamseg_server.propagation.source import SliceSource
from medsamseg_server.propagation.voting import box_around

#: Below this Dice coefficient of what a plane sees on a slice and what was found there, it sees something else. Without
#: such a limit, the liver in MR fell from 0.86 to 0.61; 0.5 and 0.6 left less of what vertebrae gain.
LEAST_AGREEMENT = 0.4
#: Of voxels that are more than so many times as long as wide, the other planes show too little.
MOST_ELONGATED = 3.0


def why_one_plane(spacing: Sequence[float]) -> str | None:
    """Return a sentence on voxels of which the other planes show too little; None for others.

    Args:
        spacing: of the voxels along the three axes, in millimeters.
    """
    longest, shortest = max(spacing), min(spacing)
    if longest <= MOST_ELONGATED * shortest:
        return None
    return (
        f"Only one plane was used: the voxels are {longest:.3g} mm long and {shortest:.3g} mm wide, and the other two "
        f"planes are of use up to {MOST_ELONGATED:g} times as long as wide."
    )


class OtherPlanes:
    """Looks at an object across the two other axes, once it has been followed along the first.

    It stays on the slices on which it was found, and on those with a box of the user it stays as it is.

    Args:
        plan: what is followed.
        axis: the array axis, 0 to 2, along which it is followed.
        source: the slices along that axis.
    """

    def __init__(self, plan: Plan, axis: int, source: SliceSource) -> None:
        self._plan = plan
        self._axis = axis
        self._source = source

    def events(self, followed: Iterator[Event]) -> Iterator[Event]:
        """Pass on what is told on the way through the slices; then look across them, and tell them once more."""
        results: dict[int, SliceResult] = {}
        for event in followed:
            if isinstance(event, SliceResult):
                results[event.index] = event
            yield event
        found = [result for result in results.values() if result.mask.voxels]
        if found:
            yield from self._seen_again(found)

    def _seen_again(self, found: Sequence[SliceResult]) -> Iterator[Event]:
        block = _Block.around(found, self._axis, self._plan)
        others = [axis for axis in range(3) if axis != self._axis]
        indices = {axis: block.indices(axis) for axis in others}
        total, done = sum(map(len, indices.values())), 0
        planes = [block.likely]
        for axis in others:
            source = self._source.across(axis)
            likely = np.zeros_like(block.likely)
            for index in indices[axis]:
                np.moveaxis(likely, axis, 0)[index - block.corner[axis]] = _look(source, block, axis, index)
                done += 1
                yield SliceSeen(axis, index, done, total)
            planes.append(likely)
        fused = np.moveaxis(_median(*planes), self._axis, 0)
        seen = np.moveaxis(np.array([plane > DEFAULT_THRESHOLD for plane in planes]), self._axis + 1, 0)
        for result in found:
            if result.index not in self._plan.prompts:
                place = result.index - block.corner[self._axis]
                yield from self._changed(result, fused[place], seen[place], block)

    def _changed(
        self, result: SliceResult, likely: NDArray[np.float32], seen: NDArray[np.bool_], block: _Block
    ) -> Iterator[SliceResult]:
        """Yield what the planes elected on a slice; what each of them saw there, (3, h, w), voted for it."""
        mask = np.zeros(self._plan.image_size, bool)
        inside = block.on_slice(self._axis)
        mask[inside] = likely > DEFAULT_THRESHOLD
        if not mask.any():
            return
        probability = None
        if result.mask.probability is not None:
            values = result.mask.probability.to_array(self._plan.image_size)
            values[inside] = likely
            probability = ProbabilityMap(values)
        elected = SliceMask.from_mask(mask, result.mask.score, probability)
        variants = Variants.of(likely > DEFAULT_THRESHOLD, seen)
        yield replace(result, mask=replace(elected, variants=variants))


@dataclass(frozen=True)
class _Block:
    """The part of a volume that holds an object.

    Attributes:
        likely: how likely each voxel is the object's by the plane in which it was followed, axes K, J, I.
        corner: index of its first voxel in the volume, along K, J and I.
        shape: of the volume, along K, J and I.
    """

    likely: NDArray[np.float32]
    corner: tuple[int, ...]
    shape: tuple[int, ...]

    @classmethod
    def around(cls, found: Sequence[SliceResult], axis: int, plan: Plan) -> _Block:
        """Return the smallest block that holds the masks of slices along ``axis``."""
        extents = np.array([result.mask.extent for result in found])
        slices = [result.index for result in found]
        # In the order slice, row, column, as those of the volume when the axis of the slices is moved to the front.
        low = (min(slices), int(extents[:, 1].min()), int(extents[:, 0].min()))
        high = (max(slices) + 1, int(extents[:, 3].max()) + 1, int(extents[:, 2].max()) + 1)
        likely = np.zeros([end - start for start, end in zip(low, high, strict=True)], np.float32)
        part = (slice(low[1], high[1]), slice(low[2], high[2]))
        for result in found:
            behind = result.mask.probability
            known = result.mask.to_array(plan.image_size) if behind is None else behind.to_array(plan.image_size)
            likely[result.index - low[0]] = known[part]
        order = [number for number in range(3) if number != axis]
        place = {axis: 0, order[0]: 1, order[1]: 2}
        shape = (plan.slices, *plan.image_size)
        return cls(
            np.moveaxis(likely, 0, axis),
            tuple(low[place[number]] for number in range(3)),
            tuple(shape[place[number]] for number in range(3)),
        )

    def indices(self, axis: int) -> list[int]:
        """Return the slices across an axis that hold voxels of the object."""
        others = tuple(number for number in range(3) if number != axis)
        occupied = np.flatnonzero((self.likely > DEFAULT_THRESHOLD).any(axis=others))
        return [int(index) + self.corner[axis] for index in occupied]

    def on_slice(self, axis: int) -> tuple[slice, slice]:
        """Return the rows and columns of the block on a slice across an axis."""
        rows, columns = (
            slice(self.corner[number], self.corner[number] + self.likely.shape[number])
            for number in range(3)
            if number != axis
        )
        return rows, columns

    def mask_on(self, axis: int, index: int) -> NDArray[np.bool_]:
        """Return the object on a slice across an axis, (H, W)."""
        height, width = (self.shape[number] for number in range(3) if number != axis)
        mask = np.zeros((height, width), bool)
        mask[self.on_slice(axis)] = self.likely.take(index - self.corner[axis], axis=axis) > DEFAULT_THRESHOLD
        return mask


def _look(source: SliceSource, block: _Block, axis: int, index: int) -> NDArray[np.float32]:
    """Return how likely the object is on the block's part of a slice across another axis."""
    expected = block.mask_on(axis, index)
    box, size = box_around(expected), (expected.shape[0], expected.shape[1])
    candidates = source.candidates(index, box)
    behind = candidates.probabilities_on_slice(size)
    vote = vote_for_box(candidates.on_slice(size), candidates.scores, box, behind)
    # A plane that sees something else there has no vote of its own.
    seen = expected if dice(vote.mask, expected) < LEAST_AGREEMENT else vote.mask
    likely = seen if vote.probability is None or seen is expected else vote.probability
    return likely[block.on_slice(axis)].astype(np.float32)


def _median(first: NDArray[np.float32], second: NDArray[np.float32], third: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the middle one of three values: it exceeds a threshold where two of them do."""
    middle: NDArray[np.float32] = np.maximum(np.minimum(first, second), np.minimum(np.maximum(first, second), third))
    return middle
