"""The frame of a sequence that a box was drawn on: it is there on that frame alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from MedSAMSegLib.volumes.imageSequence import ImageSequence, framesShownBy

if TYPE_CHECKING:
    import slicer

FRAME_ATTRIBUTE = "MedSAMSeg.TimePoint"


def noteFrame(
    roiNode: slicer.vtkMRMLMarkupsROINode,
    volumeNode: slicer.vtkMRMLScalarVolumeNode,
    segmentationNode: slicer.vtkMRMLSegmentationNode,
) -> None:
    """Keep the frame that is shown beside a box, where the segmentation has frames as the volume does.

    :param roiNode: the box's ROI markup.
    :param volumeNode: the volume that it is on.
    :param segmentationNode: the segmentation that it is for.
    """
    images = ImageSequence.of(volumeNode)
    if images is not None and images.browser.IsProxyNodeID(segmentationNode.GetID()):
        roiNode.SetAttribute(FRAME_ATTRIBUTE, images.value(images.shownFrame))


def frameOf(roiNode: slicer.vtkMRMLMarkupsROINode) -> str | None:
    """:return: the index value of the frame that a box was drawn on; None where it knows of no frames."""
    return roiNode.GetAttribute(FRAME_ATTRIBUTE)


def isOnShownFrame(roiNode: slicer.vtkMRMLMarkupsROINode, volumeNode: slicer.vtkMRMLScalarVolumeNode) -> bool:
    """:return: whether a box is on the frame that is shown; one that knows of no frames always is.

    :param roiNode: the box's ROI markup.
    :param volumeNode: the volume that it is on.
    """
    value = frameOf(roiNode)
    if value is None:
        return True
    images = ImageSequence.of(volumeNode)
    return images is None or images.value(images.shownFrame) == value


def isOnSomeFrame(segmentationNode: slicer.vtkMRMLSegmentationNode, segmentID: str) -> bool:
    """:return: whether a segment is in a segmentation, or on a frame of a sequence that is not shown.

    Slicer takes all segments out of the scene's segmentation, and puts the others in, whenever another frame is shown.

    :param segmentationNode: the segmentation.
    :param segmentID: ID of the segment.
    """
    nodes = (segmentationNode, *framesShownBy(segmentationNode))
    return any(node.GetSegmentation().GetSegment(segmentID) is not None for node in nodes)
