"""Keeps the records of slices up to date when boxes are drawn, moved and deleted on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from MedSAMSegLib.slices.sliceRecord import BOX, INTERPOLATED, PROPAGATED
from MedSAMSegLib.slices.sliceStates import emptySlice

if TYPE_CHECKING:
    from MedSAMSegLib.boxes.boxRecords import BoxState
    from MedSAMSegLib.client.maskRange import MaskRange
    from MedSAMSegLib.segments.segmentTarget import SegmentTarget
    from MedSAMSegLib.segments.segmentWriter import SegmentWriter
    from MedSAMSegLib.slices.sliceRecord import SliceRecord
    from MedSAMSegLib.slices.sliceStates import SliceStates


def clearSlice(writer: SegmentWriter, target: SegmentTarget, sliceStates: SliceStates, sliceIndex: int) -> bool:
    """Take out what a propagation had put on a slice: a box that is drawn there corrects it.

    :param writer: SegmentWriter, inside the undo step of the box.
    :param target: SegmentTarget.
    :param sliceStates: SliceStates of it.
    :param sliceIndex: index of the slice.
    :return: whether the segment changed.
    """
    record = sliceStates.record(sliceIndex)
    if record is None or record.isAccepted or record.provenance not in (PROPAGATED, INTERPOLATED):
        return False
    return emptySlice(writer, sliceStates, target, sliceIndex)


def moveToSlice(
    writer: SegmentWriter,
    target: SegmentTarget,
    sliceStates: SliceStates,
    before: BoxState,
    state: BoxState,
    isLast: bool,
) -> tuple[bool, SliceRecord | None]:
    """Deal with what a propagation had put on the slice that a box is moved onto.

    A box that stays there corrects it, as one that is drawn there does; one that is still being dragged may only pass.

    :param writer: SegmentWriter, inside the undo step of the box.
    :param target: SegmentTarget.
    :param sliceStates: SliceStates of it.
    :param before: BoxState until now.
    :param state: BoxState of what the box finds now.
    :param isLast: whether the box stays.
    :return: (whether the segment changed, SliceRecord of the propagated slice that the box lies over; None without).
    """
    prompt = state.prompt
    hasArrived = (prompt.axis, prompt.sliceIndex) != (before.prompt.axis, before.prompt.sliceIndex)
    covered = sliceStates.record(prompt.sliceIndex) if hasArrived else before.covered
    if covered is None or covered.isAccepted or covered.provenance not in (PROPAGATED, INTERPOLATED):
        return False, None
    if not isLast or state.found.isEmpty:
        return False, covered
    return emptySlice(writer, sliceStates, target, prompt.sliceIndex), None


def recordBoxes(
    sliceStates: SliceStates,
    sliceIndex: int,
    hasBox: bool,
    covered: SliceRecord | None = None,
    sizes: MaskRange | None = None,
) -> None:
    """Record what a slice is after the boxes on it, and with them its voxels, have changed.

    :param sliceStates: SliceStates of the segment.
    :param sliceIndex: index of the slice.
    :param hasBox: whether something of a box is on the slice now.
    :param covered: SliceRecord from before the box; without a box, what else is left there are manual edits.
    :param sizes: MaskRange of what is on the slice, where one box found it.
    """
    if hasBox:
        sliceStates.note(sliceIndex, BOX, sizes=sizes)
    else:
        sliceStates.restoreRecord(sliceIndex, covered)
