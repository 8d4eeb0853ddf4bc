"""What other segments keep, whatever may be overwritten: work that is done, or that the user does not see."""

import slicer

from MedSAMSegLib.slices.sliceRecords import SliceRecords
from MedSAMSegLib.slices.sliceStates import SliceAudit
from MedSAMSegLib.volumes.sliceAxes import AXES

_STATUS = slicer.vtkSlicerSegmentationsModuleLogic

#: A flagged segment waits for somebody to look at it: it may be written on purpose, and loses nothing in passing.
KEPT_STATUSES = {_STATUS.Completed: "completed", _STATUS.Flagged: "flagged"}


def isKeptWhole(segmentationNode, segmentID):
    """:return: whether a segment loses no voxels to others: it is hidden, completed or flagged.

    :param segmentationNode: the segmentation.
    :param segmentID: ID of a segment in it.
    """
    return bool(whyKeptWhole(segmentationNode, segmentID))


def whyKeptWhole(segmentationNode, segmentID):
    """:return: "hidden", "completed" or "flagged", which segments are that lose no voxels to others; "" for others.

    :param segmentationNode: the segmentation.
    :param segmentID: ID of a segment in it.
    """
    displayNode = segmentationNode.GetDisplayNode()
    if displayNode is not None and not displayNode.GetSegmentVisibility(segmentID):
        return "hidden"
    return KEPT_STATUSES.get(_STATUS.GetSegmentStatus(_segment(segmentationNode, segmentID)), "")


def acceptedSlices(segmentationNode, segmentID, volumeNode):
    """:return: [(axis, LabelmapCrop in voxels of the volume] of the slices of a segment that the user accepted.

    :param segmentationNode: the segmentation.
    :param segmentID: ID of a segment in it.
    :param volumeNode: the volume whose slices are meant.
    """
    records = SliceRecords(_segment(segmentationNode, segmentID))
    accepted = {axis: [index for index, record in records.ofAxis(axis).items() if record.isAccepted] for axis in AXES}
    crops = []
    for axis, indices in accepted.items():
        audit = SliceAudit(segmentationNode, segmentID, volumeNode, axis) if indices else None
        states = {index: audit.state(index) for index in indices}
        crops += [
            (axis, audit.crop(index)) for index, state in states.items() if state is not None and state.isAccepted
        ]
    return [(axis, crop) for axis, crop in crops if crop is not None]


def _segment(segmentationNode, segmentID):
    return segmentationNode.GetSegmentation().GetSegment(segmentID)
