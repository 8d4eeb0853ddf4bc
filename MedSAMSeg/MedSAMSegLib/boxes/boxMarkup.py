"""A box on a slice as a ROI markup: lays it out along the volume's voxels, and reads it back."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import numpy as np
import slicer
import vtk

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.sliceAxes import depthIJK, fromIJK, inPlaneIJK, toIJK
from MedSAMSegLib.volumes.voxelPlaces import IJKToRASOf, recounting

if TYPE_CHECKING:
    from MedSAMSegLib.volumes.slicePrompt import SlicePrompt

# A markup turned further than this against the voxels, in degrees, is no box on a slice any more.
LARGEST_TURN = 1.0

# Where the voxels were in the coordinates that volume and markup shared when the markup was laid out.
FRAME_ATTRIBUTE = "MedSAMSeg.Frame"


def layOut(
    roiNode: slicer.vtkMRMLMarkupsROINode, volumeNode: slicer.vtkMRMLScalarVolumeNode, prompt: SlicePrompt
) -> None:
    """Put a ROI markup where a box is: its sides are the box's edges, its depth is one slice.

    A markup cannot be sheared. On slices whose rows and columns are not perpendicular (along the patient axes of a scan
    with tilted gantry) it keeps the box's center and side lengths, and `readBack` returns the same numbers.

    :param roiNode: vtkMRMLMarkupsROINode; it is put under the volume's parent transform.
    :param volumeNode: the volume.
    :param prompt: SlicePrompt with a box.
    """
    frame = IJKToRASOf(volumeNode)
    axes, sides = _axesOf(frame, prompt.axis)
    x0, y0, x1, y1 = prompt.box
    center = toIJK(prompt.axis, prompt.sliceIndex, (x0 + x1) / 2, (y0 + y1) / 2)
    objectToNode = np.eye(4)
    objectToNode[:3, :3] = axes
    objectToNode[:3, 3] = (frame @ [*center, 1.0])[:3]
    with slicer.util.NodeModify(roiNode):
        _noteFrame(roiNode, volumeNode, frame)
        roiNode.SetAndObserveObjectToNodeMatrix(slicer.util.vtkMatrixFromArray(objectToNode))
        roiNode.SetSize((x1 - x0) * sides[0], (y1 - y0) * sides[1], sides[2])


def noteFrame(markupsNode: slicer.vtkMRMLMarkupsNode, volumeNode: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Put a markup under the volume's transform, and note where the voxels are that it is laid out on."""
    _noteFrame(markupsNode, volumeNode, IJKToRASOf(volumeNode))


def _noteFrame(markupsNode, volumeNode, frame):
    markupsNode.SetAttribute(FRAME_ATTRIBUTE, _text(frame))
    markupsNode.SetAndObserveTransformNodeID(volumeNode.GetTransformNodeID())


def isLaidOut(roiNode: slicer.vtkMRMLMarkupsROINode, volumeNode: slicer.vtkMRMLScalarVolumeNode) -> bool:
    """:return: whether a markup was laid out where the volume's voxels are now."""
    isUnderSameTransform = roiNode.GetTransformNodeID() == volumeNode.GetTransformNodeID()
    return isUnderSameTransform and roiNode.GetAttribute(FRAME_ATTRIBUTE) == _text(IJKToRASOf(volumeNode))


def isHalfMoved(roiNode: slicer.vtkMRMLMarkupsROINode, volumeNode: slicer.vtkMRMLScalarVolumeNode) -> bool:
    """:return: whether a transform is just being hardened on the volume, after it was hardened on the markup."""
    isUnderSameTransform = roiNode.GetTransformNodeID() == volumeNode.GetTransformNodeID()
    return not isUnderSameTransform and roiNode.GetAttribute(FRAME_ATTRIBUTE) != _text(IJKToRASOf(volumeNode))


def readBack(
    roiNode: slicer.vtkMRMLMarkupsROINode, volumeNode: slicer.vtkMRMLScalarVolumeNode, axis: int
) -> tuple[float, ...] | None:
    """Find the box that a ROI markup shows in the voxels that it was laid out on; its depth does not matter.

    Where volume or markup have been put since, by transforms, does not matter either: a box belongs to voxels.

    :param roiNode: vtkMRMLMarkupsROINode that was laid out, and maybe dragged since.
    :param volumeNode: the volume.
    :param axis: array axis of the slice.
    :return: (slice index, x0, y0, x1, y1), to the single precision of markups.
    :raises UserError: if the markup was turned against the voxels that it was laid out on.
    """
    if roiNode.GetAttribute(FRAME_ATTRIBUTE) is None:
        # The scene was saved by a version that did not note where markups were laid out.
        return readInWorld(roiNode, volumeNode, axis)
    frame = _frameOf(roiNode, volumeNode)
    return _read(roiNode, volumeNode, axis, frame @ renumbering(roiNode, volumeNode), np.eye(4))


def readInWorld(
    roiNode: slicer.vtkMRMLMarkupsROINode, volumeNode: slicer.vtkMRMLScalarVolumeNode, axis: int
) -> tuple[float, ...] | None:
    """Find the box that a ROI markup shows where it lies in the world, under whatever transforms.

    Arguments, what is returned and what is raised are those of `readBack`.
    """
    nodeToRAS = vtk.vtkMatrix4x4()
    slicer.vtkMRMLTransformNode.GetMatrixTransformBetweenNodes(
        roiNode.GetParentTransformNode(), volumeNode.GetParentTransformNode(), nodeToRAS
    )
    frame = IJKToRASOf(volumeNode)
    return _read(roiNode, volumeNode, axis, frame, slicer.util.arrayFromVTKMatrix(nodeToRAS))


def renumbering(markupsNode: slicer.vtkMRMLMarkupsNode, volumeNode: slicer.vtkMRMLScalarVolumeNode) -> np.ndarray:
    """Find out whether a volume's voxels are counted from the other end since a markup was laid out.

    :param markupsNode: a markup with a frame.
    :param volumeNode: the volume.
    :return: 4 × 4 array as of `recounting`.
    """
    frame, dimensions = _frameOf(markupsNode, volumeNode), volumeNode.GetImageData().GetDimensions()
    return recounting(frame, IJKToRASOf(volumeNode), dimensions)


def _frameOf(markupsNode, volumeNode):
    text = markupsNode.GetAttribute(FRAME_ATTRIBUTE)
    return IJKToRASOf(volumeNode) if text is None else np.reshape(json.loads(text), (4, 4))


def _read(roiNode, volumeNode, axis, frame, nodeToFrame):
    axes, sides = _axesOf(frame, axis)
    objectToFrame = nodeToFrame @ slicer.util.arrayFromVTKMatrix(roiNode.GetObjectToNodeMatrix())
    _checkNotTurned(roiNode, volumeNode, objectToFrame[:3, :3], axes)
    depth, x, y = fromIJK(axis, np.linalg.solve(frame, objectToFrame[:, 3])[:3])
    lengths = np.linalg.norm(objectToFrame[:3, :3], axis=0) * roiNode.GetSize()
    halfWidth, halfHeight = lengths[0] / sides[0] / 2, lengths[1] / sides[1] / 2
    box = (x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight)
    return math.floor(depth + 0.5), *(float(edge) for edge in box)


def _text(frame):
    return json.dumps(frame.ravel().tolist())


def _axesOf(frame, axis):
    """:return: (right-handed unit axes x, y, normal as columns, lengths of one pixel along x, y, normal)."""
    column, row = (frame[:3, index] for index in inPlaneIJK(axis))
    x = column / np.linalg.norm(column)
    y = row - x * (x @ row)
    y /= np.linalg.norm(y)
    slicesPerMillimeter = np.linalg.norm(np.linalg.inv(frame)[depthIJK(axis), :3])
    sides = np.linalg.norm(column), np.linalg.norm(row), 1 / slicesPerMillimeter
    return np.array([x, y, np.cross(x, y)]).T, sides


def _checkNotTurned(roiNode, volumeNode, markupAxes, voxelAxes):
    directions = markupAxes / np.linalg.norm(markupAxes, axis=0)
    smallestCosine = np.abs((directions * voxelAxes).sum(axis=0)).min()
    if smallestCosine < math.cos(math.radians(LARGEST_TURN)):
        raise UserError(
            f"The box '{roiNode.GetName()}' was turned against the volume '{volumeNode.GetName()}'.",
            "Delete the box and draw it again.",
            "box_rotated",
        )
