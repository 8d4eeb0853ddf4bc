"""Rejecting a lesion: what goes, and that one undo brings all of it back."""

import numpy as np
import pytest
from imageSequences import addSequence
from segmentations import voxelsOf

from MedSAMSegLib.errors import UserError

BOXES = ({"axis": 0, "slice": 4, "box": (2, 1, 5, 4)}, {"axis": 0, "slice": 5, "box": (7, 6, 9, 8)})


@pytest.fixture
def two(logic, ct):
    """Two segments in one labelmap, the first propagated and accepted: (volume, segmentation, IDs)."""
    volume, segmentation, first = ct
    second = logic.addSegment(segmentation, "Other")
    for segmentID, box in zip((first, second), BOXES, strict=True):
        logic.segmentBox(volume, segmentation, segmentID, **box)
    logic.propagate(*ct)
    logic.acceptLesion(segmentation, volume, first)
    return volume, segmentation, (first, second)


def contents(logic, volume, segmentation):
    """:return: all that a user sees of the lesions."""
    segmentIDs = list(segmentation.GetSegmentation().GetSegmentIDs())
    voxels = {segmentID: voxelsOf(segmentation, segmentID, volume).tobytes() for segmentID in segmentIDs}
    boxes = [(entry.segmentID, entry.prompt) for entry in logic.boxes(segmentation, volume)]
    return logic.lesions(segmentation, volume), voxels, boxes


def test_oneUndoBringsSegmentBoxesAndStateBack(logic, two):
    volume, segmentation, (first, second) = two
    before = contents(logic, volume, segmentation)
    assert before[0][0].state == "accepted"
    logic.rejectLesion(segmentation, volume, first)
    after = contents(logic, volume, segmentation)
    assert [lesion.segmentID for lesion in after[0]] == [second]
    assert [segmentID for segmentID, _prompt in after[2]] == [second]
    assert after[1][second] == before[1][second]
    assert logic.undo(segmentation, volume)
    assert contents(logic, volume, segmentation)[:2] == before[:2]
    assert sorted(map(str, contents(logic, volume, segmentation)[2])) == sorted(map(str, before[2]))
    assert logic.redo(segmentation, volume)
    assert contents(logic, volume, segmentation) == after


def test_boxThatCameBackWorks(logic, two):
    volume, segmentation, (first, _second) = two
    logic.rejectLesion(segmentation, volume, first)
    logic.undo(segmentation, volume)
    (entry,) = logic.boxes(segmentation, volume, first)
    logic.deleteBox(entry.node)
    assert not voxelsOf(segmentation, first, volume)[4].any()
    logic.undo(segmentation, volume)
    assert voxelsOf(segmentation, first, volume)[4].any()


def test_emptyLesionIsRejectedAndComesBack(logic, ct):
    volume, segmentation, segmentID = ct
    logic.rejectLesion(segmentation, volume, segmentID)
    assert list(segmentation.GetSegmentation().GetSegmentIDs()) == []
    logic.undo(segmentation, volume)
    assert list(segmentation.GetSegmentation().GetSegmentIDs()) == [segmentID]


def test_lesionThatIsGoneIsNamed(logic, ct):
    volume, segmentation, segmentID = ct
    segmentation.GetSegmentation().RemoveSegment(segmentID)
    with pytest.raises(UserError, match="no longer in the segmentation"):
        logic.rejectLesion(segmentation, volume, segmentID)


def test_lesionThroughTimeIsRefused(logic):
    volume, browser = addSequence([np.full((1, 12, 12), number, np.int16) for number in range(5)])
    browser.SetSelectedItemNumber(2)
    segmentation = logic.createSegmentation(volume)
    segmentID = logic.addSegment(segmentation, "Valve")
    logic.segmentBox(volume, segmentation, segmentID, axis=0, slice=0, box=(2, 2, 6, 6))
    logic.propagateThroughTime(volume, segmentation, segmentID)
    with pytest.raises(UserError) as raised:
        logic.rejectLesion(segmentation, volume, segmentID)
    assert raised.value.code == "lesion_through_time"
    assert segmentation.GetSegmentation().GetSegment(segmentID) is not None
