"""What lies in a box and is not the object: kept with the box, undone, saved, followed."""

import numpy as np
import pytest
import slicer
from knownBox import BOX, SLICE, segmentVoxels
from movedBoxes import boxNodes

from MedSAMSegLib.boxes.excludedBoxes import EXCLUDED_ATTRIBUTE
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.slicePrompt import SlicePrompt

#: Inside of the known box, which has columns 2 to 6 and rows 1 to 4.
INSIDE = {"axis": 0, "slice": SLICE, "box": (2.6, 1.6, 4.4, 3.4)}
HOLE = (slice(2, 4), slice(3, 5))


def excludedNodes():
    nodes = slicer.util.getNodesByClass("vtkMRMLMarkupsROINode")
    return [node for node in nodes if node.GetAttribute(EXCLUDED_ATTRIBUTE) is not None]


def onSlice(ct):
    return segmentVoxels(*ct)[SLICE]


def test_whatIsExcludedIsTakenAwayUndoneAndSaved(logic, server, ct, box, tmp_path):
    whole = onSlice(ct).copy()
    result = logic.excludeBox(box, **INSIDE)
    assert server.requests[-1]["exclude"] == [(INSIDE["box"],)]
    ring = onSlice(ct).copy()
    assert result.voxelCount == ring.sum() == whole.sum() - 4
    assert not ring[HOLE].any()
    (shown,) = excludedNodes()
    assert shown.GetLocked()
    assert boxNodes()[0] is box
    assert [entry.node for entry in logic.boxes(ct[1], ct[0])] == [box]
    logic.undo(ct[1], ct[0])
    np.testing.assert_array_equal(onSlice(ct), whole)
    assert (logic.excludedFrom(box), excludedNodes()) == ((), [])
    logic.redo(ct[1], ct[0])
    np.testing.assert_array_equal(onSlice(ct), ring)
    path = str(tmp_path / "scene.mrb")
    slicer.util.saveScene(path)
    slicer.mrmlScene.Clear()
    slicer.util.loadScene(path)
    (reopened,) = (node for node in boxNodes() if node not in excludedNodes())
    assert logic.excludedFrom(reopened) == (INSIDE["box"],)
    assert len(excludedNodes()) == 1


def test_itGoesWithTheBox(logic, server, ct, box):
    logic.excludeBox(box, **INSIDE)
    logic.deleteBox(box)
    assert excludedNodes() == []
    logic.undo(ct[1], ct[0])
    assert len(excludedNodes()) == 1
    assert not onSlice(ct)[HOLE].any()


def test_nothingIsExcludedAgainInOneStep(logic, server, ct, box):
    logic.excludeBox(box, **INSIDE)
    logic.excludeBox(box, axis=0, slice=SLICE, box=(5.6, 3.6, 6.4, 4.4))
    assert len(excludedNodes()) == 2
    logic.startExcludingNothing(box).finish()
    assert (logic.excludedFrom(box), excludedNodes()) == ((), [])
    assert onSlice(ct)[HOLE].all()
    logic.undo(ct[1], ct[0])
    assert len(logic.excludedFrom(box)) == len(excludedNodes()) == 2


def test_aPropagationFollowsIt(logic, server, ct, box):
    logic.propagate(*ct)
    logic.excludeBox(box, **INSIDE)
    logic.propagate(*ct)
    asked = server.requests[-1]
    assert asked["exclude"] == {SLICE: (INSIDE["box"],)}
    # The slice is started from as it is: the object with its hole.
    _x0, _y0, pixels = asked["masks"][SLICE]
    assert (~pixels).sum() == 4


@pytest.mark.parametrize(
    ("where", "code"),
    [
        ({**INSIDE, "slice": SLICE + 1}, "exclude_outside_slice"),
        ({**INSIDE, "box": (0, 0, 1, 0.9)}, "exclude_outside_box"),
        ({**INSIDE, "box": (0, 0, 7, 5)}, "exclude_covers_box"),
    ],
)
def test_whatCannotBeExcludedIsRefused(logic, server, ct, box, where, code):
    asked = len(server.requests)
    with pytest.raises(UserError) as error:
        logic.excludeBox(box, **where)
    assert error.value.code == code
    assert (len(server.requests), excludedNodes()) == (asked, [])


def test_itIsCountedWithTheVoxels():
    change = np.diag([1.0, -1.0, 1.0, 1.0])
    change[1, 3] = 9.0
    prompt = SlicePrompt(0, 3, BOX, exclude=((3.0, 2.0, 4.0, 3.0),))
    assert prompt.renumbered(change).exclude == ((3.0, 6.0, 4.0, 7.0),)
    assert SlicePrompt.fromJson(0, 3, prompt.toJson()) == prompt
