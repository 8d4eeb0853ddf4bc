"""Whether a segment may be written."""

from __future__ import annotations

import slicer

from MedSAMSegLib.errors import UserError

COMPLETED = slicer.vtkSlicerSegmentationsModuleLogic.Completed

#: A flagged segment waits for somebody to look at it: it may be written on purpose, and loses nothing in passing.
KEPT_STATUSES = {COMPLETED: "completed", slicer.vtkSlicerSegmentationsModuleLogic.Flagged: "flagged"}


def checkWritable(segmentationNode: slicer.vtkMRMLSegmentationNode, segmentID: str) -> None:
    """Refuse segments that are gone, hidden or marked as completed.

    What a user does not see, or has called done, is not changed behind the user's back.

    :param segmentationNode: the segmentation.
    :param segmentID: ID of the segment.
    :raises UserError: if the segment cannot be written.
    """
    segment = presentSegment(segmentationNode, segmentID)
    _checkVisible(segmentationNode, segmentID, segment)
    if slicer.vtkSlicerSegmentationsModuleLogic.GetSegmentStatus(segment) == COMPLETED:
        raise UserError(
            f"The segment '{segment.GetName()}' is marked as completed, and is left as it is.",
            "Change its status in the Segment Editor's table, or choose another segment.",
            "segment_completed",
        )


def presentSegment(segmentationNode: slicer.vtkMRMLSegmentationNode, segmentID: str) -> slicer.vtkSegment:
    """:return: the vtkSegment of an ID.

    :raises UserError: if the segmentation has no such segment.
    """
    segment = segmentationNode.GetSegmentation().GetSegment(segmentID) if segmentID else None
    if segment is None:
        raise UserError(
            f"The segment '{segmentID}' is not in the segmentation '{segmentationNode.GetName()}'.",
            "It may have been deleted: choose or add another one.",
            "segment_missing",
        )
    return segment


def _checkVisible(segmentationNode, segmentID, segment):
    displayNode = segmentationNode.GetDisplayNode()
    if displayNode is not None and not displayNode.GetSegmentVisibility(segmentID):
        raise UserError(
            f"The segment '{segment.GetName()}' is hidden, and is left as it is.",
            "Show it in the table of segments, or choose another one.",
            "segment_hidden",
        )


def isKeptWhole(segmentationNode: slicer.vtkMRMLSegmentationNode, segmentID: str) -> bool:
    """:return: whether a segment loses no voxels to others: it is hidden, completed or flagged.

    :param segmentationNode: the segmentation.
    :param segmentID: ID of a segment in it.
    """
    return bool(whyKeptWhole(segmentationNode, segmentID))


def whyKeptWhole(segmentationNode: slicer.vtkMRMLSegmentationNode, segmentID: str) -> str:
    """:return: "hidden", "completed" or "flagged", which segments are that lose no voxels to others; "" for others.

    :param segmentationNode: the segmentation.
    :param segmentID: ID of a segment in it.
    """
    displayNode = segmentationNode.GetDisplayNode()
    if displayNode is not None and not displayNode.GetSegmentVisibility(segmentID):
        return "hidden"
    segment = segmentationNode.GetSegmentation().GetSegment(segmentID)
    return KEPT_STATUSES.get(slicer.vtkSlicerSegmentationsModuleLogic.GetSegmentStatus(segment), "")
