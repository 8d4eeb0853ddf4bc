"""Keeps the records of slices true when boxes are drawn, moved and deleted on them."""

from MedSAMSegLib.propagation.propagatedSlices import emptySlice
from MedSAMSegLib.slices.sliceRecord import BOX, INTERPOLATED, PROPAGATED
from MedSAMSegLib.slices.sliceStates import SliceAudit


def makeRoom(writer, place, prompt):
    """Take out what a propagation had put on a slice: a box that is drawn there corrects it.

    :param writer: SegmentWriter, inside the undo step of the box.
    :param place: (volume, segmentation, ID of the segment).
    :param prompt: BoxPrompt.
    :return: whether the segment changed.
    """
    audit = _audit(place, prompt)
    state = audit.state(prompt.sliceIndex)
    if state is None or state.isLocked or state.provenance not in (PROPAGATED, INTERPOLATED):
        return False
    return emptySlice(writer, audit, place[2], prompt.axis, prompt.sliceIndex)


def moveOnto(writer, place, before, state, isLast):
    """Deal with what a propagation had put on the slice that a box is moved onto.

    A box that stays there corrects it, as one that is drawn there does; one that is still being dragged may only pass.

    :param writer: SegmentWriter, inside the undo step of the box.
    :param place: (volume, segmentation, ID of the segment).
    :param before: BoxState until now.
    :param state: BoxState of what the box finds now.
    :param isLast: whether the box stays.
    :return: (whether the segment changed, SliceRecord of the propagated slice that the box lies over; None without).
    """
    prompt = state.prompt
    audit = _audit(place, prompt)
    hasArrived = (prompt.axis, prompt.sliceIndex) != (before.prompt.axis, before.prompt.sliceIndex)
    covered = audit.record(prompt.sliceIndex) if hasArrived else before.covered
    if covered is None or covered.isAccepted or covered.provenance not in (PROPAGATED, INTERPOLATED):
        return False, None
    if not isLast or state.found.isEmpty:
        return False, covered
    return emptySlice(writer, audit, place[2], prompt.axis, prompt.sliceIndex), None


def noteBoxes(place, prompt, hasBox, covered=None):
    """Record what a slice is after the boxes on it, and with them its voxels, have changed.

    :param place: (volume, segmentation, ID of the segment).
    :param prompt: BoxPrompt on the slice.
    :param hasBox: whether something of a box is on the slice now.
    :param covered: SliceRecord from before the box; without a box, anything else that is left there is hand work.
    """
    audit = _audit(place, prompt)
    if hasBox:
        audit.note(prompt.sliceIndex, BOX)
    else:
        audit.bringBack(prompt.sliceIndex, covered)


def _audit(place, prompt):
    volume, segmentation, segmentID = place
    return SliceAudit(segmentation, segmentID, volume, prompt.axis)
