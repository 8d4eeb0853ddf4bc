"""Which volumes can be segmented, and why others cannot."""

from __future__ import annotations

import math

import numpy as np
import slicer
import vtk

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.obliqueStack import follow, isStack, sourceOf
from MedSAMSegLib.volumes.voxelPlaces import IJKToWorldOf

# With a determinant of their unit vectors below this, two axes of a volume have the same direction.
SMALLEST_DETERMINANT = 1e-6


def checkVolume(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Raise an error unless a volume can be segmented.

    :param volumeNode: the volume, or None.
    :raises UserError: if the volume was removed, has no voxels, has several values in a voxel that are no colors, is a
        label map, is under a non-linear transform, or has a matrix that gives its voxels no places.
    """
    if volumeNode is None or volumeNode.GetScene() is None:
        raise UserError("The volume is no longer in the scene.", "Choose another volume.", "volume_removed")
    if isStack(volumeNode):
        checkVolume(sourceOf(volumeNode))
        follow(volumeNode)
        return
    if volumeNode.GetImageData() is None or min(volumeNode.GetImageData().GetDimensions()) < 1:
        raise UserError(f"The volume '{volumeNode.GetName()}' has no voxels.", "Load it again.", "volume_empty")
    _checkIsScalarImage(volumeNode)
    parent = volumeNode.GetParentTransformNode()
    if parent is not None and not parent.IsTransformToWorldLinear():
        raise UserError(
            f"The volume '{volumeNode.GetName()}' is under a transform that is not linear ('{parent.GetName()}').",
            "Harden the transform in the Data module, or take the volume out of it.",
            "transform_not_linear",
        )
    _checkPlace(volumeNode)


def _checkPlace(volumeNode):
    # NaN is not equal to itself: with it in its matrix, a volume would count as changed all the time.
    matrix = IJKToWorldOf(volumeNode)
    # Three columns of three numbers, which every update of the panel looks at: numpy takes ten times as long.
    axes = matrix[:3, :3].T.tolist()
    lengths = [math.hypot(*axis) for axis in axes]
    # The node's own spacing, since a distance of 0 leaves no direction in its matrix.
    isZero = [0 in distances for distances in zip(lengths, volumeNode.GetSpacing(), strict=True)]
    if any(isZero):
        wrong = f"puts its voxels 0 mm apart along {'IJK'[isZero.index(True)]}"
    elif not np.isfinite(matrix).all():
        wrong = "holds values that are not numbers"
    elif abs(_volumeOf(axes, lengths)) < SMALLEST_DETERMINANT:
        wrong = "gives two of its axes the same direction"
    else:
        return
    raise UserError(
        f"The voxels of '{volumeNode.GetName()}' have no place: the matrix from voxels to the patient {wrong}.",
        "Set spacing and orientation in the module Volumes, or export the scan again.",
        "volume_without_place",
    )


def _volumeOf(axes, lengths):
    """:return: the determinant of the directions of three axes: 0 where they lie in one plane."""
    (ax, ay, az), (bx, by, bz), (cx, cy, cz) = (
        [part / length for part in axis] for axis, length in zip(axes, lengths, strict=True)
    )
    return ax * (by * cz - bz * cy) - bx * (ay * cz - az * cy) + cx * (ay * bz - az * by)


def isColor(volumeNode: slicer.vtkMRMLScalarVolumeNode) -> bool:
    """:return: whether a volume's voxels are colors, as the server takes them: 3 or 4 values of 8 or 16 bits, unsigned.

    :param volumeNode: volume with voxels.
    """
    if not volumeNode.IsA("vtkMRMLVectorVolumeNode") or volumeNode.IsA("vtkMRMLDiffusionWeightedVolumeNode"):
        return False
    image = volumeNode.GetImageData()
    isUnsigned = image.GetScalarType() in (vtk.VTK_UNSIGNED_CHAR, vtk.VTK_UNSIGNED_SHORT)
    return isUnsigned and image.GetNumberOfScalarComponents() in (3, 4)


def _checkIsScalarImage(volumeNode):
    valuesPerVoxel = volumeNode.GetImageData().GetNumberOfScalarComponents()
    if valuesPerVoxel != 1 and not isColor(volumeNode):
        raise UserError(
            f"The volume '{volumeNode.GetName()}' has {valuesPerVoxel} values in each voxel, as {_whoHas(volumeNode)}"
            " have; MedSAMSeg needs one, or colors of 8 or 16 bits.",
            "Convert it with the module Vector to Scalar Volume, which can take one of them.",
            "volume_not_scalar",
        )
    if volumeNode.IsA("vtkMRMLLabelMapVolumeNode"):
        raise UserError(
            f"The volume '{volumeNode.GetName()}' is a label map, not an image.",
            "Choose the image, or convert the label map to a scalar volume in the Volumes module.",
            "volume_is_labelmap",
        )


def _whoHas(volumeNode):
    if volumeNode.IsA("vtkMRMLDiffusionWeightedVolumeNode"):
        return "diffusion scans"
    return "color images" if volumeNode.GetImageData().GetNumberOfScalarComponents() in (3, 4) else "vector images"
