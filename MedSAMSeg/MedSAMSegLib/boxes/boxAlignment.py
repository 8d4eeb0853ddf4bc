"""Whether a volume still lies in its segmentation as when a box was drawn: one of them may have been moved alone."""

from __future__ import annotations

import itertools
import json

import numpy as np
import slicer
import vtk

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.segments.segmentationGrid import referenceImage
from MedSAMSegLib.volumes.voxelPlaces import IJKToRASOf

ALIGNMENT_ATTRIBUTE = "MedSAMSeg.Alignment"

# Differences above this, in voxels, mean that something was moved.
LARGEST_SHIFT = 0.05


def noteAlignment(
    roiNode: slicer.vtkMRMLMarkupsROINode,
    volumeNode: slicer.vtkMRMLScalarVolumeNode,
    segmentationNode: slicer.vtkMRMLSegmentationNode,
) -> None:
    """Keep how volume and segmentation lie to each other now beside a box."""
    text = json.dumps(_now(volumeNode, segmentationNode))
    if roiNode.GetAttribute(ALIGNMENT_ATTRIBUTE) != text:
        roiNode.SetAttribute(ALIGNMENT_ATTRIBUTE, text)


def isMovedApart(
    roiNode: slicer.vtkMRMLMarkupsROINode,
    volumeNode: slicer.vtkMRMLScalarVolumeNode,
    segmentationNode: slicer.vtkMRMLSegmentationNode,
) -> bool:
    """:return: whether the volume or the segmentation was moved without the other one since the box was drawn.

    :param roiNode: the box's ROI markup; of a scene that was saved before this was kept, nothing is known.
    """
    text = roiNode.GetAttribute(ALIGNMENT_ATTRIBUTE)
    if text is None:
        return False
    then, now = json.loads(text), _now(volumeNode, segmentationNode)
    # Hardening a transform moves the segmentation's voxels and keeps their number; giving it another geometry does not
    # move it at all.
    relation = "grid" if then["extent"] == now["extent"] else "coordinates"
    dimensions = volumeNode.GetImageData().GetDimensions()
    return not _isSame(then[relation], now[relation], dimensions)


def checkNotMovedApart(
    roiNode: slicer.vtkMRMLMarkupsROINode,
    volumeNode: slicer.vtkMRMLScalarVolumeNode,
    segmentationNode: slicer.vtkMRMLSegmentationNode,
) -> None:
    """:raises UserError: if `isMovedApart`."""
    if isMovedApart(roiNode, volumeNode, segmentationNode):
        raise UserError(
            f"The volume '{volumeNode.GetName()}' and the segmentation '{segmentationNode.GetName()}' were moved"
            f" against each other since the box '{roiNode.GetName()}' was drawn.",
            "Put both under the same transform in the Data module, or delete the box and draw it again.",
            "moved_apart",
        )
    noteAlignment(roiNode, volumeNode, segmentationNode)


def _now(volumeNode, segmentationNode):
    """:return: where the volume's voxels are in the segmentation's coordinates, and in its voxels; and its extent."""
    RASToSegmentation = vtk.vtkMatrix4x4()
    slicer.vtkMRMLTransformNode.GetMatrixTransformBetweenNodes(
        volumeNode.GetParentTransformNode(), segmentationNode.GetParentTransformNode(), RASToSegmentation
    )
    inSegmentation = slicer.util.arrayFromVTKMatrix(RASToSegmentation) @ IJKToRASOf(volumeNode)
    image = referenceImage(segmentationNode)
    gridToSegmentation = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(gridToSegmentation)
    inGrid = np.linalg.solve(slicer.util.arrayFromVTKMatrix(gridToSegmentation), inSegmentation)
    return {
        "coordinates": inSegmentation.tolist(),
        "grid": inGrid.tolist(),
        "extent": list(image.GetExtent()),
    }


def _isSame(before, after, dimensions):
    # Counted from the other end, the slices are the same: the set of all corners has not moved.
    corners = np.array(list(itertools.product(*[(0, size - 1) for size in dimensions], [1])), float)
    shift = (np.linalg.solve(np.array(after), np.array(before)) @ corners.T).T
    distances = np.abs(shift[:, None, :3] - corners[None, :, :3]).max(axis=2)
    return distances.min(axis=1).max() < LARGEST_SHIFT
