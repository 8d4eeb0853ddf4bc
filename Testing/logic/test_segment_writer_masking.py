"""The Segment Editor's masking and overwriting hold, with the very result that the editor itself gives."""

import numpy as np
import pytest
import slicer
from geometries import addVolume
from segmentations import FULL, MASK, addSegment, addSegmentation, editorNode, placed, voxelsOf
from vtk.util.numpy_support import vtk_to_numpy

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.segments.segmentWriter import SegmentWriter

EditorNode = slicer.vtkMRMLSegmentEditorNode
EditorLogic = slicer.vtkSlicerSegmentEditorLogic
SegmentationNode = slicer.vtkMRMLSegmentationNode

MASK_MODES = {
    name: getattr(SegmentationNode, name)
    for name in dir(SegmentationNode)
    if name.startswith("EditAllowed") and name != "EditAllowed_Last"
}
OVERWRITE_MODES = {
    name: getattr(EditorNode, name) for name in ("OverwriteAllSegments", "OverwriteVisibleSegments", "OverwriteNone")
}
MODES = {
    "add": EditorLogic.ModificationModeAdd,
    "remove": EditorLogic.ModificationModeRemove,
    "replace": EditorLogic.ModificationModeSet,
}
SLICE = 4
BLOCK = np.ones((5, 6))


OVERLAPPING = {"Tumor": (3, 3), "Organ": (6, 4), "Hidden": (1, 5), "Bone": (8, 0)}
# When the Segment Editor replaces, what stays because it is masked takes voxels from segments that overlap with it.
# Writing here leaves those alone, so the two are compared where the edited segment overlaps with none.
APART = {"Tumor": (3, 3), "Organ": (8, 4), "Hidden": (0, 7), "Bone": (8, 0)}


def addCrowdedSegmentation(volumeNode, blocks):
    """:return: a segmentation with several segments on one slice, and the IDs of its segments by name."""
    segmentationNode = addSegmentation(volumeNode)
    segmentIDs = {
        name: addSegment(segmentationNode, name, placed(0, SLICE, np.ones((4, 5)), x0, y0), volumeNode)
        for name, (x0, y0) in blocks.items()
    }
    segmentationNode.GetDisplayNode().SetSegmentVisibility(segmentIDs["Hidden"], False)
    return segmentationNode, segmentIDs


def editWithTheEditorItself(segmentationNode, segmentID, volumeNode, modifier, mode):
    """What the Segment Editor does with a full-size modifier labelmap and all its settings."""
    logic = EditorLogic()
    logic.SetMRMLScene(slicer.mrmlScene)
    node = editorNode()
    logic.SetSegmentEditorNode(node)
    logic.SetSegmentationNode(segmentationNode)
    logic.SetSourceVolumeNode(volumeNode)
    node.SetSelectedSegmentID(segmentID)
    logic.ResetModifierLabelmapToDefault()
    labelmap = logic.GetModifierLabelmap()
    vtk_to_numpy(labelmap.GetPointData().GetScalars())[:] = modifier.ravel()
    logic.ModifySegmentByLabelmap(segmentationNode, segmentID, labelmap, MODES[mode], False, False)


@pytest.mark.parametrize("isIntensityMasked", [False, True], ids=["any intensity", "intensity range"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("overwriteMode", OVERWRITE_MODES)
@pytest.mark.parametrize("maskMode", MASK_MODES)
def test_the_result_is_the_segment_editors(maskMode, overwriteMode, mode, isIntensityMasked):
    volumeNode = addVolume("rotated", "parent")
    blocks = APART if mode == "replace" else OVERLAPPING
    ours, oursIDs = addCrowdedSegmentation(volumeNode, blocks)
    theirs, theirsIDs = addCrowdedSegmentation(volumeNode, blocks)
    sliceIntensities = slicer.util.arrayFromVolume(volumeNode)[SLICE]
    settings = {
        "MaskMode": MASK_MODES[maskMode],
        "OverwriteMode": OVERWRITE_MODES[overwriteMode],
        "SourceVolumeIntensityMask": isIntensityMasked,
    }
    node = editorNode(**settings)
    node.SetSourceVolumeIntensityMaskRange(float(sliceIntensities.min() + 50), float(sliceIntensities.max() - 60))

    node.SetMaskSegmentID(oursIDs["Organ"])
    SegmentWriter(ours, volumeNode).write(oursIDs["Tumor"], 0, SLICE, BLOCK, 4, 4, mode)
    node.SetMaskSegmentID(theirsIDs["Organ"])
    editWithTheEditorItself(theirs, theirsIDs["Tumor"], volumeNode, placed(0, SLICE, BLOCK, 4, 4), mode)

    for name in oursIDs:
        np.testing.assert_array_equal(
            voxelsOf(ours, oursIDs[name], volumeNode), voxelsOf(theirs, theirsIDs[name], volumeNode), err_msg=name
        )


@pytest.fixture
def crowd(volumeNode):
    """A segmentation with overlapping segments, the IDs by name, and a writer."""
    segmentationNode, segmentIDs = addCrowdedSegmentation(volumeNode, OVERLAPPING)
    return segmentationNode, segmentIDs, SegmentWriter(segmentationNode, volumeNode)


def voxelsByName(segmentationNode, segmentIDs, volumeNode):
    return {name: voxelsOf(segmentationNode, segmentID, volumeNode) for name, segmentID in segmentIDs.items()}


@pytest.mark.parametrize("mode", MODES)
def test_without_a_segment_editor_in_the_scene_neighbors_are_untouched(crowd, volumeNode, mode):
    segmentationNode, segmentIDs, writer = crowd
    before = voxelsByName(segmentationNode, segmentIDs, volumeNode)
    assert writer.write(segmentIDs["Tumor"], 0, SLICE, BLOCK, 4, 4, mode)
    after = voxelsByName(segmentationNode, segmentIDs, volumeNode)
    for name in ("Organ", "Hidden", "Bone"):
        np.testing.assert_array_equal(after[name], before[name], err_msg=name)
    assert (after["Tumor"] != before["Tumor"]).any()


def test_overwriting_is_taken_back_with_its_step(crowd, volumeNode):
    segmentationNode, segmentIDs, writer = crowd
    before = voxelsByName(segmentationNode, segmentIDs, volumeNode)
    editorNode(OverwriteMode=EditorNode.OverwriteAllSegments)
    writer.write(segmentIDs["Tumor"], 0, SLICE, BLOCK, 4, 4)
    assert not (voxelsOf(segmentationNode, segmentIDs["Organ"], volumeNode) & placed(0, SLICE, BLOCK, 4, 4)).any()
    writer.undo()
    for name, voxels in voxelsByName(segmentationNode, segmentIDs, volumeNode).items():
        np.testing.assert_array_equal(voxels, before[name], err_msg=name)


def test_writing_what_is_there_still_overwrites_neighbors(crowd, volumeNode):
    _segmentationNode, segmentIDs, writer = crowd
    editorNode(OverwriteMode=EditorNode.OverwriteAllSegments)
    assert writer.write(segmentIDs["Tumor"], 0, SLICE, np.ones((4, 5)), 3, 3)
    assert not writer.write(segmentIDs["Tumor"], 0, SLICE, np.ones((4, 5)), 3, 3)


@pytest.mark.parametrize("mode", ["add", "replace"])
def test_replacing_keeps_masked_voxels_of_the_segment_and_of_its_neighbors(crowd, volumeNode, mode):
    segmentationNode, segmentIDs, writer = crowd
    before = voxelsByName(segmentationNode, segmentIDs, volumeNode)
    editorNode(
        MaskMode=SegmentationNode.EditAllowedInsideSingleSegment,
        MaskSegmentID=segmentIDs["Bone"],
        OverwriteMode=EditorNode.OverwriteAllSegments,
    )
    writer.write(segmentIDs["Tumor"], 0, SLICE, BLOCK, 7, 0, mode)
    after = voxelsByName(segmentationNode, segmentIDs, volumeNode)
    gained = before["Bone"] & placed(0, SLICE, BLOCK, 7, 0)
    np.testing.assert_array_equal(after["Tumor"], before["Tumor"] | gained)
    np.testing.assert_array_equal(after["Bone"], before["Bone"] & ~gained)
    np.testing.assert_array_equal(after["Hidden"], before["Hidden"])


def test_a_result_that_is_masked_entirely_is_no_step(writer, segmentID, voxels):
    editorNode(MaskMode=SegmentationNode.EditAllowedInsideAllSegments)
    assert not writer.write(segmentID, 0, SLICE, MASK, 3, 5)
    assert not writer.canUndo
    assert not voxels().any()


def test_an_intensity_range_is_about_the_volume_chosen_in_the_segment_editor(writer, segmentID, volumeNode, voxels):
    otherNode = addVolume("rotated", name="PET")
    otherNode.SetAndObserveTransformNodeID(volumeNode.GetTransformNodeID())
    slicer.util.arrayFromVolume(otherNode)[:] = 0
    slicer.util.arrayFromVolume(otherNode)[SLICE, 6, 4:6] = 7
    slicer.util.arrayFromVolumeModified(otherNode)
    node = editorNode(SourceVolumeIntensityMask=True)
    node.SetSourceVolumeIntensityMaskRange(6, 8)
    node.SetAndObserveSourceVolumeNode(otherNode)
    writer.write(segmentID, 0, SLICE, FULL, 3, 5)
    np.testing.assert_array_equal(voxels(), placed(0, SLICE, [[1, 1]], 4, 6))


def test_a_mask_segment_of_another_segmentation_is_an_error_that_says_what_to_do(writer, segmentID, voxels):
    editorNode(MaskMode=SegmentationNode.EditAllowedInsideSingleSegment, MaskSegmentID="elsewhere")
    with pytest.raises(UserError, match="only inside one segment, which 'Segmentation' does not have") as error:
        writer.write(segmentID, 0, SLICE, MASK, 3, 5)
    assert error.value.code == "mask_segment_missing"
    assert not voxels().any()


def test_writing_leaves_the_segment_editor_as_the_user_set_it(crowd, volumeNode):
    _segmentationNode, segmentIDs, writer = crowd
    node = editorNode(OverwriteMode=EditorNode.OverwriteVisibleSegments, SelectedSegmentID=segmentIDs["Bone"])
    modifiedTime = node.GetMTime()
    writer.write(segmentIDs["Tumor"], 0, SLICE, BLOCK, 4, 4)
    assert node.GetMTime() == modifiedTime


def test_visible_segments_are_masked_in_a_segmentation_that_was_never_shown(volumeNode):
    segmentationNode = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    segmentationNode.SetAndObserveTransformNodeID(volumeNode.GetTransformNodeID())
    segmentID = addSegment(segmentationNode)
    editorNode(MaskMode=SegmentationNode.EditAllowedOutsideVisibleSegments)
    assert SegmentWriter(segmentationNode, volumeNode).write(segmentID, 0, SLICE, MASK, 3, 5)
    assert voxelsOf(segmentationNode, segmentID, volumeNode).sum() == MASK.sum()
