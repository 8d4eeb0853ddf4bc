"""Scans: volumes whose voxels are written beside the user's work, without Slicer's main thread."""

from __future__ import annotations

import dataclasses

import numpy as np
import slicer
import vtk

from MedSAMSegLib.volumes.voxelPlaces import IJKToRASOf


@dataclasses.dataclass(frozen=True, eq=False)
class Scan:
    """The voxels of a volume, not copied: what is written into them meanwhile may or may not be in the file.

    :param voxels: (K, J, I).
    :param IJKToRAS: 4 × 4 array, in millimeters.
    :param state: what differs whenever these have changed.
    """

    voxels: np.ndarray
    IJKToRAS: np.ndarray
    state: tuple

    @classmethod
    def of(cls, volume: slicer.vtkMRMLVolumeNode) -> Scan:
        """:return: the scan of a volume of which :func:`isScan` is true."""
        IJKToRAS = IJKToRASOf(volume)
        state = volume.GetID(), volume.GetImageData().GetMTime(), IJKToRAS.tobytes()
        return cls(slicer.util.arrayFromVolume(volume), IJKToRAS, state)


def isScan(node: slicer.vtkMRMLNode) -> bool:
    """:return: whether a node is a volume in gray with voxels; Slicer itself writes those of all others."""
    if node.GetClassName() != "vtkMRMLScalarVolumeNode" or node.GetImageData() is None:
        return False
    image = node.GetImageData()
    return image.GetNumberOfScalarComponents() == 1 and image.GetNumberOfPoints() > 0


def placeholder(volume: slicer.vtkMRMLVolumeNode) -> vtk.vtkImageData:
    """:return: a single voxel, which Slicer writes in place of a scan's."""
    image = vtk.vtkImageData()
    image.SetDimensions(1, 1, 1)
    image.AllocateScalars(volume.GetImageData().GetScalarType(), 1)
    image.GetPointData().GetScalars().Fill(0)
    return image
