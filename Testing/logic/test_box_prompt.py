"""Boxes live in the scene: exact when untouched, right when dragged, and still there after saving and loading."""

import numpy as np
import pytest
import slicer
from geometries import SCENARIOS, addVolume, affine, ijkOf, rotation, worldOf
from segmentations import addSegment, addSegmentation

from MedSAMSegLib.boxes.boxStore import BoxPromptStore
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.segments.segmentWriter import SegmentWriter
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry
from MedSAMSegLib.volumes.slicePrompt import SlicePrompt

AXES = (0, 1, 2)


@pytest.fixture
def store():
    return BoxPromptStore()


def promptOn(axis):
    return SlicePrompt(axis, 5, (1.123456789, 2.25, 7.987654321, 6.5))


def sheared(geometry, axis):
    return geometry == "gantry tilt" and axis == 2


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize(("geometry", "parents"), SCENARIOS)
def test_a_box_is_read_as_it_was_stored(store, geometry, parents, axis):
    volumeNode = addVolume(geometry, parents)
    segmentationNode = addSegmentation(volumeNode)
    roiNode = store.add(volumeNode, segmentationNode, addSegment(segmentationNode), promptOn(axis))
    assert store.read(roiNode) == promptOn(axis)


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize(("geometry", "parents"), SCENARIOS)
def test_the_markup_lies_on_the_slice_with_its_sides_on_the_boxs_edges(store, geometry, parents, axis):
    volumeNode = addVolume(geometry, parents)
    segmentationNode = addSegmentation(volumeNode)
    prompt = promptOn(axis)
    roiNode = store.add(volumeNode, segmentationNode, addSegment(segmentationNode), prompt)
    objectToWorld = slicer.util.arrayFromVTKMatrix(roiNode.GetObjectToWorldMatrix())
    x0, y0, x1, y1 = prompt.box
    center = worldOf(geometry, parents, ijkOf(axis, 5, (x0 + x1) / 2, (y0 + y1) / 2))
    np.testing.assert_allclose(objectToWorld[:3, 3], center, atol=1e-4)
    if sheared(geometry, axis):
        return
    halfSize = np.array(roiNode.GetSize()) / 2
    for x, y, signs in ((x0, y0, (-1, -1, 0)), (x1, y0, (1, -1, 0))):
        corner = (objectToWorld @ [*(halfSize * signs), 1.0])[:3]
        np.testing.assert_allclose(corner, worldOf(geometry, parents, ijkOf(axis, 5, x, y)), atol=1e-4)


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize(("geometry", "parents"), SCENARIOS)
def test_the_markup_is_one_slice_deep(store, geometry, parents, axis):
    volumeNode = addVolume(geometry, parents)
    segmentationNode = addSegmentation(volumeNode)
    roiNode = store.add(volumeNode, segmentationNode, addSegment(segmentationNode), promptOn(axis))
    normal = slicer.util.arrayFromVTKMatrix(roiNode.GetObjectToWorldMatrix())[:3, 2]
    center = np.array(roiNode.GetCenterWorld())
    edge = center + normal * roiNode.GetSize()[2] / 2
    depth = SliceGeometry(volumeNode).continuousIJK(edge)[2 - axis]
    assert abs(depth - 5) == pytest.approx(0.5, abs=1e-4)


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize(("geometry", "parents"), SCENARIOS)
def test_a_dragged_box_is_read_where_it_is_now(store, geometry, parents, axis):
    volumeNode = addVolume(geometry, parents)
    segmentationNode = addSegmentation(volumeNode)
    roiNode = store.add(volumeNode, segmentationNode, addSegment(segmentationNode), SlicePrompt(axis, 5, (1, 2, 7, 6)))
    roiNode.SetCenterWorld(worldOf(geometry, parents, ijkOf(axis, 3.8, 5, 5)))
    width, height, depth = roiNode.GetSize()
    roiNode.SetSize(width * 0.5, height * 1.5, depth * 3)
    prompt = store.read(roiNode)
    assert (prompt.axis, prompt.sliceIndex) == (axis, 4)
    np.testing.assert_allclose(prompt.box, (3.5, 2, 6.5, 8), atol=1e-4)


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("geometry", ["rotated", "as loaded", "gantry tilt"])
def test_boxes_survive_saving_and_loading(store, tmp_path, geometry, axis):
    volumeNode = addVolume(geometry, "nested parents")
    segmentationNode = addSegmentation(volumeNode)
    segmentID = addSegment(segmentationNode)
    store.add(volumeNode, segmentationNode, segmentID, promptOn(axis))
    store.add(volumeNode, segmentationNode, segmentID, SlicePrompt(axis, 2, (1, 2, 3, 4)))
    slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear()
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    found = store.list(slicer.util.getNode("Segmentation"), segmentID, slicer.util.getNode("CT"))
    assert [prompt for _node, prompt in found] == [promptOn(axis), SlicePrompt(axis, 2, (1, 2, 3, 4))]
    assert not found[0][0].GetDisplayNode().GetHandlesInteractive()


def test_boxes_stay_in_place_when_loading_reverses_the_slices_of_a_left_handed_volume(store, tmp_path):
    volumeNode = addVolume("left-handed", "parent")
    segmentationNode = addSegmentation(volumeNode)
    segmentID = addSegment(segmentationNode)
    store.add(volumeNode, segmentationNode, segmentID, SlicePrompt(0, 5, (1, 2, 7, 6)))
    slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear()
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    assert slicer.util.arrayFromVolume(slicer.util.getNode("CT"))[-1, 0, 0] == 0
    ((_node, prompt),) = store.list(slicer.util.getNode("Segmentation"), segmentID)
    assert prompt.sliceIndex == 8 - 5
    np.testing.assert_allclose(prompt.box, (1, 2, 7, 6), atol=1e-4)


def test_a_box_dragged_before_saving_is_loaded_where_it_was_dragged_to(
    store, volumeNode, segmentationNode, segmentID, tmp_path
):
    roiNode = store.add(volumeNode, segmentationNode, segmentID, SlicePrompt(0, 5, (1, 2, 7, 6)))
    roiNode.SetCenterWorld(worldOf("rotated", "parent", (5, 5, 3)))
    slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear()
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    ((_node, prompt),) = store.list(slicer.util.getNode("Segmentation"), segmentID)
    assert prompt.sliceIndex == 3
    np.testing.assert_allclose(prompt.box, (2, 3, 8, 7), atol=1e-4)


def test_boxes_are_found_by_segment_segmentation_and_volume(store, volumeNode, segmentationNode, segmentID):
    otherVolume = addVolume("rotated", name="Other")
    otherVolume.SetAndObserveTransformNodeID(volumeNode.GetTransformNodeID())
    otherSegmentation = addSegmentation(volumeNode, "Other")
    otherSegmentation.GetSegmentation().AddEmptySegment(segmentID, "Tumor")
    otherSegmentID = addSegment(segmentationNode, "Organ")
    box = SlicePrompt(0, 5, (1, 2, 7, 6))
    here = store.add(volumeNode, segmentationNode, segmentID, box)
    onOtherVolume = store.add(otherVolume, segmentationNode, segmentID, box)
    store.add(volumeNode, segmentationNode, otherSegmentID, box)
    store.add(volumeNode, otherSegmentation, segmentID, box)
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode", "The user's own")
    assert [node for node, _prompt in store.list(segmentationNode, segmentID, volumeNode)] == [here]
    assert [node for node, _prompt in store.list(segmentationNode, segmentID)] == [here, onOtherVolume]


def test_boxes_whose_volume_was_removed_are_left_out(store, volumeNode, segmentationNode, segmentID):
    store.add(volumeNode, segmentationNode, segmentID, SlicePrompt(0, 5, (1, 2, 7, 6)))
    slicer.mrmlScene.RemoveNode(volumeNode)
    assert store.list(segmentationNode, segmentID) == []


def test_a_box_can_be_moved_and_removed(store, volumeNode, segmentationNode, segmentID):
    roiNode = store.add(volumeNode, segmentationNode, segmentID, SlicePrompt(0, 5, (1, 2, 7, 6)))
    store.update(roiNode, SlicePrompt(1, 3, (2, 1, 4, 5)))
    assert store.list(segmentationNode, segmentID) == [(roiNode, SlicePrompt(1, 3, (2, 1, 4, 5)))]
    store.remove(roiNode)
    assert store.list(segmentationNode, segmentID) == []
    assert roiNode.GetScene() is None


def test_boxes_follow_the_volume_when_its_transform_changes(store, volumeNode, segmentationNode, segmentID):
    roiNode = store.add(volumeNode, segmentationNode, segmentID, promptOn(0))
    matrix = slicer.util.vtkMatrixFromArray(affine(rotation(50), (70, 80, 90)))
    volumeNode.GetParentTransformNode().SetMatrixTransformToParent(matrix)
    assert store.read(roiNode) == promptOn(0)


def test_boxes_stay_in_place_when_the_volumes_transform_is_hardened(store, volumeNode, segmentationNode, segmentID):
    roiNode = store.add(volumeNode, segmentationNode, segmentID, promptOn(0))
    volumeNode.HardenTransform()
    assert store.read(roiNode) == promptOn(0)


def test_a_box_dragged_over_the_images_edge_is_clipped(store, volumeNode, segmentationNode, segmentID):
    roiNode = store.add(volumeNode, segmentationNode, segmentID, SlicePrompt(0, 5, (1, 2, 7, 6)))
    roiNode.SetCenterWorld(worldOf("rotated", "parent", (0, 4, 5)))
    prompt = store.read(roiNode)
    np.testing.assert_allclose(prompt.box, (-0.5, 2, 3, 6), atol=1e-4)
    assert prompt.isClipped


def test_a_box_dragged_out_of_the_volume_is_an_error(store, volumeNode, segmentationNode, segmentID):
    roiNode = store.add(volumeNode, segmentationNode, segmentID, SlicePrompt(0, 5, (1, 2, 7, 6)))
    roiNode.SetCenterWorld(worldOf("rotated", "parent", (4, 4, 40)))
    with pytest.raises(UserError, match="lies outside the volume 'CT'"):
        store.list(segmentationNode, segmentID)


def test_a_box_turned_against_the_volume_is_an_error_that_names_it(store, volumeNode, segmentationNode, segmentID):
    roiNode = store.add(volumeNode, segmentationNode, segmentID, SlicePrompt(0, 5, (1, 2, 7, 6)))
    objectToNode = slicer.util.arrayFromVTKMatrix(roiNode.GetObjectToNodeMatrix())
    objectToNode[:3, :3] = rotation(10) @ objectToNode[:3, :3]
    roiNode.SetAndObserveObjectToNodeMatrix(slicer.util.vtkMatrixFromArray(objectToNode))
    with pytest.raises(UserError, match="The box 'Tumor box' was turned against the volume 'CT'"):
        store.read(roiNode)


def test_a_box_for_a_segment_that_is_gone_is_an_error_and_adds_nothing(store, volumeNode, segmentationNode):
    with pytest.raises(UserError, match="is not in the segmentation 'Segmentation'"):
        store.add(volumeNode, segmentationNode, "gone", SlicePrompt(0, 5, (1, 2, 7, 6)))
    assert slicer.util.getNodesByClass("vtkMRMLMarkupsROINode") == []


def test_a_box_looks_like_its_segment_and_cannot_be_moved_by_accident(store, volumeNode, segmentationNode):
    segmentID = segmentationNode.GetSegmentation().AddEmptySegment("", "Nodule", (0.25, 0.5, 0.75))
    roiNode = store.add(volumeNode, segmentationNode, segmentID, SlicePrompt(0, 5, (1, 2, 7, 6)))
    displayNode = roiNode.GetDisplayNode()
    assert roiNode.GetName() == "Nodule box"
    assert displayNode.GetSelectedColor() == (0.25, 0.5, 0.75)
    assert not displayNode.GetPropertiesLabelVisibility()
    assert displayNode.GetFillOpacity() < 0.1
    assert (roiNode.GetLocked(), displayNode.GetHandlesInteractive()) == (True, False)
    store.setEditable(roiNode, True)
    assert (roiNode.GetLocked(), displayNode.GetHandlesInteractive()) == (False, True)


def test_writing_to_the_segment_leaves_its_boxes_alone(store, volumeNode, segmentationNode, segmentID):
    roiNode = store.add(volumeNode, segmentationNode, segmentID, promptOn(0))
    writer = SegmentWriter(segmentationNode, volumeNode)
    writer.write(segmentID, 0, 5, np.ones((3, 3)), 2, 2)
    writer.undo()
    assert store.list(segmentationNode, segmentID) == [(roiNode, promptOn(0))]
