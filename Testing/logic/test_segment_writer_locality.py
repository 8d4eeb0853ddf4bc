"""A write costs what its mask costs: no full-size copies, and each 3D surface is made again once."""

import numpy as np
import pytest
import slicer
from geometries import addVolume
from segmentations import FULL, addSegment, addSegmentation, editorNode, voxelsOf

from MedSAMSegLib.segments.segmentWriter import SegmentWriter

#: Far more voxels than in any mask here, and slices of different sizes along each axis.
LARGE = (250, 310, 210)
SURFACE = "Closed surface"


@pytest.fixture
def modifiers(monkeypatch):
    """The extents of all images handed to the Segment Editor's logic, and the voxels they hold."""
    recorded = []

    class RecordingLogic(slicer.vtkSlicerSegmentEditorLogic):
        def ModifySegmentByLabelmap(self, node, segmentID, image, mode, extent, *flags):
            recorded.append((image.GetExtent(), image.GetNumberOfPoints(), tuple(extent)))
            super().ModifySegmentByLabelmap(node, segmentID, image, mode, extent, *flags)

    monkeypatch.setattr(slicer, "vtkSlicerSegmentEditorLogic", RecordingLogic)
    return recorded


@pytest.fixture
def bigVolumeNode():
    """A large volume."""
    return addVolume("left-handed", shape=LARGE)


def test_only_the_masks_extent_is_handed_over(modifiers, bigVolumeNode):
    segmentationNode = addSegmentation(bigVolumeNode)
    writer = SegmentWriter(segmentationNode, bigVolumeNode)
    extents = {0: (7, 10, 5, 7, 200, 200), 1: (7, 10, 200, 200, 5, 7), 2: (200, 200, 7, 10, 5, 7)}
    for axis, extent in extents.items():
        segmentID = addSegment(segmentationNode)
        wholeSlice = np.zeros([size for n, size in enumerate(LARGE) if n != axis], np.uint8)
        wholeSlice[5:8, 7:11] = 1
        writer.write(segmentID, axis, 200, wholeSlice, 0, 0)
        assert modifiers.pop() == (extent, 12, extent)
        assert not modifiers


def test_a_labelmap_is_only_as_large_as_what_is_in_it(bigVolumeNode):
    segmentationNode = addSegmentation(bigVolumeNode)
    segmentID = addSegment(segmentationNode)
    SegmentWriter(segmentationNode, bigVolumeNode).write(segmentID, 0, 200, FULL, 7, 5)
    labelmap = segmentationNode.GetBinaryLabelmapInternalRepresentation(segmentID)
    assert labelmap.GetExtent() == (7, 10, 5, 7, 200, 200)


def test_masking_looks_only_at_the_masks_extent(bigVolumeNode, monkeypatch):
    segmentationNode = addSegmentation(bigVolumeNode)
    segmentID = addSegment(segmentationNode)
    node = editorNode(MaskMode=slicer.vtkMRMLSegmentationNode.EditAllowedOutsideAllSegments)
    node.SetSourceVolumeIntensityMask(True)
    node.SetSourceVolumeIntensityMaskRange(-32768, 32767)
    made = []
    orientedImageData = slicer.vtkOrientedImageData
    monkeypatch.setattr(slicer, "vtkOrientedImageData", lambda: made.append(orientedImageData()) or made[-1])
    assert SegmentWriter(segmentationNode, bigVolumeNode).write(segmentID, 0, 200, FULL, 7, 5)
    voxels = bigVolumeNode.GetImageData().GetPointData().GetScalars()
    allocated = [image.GetNumberOfPoints() for image in made if image.GetPointData().GetScalars() not in (None, voxels)]
    assert allocated
    assert max(allocated) == FULL.size


def test_only_the_touched_extent_of_a_large_segmentation_changes(bigVolumeNode):
    before = np.zeros(LARGE, bool)
    before[::3, ::2, 1::2] = before[1::4, 1::3] = True
    before[0, 0, 0] = before[-1, -1, -1] = True
    segmentationNode = addSegmentation(bigVolumeNode)
    segmentID = addSegment(segmentationNode, "Large", before, bigVolumeNode)
    writer = SegmentWriter(segmentationNode, bigVolumeNode)
    mask = np.random.default_rng(5).random((40, 60)) < 0.5
    writer.write(segmentID, 1, 300, mask, x0=100, y0=200)
    expected = before.copy()
    expected[200:240, 300, 100:160] |= mask
    after = slicer.util.arrayFromSegmentInternalBinaryLabelmap(segmentationNode, segmentID) > 0
    np.testing.assert_array_equal(after, expected)
    writer.write(segmentID, 1, 300, mask, x0=100, y0=200, mode="replace")
    expected[:, 300, :] = False
    expected[200:240, 300, 100:160] = mask
    after = slicer.util.arrayFromSegmentInternalBinaryLabelmap(segmentationNode, segmentID) > 0
    np.testing.assert_array_equal(after, expected)


def surfaceOf(segmentationNode, segmentID):
    return segmentationNode.GetSegmentation().GetSegment(segmentID).GetRepresentation(SURFACE)


def freshSurfaceBounds(segmentationNode, segmentID, volumeNode):
    """:return: bounds of the surface that Slicer makes of the segment's voxels from the start."""
    copyNode = addSegmentation(volumeNode)
    copyID = addSegment(copyNode, "Copy", voxelsOf(segmentationNode, segmentID, volumeNode), volumeNode)
    copyNode.CreateClosedSurfaceRepresentation()
    return surfaceOf(copyNode, copyID).GetBounds()


@pytest.mark.parametrize("mode", ["add", "remove", "replace"])
def test_a_shown_surface_stays_and_follows_the_voxels(writer, segmentationNode, volumeNode, segmentID, mode):
    writer.write(segmentID, 0, 4, FULL, 3, 5)
    segmentationNode.CreateClosedSurfaceRepresentation()
    writer.write(segmentID, 0, 4, FULL, 5, 6, mode)
    np.testing.assert_allclose(
        surfaceOf(segmentationNode, segmentID).GetBounds(),
        freshSurfaceBounds(segmentationNode, segmentID, volumeNode),
        atol=1e-3,
    )


def test_a_surface_that_is_not_shown_is_not_made(writer, segmentationNode, segmentID):
    writer.write(segmentID, 0, 4, FULL, 3, 5)
    assert surfaceOf(segmentationNode, segmentID) is None


@pytest.mark.parametrize("isLayerShared", [True, False])
def test_the_surface_of_an_overwritten_neighbor_follows_too(
    writer, segmentationNode, volumeNode, segmentID, isLayerShared
):
    editorNode(OverwriteMode=slicer.vtkMRMLSegmentEditorNode.OverwriteAllSegments)
    neighborID = addSegment(segmentationNode, "Organ")
    writer.write(neighborID, 0, 4, np.ones((6, 6)), 2, 2)
    writer.write(segmentID, 0, 4, np.ones((1, 1)), 9, 9)
    if not isLayerShared:
        segmentationNode.GetSegmentation().SeparateSegmentLabelmap(neighborID)
    segmentationNode.CreateClosedSurfaceRepresentation()
    assert segmentationNode.GetSegmentation().GetNumberOfLayers() == (1 if isLayerShared else 2)
    writer.write(segmentID, 0, 4, np.ones((6, 3)), 2, 2)
    np.testing.assert_allclose(
        surfaceOf(segmentationNode, neighborID).GetBounds(),
        freshSurfaceBounds(segmentationNode, neighborID, volumeNode),
        atol=1e-3,
    )


def test_a_surface_is_made_again_with_its_own_change_only(writer, segmentationNode, segmentID):
    neighborID = addSegment(segmentationNode, "Organ")
    writer.write(neighborID, 0, 4, np.ones((2, 2)), 0, 0)
    segmentationNode.CreateClosedSurfaceRepresentation()
    writer.write(segmentID, 0, 4, FULL, 3, 5)
    before = surfaceOf(segmentationNode, segmentID)
    writer.write(neighborID, 0, 5, np.ones((2, 2)), 0, 0)
    assert surfaceOf(segmentationNode, segmentID) is before


def test_the_surface_stays_during_a_block_and_is_made_again_once(writer, segmentationNode, volumeNode, segmentID):
    writer.write(segmentID, 0, 0, FULL, 3, 5)
    segmentationNode.CreateClosedSurfaceRepresentation()
    before = surfaceOf(segmentationNode, segmentID)
    with writer.undoStep():
        for sliceIndex in range(1, 9):
            writer.write(segmentID, 0, sliceIndex, FULL, 3, 5)
            assert surfaceOf(segmentationNode, segmentID) is before
    assert surfaceOf(segmentationNode, segmentID) is not before
    np.testing.assert_allclose(
        surfaceOf(segmentationNode, segmentID).GetBounds(),
        freshSurfaceBounds(segmentationNode, segmentID, volumeNode),
        atol=1e-3,
    )


def test_a_surface_that_is_switched_off_during_a_block_stays_off(writer, segmentationNode, segmentID):
    writer.write(segmentID, 0, 0, FULL, 3, 5)
    segmentationNode.CreateClosedSurfaceRepresentation()
    with writer.undoStep():
        writer.write(segmentID, 0, 1, FULL, 3, 5)
        segmentationNode.RemoveClosedSurfaceRepresentation()
        writer.write(segmentID, 0, 2, FULL, 3, 5)
    assert surfaceOf(segmentationNode, segmentID) is None


def test_undo_and_redo_bring_the_surface_along(writer, segmentationNode, segmentID):
    writer.write(segmentID, 0, 4, FULL, 3, 5)
    segmentationNode.CreateClosedSurfaceRepresentation()
    small = surfaceOf(segmentationNode, segmentID).GetBounds()
    writer.write(segmentID, 0, 5, FULL, 6, 7)
    large = surfaceOf(segmentationNode, segmentID).GetBounds()
    writer.undo()
    np.testing.assert_allclose(surfaceOf(segmentationNode, segmentID).GetBounds(), small)
    writer.redo()
    np.testing.assert_allclose(surfaceOf(segmentationNode, segmentID).GetBounds(), large)


def test_a_failed_block_leaves_the_surface_as_it_was(writer, segmentationNode, segmentID):
    writer.write(segmentID, 0, 4, FULL, 3, 5)
    segmentationNode.CreateClosedSurfaceRepresentation()
    before = surfaceOf(segmentationNode, segmentID).GetBounds()
    with pytest.raises(RuntimeError), writer.undoStep():
        writer.write(segmentID, 0, 5, FULL, 6, 7)
        raise RuntimeError
    np.testing.assert_allclose(surfaceOf(segmentationNode, segmentID).GetBounds(), before)


def test_the_surface_of_a_segment_that_becomes_empty_is_empty(writer, segmentationNode, segmentID):
    writer.write(segmentID, 0, 4, FULL, 3, 5)
    segmentationNode.CreateClosedSurfaceRepresentation()
    writer.write(segmentID, 0, 4, FULL, 3, 5, mode="remove")
    assert surfaceOf(segmentationNode, segmentID).GetNumberOfPoints() == 0
    writer.write(segmentID, 0, 5, FULL, 3, 5)
    assert surfaceOf(segmentationNode, segmentID).GetNumberOfPoints() > 0
