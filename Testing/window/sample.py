"""The sample CT as the person knows it: its file, and where the tumor is."""

from pathlib import Path

import SimpleITK as sitk

CT = Path(__file__).resolve().parents[2] / "MedSAMSeg" / "Resources" / "SampleData" / "RiderChestCT.nrrd"

#: The slice in the middle of the volume, which the views show after loading.
SLICE = 24

#: Two opposite corners of a box round the tumor on that slice, in voxels (i, j, k).
CORNERS = ((54, 160, SLICE), (101, 204, SLICE))

#: Voxels of a radiologist's outline on that slice.
OUTLINED_VOXELS = 1294


def cornersInRAS():
    """:return: the two corners in RAS (mm)."""
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(CT))
    image = reader.Execute()
    return tuple((-x, -y, z) for x, y, z in map(image.TransformContinuousIndexToPhysicalPoint, CORNERS))
