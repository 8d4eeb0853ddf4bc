"""Keeps the records of slices true when boxes are drawn, moved and deleted on them."""

from .propagatedSlices import emptySlice
from .sliceAudit import SliceAudit
from .sliceRecord import BOX, INTERPOLATED, PROPAGATED


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


def noteBoxes(place, prompt, hasBox):
    """Record what a slice is after the boxes on it, and with them its voxels, have changed.

    :param place: (volume, segmentation, ID of the segment).
    :param prompt: BoxPrompt on the slice.
    :param hasBox: whether a box is on the slice now; without one, what is left there is hand work.
    """
    audit = _audit(place, prompt)
    if hasBox:
        audit.note(prompt.sliceIndex, BOX)
    else:
        audit.forget(prompt.sliceIndex)


def _audit(place, prompt):
    volume, segmentation, segmentID = place
    return SliceAudit(segmentation, segmentID, volume, prompt.axis)
