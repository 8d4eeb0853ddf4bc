"""The voxels of a volume where another volume has its own: interpolated linearly."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.voxelPlaces import IJKToWorldOf

# Voxels that differ by less, in voxels, are in the same place: files round their numbers.
SAME_PLACE_TOLERANCE = 0.1

# A smaller part that is not covered is the rounding of half voxels at the border.
WHOLLY_COVERED = 0.995


def hasSameVoxels(volumeNode: slicer.vtkMRMLScalarVolumeNode, other: slicer.vtkMRMLScalarVolumeNode) -> bool:
    """:return: whether two volumes have as many voxels in the same places.

    :param volumeNode: volume with voxels, under no transform or linear ones; so is the other.
    """
    size = volumeNode.GetImageData().GetDimensions()
    if other.GetImageData().GetDimensions() != size:
        return False
    corners = np.array([(*corner, 1.0) for corner in itertools.product(*((0, count - 1) for count in size))]).T
    return bool(abs(_toOther(volumeNode, other) @ corners - corners).max() <= SAME_PLACE_TOLERANCE)


def inVoxelsOf(
    volumeNode: slicer.vtkMRMLScalarVolumeNode, other: slicer.vtkMRMLScalarVolumeNode
) -> tuple[np.ndarray, str]:
    """Resample another volume to the voxels of a volume; where it has none, it gets its smallest value.

    :param volumeNode: volume with voxels, under no transform or linear ones; so is the other.
    :return: (voxels in the other's type, (K, J, I) of the volume or (K, J, I, values), what to tell the user).
    :raises UserError: if the two have no place in common.
    """
    names = f"'{other.GetName()}'", f"'{volumeNode.GetName()}'"
    matrix, size = _toOther(volumeNode, other), volumeNode.GetImageData().GetDimensions()
    image = atItsIndices(other.GetImageData())
    everywhere = vtk.vtkImageData()
    everywhere.SetDimensions(image.GetDimensions())
    everywhere.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 1)
    everywhere.GetPointData().GetScalars().Fill(1)
    covered = float(resliced(everywhere, matrix, size, 0.0, isLinear=False).mean())
    if not covered:
        raise UserError(
            f"{names[0]} and {names[1]} have no place in common.",
            "Choose volumes of one examination, or register them first with one of Slicer's modules.",
            "phase_elsewhere",
        )
    sentence = (
        f"{names[0]} has other voxels than {names[1]}: it is resampled to them."
        if covered > WHOLLY_COVERED
        else f"{names[0]} has other voxels than {names[1]}: it is resampled to them, of which it covers {covered:.0%}."
    )
    return resliced(image, matrix, size, outsideOf(image), isLinear=True), sentence


def _toOther(volumeNode, other):
    """:return: 4 × 4 array from (i, j, k, 1) of a volume to those of another, both counted from the first voxel."""
    return np.linalg.inv(IJKToWorldOf(other)) @ IJKToWorldOf(volumeNode)


def atItsIndices(image: vtk.vtkImageData) -> vtk.vtkImageData:
    """:return: the image with its first voxel at the origin and the others 1 apart; the voxels are the same memory."""
    made = vtk.vtkImageData()
    made.SetDimensions(image.GetDimensions())
    made.GetPointData().SetScalars(image.GetPointData().GetScalars())
    return made


def outsideOf(image: vtk.vtkImageData) -> float:
    """:return: what stands where an image has no voxels: its smallest value; of colors, black."""
    if image.GetNumberOfScalarComponents() > 1:
        return 0.0
    return float(np.nanmin(vtk_to_numpy(image.GetPointData().GetScalars())))


def resliced(
    image: vtk.vtkImageData, matrix: np.ndarray, size: Sequence[int], outside: float, isLinear: bool
) -> np.ndarray:
    """Look an image up at the voxels of another grid.

    :param image: an image `atItsIndices`.
    :param matrix: 4 × 4 array from voxel indices (i, j, k) of the other grid to those of the image.
    :param size: numbers of voxels of the other grid along I, J and K.
    :param outside: value where the image has none.
    :param isLinear: whether to interpolate linearly, not to take the nearest voxel.
    :return: array (K, J, I), or (K, J, I, values), in the image's type.
    """
    transform = vtk.vtkMatrixToLinearTransform()
    transform.SetInput(slicer.util.vtkMatrixFromArray(matrix))
    reslice = vtk.vtkImageReslice()
    reslice.SetInputData(image)
    reslice.SetResliceTransform(transform)
    reslice.SetOutputSpacing(1, 1, 1)
    reslice.SetOutputOrigin(0, 0, 0)
    reslice.SetOutputExtent(*(edge for count in size for edge in (0, count - 1)))
    reslice.SetBackgroundColor(outside, outside, outside, outside)
    if isLinear:
        reslice.SetInterpolationModeToLinear()
    reslice.Update()
    values = vtk_to_numpy(reslice.GetOutput().GetPointData().GetScalars())
    return values.reshape(*reversed(size), *values.shape[1:])
