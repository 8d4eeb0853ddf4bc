"""Points that refine a box, previews of boxes, and views that are rotated."""

import numpy as np
import pytest
import slicer
from knownBox import BOX, SLICE, segmentVoxels
from movedBoxes import boxNodes, pointNodes

from MedSAMSegLib.errors import UserError


def test_pointsGoWithTheBoxAreUndoneAndSaved(logic, server, ct, box, tmp_path):
    logic.addPoint(box, (4.0, 2.0, SLICE), True)
    logic.addPoint(box, (3.0, 3.0, SLICE), False)
    assert server.requests[-1]["points"] == [[(4.0, 2.0, 1), (3.0, 3.0, 0)]]
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


def test_pointsAreClearedInOneStep(logic, server, ct, box):
    logic.addPoint(box, (4.0, 2.0, SLICE), True)
    run = logic.startClearingPoints(box)
    while run.advance(wait=True):
        pass
    assert "points" not in server.requests[-1]
    assert pointNodes() == []
    logic.undo(ct[1], ct[0])
    assert logic.pointsOf(box) == ((4.0, 2.0, True),)


def test_pointBesideTheSliceIsRefused(logic, server, box):
    asked = len(server.requests)
    with pytest.raises(UserError, match="is not on slice 4 of 'CT'"):
        logic.addPoint(box, (4.0, 2.0, SLICE + 1), True)
    assert pointNodes() == []
    assert len(server.requests) == asked


def preview(logic, ct):
    corners = ((1.5, 0.5, SLICE), (6.5, 4.5, SLICE))
    run = logic.startPreview(ct[0], corners, "Red")
    while run.advance(wait=True):
        pass
    return run.result


def test_previewShowsWhatWouldBeFoundAndChangesNothing(logic, server, ct):
    server.client()
    result = preview(logic, ct)
    assert result.prompt.box == pytest.approx(BOX)
    assert result.mask.voxelCount == 20
    assert boxNodes() == []
    assert not segmentVoxels(*ct).any()


def test_previewOfASliceThatIsNotEncodedIsNothing(logic, server, ct):
    server.client()
    server.encodedSlices = set()
    assert preview(logic, ct) is None


def test_previewStartsNoServer(logic, server, ct):
    assert preview(logic, ct) is None
    assert server.starts == 0


def test_rotatedViewIsSaid(logic, ct):
    sliceNode = slicer.mrmlScene.GetNodeByID("vtkMRMLSliceNodeRed")
    corners = ((1.5, 0.5, SLICE), (6.5, 4.5, SLICE))
    assert logic.segmentBox(*ct, boxRAS=corners, view="Red").notes == []
    sliceNode.GetSliceToRAS().SetElement(0, 0, np.cos(np.radians(12)))
    sliceNode.GetSliceToRAS().SetElement(1, 0, np.sin(np.radians(12)))
    sliceNode.GetSliceToRAS().SetElement(0, 1, -np.sin(np.radians(12)))
    sliceNode.GetSliceToRAS().SetElement(1, 1, np.cos(np.radians(12)))
    sliceNode.UpdateMatrices()
    (note,) = logic.segmentBox(*ct, boxRAS=corners, view="Red", nearestSlice=True).notes
    assert "rotated by 12°" in note
    assert "using the nearest slice" in note
