"""Whether a segment may be written."""

import slicer

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.segments.labelmapCrop import emptyImage

COMPLETED = slicer.vtkSlicerSegmentationsModuleLogic.Completed


def checkWritable(segmentationNode, segmentID, grid):
    """Refuse segments that are gone, hidden, marked as completed, or on other voxels.

    What a user does not see, or has called done, is not changed behind the user's back.

    :param segmentationNode: the segmentation.
    :param segmentID: ID of the segment.
    :param grid: SegmentationGrid of the segmentation.
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
    _checkVoxels(segmentationNode, segmentID, segment, grid)


def presentSegment(segmentationNode, segmentID):
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


def _checkVoxels(segmentationNode, segmentID, segment, grid):
    labelmap = segmentationNode.GetBinaryLabelmapInternalRepresentation(segmentID)
    anyBlock = emptyImage((0, 0, 0, 0, 0, 0), grid.IJKToRAS)
    hasVoxels = labelmap.GetNumberOfPoints() > 0
    if hasVoxels and not slicer.vtkOrientedImageDataResample.DoGeometriesMatch(labelmap, anyBlock):
        raise UserError(
            f"The voxels of the segment '{segment.GetName()}' do not coincide with those of"
            f" '{segmentationNode.GetName()}'.",
            "Use a new segment, or set the source geometry again in the Segment Editor (Specify geometry).",
            "geometry_differs",
        )
