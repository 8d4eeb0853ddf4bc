"""What propagation leaves alone, replaces, starts from and computes anew, through the scripting API."""

import numpy as np
import pytest
import slicer
from geometries import SHAPE
from movedBoxes import move
from segmentations import FULL

from MedSAMSegLib.boxes.boxStore import BoxPromptStore
from MedSAMSegLib.client.serverReplies import SliceMask
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.segments.segmentWriter import SegmentWriter
from MedSAMSegLib.slices.sliceRecord import BOX, EDITED, PROPAGATED

SLICE = 4
BOX_HERE = (2, 1, 6, 4)


@pytest.fixture
def propagated(logic, ct):
    """A segment after one box on slice 4 and its propagation to the slices 2 to 6."""
    logic.segmentBox(*ct, axis=0, slice=SLICE, box=BOX_HERE)
    logic.propagate(*ct)
    return ct


@pytest.fixture
def paint(propagated):
    """Called, paints a block on a slice, or erases it, as the Segment Editor would."""
    volume, segmentation, segmentID = propagated
    return lambda index, mode="add": SegmentWriter(segmentation, volume).write(segmentID, 0, index, FULL, 6, 6, mode)


def states(logic, ct):
    """:return: {slice: (provenance, locked)}."""
    volume, segmentation, segmentID = ct
    return {
        state.index: (state.provenance, state.isLocked)
        for state in logic.slices(segmentation, volume, segmentID, axis=0)
    }


def voxelsOn(ct, index):
    """:return: bool array of the segment on a slice."""
    volume, segmentation, segmentID = ct
    return slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segmentID, volume)[index] > 0


def square(side):
    """:return: a square SliceMask at (8, 7)."""
    return SliceMask(8, 7, np.ones((side, side), bool), 0.9)


def test_slicesSayHowTheyCameAbout(logic, propagated):
    ours = (PROPAGATED, False)
    assert states(logic, propagated) == {2: ours, 3: ours, 4: (BOX, False), 5: ours, 6: ours}
    volume, segmentation, segmentID = propagated
    confidences = [state.confidence for state in logic.slices(segmentation, volume, segmentID, axis=0)]
    assert confidences == [0.5, 0.75, None, 0.75, 0.5]


def test_undoneBoxLeavesNoState(logic, ct):
    volume, segmentation, _segmentID = ct
    logic.segmentBox(*ct, axis=0, slice=SLICE, box=BOX_HERE)
    logic.undo(segmentation, volume)
    assert states(logic, ct) == {}


def test_handWorkIsKeptAndStartedFrom(logic, server, propagated, paint):
    paint(6)
    before = voxelsOn(propagated, 6)
    logic.propagate(*propagated)
    np.testing.assert_array_equal(voxelsOn(propagated, 6), before)
    assert states(logic, propagated)[6] == (EDITED, True)
    # The painted block reaches from (2, 1) to (9, 8), the last prompts are the box and the block's.
    assert server.requests[-1]["prompts"] == [(4, BOX_HERE), (6, (2.0, 1.0, 9.0, 8.0))]


def test_sliceEmptiedByHandStaysEmptyAndIsAWall(logic, server, propagated):
    volume, segmentation, segmentID = propagated
    SegmentWriter(segmentation, volume).write(segmentID, 0, 5, np.ones(SHAPE[1:]), 0, 0, mode="remove")
    logic.propagate(*propagated)
    assert server.requests[-1]["locked"] == [5]
    assert not voxelsOn(propagated, 5).any()


def test_acceptedSliceIsKept(logic, server, propagated):
    volume, segmentation, segmentID = propagated
    logic.acceptSlice(segmentation, volume, segmentID, 0, 5)
    server.maskOfBox = lambda box: square(3)
    logic.propagate(*propagated)
    assert voxelsOn(propagated, 5).sum() == 20
    assert voxelsOn(propagated, 3).sum() == 9


def test_acceptingNothingIsRefused(logic, propagated):
    volume, segmentation, segmentID = propagated
    with pytest.raises(UserError, match="nothing on slice 8"):
        logic.acceptSlice(segmentation, volume, segmentID, 0, 8)


def test_newPropagationReplacesTheOldOne(logic, server, propagated):
    server.maskOfBox = lambda box: square(3)
    logic.propagate(*propagated, window="bone")
    assert [voxelsOn(propagated, index).sum() for index in (3, 5)] == [9, 9]
    # The box's own slice keeps what the box gave.
    assert voxelsOn(propagated, SLICE).sum() == 20


def test_slicesThatAreNotReachedAnyMoreAreEmptied(logic, server, propagated):
    server._reach = 1
    result = logic.propagate(*propagated, window="bone")
    assert sorted(result.removedSlices) == [2, 6]
    assert sorted(states(logic, propagated)) == [3, 4, 5]


def test_undoBringsTheEmptiedSlicesBack(logic, server, propagated):
    volume, segmentation, _segmentID = propagated
    before = states(logic, propagated)
    server._reach = 1
    logic.propagate(*propagated, window="bone")
    logic.undo(segmentation, volume)
    assert states(logic, propagated) == before


def test_cancelledPropagationEmptiesNothing(logic, server, propagated):
    server.heldAfter = 1
    logic.propagate(*propagated, progress=lambda progress: False, window="bone")
    assert sorted(states(logic, propagated)) == [2, 3, 4, 5, 6]


def test_slicesOutsideTheRangeStay(logic, server, propagated):
    server._reach = 0
    logic.propagate(*propagated, first=4, last=8)
    assert sorted(states(logic, propagated)) == [2, 3, 4]


def test_newBoxCorrectsAPropagatedSlice(logic, propagated):
    logic.segmentBox(*propagated, axis=0, slice=5, box=(8, 7, 10, 9))
    assert voxelsOn(propagated, 5).sum() == 9
    assert states(logic, propagated)[5] == (BOX, False)


def test_deletedBoxLeavesHandWorkOrNothing(logic, ct):
    volume, segmentation, segmentID = ct
    SegmentWriter(segmentation, volume).write(segmentID, 0, SLICE, FULL, 8, 7)
    node = logic.segmentBox(*ct, axis=0, slice=SLICE, box=BOX_HERE).promptNode
    other = logic.segmentBox(*ct, axis=0, slice=7, box=BOX_HERE).promptNode
    assert states(logic, ct) == {4: (BOX, False), 7: (BOX, False)}
    logic.deleteBox(node)
    logic.deleteBox(other)
    assert states(logic, ct) == {4: (EDITED, True)}


def test_voxelsThatADeletedBoxLeavesAreHandWork(logic, ct):
    node = logic.segmentBox(*ct, axis=0, slice=SLICE, box=BOX_HERE).promptNode
    logic.deleteBox(node, removeMask=False)
    assert states(logic, ct) == {SLICE: (EDITED, True)}


def drag(logic, node, *slices):
    """Drag a box through slices and let it go on the last, as its handles do."""
    run = None
    for index in slices:
        move(node, BOX_HERE, sliceIndex=index)
        run = logic.startBoxUpdate(node, continues=run, isLast=False)
        while run.advance(wait=True):
            pass
    last = logic.startBoxUpdate(node, continues=run)
    while last.advance(wait=True):
        pass


def test_boxMovedOntoAPropagatedSliceCorrectsIt(logic, propagated):
    node = BoxPromptStore().nodes(propagated[1])[0]
    before = voxelsOn(propagated, 6)
    move(node, (8, 7, 10, 9), sliceIndex=6)
    logic.updateBox(node)
    assert voxelsOn(propagated, 6).sum() == 9
    assert states(logic, propagated)[6] == (BOX, False)
    volume, segmentation, _segment = propagated
    logic.undo(segmentation, volume)
    assert states(logic, propagated)[6] == (PROPAGATED, False)
    np.testing.assert_array_equal(voxelsOn(propagated, 6), before)


def test_slicesThatADraggedBoxPassesStayPropagated(logic, propagated):
    node = BoxPromptStore().nodes(propagated[1])[0]
    drag(logic, node, 5, 6)
    found = states(logic, propagated)
    assert (found[5], found[6]) == ((PROPAGATED, False), (BOX, False))


def test_onlyTheIntervalOfAChangedBoxIsComputedAnew(logic, server, propagated):
    logic.segmentBox(*propagated, axis=0, slice=6, box=BOX_HERE)
    logic.propagate(*propagated)
    request = server.requests[-1]
    # What lies below slice 4 depends on the box there alone, and has not changed.
    assert (request["first"], request["last"]) == (4, None)
    logic.propagate(*propagated, window="bone")
    request = server.requests[-1]
    assert (request["first"], request["last"]) == (None, None)


def test_otherPlanesNeedAllOfTheObject(logic, server, propagated):
    logic.propagate(*propagated, planes=3)
    logic.segmentBox(*propagated, axis=0, slice=6, box=BOX_HERE)
    logic.propagate(*propagated, planes=3)
    request = server.requests[-1]
    assert (request["first"], request["last"], request["planes"]) == (None, None, 3)


def test_fromHereStartsFromThatSliceAlone(logic, server, propagated):
    logic.propagate(*propagated, fromSlice=6, direction="forward")
    request = server.requests[-1]
    assert request["prompts"] == [(6, (2.0, 1.0, 6.0, 4.0))]
    assert request["locked"] == [4]
    assert request["direction"] == "forward"
    assert max(states(logic, propagated)) == 8


def test_fromAnEmptySliceIsRefused(logic, propagated):
    with pytest.raises(UserError, match="neither a box nor a mask on slice 8"):
        logic.propagate(*propagated, fromSlice=8)


def test_handWorkDuringAPropagationIsKept(logic, server, ct):
    volume, segmentation, segmentID = ct
    logic.segmentBox(*ct, axis=0, slice=SLICE, box=BOX_HERE)

    def paintAhead(progress):
        if progress.sliceIndex == 3:
            SegmentWriter(segmentation, volume).write(segmentID, 0, 6, FULL, 8, 7)

    logic.propagate(*ct, progress=paintAhead)
    assert voxelsOn(ct, 6).sum() == FULL.sum()
    assert states(logic, ct)[6] == (EDITED, True)


def test_whatTheSegmentHoldsOnPromptedSlicesIsStartedFromAsItIs(logic, server, propagated, paint):
    paint(SLICE)
    paint(6)
    logic.propagate(*propagated)
    masks = server.requests[-1]["masks"]
    assert sorted(masks) == [SLICE, 6]
    for index, (x0, y0, pixels) in masks.items():
        rows, columns = pixels.shape
        np.testing.assert_array_equal(voxelsOn(propagated, index)[y0 : y0 + rows, x0 : x0 + columns], pixels)
        assert pixels.sum() == voxelsOn(propagated, index).sum()


def test_paintingOnABoxedSliceMakesWhatFollowsFromItOutdated(logic, server, propagated, paint):
    logic.segmentBox(*propagated, axis=0, slice=6, box=BOX_HERE)
    logic.propagate(*propagated)
    paint(6)
    logic.propagate(*propagated)
    assert (server.requests[-1]["first"], server.requests[-1]["last"]) == (SLICE, None)
