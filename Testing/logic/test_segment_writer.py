"""Masks land on the right voxels, nothing else changes, and every step can be taken back."""

import numpy as np
import pytest
import slicer
from geometries import IJK_TO_RAS, SCENARIOS, SHAPE, addVolume, worldOf
from segmentations import FULL, MASK, addSegment, addSegmentation, placed, voxelsOf

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.segments.segmentWriter import SegmentWriter

AXES = (0, 1, 2)


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize(("geometry", "parents"), SCENARIOS)
def test_a_mask_lands_on_its_voxels(geometry, parents, axis):
    volumeNode = addVolume(geometry, parents)
    segmentationNode = addSegmentation(volumeNode)
    segmentID = addSegment(segmentationNode)
    assert SegmentWriter(segmentationNode, volumeNode).write(segmentID, axis, 4, MASK, x0=3, y0=5)
    np.testing.assert_array_equal(voxelsOf(segmentationNode, segmentID, volumeNode), placed(axis, 4, MASK, 3, 5))


@pytest.mark.parametrize(("geometry", "parents"), SCENARIOS)
def test_a_voxel_is_written_at_its_place_in_the_world(geometry, parents):
    volumeNode = addVolume(geometry, parents)
    segmentationNode = addSegmentation(volumeNode)
    segmentID = addSegment(segmentationNode)
    SegmentWriter(segmentationNode, volumeNode).write(segmentID, 1, 7, np.ones((1, 1)), x0=9, y0=2)
    center = segmentationNode.GetSegmentCenter(segmentID)
    world = [0, 0, 0]
    segmentationNode.TransformPointToWorld(center, world)
    np.testing.assert_allclose(world, worldOf(geometry, parents, (9, 7, 2)), atol=1e-6)


@pytest.mark.parametrize("axis", AXES)
def test_adding_keeps_what_is_there(writer, segmentID, voxels, axis):
    writer.write(segmentID, axis, 4, MASK, 3, 5)
    writer.write(segmentID, axis, 4, FULL, 1, 4)
    writer.write(segmentID, axis, 5, MASK, 3, 5)
    expected = placed(axis, 4, MASK, 3, 5) | placed(axis, 4, FULL, 1, 4) | placed(axis, 5, MASK, 3, 5)
    np.testing.assert_array_equal(voxels(), expected)


@pytest.mark.parametrize("axis", AXES)
def test_removing_takes_only_the_mask(writer, segmentID, voxels, axis):
    writer.write(segmentID, axis, 4, FULL, 3, 5)
    writer.write(segmentID, axis, 5, FULL, 3, 5)
    assert writer.write(segmentID, axis, 4, MASK, 4, 5, mode="remove")
    expected = placed(axis, 4, FULL, 3, 5) & ~placed(axis, 4, MASK, 4, 5) | placed(axis, 5, FULL, 3, 5)
    np.testing.assert_array_equal(voxels(), expected)


@pytest.mark.parametrize("axis", AXES)
def test_replacing_changes_one_slice_and_no_other(writer, segmentID, voxels, axis):
    for sliceIndex in (3, 4, 5):
        writer.write(segmentID, axis, sliceIndex, FULL, 0, 0)
        writer.write(segmentID, axis, sliceIndex, FULL, 6, 6)
    assert writer.write(segmentID, axis, 4, MASK, 4, 4, mode="replace")
    kept = [placed(axis, z, FULL, start, start) for z in (3, 5) for start in (0, 6)]
    np.testing.assert_array_equal(voxels(), np.logical_or.reduce(kept) | placed(axis, 4, MASK, 4, 4))


def test_replacing_by_an_empty_mask_clears_the_slice(writer, segmentID, voxels):
    writer.write(segmentID, 0, 3, FULL, 3, 5)
    writer.write(segmentID, 0, 4, FULL, 3, 5)
    assert writer.write(segmentID, 0, 4, np.zeros((2, 2)), 3, 5, mode="replace")
    np.testing.assert_array_equal(voxels(), placed(0, 3, FULL, 3, 5))


def test_the_mask_may_be_the_whole_slice(writer, segmentID, voxels):
    mask = np.zeros(SHAPE[1:], np.uint8)
    mask[5:8, 3:7] = MASK
    writer.write(segmentID, 0, 4, mask, 0, 0)
    np.testing.assert_array_equal(voxels(), placed(0, 4, MASK, 3, 5))


@pytest.mark.parametrize("mask", [MASK.astype(bool), MASK.astype(np.float32), MASK * 255, np.asfortranarray(MASK)])
def test_any_kind_of_mask_is_taken(writer, segmentID, voxels, mask):
    writer.write(segmentID, 0, 4, mask, 3, 5)
    np.testing.assert_array_equal(voxels(), placed(0, 4, MASK, 3, 5))


def test_the_first_and_last_voxels_of_the_volume_can_be_written(writer, segmentID, voxels):
    writer.write(segmentID, 0, 0, np.ones((1, 1)), 0, 0)
    writer.write(segmentID, 0, SHAPE[0] - 1, np.ones((1, 1)), SHAPE[2] - 1, SHAPE[1] - 1)
    expected = np.zeros(SHAPE, bool)
    expected[0, 0, 0] = expected[-1, -1, -1] = True
    np.testing.assert_array_equal(voxels(), expected)


def test_neighbors_keep_their_voxels_where_they_overlap(writer, segmentationNode, segmentID, voxels):
    neighborID = addSegment(segmentationNode, "Organ")
    writer.write(neighborID, 0, 4, FULL, 3, 5)
    writer.write(segmentID, 0, 4, FULL, 5, 6)
    np.testing.assert_array_equal(voxels(), placed(0, 4, FULL, 5, 6))
    np.testing.assert_array_equal(voxels(neighborID), placed(0, 4, FULL, 3, 5))


def test_a_neighbor_of_the_same_layer_survives_removing_and_replacing(writer, segmentationNode, segmentID, voxels):
    neighborID = addSegment(segmentationNode, "Organ")
    writer.write(neighborID, 0, 4, FULL, 0, 0)
    writer.write(segmentID, 0, 4, FULL, 4, 0)
    assert segmentationNode.GetSegmentation().GetNumberOfLayers() == 1
    writer.write(segmentID, 0, 4, np.ones((11, 13)), 0, 0, mode="remove")
    writer.write(segmentID, 0, 4, MASK, 8, 0, mode="replace")
    np.testing.assert_array_equal(voxels(neighborID), placed(0, 4, FULL, 0, 0))
    np.testing.assert_array_equal(voxels(), placed(0, 4, MASK, 8, 0))


def test_a_segmentation_without_geometry_gets_the_volumes(volumeNode):
    segmentationNode = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    segmentationNode.SetAndObserveTransformNodeID(volumeNode.GetTransformNodeID())
    segmentID = addSegment(segmentationNode)
    SegmentWriter(segmentationNode, volumeNode).write(segmentID, 2, 4, MASK, 3, 5)
    np.testing.assert_array_equal(voxelsOf(segmentationNode, segmentID, volumeNode), placed(2, 4, MASK, 3, 5))


def test_a_segmentation_outside_the_volumes_transform_may_coincide(volumeNode):
    segmentationNode = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    segmentationNode.SetReferenceImageGeometryParameterFromVolumeNode(volumeNode)
    segmentID = addSegment(segmentationNode)
    SegmentWriter(segmentationNode, volumeNode).write(segmentID, 0, 4, np.ones((1, 1)), 3, 5)
    world = segmentationNode.GetSegmentCenterRAS(segmentID)
    np.testing.assert_allclose(world, worldOf("rotated", "parent", (3, 5, 4)), atol=1e-6)


def test_a_segmentation_of_a_cropped_volume_is_written_in_its_own_voxels(volumeNode):
    croppedNode = addVolume("rotated", shape=(4, 5, 6), name="Cropped")
    croppedNode.SetAndObserveTransformNodeID(volumeNode.GetTransformNodeID())
    IJKToRAS = IJK_TO_RAS["rotated"].copy()
    IJKToRAS[:, 3] = IJKToRAS @ (3, 2, 1, 1)
    croppedNode.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(IJKToRAS))
    segmentationNode = addSegmentation(croppedNode)
    segmentID = addSegment(segmentationNode)
    writer = SegmentWriter(segmentationNode, volumeNode)
    writer.write(segmentID, 0, 1, FULL, 3, 3)
    writer.write(segmentID, 0, 1, MASK, 4, 3, mode="replace")
    np.testing.assert_array_equal(
        voxelsOf(segmentationNode, segmentID, croppedNode), placed(0, 0, MASK, 1, 1, shape=(4, 5, 6))
    )


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("mode", ["add", "replace"])
def test_a_segmentation_may_count_its_slices_backwards(tmp_path, axis, mode):
    volumeNode = addVolume("left-handed", "parent")
    segmentID = addSegment(addSegmentation(volumeNode))
    slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear()
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    volumeNode, segmentationNode = slicer.util.getNode("CT"), slicer.util.getNode("Segmentation")
    assert slicer.util.arrayFromVolume(volumeNode)[-1, 0, 0] == 0, "Slicer reversed the slices of the volume"
    writer = SegmentWriter(segmentationNode, volumeNode)
    writer.write(segmentID, axis, 4, FULL, 3, 5)
    writer.write(segmentID, axis, 4, MASK, 4, 5, mode)
    expected = placed(axis, 4, MASK, 4, 5) | (placed(axis, 4, FULL, 3, 5) if mode == "add" else False)
    np.testing.assert_array_equal(voxelsOf(segmentationNode, segmentID, volumeNode), expected)


def test_a_segmentation_with_other_voxels_is_an_error_that_says_what_to_do(volumeNode):
    segmentationNode = addSegmentation(addVolume("anisotropic", name="Other"))
    segmentationNode.SetAndObserveTransformNodeID(volumeNode.GetTransformNodeID())
    with pytest.raises(UserError, match="'Segmentation' and the volume 'CT' do not coincide") as error:
        SegmentWriter(segmentationNode, volumeNode)
    assert error.value.code == "geometry_differs"
    assert "Specify geometry" in error.value.hint


def test_a_segmentation_left_behind_by_the_volumes_transform_is_an_error(writer, volumeNode, segmentID):
    volumeNode.SetAndObserveTransformNodeID(None)
    with pytest.raises(UserError, match="'Segmentation' and the volume 'CT' are under different transforms") as error:
        writer.write(segmentID, 0, 4, MASK, 3, 5)
    assert error.value.code == "transforms_differ"


def test_the_volume_and_its_segmentation_may_move_together(writer, volumeNode, segmentID, voxels):
    volumeNode.GetParentTransformNode().SetMatrixTransformToParent(
        slicer.util.vtkMatrixFromArray(IJK_TO_RAS["left-handed"])
    )
    writer.write(segmentID, 0, 4, MASK, 3, 5)
    np.testing.assert_array_equal(voxels(), placed(0, 4, MASK, 3, 5))


def test_a_segment_with_other_voxels_than_its_segmentation_is_an_error(volumeNode):
    segmentationNode = addSegmentation(addVolume("anisotropic", name="Other"))
    segmentID = addSegment(segmentationNode)
    other = slicer.util.getNode("Other")
    SegmentWriter(segmentationNode, other).write(segmentID, 0, 4, MASK, 3, 5)
    segmentationNode.SetAndObserveTransformNodeID(volumeNode.GetTransformNodeID())
    segmentationNode.SetReferenceImageGeometryParameterFromVolumeNode(volumeNode)
    with pytest.raises(UserError, match="segment 'Tumor' do not coincide with those of 'Segmentation'"):
        SegmentWriter(segmentationNode, volumeNode).write(segmentID, 0, 4, MASK, 3, 5)


def test_a_segment_that_never_had_voxels_can_be_written(writer, segmentationNode, voxels):
    segment = slicer.vtkSegment()
    segment.SetName("Bare")
    segmentationNode.GetSegmentation().AddSegment(segment)
    bareID = segmentationNode.GetSegmentation().GetSegmentIdBySegment(segment)
    writer.write(bareID, 0, 4, MASK, 3, 5)
    np.testing.assert_array_equal(voxels(bareID), placed(0, 4, MASK, 3, 5))


def test_a_segment_that_was_deleted_is_an_error(writer, segmentationNode, segmentID):
    segmentationNode.GetSegmentation().RemoveSegment(segmentID)
    with pytest.raises(UserError, match="is not in the segmentation 'Segmentation'") as error:
        writer.write(segmentID, 0, 4, MASK, 3, 5)
    assert error.value.code == "segment_missing"


def test_a_segmentation_that_was_removed_is_an_error(writer, segmentationNode, segmentID):
    slicer.mrmlScene.RemoveNode(segmentationNode)
    with pytest.raises(UserError, match="segmentation is no longer in the scene"):
        writer.write(segmentID, 0, 4, MASK, 3, 5)
    assert not writer.isUsable
    assert not writer.canUndo
    assert not writer.undo()
    assert not writer.redo()


def test_a_volume_that_was_removed_is_an_error(writer, volumeNode, segmentID):
    slicer.mrmlScene.RemoveNode(volumeNode)
    with pytest.raises(UserError, match="volume is no longer in the scene"):
        writer.write(segmentID, 0, 4, MASK, 3, 5)
    assert not writer.isUsable


def test_a_segmentation_made_of_surfaces_is_an_error(volumeNode, segmentationNode):
    closedSurface = slicer.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()
    segmentationNode.GetSegmentation().SetSourceRepresentationName(closedSurface)
    with pytest.raises(UserError, match="'Segmentation' is not stored as voxels"):
        SegmentWriter(segmentationNode, volumeNode)


@pytest.mark.parametrize(
    ("sliceIndex", "x0", "y0"), [(9, 0, 0), (-1, 0, 0), (4, -1, 0), (4, 10, 0), (4, 0, -1), (4, 0, 9)]
)
def test_a_mask_outside_the_volume_is_an_error_and_changes_nothing(writer, segmentID, voxels, sliceIndex, x0, y0):
    with pytest.raises(UserError, match="leaves the volume 'CT'"):
        writer.write(segmentID, 0, sliceIndex, FULL, x0, y0)
    assert not voxels().any()
    assert not writer.canUndo


def test_an_unknown_mode_is_an_error(writer, segmentID):
    with pytest.raises(ValueError, match="mode is 'paint'"):
        writer.write(segmentID, 0, 4, MASK, 3, 5, mode="paint")


def test_what_was_written_survives_saving_and_loading(writer, segmentationNode, segmentID, volumeNode, tmp_path):
    writer.write(segmentID, 1, 4, MASK, 3, 5)
    slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear()
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    loaded = slicer.util.getNode("Segmentation"), segmentID, slicer.util.getNode("CT")
    np.testing.assert_array_equal(voxelsOf(*loaded), placed(1, 4, MASK, 3, 5))
    assert SegmentWriter(loaded[0], loaded[2]).write(segmentID, 1, 5, MASK, 3, 5)
