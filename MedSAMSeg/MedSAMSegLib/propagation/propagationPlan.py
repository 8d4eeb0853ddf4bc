"""What a propagation starts from and what it must leave alone, found out before it starts."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import json
import zlib
from typing import TYPE_CHECKING, Any

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.slices.sliceRecord import INTERPOLATED, PROPAGATED
from MedSAMSegLib.slices.sliceRecords import sliceDigest
from MedSAMSegLib.volumes.slicePrompt import DrawnMask, SlicePrompt

if TYPE_CHECKING:
    from MedSAMSegLib.segments.labelmapCrop import LabelmapCrop
    from MedSAMSegLib.slices.sliceStates import SliceStates


@dataclasses.dataclass(frozen=True)
class PropagationPlan:
    """One propagation, planned.

    :param axis: array axis of the slices.
    :param prompts: {slice index: box}, ascending; boxes of the user, and boxes round the masks of locked slices.
    :param masks: {slice index: LabelmapCrop} of those of them where the segment holds something: that is started from
        as it is, be it from a box, refined by points, or drawn by hand.
    :param excluded: {slice index: boxes} of what is not the object on slices with a box of the user.
    :param kept: indices of the slices that are not written: manual edits and accepted ones.
    :param barriers: those of them that hold nothing to start from; no propagation pass crosses them.
    :param first: first slice that may be touched; None for no limit.
    :param last: last slice that may be touched; None for no limit.
    :param direction: "both", "forward" or "backward".
    :param settings: what else the masks depend on, such as window and model; values that JSON can carry.
    :param reach: how many slices from the outermost boxes the object can be; None where nobody knows.
    :param excludedCrops: {slice index: LabelmapCrop} of what other segments have that are not of the object.
    """

    axis: int
    prompts: dict
    masks: dict
    excluded: dict
    kept: frozenset
    barriers: frozenset
    first: int | None
    last: int | None
    direction: str
    settings: dict
    reach: int | None = None
    excludedCrops: dict = dataclasses.field(default_factory=dict)

    @property
    def request(self) -> dict[str, Any]:
        """Arguments of :meth:`ServerClient.propagate` that are about slices."""
        return {**self.common, **self.own}

    @property
    def common(self) -> dict[str, Any]:
        """Those of the arguments that are the same for all segments which are followed together."""
        return {"axis": self.axis, "direction": self.direction, **self.settings}

    @property
    def own(self) -> dict[str, Any]:
        """Those of the arguments that are about this segment alone."""
        return {
            "prompts": [self._prompt(index, box) for index, box in self.prompts.items()],
            "locked": sorted(self.barriers),
            "first": self.first,
            "last": self.last,
            "reach": self.reach,
            **({"excludeMasks": self._excludeMasks()} if self.excludedCrops else {}),
        }

    def _excludeMasks(self):
        return {index: DrawnMask(*crop.flat(self.axis)) for index, crop in self.excludedCrops.items()}

    def _prompt(self, index, box):
        crop = self.masks.get(index)
        mask = crop and DrawnMask(*crop.flat(self.axis))
        return SlicePrompt(self.axis, index, box, mask=mask, exclude=self.excluded.get(index, ()))

    def covers(self, index: int) -> bool:
        """:return: whether the propagation can reach a slice."""
        if index < (0 if self.first is None else self.first) or (self.last is not None and index > self.last):
            return False
        below = max((prompt for prompt in self.prompts if prompt <= index), default=None)
        above = min((prompt for prompt in self.prompts if prompt >= index), default=None)
        isReachedForward = self.direction != "backward" and below is not None and self._isOpen(below, index)
        isReachedBackward = self.direction != "forward" and above is not None and self._isOpen(index, above)
        return isReachedForward or isReachedBackward

    def _isOpen(self, low, high):
        return not any(low <= barrier <= high for barrier in self.barriers)

    def basis(self, index: int) -> str:
        """:return: what the mask on a slice depends on, as a text: the nearest prompts on both sides, the settings."""
        below = max((prompt for prompt in self.prompts if prompt <= index), default=None)
        above = min((prompt for prompt in self.prompts if prompt >= index), default=None)
        neighbors = [(prompt, self.prompts.get(prompt), self._digest(prompt)) for prompt in (below, above)]
        excluded = {"excluded": self.excluded} if self.excluded else {}
        voxels = {"excludedVoxels": self._excludedDigest} if self.excludedCrops else {}
        return json.dumps([neighbors, {**self.settings, **excluded, **voxels}], sort_keys=True)

    @functools.cached_property
    def _excludedDigest(self):
        digests = [[index, sliceDigest(crop.voxels, crop.start)] for index, crop in self.excludedCrops.items()]
        return f"{zlib.crc32(json.dumps(digests).encode()):08x}"

    def _digest(self, index):
        crop = self.masks.get(index)
        return crop and sliceDigest(crop.voxels, crop.start)


def planPropagation(
    boxes: dict[int, tuple[float, float, float, float]],
    sliceStates: SliceStates,
    axis: int,
    first: int | None,
    last: int | None,
    direction: str,
    fromSlice: int | None,
    reach: int | None = None,
    isWhole: bool = False,
    excluded: dict[int, tuple] | None = None,
    excludedCrops: dict[int, LabelmapCrop] | None = None,
    **settings: Any,
) -> PropagationPlan:
    """Plan a propagation through what a segment holds already.

    Slices of manual edits and accepted slices are kept; where they hold something, it is started from as well. Without
    limits, only what depends on boxes that changed since is computed anew.

    :param boxes: {slice index: box} of the user.
    :param sliceStates: :class:`SliceStates` of the segment along the axis.
    :param axis: array axis of the boxes.
    :param first: first slice that may be touched, or None.
    :param last: last slice that may be touched, or None.
    :param direction: "both", "forward" or "backward".
    :param fromSlice: index of the only slice to start from; None for all.
    :param reach: how many slices from the outermost boxes the object can be, or None.
    :param isWhole: whether also what is up to date is computed anew.
    :param excluded: {slice index: boxes} of what is not the object, on slices with a box.
    :param excludedCrops: {slice index: LabelmapCrop} of voxels that are not the object's, on any slices.
    :param settings: window, model and the like.
    :return: :class:`PropagationPlan`.
    :raises UserError: when there is nothing to start from.
    """
    states = sliceStates.states()
    kept = frozenset(index for index, state in states.items() if state.isLocked)
    anchors = {index: sliceStates.tightBox(index) for index in kept if not states[index].isEmpty}
    prompts = {**boxes, **anchors}
    barriers = kept - anchors.keys()
    if fromSlice is not None:
        barriers = (kept | prompts.keys()) - {fromSlice}
        prompts = {fromSlice: prompts.get(fromSlice) or _boxOnSlice(sliceStates, fromSlice)}
    plan = PropagationPlan(
        axis=axis,
        prompts=dict(sorted(prompts.items())),
        masks={index: crop for index in prompts if (crop := sliceStates.crop(index)) is not None},
        excluded={index: parts for index, parts in (excluded or {}).items() if index in prompts},
        kept=kept,
        barriers=frozenset(barriers - prompts.keys()),
        first=first,
        last=last,
        direction=direction,
        settings=settings,
        reach=reach,
        excludedCrops=excludedCrops or {},
    )
    if fromSlice is None and first is None and last is None and direction == "both" and not isWhole:
        return _onlyChanged(plan, states, sliceStates.sliceCount)
    return dataclasses.replace(plan, prompts=_within(plan, boxes))


def _boxOnSlice(sliceStates, index):
    box = sliceStates.tightBox(index)
    if box is None:
        raise UserError(
            f"There is neither a box nor a mask on slice {index} to start from.",
            "Draw a box round the object on this slice first.",
            "no_box",
        )
    return box


def _within(plan, boxes):
    # A user's box outside the range is an error, which the server explains; an accepted slice there is passed over.
    return {index: box for index, box in plan.prompts.items() if index in boxes or plan.covers(index)}


def _onlyChanged(plan, states, sliceCount):
    """:return: the plan, limited to the intervals between boxes that are not up to date."""
    anchors = list(plan.prompts)
    edges = [None, *anchors, None]
    changed = [pair for pair in itertools.pairwise(edges) if not _isCurrent(plan, states, sliceCount, *pair)]
    if not changed or len(changed) == len(edges) - 1:
        return plan
    first, last = changed[0][0], changed[-1][1]
    inside = {
        index: box
        for index, box in plan.prompts.items()
        if (first is None or index >= first) and (last is None or index <= last)
    }
    return dataclasses.replace(plan, prompts=inside, first=first, last=last)


def _isCurrent(plan, states, sliceCount, lower, upper):
    """:return: whether the slices between two boxes, or beyond one, were computed from just these."""
    if lower is None or upper is None:
        # How far the object reaches beyond the outermost box is not known, so only the slice next to it is compared.
        between = range(upper - 1, upper) if lower is None else range(lower + 1, lower + 2)
    else:
        between = range(lower + 1, upper)
    wanted = [index for index in between if index not in plan.kept and 0 <= index < sliceCount]
    return all(
        index in states
        and states[index].provenance in (PROPAGATED, INTERPOLATED)
        and states[index].basis == plan.basis(index)
        for index in wanted
    )
