"""Volumes whose matrix gives their voxels no places, and those with several values in a voxel: told, never asked of."""

import numpy as np
import pytest
import slicer

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.segmentableVolumes import checkVolume

NAN = float("nan")
WRONG = {
    "NaN in an axis": ({(0, 0): NAN}, "holds values that are not numbers"),
    "NaN in the origin": ({(2, 3): NAN}, "holds values that are not numbers"),
    "infinite": ({(1, 1): float("inf")}, "holds values that are not numbers"),
    "spacing 0": ({(2, 2): 0.0}, "puts its voxels 0 mm apart along K"),
    "two axes alike": ({(0, 1): 1.0, (1, 1): 0.0}, "gives two of its axes the same direction"),
}


def matrixWith(changes):
    matrix = np.eye(4)
    for place, value in changes.items():
        matrix[place] = value
    return slicer.util.vtkMatrixFromArray(matrix)


@pytest.mark.parametrize("place", ["volume", "transform"])
@pytest.mark.parametrize(("changes", "words"), WRONG.values(), ids=WRONG)
def test_a_box_on_a_volume_without_place_is_told_and_nothing_asked(logic, server, ct, changes, words, place):
    volume, segmentation, segment = ct
    if place == "volume":
        # Set as files are read: the node's own functions for spacing do not take such values.
        volume.SetIJKToRASMatrix(matrixWith(changes))
    else:
        transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode")
        transform.SetMatrixTransformToParent(matrixWith(changes))
        volume.SetAndObserveTransformNodeID(transform.GetID())
    asked = len(server.requests)
    with pytest.raises(UserError) as raised:
        logic.segmentBox(volume, segmentation, segment, axis=0, slice=4, box=(1.5, 0.5, 6.5, 4.5))
    assert raised.value.code == "volume_without_place"
    assert "have no place: the matrix from voxels to the patient" in str(raised.value)
    assert words in str(raised.value)
    assert len(server.requests) == asked


@pytest.mark.parametrize(
    ("className", "components", "who"),
    [
        ("vtkMRMLVectorVolumeNode", 3, "color images"),
        ("vtkMRMLVectorVolumeNode", 33, "vector images"),
        ("vtkMRMLDiffusionWeightedVolumeNode", 33, "diffusion scans"),
        ("vtkMRMLDiffusionWeightedVolumeNode", 3, "diffusion scans"),
    ],
)
def test_what_has_several_values_in_a_voxel_is_called_what_it_is(host, className, components, who):
    volume = slicer.mrmlScene.AddNewNodeByClass(className, "V")
    image = slicer.vtkOrientedImageData()
    image.SetDimensions(4, 5, 6)
    image.AllocateScalars(4, components)
    volume.SetAndObserveImageData(image)
    with pytest.raises(UserError, match=f"'V' has {components} values in each voxel, as {who} have"):
        checkVolume(volume)
