"""Boxes that are moved, deleted and taken back: what they had added is replaced, and nothing else."""

import numpy as np
import pytest
import slicer
from geometries import addVolume
from knownBox import BOX, SLICE, boxVoxels, segmentVoxels
from movedBoxes import MOVED, filled, move, paint
from segmentations import editorNode

from MedSAMSegLib.boxes.boxStore import BoxPromptStore
from MedSAMSegLib.errors import UserError


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("geometry", ["rotated", "left-handed", "gantry tilt"])
def test_movedBoxReplacesWhatItHadAdded(logic, geometry, axis):
    volume = addVolume(geometry, "parent")
    segmentation = logic.createSegmentation(volume)
    segment = logic.addSegment(segmentation, "Tumour")
    node = logic.segmentBox(volume, segmentation, segment, axis=axis, slice=SLICE, box=BOX).promptNode
    move(node, MOVED, axis=axis)
    result = logic.updateBox(node)
    assert result.changedSegment
    np.testing.assert_array_equal(segmentVoxels(volume, segmentation, segment), filled(volume, MOVED, axis=axis))


def test_voxelsFromBeforeTheBoxStay(logic, ct):
    before = filled(ct[0], (0.5, 1.5, 3.5, 3.5))
    paint(ct, before)
    node = logic.segmentBox(*ct, axis=0, slice=SLICE, box=BOX).promptNode
    move(node, MOVED)
    logic.updateBox(node)
    np.testing.assert_array_equal(segmentVoxels(*ct), before | filled(ct[0], MOVED))


def test_otherBoxesOnTheSliceKeepTheirVoxels(logic, ct, box):
    other = (3.5, 1.5, 7.5, 5.5)
    logic.segmentBox(*ct, axis=0, slice=SLICE, box=other)
    move(box, (8.5, 6.5, 11.5, 9.5))
    logic.updateBox(box)
    np.testing.assert_array_equal(segmentVoxels(*ct), filled(ct[0], other) | filled(ct[0], (8.5, 6.5, 11.5, 9.5)))


def test_voxelsSharedByTwoBoxesGoWithTheLast(logic, ct, box):
    other = (3.5, 1.5, 7.5, 5.5)
    second = logic.segmentBox(*ct, axis=0, slice=SLICE, box=other).promptNode
    logic.deleteBox(box)
    np.testing.assert_array_equal(segmentVoxels(*ct), filled(ct[0], other))
    logic.deleteBox(second)
    assert not segmentVoxels(*ct).any()


def test_boxAcrossTheSliceKeepsItsVoxels(logic, ct, box):
    across = logic.segmentBox(*ct, axis=1, slice=3, box=BOX).promptNode
    logic.deleteBox(box)
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(ct[0], 1, [3]))
    logic.deleteBox(across)
    assert not segmentVoxels(*ct).any()


def test_whatWasPaintedAndErasedByHandStays(logic, ct, box):
    painted, erased = filled(ct[0], (0.5, 7.5, 2.5, 9.5)), filled(ct[0], (4.5, 2.5, 6.5, 3.5))
    paint(ct, painted)
    paint(ct, erased, "remove")
    for target in (MOVED, (3.5, 1.5, 8.5, 5.5)):
        move(box, target)
        logic.updateBox(box)
        np.testing.assert_array_equal(segmentVoxels(*ct), (filled(ct[0], target) & ~erased) | painted)


def test_boxFillsASegmentThatWasEmptied(logic, ct, box):
    paint(ct, filled(ct[0], BOX), "remove")
    assert not segmentVoxels(*ct).any()
    logic.updateBox(box)
    np.testing.assert_array_equal(segmentVoxels(*ct), filled(ct[0], BOX))


def test_otherSegmentGetsBackWhatAPassingBoxTook(logic, ct):
    editorNode(OverwriteMode=slicer.vtkMRMLSegmentEditorNode.OverwriteAllSegments)
    volume, segmentation, tumour = ct
    vessel = logic.addSegment(segmentation, "Vessel")
    logic.segmentBox(volume, segmentation, vessel, axis=0, slice=SLICE, box=MOVED)
    node = logic.segmentBox(volume, segmentation, tumour, axis=0, slice=SLICE, box=BOX).promptNode
    vesselLeft = filled(volume, MOVED) & ~filled(volume, BOX)
    np.testing.assert_array_equal(segmentVoxels(volume, segmentation, vessel), vesselLeft)
    move(node, (0.5, 0.5, 3.5, 4.5))
    logic.updateBox(node)
    np.testing.assert_array_equal(segmentVoxels(volume, segmentation, vessel), filled(volume, MOVED))


def test_maskingIsObeyedWhenABoxMoves(logic, ct, box):
    volume, segmentation, _tumour = ct
    wall = logic.addSegment(segmentation, "Wall")
    logic.segmentBox(volume, segmentation, wall, axis=0, slice=SLICE, box=(7.5, 0.5, 9.5, 9.5))
    editorNode(MaskMode=slicer.vtkMRMLSegmentationNode.EditAllowedOutsideAllSegments)
    move(box, MOVED)
    logic.updateBox(box)
    np.testing.assert_array_equal(segmentVoxels(*ct), filled(volume, MOVED) & ~filled(volume, (7.5, 0.5, 9.5, 9.5)))


def test_boxMovedToAnotherSliceLeavesItsOldOne(logic, ct, box):
    move(box, BOX, sliceIndex=SLICE + 2)
    logic.updateBox(box)
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(ct[0], 0, [SLICE + 2]))


def test_undoMovesTheBoxBackAndRedoForth(logic, ct, box):
    move(box, MOVED)
    logic.updateBox(box)
    assert logic.undo(ct[1], ct[0])
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(ct[0], 0, [SLICE]))
    assert logic.boxes(ct[1], ct[0])[0].prompt.box == pytest.approx(BOX, abs=1e-3)
    assert logic.redo(ct[1], ct[0])
    np.testing.assert_array_equal(segmentVoxels(*ct), filled(ct[0], MOVED))
    assert logic.boxes(ct[1], ct[0])[0].prompt.box == pytest.approx(MOVED, abs=1e-3)
    # What it had added is known again, too.
    logic.deleteBox(box)
    assert not segmentVoxels(*ct).any()


def test_oneDragIsOneUndoStep(logic, ct, box):
    run = None
    for step in range(1, 5):
        move(box, tuple(edge + step for edge in BOX))
        run = logic.startBoxUpdate(box, continues=run, isLast=step == 4)
        while run.advance(wait=True):
            pass
    np.testing.assert_array_equal(segmentVoxels(*ct), filled(ct[0], tuple(edge + 4 for edge in BOX)))
    logic.undo(ct[1], ct[0])
    np.testing.assert_array_equal(segmentVoxels(*ct), filled(ct[0], BOX))
    assert logic.boxes(ct[1], ct[0])[0].prompt.box == pytest.approx(BOX, abs=1e-3)
    logic.undo(ct[1], ct[0])
    assert not segmentVoxels(*ct).any()


def test_surfacesAreRenewedWhenTheDragIsOver(logic, ct, box):
    _volume, segmentation, segment = ct
    segmentation.CreateClosedSurfaceRepresentation()

    def renewed():
        return segmentation.GetClosedSurfaceInternalRepresentation(segment).GetBounds()

    before = renewed()
    move(box, MOVED)
    run = logic.startBoxUpdate(box, isLast=False)
    while run.advance(wait=True):
        pass
    assert renewed() == before
    run = logic.startBoxUpdate(box, continues=run)
    while run.advance(wait=True):
        pass
    assert renewed() != before


def test_deletedBoxTakesItsVoxelsAndUndoBringsBoth(logic, ct, box):
    assert logic.deleteBox(box).changedSegment
    assert logic.boxes(ct[1], ct[0]) == []
    assert not segmentVoxels(*ct).any()
    logic.undo(ct[1], ct[0])
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(ct[0], 0, [SLICE]))
    (entry,) = logic.boxes(ct[1], ct[0])
    logic.redo(ct[1], ct[0])
    assert logic.boxes(ct[1], ct[0]) == []
    logic.undo(ct[1], ct[0])
    (entry,) = logic.boxes(ct[1], ct[0])
    logic.deleteBox(entry.node)
    assert not segmentVoxels(*ct).any()


def test_deletedBoxCanLeaveItsVoxels(logic, ct, box):
    assert not logic.deleteBox(box, removeMask=False).changedSegment
    assert logic.boxes(ct[1], ct[0]) == []
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(ct[0], 0, [SLICE]))
    logic.undo(ct[1], ct[0])
    assert len(logic.boxes(ct[1], ct[0])) == 1


@pytest.mark.parametrize("code", ["segment_hidden", "segment_completed"])
def test_segmentThatIsHiddenOrCompletedIsNotWritten(logic, server, ct, box, code):
    _volume, segmentation, segment = ct
    if code == "segment_hidden":
        segmentation.GetDisplayNode().SetSegmentVisibility(segment, False)
    else:
        logicClass = slicer.vtkSlicerSegmentationsModuleLogic
        logicClass.SetSegmentStatus(segmentation.GetSegmentation().GetSegment(segment), logicClass.Completed)
    asked = len(server.requests)
    move(box, MOVED)
    attempts = (
        lambda: logic.segmentBox(*ct, axis=0, slice=SLICE, box=MOVED),
        lambda: logic.propagate(*ct),
        lambda: logic.deleteBox(box),
        lambda: logic.updateBox(box),
    )
    for attempt in attempts:
        with pytest.raises(UserError) as caught:
            attempt()
        assert caught.value.code == code
    assert len(server.requests) == asked
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(ct[0], 0, [SLICE]))
    # The box is back where its voxels are.
    assert logic.boxes(ct[1], ct[0])[0].prompt.box == pytest.approx(BOX, abs=1e-3)


def test_boxOutsideTheVolumeGoesBack(logic, ct, box):
    store = BoxPromptStore()
    transform = box.GetObjectToNodeMatrix()
    transform.SetElement(0, 3, 500.0)
    box.SetAndObserveObjectToNodeMatrix(transform)
    assert logic.boxes(ct[1], ct[0]) == []
    assert "lies outside the volume 'CT'" in logic.unreadableBoxes(ct[1], ct[0])[0].problem
    with pytest.raises(UserError, match="lies outside the volume 'CT'"):
        logic.updateBox(box)
    assert store.read(box).box == pytest.approx(BOX, abs=1e-3)


def test_canUndoAndCanRedo(logic, ct, box):
    volume, segmentation, _segment = ct
    assert (logic.canUndo(segmentation, volume), logic.canRedo(segmentation, volume)) == (True, False)
    logic.undo(segmentation, volume)
    assert (logic.canUndo(segmentation, volume), logic.canRedo(segmentation, volume)) == (False, True)
    assert not logic.canUndo(None, None)
    slicer.mrmlScene.RemoveNode(segmentation)
    assert not logic.canRedo(segmentation, volume)
