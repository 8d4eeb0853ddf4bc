"""Several segments propagated together: asked for at once, one undo step, what each may take from the other."""

import contextlib

import numpy as np
import pytest
import slicer
from fakeServer import FakeMaskEvent
from segmentations import FULL, editorNode, voxelsOf

from MedSAMSegLib.client.serverReplies import SliceMask
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.segments.segmentWriter import SegmentWriter
from MedSAMSegLib.slices.sliceRecord import BOX, EDITED, PROPAGATED

SLICE = 4
#: Two boxes that share the columns 5 and 6.
LEFT, RIGHT = (1, 1, 6, 4), (5, 1, 10, 4)
REACHED = [2, 3, 4, 5, 6]


@pytest.fixture
def pair(logic, ct):
    """The volume, the segmentation, and two segments with a box each."""
    volume, segmentation, left = ct
    right = logic.addSegment(segmentation, "Neighbor")
    for segment, box in ((left, LEFT), (right, RIGHT)):
        logic.segmentBox(volume, segmentation, segment, axis=0, slice=SLICE, box=box)
    return volume, segmentation, [left, right]


def voxels(pair):
    """:return: the voxels of the two segments, bool (K, J, I)."""
    volume, segmentation, segments = pair
    return [voxelsOf(segmentation, segment, volume) for segment in segments]


def provenances(logic, pair, which):
    volume, segmentation, segments = pair
    states = logic.slices(segmentation, volume, segments[which], axis=0)
    return {state.index: state.provenance for state in states if not state.isEmpty}


def sent(name, index, columns, provenance="propagated"):
    """:return: the event of a slice with the rows 1 to 4 and some columns."""
    first, last = columns
    pixels = np.ones((4, last - first + 1) if last >= first else (0, 0), bool)
    fields = {"object": name, "slice": index, "mask": SliceMask(first, 1, pixels, 0.9), "provenance": provenance}
    return FakeMaskEvent("slice", {**fields, "confidence": 0.5, "confidence_parts": {}})


@pytest.fixture
def answer(server, monkeypatch):
    """Called with events of slices, has the server send just these."""

    def prepare(*events):
        monkeypatch.setattr(server, "_inStep", lambda objects: iter(events))

    return prepare


def test_segmentsAreAskedForInOneRequest(logic, server, pair):
    volume, segmentation, segments = pair
    logic.propagate(volume, segmentation, segments, direction="both", window="lung")
    request = server.requests[-1]
    assert list(request["objects"]) == segments
    assert [dict(each["prompts"]) for each in request["objects"].values()] == [{SLICE: LEFT}, {SLICE: RIGHT}]
    assert (request["direction"], request["window"], request["mayOverlap"]) == ("both", "lung", False)
    assert "prompts" not in request


def test_eachSegmentGetsItsSlicesAsOneUndoStep(logic, pair):
    volume, segmentation, segments = pair
    before = voxels(pair)
    result = logic.propagate(volume, segmentation, segments)
    assert {segment: done.slices for segment, done in result.segments.items()} == dict.fromkeys(segments, REACHED)
    assert result.slices == REACHED
    assert len(result.endings) == 2
    for mask in voxels(pair):
        assert list(np.flatnonzero(mask.any(axis=(1, 2)))) == REACHED
    assert logic.undo(segmentation, volume)
    np.testing.assert_array_equal(voxels(pair), before)


def test_progressCountsTheSlicesOfAllSegments(logic, pair):
    volume, segmentation, segments = pair
    told = []
    logic.propagate(volume, segmentation, segments, progress=told.append)
    assert [progress.done for progress in told] == list(range(1, 11))
    assert {progress.total for progress in told} == {10}
    assert [progress.segment for progress in told[:4]] == segments * 2


def test_cancellingKeepsWhatIsDoneOfEach(logic, server, pair):
    volume, segmentation, segments = pair
    server.heldAfter = 3
    result = logic.propagate(volume, segmentation, segments, progress=lambda progress: progress.done < 3)
    assert result.wasCancelled
    assert [done.slices for done in result.segments.values()] == [[2, 3], [2]]
    assert logic.undo(segmentation, volume)


def test_sliceThatComesAgainReplacesTheFirst(logic, pair, answer):
    volume, segmentation, (left, right) = pair
    answer(sent(left, 5, (1, 6)), sent(left, 5, (1, 4)), sent(right, 5, (5, 10)))
    result = logic.propagate(volume, segmentation, [left, right])
    first, second = voxels(pair)
    assert list(np.flatnonzero(first[5].any(axis=0))) == [1, 2, 3, 4]
    assert list(np.flatnonzero(second[5].any(axis=0))) == [5, 6, 7, 8, 9, 10]
    assert result.segments[left].slices == [5]


def test_sliceOfWhichNothingIsLeftIsEmptiedAtOnce(logic, server, pair, answer):
    volume, segmentation, (left, right) = pair
    answer(sent(left, 5, (5, 6)), sent(right, 6, (5, 10)), sent(left, 5, (0, -1)), sent(right, 5, (5, 10)))
    server.heldAfter = 3
    emptied = iter([True, True, False])
    result = logic.propagate(volume, segmentation, [left, right], progress=lambda progress: next(emptied))
    assert result.wasCancelled
    assert not voxels(pair)[0][5].any()
    assert result.segments[left].slices == []


def test_whatABoxHadFoundGivesWayAndIsFromThatBoxStill(logic, pair, answer):
    volume, segmentation, (left, right) = pair
    answer(sent(left, SLICE, (1, 4), "box"), sent(right, SLICE, (5, 10), "box"))
    logic.propagate(volume, segmentation, [left, right])
    first, second = voxels(pair)
    assert not (first & second).any()
    assert provenances(logic, pair, 0)[SLICE] == BOX


@pytest.mark.parametrize("overwriting", [None, "OverwriteAllSegments", "OverwriteVisibleSegments"])
def test_handWorkOfTheOtherSegmentIsNotOverwritten(logic, pair, answer, overwriting):
    volume, segmentation, (left, right) = pair
    SegmentWriter(segmentation, volume).write(left, 0, 5, FULL, 5, 2)
    painted = voxels(pair)[0][5]
    if overwriting:
        editorNode(OverwriteMode=getattr(slicer.vtkMRMLSegmentEditorNode, overwriting))
    answer(sent(right, 5, (5, 10)))
    logic.propagate(volume, segmentation, [left, right])
    first, second = voxels(pair)
    np.testing.assert_array_equal(first[5], painted)
    assert second[5].sum() == 24 - painted[1:5, 5:11].sum()
    assert provenances(logic, pair, 0)[5] == EDITED


def test_overlapIsForTheSegmentEditorToAllow(logic, server, pair):
    volume, segmentation, segments = pair
    editorNode(OverwriteMode=slicer.vtkMRMLSegmentEditorNode.OverwriteNone)
    SegmentWriter(segmentation, volume).write(segments[0], 0, 5, FULL, 5, 2)
    logic.propagate(volume, segmentation, segments)
    assert server.requests[-1]["mayOverlap"]
    first, second = voxels(pair)
    assert (first & second)[5].sum() > 0


def test_overlapIsForbiddenWhereEditingIsAllowedOnlyOutsideSegments(logic, server, pair):
    volume, segmentation, segments = pair
    editorNode(
        OverwriteMode=slicer.vtkMRMLSegmentEditorNode.OverwriteNone,
        MaskMode=slicer.vtkMRMLSegmentationNode.EditAllowedOutsideAllSegments,
    )
    logic.propagate(volume, segmentation, segments)
    assert not server.requests[-1]["mayOverlap"]


@pytest.mark.parametrize("isTogether", [True, False])
def test_voxelsThatAPropagationTakesMakeNoHandWorkOfTheOther(logic, pair, isTogether):
    volume, segmentation, segments = pair
    editorNode(OverwriteMode=slicer.vtkMRMLSegmentEditorNode.OverwriteAllSegments)
    for chosen in [segments] if isTogether else segments:
        logic.propagate(volume, segmentation, chosen)
    first, second = voxels(pair)
    assert not (first & second)[5].any()
    assert provenances(logic, pair, 0) == {index: BOX if index == SLICE else PROPAGATED for index in REACHED}


def test_ofSeveralSegmentsAllIsComputedAnew(logic, server, pair):
    volume, segmentation, segments = pair
    logic.propagate(volume, segmentation, segments)
    logic.segmentBox(volume, segmentation, segments[0], axis=0, slice=6, box=LEFT)
    logic.propagate(volume, segmentation, segments)
    asked = server.requests[-1]["objects"]
    assert {(each["first"], each["last"]) for each in asked.values()} == {(None, None)}


def test_boxedSegmentsAreThoseThatCanBeFollowed(logic, pair):
    volume, segmentation, (left, right) = pair
    logic.addSegment(segmentation, "Without a box")
    along, across = (logic.addSegment(segmentation, name) for name in ("Another axis", "Two axes"))
    logic.segmentBox(volume, segmentation, along, axis=1, slice=SLICE, box=LEFT)
    for axis in (0, 1):
        logic.segmentBox(volume, segmentation, across, axis=axis, slice=SLICE, box=LEFT)
    assert logic.boxedSegments(segmentation, volume) == [left, right, along]
    assert logic.boxedSegments(segmentation, volume, axis=0) == [left, right]
    segmentation.GetDisplayNode().SetSegmentVisibility(left, False)
    assert logic.boxedSegments(segmentation, volume, axis=0) == [right]


@pytest.mark.parametrize(
    ("choose", "sentence"),
    [
        (lambda logic, segmentation, segments: [], "no segment to propagate"),
        (lambda logic, segmentation, segments: [*segments, logic.addSegment(segmentation, "Bare")], "segment 'Bare'"),
    ],
)
def test_whatCannotBeFollowedIsTold(logic, pair, choose, sentence):
    volume, segmentation, segments = pair
    with pytest.raises(UserError, match=sentence) as caught:
        logic.startPropagation(volume, segmentation, choose(logic, segmentation, segments))
    assert caught.value.code == "no_box"


def test_removedSegmentEndsTheRunAndTheRestIsKept(logic, server, pair):
    volume, segmentation, segments = pair
    server.heldAfter = 4

    def removeAtTheSecond(progress):
        if progress.done == 2:
            segmentation.RemoveSegment(segments[1])

    with (
        contextlib.closing(logic.startPropagation(volume, segmentation, segments, removeAtTheSecond)) as run,
        pytest.raises(UserError) as caught,
    ):
        while run.advance(wait=True):
            pass
    assert caught.value.code == "segment_missing"
    assert voxelsOf(segmentation, segments[0], volume)[2].any()
