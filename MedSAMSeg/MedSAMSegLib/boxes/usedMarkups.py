"""Which of the user's markups a segment was made from already."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import slicer

# From a markup to the segmentation that it was used in, and the segment's ID.
_ROLE = "MedSAMSeg.UsedFor"
_ATTRIBUTE = "MedSAMSeg.UsedForSegment"


def noteUse(markups: Iterable[Any], segmentation: slicer.vtkMRMLSegmentationNode, segmentID: str) -> None:
    """Remember that a segment was made from markups.

    :param markups: markups nodes; other values are ignored.
    :param segmentation: the segmentation node.
    :param segmentID: ID of the segment.
    """
    for node in markups:
        if isinstance(node, slicer.vtkMRMLNode):
            node.SetNodeReferenceID(_ROLE, segmentation.GetID())
            node.SetAttribute(_ATTRIBUTE, segmentID)


def isUsed(node: slicer.vtkMRMLMarkupsNode) -> bool:
    """:return: whether a segment that was made from a markup is still there."""
    segmentation = node.GetNodeReference(_ROLE)
    segmentID = node.GetAttribute(_ATTRIBUTE) or ""
    return segmentation is not None and segmentation.GetSegmentation().GetSegment(segmentID) is not None
