"""Boxes that are moved, deleted, refined and taken back: what they had added is replaced, and nothing else."""

import numpy as np
import pytest
import slicer
from geometries import addVolume
from knownBox import BOX, SLICE, boxVoxels, segmentVoxels
from segmentations import editorNode
from waiting import waitUntil

from MedSAMSegLib.boxPrompt import BoxPrompt
from MedSAMSegLib.boxPromptStore import BoxPromptStore
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.segmentWriter import SegmentWriter

MOVED = (4.5, 2.5, 9.5, 6.5)


def filled(volume, box, sliceIndex=SLICE, axis=0):
    """:return: the voxels whose centers are in a box on a slice, as bool (K, J, I)."""
    voxels = np.zeros(slicer.util.arrayFromVolume(volume).shape, bool)
    x0, y0, x1, y1 = (int(np.ceil(edge)) for edge in box)
    np.moveaxis(voxels, axis, 0)[sliceIndex, y0:y1, x0:x1] = True
    return voxels


def move(node, box, sliceIndex=SLICE, axis=0):
    """Do what dragging the markup does."""
    store = BoxPromptStore()
    before = store.stored(node)
    store.update(node, BoxPrompt(axis, sliceIndex, *box))
    store.store(node, before)


def paint(ct, voxels, mode="add"):
    """Edit the segment by hand: through a writer of its own, as the Segment Editor would."""
    for sliceIndex in np.flatnonzero(voxels.any(axis=(1, 2))):
        SegmentWriter(ct[1], ct[0]).write(ct[2], 0, int(sliceIndex), voxels[sliceIndex], 0, 0, mode)


@pytest.fixture
def box(logic, ct):
    """The markup of a box that was drawn."""
    return logic.segmentBox(*ct, axis=0, slice=SLICE, box=BOX).promptNode


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


@pytest.fixture
def reloaded(logic, ct, box, tmp_path):
    """Another logic on the saved and reopened scene of two overlapping boxes: (volume, segmentation, segment)."""
    logic.segmentBox(*ct, axis=0, slice=SLICE, box=(3.5, 1.5, 7.5, 5.5), window="lung")
    path = str(tmp_path / "scene.mrb")
    slicer.util.saveScene(path)
    slicer.mrmlScene.Clear()
    slicer.util.loadScene(path)
    (volume,) = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    (segmentation,) = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    return volume, segmentation, segmentation.GetSegmentation().GetNthSegmentID(0)


def test_boxOfASavedSceneReplacesWhatItHadAdded(logic, backend, reloaded):
    volume, segmentation, _segment = reloaded
    first, _second = logic.boxes(segmentation, volume)
    backend.requests.clear()
    move(first.node, (8.5, 6.5, 11.5, 9.5))
    logic.updateBox(first.node)
    expected = filled(volume, (3.5, 1.5, 7.5, 5.5)) | filled(volume, (8.5, 6.5, 11.5, 9.5))
    np.testing.assert_array_equal(segmentVoxels(*reloaded), expected)
    # The old masks are those of the windows that they were found in.
    assert [(request["window"], len(request["boxes"])) for request in backend.requests] == [("auto", 2), ("lung", 1)]


def test_boxOfASavedSceneTakesItsVoxelsAway(logic, reloaded):
    volume, segmentation, _segment = reloaded
    first, second = logic.boxes(segmentation, volume)
    logic.deleteBox(first.node)
    np.testing.assert_array_equal(segmentVoxels(*reloaded), filled(volume, (3.5, 1.5, 7.5, 5.5)))
    logic.deleteBox(second.node)
    assert not segmentVoxels(*reloaded).any()


@pytest.mark.parametrize("code", ["segment_hidden", "segment_completed"])
def test_segmentThatIsHiddenOrCompletedIsNotWritten(logic, backend, ct, box, code):
    _volume, segmentation, segment = ct
    if code == "segment_hidden":
        segmentation.GetDisplayNode().SetSegmentVisibility(segment, False)
    else:
        logicClass = slicer.vtkSlicerSegmentationsModuleLogic
        logicClass.SetSegmentStatus(segmentation.GetSegmentation().GetSegment(segment), logicClass.Completed)
    asked = len(backend.requests)
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
    assert len(backend.requests) == asked
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


def boxNodes():
    return slicer.util.getNodesByClass("vtkMRMLMarkupsROINode")


def pointNodes():
    return slicer.util.getNodesByClass("vtkMRMLMarkupsFiducialNode")


@pytest.mark.parametrize("removed", ["segment", "removeSegment", "segmentation", "volume"])
def test_boxesGoWithWhatTheyBelongTo(logic, ct, box, removed):
    volume, segmentation, segment = ct
    other = logic.addSegment(segmentation, "Other")
    kept = logic.segmentBox(volume, segmentation, other, axis=0, slice=SLICE + 1, box=BOX).promptNode
    logic.addPoint(box, (4.0, 2.0, SLICE), True)
    if removed == "segment":
        segmentation.GetSegmentation().RemoveSegment(segment)
    elif removed == "removeSegment":
        logic.removeSegment(segmentation, segment)
    else:
        slicer.mrmlScene.RemoveNode(segmentation if removed == "segmentation" else volume)
    assert boxNodes() == ([kept] if removed in ("segment", "removeSegment") else [])
    assert pointNodes() == []


def test_boxesStayWhenASceneIsLoadedOrSegmentsAreUndone(logic, reloaded):
    volume, segmentation, segment = reloaded
    assert len(boxNodes()) == 2
    logic.segmentBox(volume, segmentation, segment, axis=0, slice=SLICE + 1, box=BOX)
    logic.undo(segmentation, volume)
    assert len(boxNodes()) == 2


def test_answerForABoxThatWasDeletedIsDropped(logic, backend, ct, box):
    backend.letSegment.clear()
    move(box, MOVED)
    run = logic.startBoxUpdate(box)
    logic.deleteBox(box)
    backend.letSegment.set()
    while run.advance(wait=True):
        pass
    assert run.result is None
    assert boxNodes() == []
    assert not segmentVoxels(*ct).any()


def test_answerForABoxThatWasTakenBackIsDropped(logic, backend, ct, box):
    move(box, MOVED)
    logic.updateBox(box)
    backend.letSegment.clear()
    move(box, (0.5, 0.5, 2.5, 2.5))
    run = logic.startBoxUpdate(box)
    logic.undo(ct[1], ct[0])
    backend.letSegment.set()
    while run.advance(wait=True):
        pass
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(ct[0], 0, [SLICE]))
    assert logic.boxes(ct[1], ct[0])[0].prompt.box == pytest.approx(BOX, abs=1e-3)


def test_answerThatComesAfterANewerOneIsDropped(logic, ct, box):
    move(box, (0.5, 0.5, 2.5, 2.5))
    older = logic.startBoxUpdate(box)
    move(box, MOVED)
    newer = logic.startBoxUpdate(box)
    for run in (newer, older):
        while run.advance(wait=True):
            pass
    assert older.result is None
    np.testing.assert_array_equal(segmentVoxels(*ct), filled(ct[0], MOVED))


@pytest.mark.parametrize("change", ["voxels", "geometry"])
def test_volumeEditedBeforeTheAnswerIsAskedAboutAgain(logic, backend, ct, change):
    volume = ct[0]
    backend.letSegment.clear()
    run = logic.startBox(*ct, boxRAS=((1.5, 0.5, SLICE), (6.5, 4.5, SLICE)))
    waitUntil(lambda: backend.requests)
    if change == "voxels":
        slicer.util.arrayFromVolume(volume)[:] += 1
        slicer.util.arrayFromVolumeModified(volume)
    else:
        volume.SetOrigin(1.0, 0.0, 0.0)
        ct[1].SetReferenceImageGeometryParameterFromVolumeNode(volume)
    backend.letSegment.set()
    while run.advance(wait=True):
        pass
    assert len(backend.requests) == 2
    assert len({upload.key for upload in backend.uploads}) == (2 if change == "voxels" else 1)
    expected = BOX if change == "voxels" else (0.5, 0.5, 5.5, 4.5)
    np.testing.assert_array_equal(segmentVoxels(*ct), filled(volume, expected))


def test_pointsGoWithTheBoxAreUndoneAndSaved(logic, backend, ct, box, tmp_path):
    logic.addPoint(box, (4.0, 2.0, SLICE), True)
    logic.addPoint(box, (3.0, 3.0, SLICE), False)
    assert backend.requests[-1]["points"] == [[(4.0, 2.0, 1), (3.0, 3.0, 0)]]
    assert logic.pointsOf(box) == ((4.0, 2.0, True), (3.0, 3.0, False))
    logic.undo(ct[1], ct[0])
    assert logic.pointsOf(box) == ((4.0, 2.0, True),)
    logic.redo(ct[1], ct[0])
    assert len(logic.pointsOf(box)) == 2
    path = str(tmp_path / "scene.mrb")
    slicer.util.saveScene(path)
    slicer.mrmlScene.Clear()
    slicer.util.loadScene(path)
    (reopened,) = boxNodes()
    assert logic.pointsOf(reopened) == ((4.0, 2.0, True), (3.0, 3.0, False))


def test_pointsAreClearedInOneStep(logic, backend, ct, box):
    logic.addPoint(box, (4.0, 2.0, SLICE), True)
    run = logic.startClearingPoints(box)
    while run.advance(wait=True):
        pass
    assert "points" not in backend.requests[-1]
    assert pointNodes() == []
    logic.undo(ct[1], ct[0])
    assert logic.pointsOf(box) == ((4.0, 2.0, True),)


def test_pointBesideTheSliceIsRefused(logic, backend, box):
    asked = len(backend.requests)
    with pytest.raises(UserError, match="is not on slice 4 of 'CT'"):
        logic.addPoint(box, (4.0, 2.0, SLICE + 1), True)
    assert pointNodes() == []
    assert len(backend.requests) == asked


def preview(logic, ct):
    corners = ((1.5, 0.5, SLICE), (6.5, 4.5, SLICE))
    run = logic.startPreview(ct[0], corners, "Red")
    while run.advance(wait=True):
        pass
    return run.result


def test_previewShowsWhatWouldBeFoundAndChangesNothing(logic, backend, ct):
    backend.client()
    result = preview(logic, ct)
    assert result.prompt.box == pytest.approx(BOX)
    assert result.mask.voxelCount == 20
    assert boxNodes() == []
    assert not segmentVoxels(*ct).any()


def test_previewOfASliceThatIsNotEncodedIsNothing(logic, backend, ct):
    backend.client()
    backend.encodedSlices = set()
    assert preview(logic, ct) is None


def test_previewStartsNoServer(logic, backend, ct):
    assert preview(logic, ct) is None
    assert backend.starts == 0


def test_rotatedViewIsSaid(logic, ct):
    sliceNode = slicer.mrmlScene.GetNodeByID("vtkMRMLSliceNodeRed")
    corners = ((1.5, 0.5, SLICE), (6.5, 4.5, SLICE))
    assert logic.segmentBox(*ct, boxRAS=corners, view="Red").notes == []
    sliceNode.GetSliceToRAS().SetElement(0, 0, np.cos(np.radians(12)))
    sliceNode.GetSliceToRAS().SetElement(1, 0, np.sin(np.radians(12)))
    sliceNode.GetSliceToRAS().SetElement(0, 1, -np.sin(np.radians(12)))
    sliceNode.GetSliceToRAS().SetElement(1, 1, np.cos(np.radians(12)))
    sliceNode.UpdateMatrices()
    (note,) = logic.segmentBox(*ct, boxRAS=corners, view="Red").notes
    assert "rotated by 12°" in note
    assert "using the nearest slice" in note


def test_canUndoAndCanRedo(logic, ct, box):
    volume, segmentation, _segment = ct
    assert (logic.canUndo(segmentation, volume), logic.canRedo(segmentation, volume)) == (True, False)
    logic.undo(segmentation, volume)
    assert (logic.canUndo(segmentation, volume), logic.canRedo(segmentation, volume)) == (False, True)
    assert not logic.canUndo(None, None)
    slicer.mrmlScene.RemoveNode(segmentation)
    assert not logic.canRedo(segmentation, volume)
