"""Segments that are completed, flagged or hidden, and accepted slices: whole after whatever is drawn over them."""

import numpy as np
import pytest
import slicer
from geometries import addVolume
from segmentations import FULL, addSegment, editorNode, placed, voxelsOf

STATUS = slicer.vtkSlicerSegmentationsModuleLogic
EditorNode = slicer.vtkMRMLSegmentEditorNode
BOX = (1.5, 0.5, 6.5, 4.5)
DRAWN = np.zeros((9, 11, 13), bool)
DRAWN[4, 1:5, 2:7] = True
NEIGHBOR = np.zeros((9, 11, 13), bool)
NEIGHBOR[3:6, 3:8, 4:10] = True

OVERWRITE_MODES = {
    "no editor": None,
    "none": EditorNode.OverwriteNone,
    "visible": EditorNode.OverwriteVisibleSegments,
    "all": EditorNode.OverwriteAllSegments,
}


def hide(logic, volume, segmentation, segment):
    segmentation.GetDisplayNode().SetSegmentVisibility(segment, False)


def setStatus(status):
    return lambda logic, volume, segmentation, segment: STATUS.SetSegmentStatus(
        segmentation.GetSegmentation().GetSegment(segment), status
    )


def acceptSlices(logic, volume, segmentation, segment):
    for state in logic.slices(segmentation, volume, segment, axis=0):
        logic.acceptSlice(segmentation, volume, segment, axis=0, slice=state.index)


KEPT = {
    "completed": setStatus(STATUS.Completed),
    "flagged": setStatus(STATUS.Flagged),
    "hidden": hide,
    "accepted slices": acceptSlices,
}


@pytest.fixture
def scene(logic):
    """(volume, segmentation, ID of a segment with voxels, ID of one without)."""
    volume = addVolume("rotated")
    segmentation = logic.createSegmentation(volume)
    neighbor = addSegment(segmentation, "A", NEIGHBOR, volume)
    return volume, segmentation, neighbor, logic.addSegment(segmentation, "B")


@pytest.mark.parametrize("mode", OVERWRITE_MODES.values(), ids=OVERWRITE_MODES)
@pytest.mark.parametrize("keep", KEPT.values(), ids=KEPT)
def test_what_is_kept_stays_whole(logic, scene, keep, mode):
    volume, segmentation, neighbor, segment = scene
    keep(logic, volume, segmentation, neighbor)
    if mode is not None:
        editorNode(OverwriteMode=mode)
    drawn = logic.segmentBox(volume, segmentation, segment, axis=0, slice=4, box=BOX)
    box = drawn.promptNode
    mayOverlap = mode in (None, EditorNode.OverwriteNone) or (
        keep is hide and mode == EditorNode.OverwriteVisibleSegments
    )
    expected = DRAWN if mayOverlap else DRAWN & ~NEIGHBOR
    np.testing.assert_array_equal(voxelsOf(segmentation, segment, volume), expected)
    followed = logic.propagate(volume, segmentation, segment)
    np.testing.assert_array_equal(voxelsOf(segmentation, neighbor, volume), NEIGHBOR)
    (name,) = [name for name, each in KEPT.items() if each is keep]
    assert drawn.notes == followed.notes == ([] if mayOverlap else [f"'A' ({name}) keeps its voxels."])
    logic.deleteBox(box)
    np.testing.assert_array_equal(voxelsOf(segmentation, neighbor, volume), NEIGHBOR)


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (2, "'A' (completed) and 'N0' (completed) keep their voxels."),
        (3, "'A' (completed), 'N0' (completed) and 'N1' (completed) keep their voxels."),
        (5, "'A' (completed), 'N0' (completed) and 3 other segments keep their voxels."),
    ],
)
def test_several_that_keep_their_voxels_are_named(logic, scene, count, words):
    volume, segmentation, neighbor, segment = scene
    editorNode(OverwriteMode=EditorNode.OverwriteAllSegments)
    others = [addSegment(segmentation, f"N{n}", placed(0, 4, FULL, 3, 3 + n // 2), volume) for n in range(count - 1)]
    for each in (neighbor, *others):
        setStatus(STATUS.Completed)(logic, volume, segmentation, each)
    assert logic.segmentBox(volume, segmentation, segment, axis=0, slice=4, box=BOX).notes == [words]
    # What was kept from one box is not said of the next.
    assert logic.segmentBox(volume, segmentation, segment, axis=0, slice=8, box=BOX).notes == []


def test_an_ordinary_neighbor_is_overwritten_and_gets_its_voxels_back(logic, scene):
    volume, segmentation, neighbor, segment = scene
    editorNode(OverwriteMode=EditorNode.OverwriteAllSegments)
    drawn = logic.segmentBox(volume, segmentation, segment, axis=0, slice=4, box=BOX)
    box = drawn.promptNode
    assert drawn.notes == []
    np.testing.assert_array_equal(voxelsOf(segmentation, neighbor, volume), NEIGHBOR & ~DRAWN)
    logic.deleteBox(box)
    np.testing.assert_array_equal(voxelsOf(segmentation, neighbor, volume), NEIGHBOR)


def test_a_segment_that_was_completed_meanwhile_gets_nothing_back(logic, scene):
    volume, segmentation, neighbor, segment = scene
    editorNode(OverwriteMode=EditorNode.OverwriteAllSegments)
    box = logic.segmentBox(volume, segmentation, segment, axis=0, slice=4, box=BOX).promptNode
    setStatus(STATUS.Completed)(logic, volume, segmentation, neighbor)
    logic.deleteBox(box)
    np.testing.assert_array_equal(voxelsOf(segmentation, neighbor, volume), NEIGHBOR & ~DRAWN)
