"""Where the voxels of a volume node are, and whether they are counted from the other end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import slicer
import vtk

# Voxels are the same as before if their indices differ by less: files round their numbers.
SAME_VOXELS_TOLERANCE = 1e-3


def IJKToRASOf(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> np.ndarray:
    """Return where a volume's voxels are below its parent transform, counted from the first voxel of its array.

    Image data whose extent does not begin at 0 is placed by its extent, as slice views, exports and
    vtkMRMLVolumeNode::ShiftImageDataExtentToZeroStart do.

    :param volumeNode: volume with voxels.
    :return: 4 × 4 array.
    """
    matrix = vtk.vtkMatrix4x4()
    volumeNode.GetIJKToRASMatrix(matrix)
    IJKToRAS = _arrayOf(matrix)
    IJKToRAS[:3, 3] += IJKToRAS[:3, :3] @ volumeNode.GetImageData().GetExtent()[::2]
    return IJKToRAS


def IJKToWorldOf(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> np.ndarray:
    """Return where a volume's voxels are in the world, counted from the first voxel of its array.

    :param volumeNode: volume with voxels, under no transform or linear ones.
    :return: 4 × 4 array.
    """
    parent = volumeNode.GetParentTransformNode()
    if parent is None:
        return IJKToRASOf(volumeNode)
    RASToWorld = vtk.vtkMatrix4x4()
    slicer.vtkMRMLTransformNode.GetMatrixTransformBetweenNodes(parent, None, RASToWorld)
    return _arrayOf(RASToWorld) @ IJKToRASOf(volumeNode)


def _arrayOf(matrix):
    # Asked for again and again while the panel follows; `arrayFromVTKMatrix` takes longer.
    return np.array(matrix.GetData()).reshape(4, 4)


def recounting(then: np.ndarray, now: np.ndarray, dimensions: Sequence[int]) -> np.ndarray:
    """Find out whether voxels are counted from the other end since they were seen last.

    Slicer turns the order of the slices round when it loads a left-handed image: the voxels are where they were.

    :param then: 4 × 4 array, IJKToRAS of then.
    :param now: 4 × 4 array, IJKToRAS of now.
    :param dimensions: numbers of voxels along I, J and K.
    :return: 4 × 4 array from voxel indices of now to those of then; of axes that are not reversed, the identity.
    """
    change = np.linalg.solve(then, now)
    signs = np.where(np.diag(change)[:3] < 0, -1.0, 1.0)
    reversed_ = np.diag([*signs, 1.0])
    reversed_[:3, 3] = np.where(signs < 0, np.array(dimensions) - 1.0, 0.0)
    return reversed_ if np.abs(change - reversed_).max() < SAME_VOXELS_TOLERANCE else np.eye(4)
