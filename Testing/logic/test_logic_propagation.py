"""Propagation on a real scene, with a fake server: what is written, kept, taken back, and what ends it."""

import numpy as np
import pytest
import slicer
from knownBox import BOX, SLICE, boxVoxels, segmentVoxels

from MedSAMSegLib.client.serverReplies import ServerError, SliceMask
from MedSAMSegLib.errors import UserError


@pytest.fixture
def ct(logic, ct):
    """A volume with one box drawn: (volume, segmentation, segment)."""
    logic.segmentBox(*ct, axis=0, slice=SLICE, box=BOX)
    return ct


def test_propagationWritesEverySliceAsOneUndoStep(logic, ct):
    afterTheBox = segmentVoxels(*ct)

    result = logic.propagate(*ct)

    assert result.slices == [2, 3, 4, 5, 6]
    assert not result.wasCancelled
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(ct[0], 0, range(2, 7)))
    volume, segmentation, _segment = ct
    assert logic.undo(segmentation, volume)
    np.testing.assert_array_equal(segmentVoxels(*ct), afterTheBox)
    assert logic.redo(segmentation, volume)
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(ct[0], 0, range(2, 7)))


def test_propagationSaysHowFarItIs(logic, ct):
    sentences = []
    logic.propagate(*ct, progress=lambda progress: sentences.append(str(progress)))
    assert sentences[0] == "slice 2 done (1 of at most 5)"
    assert len(sentences) == 5


def test_propagationAsksForWhatItWasTold(logic, server, ct):
    logic.propagate(*ct, first=2, last=6, direction="forward", window="lung", model="medsam")
    asked = server.requests[-1]
    assert asked["prompts"] == [(SLICE, pytest.approx(BOX))]
    assert (asked["first"], asked["last"], asked["direction"]) == (2, 6, "forward")
    assert (asked["window"], asked["model"]) == ("lung", "medsam")


def test_threePlanesAreAskedForAndSaid(logic, server, ct):
    server.planesOf = {"notes": ["A note."], "seen": [(1, 4), (2, 7)]}
    sentences = []
    result = logic.propagate(*ct, planes=3, progress=lambda progress: sentences.append(str(progress)))
    assert server.requests[-1]["planes"] == 3
    assert sentences[5:7] == ["slice 4 across axis 1 seen (1 of 2)", "slice 7 across axis 2 seen (2 of 2)"]
    # Its slices come again, each as one corner less; that with the box is not written again.
    expected = boxVoxels(ct[0], 0, range(2, 7))
    corner = np.argwhere(expected[SLICE])[0]
    expected[(2, 3, 5, 6), corner[0], corner[1]] = False
    np.testing.assert_array_equal(segmentVoxels(*ct), expected)
    assert (result.notes, result.wasCancelled, len(result.slices)) == (["A note."], False, 5)


def test_newBoxOnASliceReplacesTheOlderPrompt(logic, server, ct):
    logic.segmentBox(*ct, axis=0, slice=SLICE, box=(1, 1, 3, 3))
    logic.propagate(*ct)
    assert server.requests[-1]["prompts"] == [(SLICE, pytest.approx((1, 1, 3, 3)))]


def test_progressThatReturnsFalseCancelsAndKeepsWhatIsDone(logic, server, ct):
    server.heldAfter = 2
    result = logic.propagate(*ct, progress=lambda progress: progress.done < 2)
    assert result.wasCancelled
    assert result.slices == [2, 3]
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(ct[0], 0, [2, 3, SLICE]))


def test_cancelledPropagationIsTakenBackAndBroughtAgain(logic, server, ct):
    server.heldAfter = 2
    logic.propagate(*ct, progress=lambda progress: progress.done < 2)
    volume, segmentation, _segment = ct
    assert logic.undo(segmentation, volume)
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(volume, 0, [SLICE]))
    assert logic.redo(segmentation, volume)
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(volume, 0, [2, 3, SLICE]))


def test_interruptStopsTheServerAndKeepsWholeSlices(logic, server, ct):
    server.heldAfter = 2

    def interruptAtTheSecond(progress):
        if progress.done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        logic.propagate(*ct, progress=interruptAtTheSecond)
    assert server.wasCancelled.wait(20)
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(ct[0], 0, [2, 3, SLICE]))
    assert logic.undo(ct[1], ct[0])
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(ct[0], 0, [SLICE]))


@pytest.mark.parametrize(
    ("remove", "code"),
    [
        (
            lambda volume, segmentation, segment: segmentation.RemoveSegment(segment),
            "segment_missing",
        ),
        (lambda volume, segmentation, segment: slicer.mrmlScene.RemoveNode(segmentation), "segmentation_removed"),
        (lambda volume, segmentation, segment: slicer.mrmlScene.RemoveNode(volume), "volume_removed"),
        (lambda volume, segmentation, segment: slicer.mrmlScene.Clear(), "segmentation_removed"),
    ],
)
def test_whatIsRemovedInTheMiddleEndsThePropagationAndTheServersWork(logic, server, ct, remove, code):
    server.heldAfter = 2

    def removeAtTheFirst(progress):
        if progress.done == 1:
            remove(*ct)

    run = logic.startPropagation(*ct, progress=removeAtTheFirst)
    with pytest.raises(UserError) as caught:
        while run.advance(wait=True):
            pass
    assert caught.value.code == code
    assert "kept" not in str(caught.value)
    assert server.wasCancelled.wait(20)
    assert run.isOver
    assert not run.advance()


def test_segmentRemovedAfterTheLastSliceIsSaid(logic, ct):
    slices = []

    def removeAtTheLast(progress):
        slices.append(progress.sliceIndex)
        if len(slices) == count:
            ct[1].RemoveSegment(ct[2])

    count = len(logic.propagate(*ct).slices)
    with pytest.raises(UserError) as caught:
        logic.propagate(*ct, progress=removeAtTheLast)
    assert caught.value.code == "segment_missing"


def test_secondPropagationIntoASegmentationIsRefusedUntilTheFirstIsOver(logic, server, ct):
    server.heldAfter = 2
    run = logic.startPropagation(*ct)
    with pytest.raises(UserError, match=r"still writing into 'CT segmentation'"):
        logic.startPropagation(*ct)
    run.close()
    assert server.wasCancelled.wait(20)
    server.heldAfter = None
    assert logic.propagate(*ct).slices == [2, 3, 4, 5, 6]


def test_runWritesWhatHasArrivedWithoutWaitingForTheEnd(logic, server, ct):
    server.heldAfter = 2
    run = logic.startPropagation(*ct)
    while not run.result.slices:
        assert run.advance(wait=True)
    assert segmentVoxels(*ct)[2].any()
    run.close()


def test_closedRunWritesNothingMore(logic, ct):
    run = logic.startPropagation(*ct)
    run.close()
    assert not run.advance(wait=True)
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(ct[0], 0, [SLICE]))


def test_slicesWithoutTheObjectAndThoseThatStayedAsTheyWereAreToldApart(logic, server, ct):
    empty = SliceMask(0, 0, np.zeros((0, 0), dtype=bool), 0.1)
    masks = iter([server.maskOfBox(BOX), empty, *[server.maskOfBox(BOX)] * 3])
    server.maskOfBox = lambda box: next(masks)
    result = logic.propagate(*ct)
    assert result.slices == [2, 4, 5, 6]
    assert result.changedSlices == [2, 5, 6]


def test_failureInTheMiddleKeepsWholeSlicesAndSaysSo(logic, server, ct):

    def eventsThatBreakOff(*arguments, complete=server._events):
        for number, event in enumerate(complete(*arguments)):
            if number == 3:
                raise ServerError("The server stopped.", "Try again.", "server_stopped")
            yield event

    server._events = eventsThatBreakOff
    with pytest.raises(ServerError, match=r"2 slices were done before and kept") as caught:
        logic.propagate(*ct)
    assert caught.value.code == "server_stopped"
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(ct[0], 0, [2, 3, 4]))
    assert logic.undo(ct[1], ct[0])
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(ct[0], 0, [SLICE]))


def test_boxThatWasTakenBackSteersNoPropagation(logic, server, ct):
    volume, segmentation, _segment = ct
    wrong = logic.segmentBox(*ct, axis=0, slice=SLICE + 1, box=(7, 5, 9, 8))
    assert logic.undo(segmentation, volume)
    assert wrong.promptNode.GetScene() is None
    logic.propagate(*ct)
    assert server.requests[-1]["prompts"] == [(SLICE, pytest.approx(BOX))]


def test_boxThatWasBroughtAgainCountsAgain(logic, server, ct):
    volume, segmentation, _segment = ct
    for _ in range(2):
        assert logic.undo(segmentation, volume)
        assert logic.redo(segmentation, volume)
    logic.propagate(*ct)
    assert server.requests[-1]["prompts"] == [(SLICE, pytest.approx(BOX))]
    assert logic.undo(segmentation, volume)
    assert logic.undo(segmentation, volume)
    with pytest.raises(UserError, match=r"Draw a box"):
        logic.propagate(*ct)


def test_boxThatTheUserDeletedDoesNotHinderUndo(logic, ct):
    volume, segmentation, _segment = ct
    for node in slicer.util.getNodesByClass("vtkMRMLMarkupsROINode"):
        slicer.mrmlScene.RemoveNode(node)
    assert logic.undo(segmentation, volume)
    assert not segmentVoxels(*ct).any()


def test_propagationWithoutABoxSaysWhatToDo(logic, ct):
    volume, segmentation, _segment = ct
    with pytest.raises(UserError, match=r"Draw a box"):
        logic.propagate(volume, segmentation, logic.addSegment(segmentation, "Other"))


def test_boxesAlongTwoAxesAreRefused(logic, ct):
    logic.segmentBox(*ct, axis=1, slice=SLICE, box=BOX)
    with pytest.raises(UserError, match=r"different directions"):
        logic.propagate(*ct)
