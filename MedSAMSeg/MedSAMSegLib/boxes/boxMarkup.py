"""A box on a slice as a ROI markup: lays it out along the volume's voxels, and reads it back."""

import math

import numpy as np
import slicer
import vtk

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.sliceAxes import depthIJK, fromIJK, inPlaneIJK, toIJK

# A markup turned further than this against the voxels, in degrees, is no box on a slice any more.
LARGEST_TURN = 1.0


def layOut(roiNode, volumeNode, prompt):
    """Put a ROI markup where a box is: its sides are the box's edges, its depth is one slice.

    A markup cannot be sheared. On slices whose rows and columns are not perpendicular (along the patient axes of a scan
    with tilted gantry) it keeps the box's center and side lengths, and `readBack` returns the same numbers.

    :param roiNode: vtkMRMLMarkupsROINode; it is put under the volume's parent transform.
    :param volumeNode: the volume.
    :param prompt: BoxPrompt.
    """
    IJKToRAS, axes, sides = _voxelFrame(volumeNode, prompt.axis)
    center = toIJK(prompt.axis, prompt.sliceIndex, (prompt.x0 + prompt.x1) / 2, (prompt.y0 + prompt.y1) / 2)
    objectToNode = np.eye(4)
    objectToNode[:3, :3] = axes
    objectToNode[:3, 3] = (IJKToRAS @ [*center, 1.0])[:3]
    with slicer.util.NodeModify(roiNode):
        roiNode.SetAndObserveTransformNodeID(volumeNode.GetTransformNodeID())
        roiNode.SetAndObserveObjectToNodeMatrix(slicer.util.vtkMatrixFromArray(objectToNode))
        roiNode.SetSize((prompt.x1 - prompt.x0) * sides[0], (prompt.y1 - prompt.y0) * sides[1], sides[2])


def readBack(roiNode, volumeNode, axis):
    """Find the box that a ROI markup shows now; its depth does not matter.

    :param roiNode: vtkMRMLMarkupsROINode that was laid out, and maybe dragged since.
    :param volumeNode: the volume.
    :param axis: array axis of the slice.
    :return: (slice index, x0, y0, x1, y1), to the single precision of markups.
    :raises UserError: if the markup was turned against the volume.
    """
    IJKToRAS, axes, sides = _voxelFrame(volumeNode, axis)
    nodeToRAS = vtk.vtkMatrix4x4()
    slicer.vtkMRMLTransformNode.GetMatrixTransformBetweenNodes(
        roiNode.GetParentTransformNode(), volumeNode.GetParentTransformNode(), nodeToRAS
    )
    objectToNode = slicer.util.arrayFromVTKMatrix(roiNode.GetObjectToNodeMatrix())
    objectToRAS = slicer.util.arrayFromVTKMatrix(nodeToRAS) @ objectToNode
    _checkNotTurned(roiNode, volumeNode, objectToRAS[:3, :3], axes)
    depth, x, y = fromIJK(axis, np.linalg.solve(IJKToRAS, objectToRAS[:, 3])[:3])
    lengths = np.linalg.norm(objectToRAS[:3, :3], axis=0) * roiNode.GetSize()
    halfWidth, halfHeight = lengths[0] / sides[0] / 2, lengths[1] / sides[1] / 2
    box = (x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight)
    return math.floor(depth + 0.5), *(float(edge) for edge in box)


def _voxelFrame(volumeNode, axis):
    """:return: (IJKToRAS, right-handed unit axes x, y, normal as columns, lengths of one pixel along x, y, normal)."""
    matrix = vtk.vtkMatrix4x4()
    volumeNode.GetIJKToRASMatrix(matrix)
    IJKToRAS = slicer.util.arrayFromVTKMatrix(matrix)
    column, row = (IJKToRAS[:3, index] for index in inPlaneIJK(axis))
    x = column / np.linalg.norm(column)
    y = row - x * (x @ row)
    y /= np.linalg.norm(y)
    slicesPerMillimeter = np.linalg.norm(np.linalg.inv(IJKToRAS)[depthIJK(axis), :3])
    sides = np.linalg.norm(column), np.linalg.norm(row), 1 / slicesPerMillimeter
    return IJKToRAS, np.array([x, y, np.cross(x, y)]).T, sides


def _checkNotTurned(roiNode, volumeNode, markupAxes, voxelAxes):
    directions = markupAxes / np.linalg.norm(markupAxes, axis=0)
    smallestCosine = np.abs((directions * voxelAxes).sum(axis=0)).min()
    if smallestCosine < math.cos(math.radians(LARGEST_TURN)):
        raise UserError(
            f"The box '{roiNode.GetName()}' was turned against the volume '{volumeNode.GetName()}'.",
            "Delete the box and draw it again.",
            "box_rotated",
        )
