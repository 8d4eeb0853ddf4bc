"""Image data whose extent does not begin at 0 is placed by its extent, as Slicer's own functions place it."""

import numpy as np
import pytest
import vtk
from geometries import addVolume
from segmentations import voxelsOf

from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

BOX = (1.5, 0.5, 6.5, 4.5)
FOLLOWED = np.zeros((9, 11, 13), bool)
FOLLOWED[2:7, 1:5, 2:7] = True
EXTENTS = {"ahead": (5, 17, 3, 13, 2, 10), "behind": (-4, 8, -3, 7, -1, 7), "both": (5, 17, -3, 7, 0, 8)}


@pytest.fixture(params=EXTENTS.values(), ids=EXTENTS)
def volume(request):
    """A volume whose extent begins elsewhere."""
    node = addVolume("rotated", "parent")
    image = vtk.vtkImageData()
    image.DeepCopy(node.GetImageData())
    image.SetExtent(request.param)
    node.SetAndObserveImageData(image)
    return node


def test_places_are_those_after_slicer_itself_has_shifted_the_extent(volume):
    before = SliceGeometry(volume).IJKToWorld
    volume.ShiftImageDataExtentToZeroStart()
    assert volume.GetImageData().GetExtent() == (0, 12, 0, 10, 0, 8)
    np.testing.assert_allclose(SliceGeometry(volume).IJKToWorld, before, atol=1e-9)


def test_what_is_found_is_where_slicer_exports_it(logic, volume):
    segmentation = logic.createSegmentation(volume)
    segment = logic.addSegment(segmentation, "A")
    result = logic.segmentBox(volume, segmentation, segment, axis=0, slice=4, box=BOX)
    assert result.notes == []
    logic.propagate(volume, segmentation, segment)
    np.testing.assert_array_equal(voxelsOf(segmentation, segment, volume), FOLLOWED)
    assert [state.index for state in logic.slices(segmentation, volume, segment, axis=0)] == [2, 3, 4, 5, 6]
    volume.ShiftImageDataExtentToZeroStart()
    np.testing.assert_array_equal(voxelsOf(segmentation, segment, volume), FOLLOWED)
    (entry,) = logic.boxes(segmentation, volume)
    assert (entry.prompt.sliceIndex, entry.prompt.box) == (4, pytest.approx(BOX, abs=1e-3))
