"""Color volumes through the module and the real server, saved and reopened."""

import numpy as np
import pytest
import slicer
from segmentations import voxelsOf

from MedSAMSegLib.logic import MedSAMSegLogic

BOX = (14, 12, 45, 37)


def colors(slices, components, dtype):
    """:return: (voxels, where the object is): a red ellipse on green."""
    _k, j, i = np.indices((slices, 50, 60))
    isInside = ((i - 29) / 13) ** 2 + ((j - 24) / 10) ** 2 < 1
    full = np.iinfo(dtype).max
    voxels = np.full((slices, 50, 60, components), full, dtype)
    voxels[..., :3] = np.where(isInside[..., None], (0.8, 0.1, 0.1), (0.1, 0.5, 0.2)) * full
    return voxels, isInside


@pytest.mark.parametrize("slices", [1, 3])
@pytest.mark.parametrize("components", [3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_colors_are_segmented_saved_and_reopened(realServer, tmp_path, slices, components, dtype):
    voxels, isInside = colors(slices, components, dtype)
    volume = slicer.util.addVolumeFromArray(voxels, name="Photo", nodeClassName="vtkMRMLVectorVolumeNode")
    logic = MedSAMSegLogic(realServer)
    segmentation = logic.createSegmentation(volume, "Found")
    segment = logic.addSegment(segmentation, "Object")
    logic.segmentBox(volume, segmentation, segment, axis=0, slice=slices // 2, box=BOX)
    found = voxelsOf(segmentation, segment, volume) > 0
    expected = isInside[slices // 2]
    overlap = 2 * (found[slices // 2] & expected).sum() / (found[slices // 2].sum() + expected.sum())
    assert overlap > 0.9
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    volume, segmentation = slicer.util.getNode("Photo"), slicer.util.getNode("Found")
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(volume), voxels)
    np.testing.assert_array_equal(voxelsOf(segmentation, segment, volume) > 0, found)
    assert len(MedSAMSegLogic(realServer).boxes(segmentation, volume)) == 1
