"""Boxes in saved scenes, of removed nodes, and with answers that come late."""

import numpy as np
import pytest
import slicer
from knownBox import BOX, SLICE, boxVoxels, segmentVoxels
from movedBoxes import MOVED, boxNodes, filled, move, pointNodes
from waiting import waitUntil


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


def test_boxOfASavedSceneReplacesWhatItHadAdded(logic, server, reloaded):
    volume, segmentation, _segment = reloaded
    first, _second = logic.boxes(segmentation, volume)
    server.requests.clear()
    move(first.node, (8.5, 6.5, 11.5, 9.5))
    logic.updateBox(first.node)
    expected = filled(volume, (3.5, 1.5, 7.5, 5.5)) | filled(volume, (8.5, 6.5, 11.5, 9.5))
    np.testing.assert_array_equal(segmentVoxels(*reloaded), expected)
    # The old masks are those of the windows that they were found in.
    assert [(request["window"], len(request["boxes"])) for request in server.requests] == [("auto", 2), ("lung", 1)]


def test_boxOfASavedSceneTakesItsVoxelsAway(logic, reloaded):
    volume, segmentation, _segment = reloaded
    first, second = logic.boxes(segmentation, volume)
    logic.deleteBox(first.node)
    np.testing.assert_array_equal(segmentVoxels(*reloaded), filled(volume, (3.5, 1.5, 7.5, 5.5)))
    logic.deleteBox(second.node)
    assert not segmentVoxels(*reloaded).any()


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


def test_answerForABoxThatWasDeletedIsDropped(logic, server, ct, box):
    server.letSegment.clear()
    move(box, MOVED)
    run = logic.startBoxUpdate(box)
    logic.deleteBox(box)
    server.letSegment.set()
    while run.advance(wait=True):
        pass
    assert run.result is None
    assert boxNodes() == []
    assert not segmentVoxels(*ct).any()


def test_answerForABoxThatWasTakenBackIsDropped(logic, server, ct, box):
    move(box, MOVED)
    logic.updateBox(box)
    server.letSegment.clear()
    move(box, (0.5, 0.5, 2.5, 2.5))
    run = logic.startBoxUpdate(box)
    logic.undo(ct[1], ct[0])
    server.letSegment.set()
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
def test_volumeEditedBeforeTheAnswerIsAskedAboutAgain(logic, server, ct, change):
    volume = ct[0]
    server.letSegment.clear()
    run = logic.startBox(*ct, boxRAS=((1.5, 0.5, SLICE), (6.5, 4.5, SLICE)))
    waitUntil(lambda: server.requests)
    if change == "voxels":
        slicer.util.arrayFromVolume(volume)[:] += 1
        slicer.util.arrayFromVolumeModified(volume)
    else:
        volume.SetOrigin(1.0, 0.0, 0.0)
        ct[1].SetReferenceImageGeometryParameterFromVolumeNode(volume)
    server.letSegment.set()
    while run.advance(wait=True):
        pass
    assert len(server.requests) == 2
    assert len({upload.key for upload in server.uploads}) == (2 if change == "voxels" else 1)
    expected = BOX if change == "voxels" else (0.5, 0.5, 5.5, 4.5)
    np.testing.assert_array_equal(segmentVoxels(*ct), filled(volume, expected))
