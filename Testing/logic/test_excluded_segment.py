"""Another segment that is not of a box's object: asked, kept with the box, undone, saved, followed."""

import numpy as np
import pytest
import slicer
from knownBox import BOX, SLICE, segmentVoxels
from movedBoxes import boxNodes
from segmentations import addSegment

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.slicePrompt import DrawnMask, SlicePrompt

#: Inside of the known box, which has columns 2 to 6 and rows 1 to 4; not on the slice below it.
HOLE = (slice(2, 4), slice(3, 5))
BLOOD_SLICES = (SLICE, SLICE + 1)


@pytest.fixture
def blood(ct):
    """ID of a segment in the box, on two slices."""
    volume, segmentation, _segment = ct
    voxels = np.zeros(slicer.util.arrayFromVolume(volume).shape, bool)
    for index in BLOOD_SLICES:
        voxels[index][HOLE] = True
    return addSegment(segmentation, "Blood", voxels, volume)


def pixels(mask):
    """:return: the set pixels of a DrawnMask as {(row, column)}."""
    return {(int(row) + mask.y0, int(column) + mask.x0) for row, column in zip(*mask.pixels.nonzero(), strict=True)}


def test_itsVoxelsAreTakenAwayUndoneAndSaved(logic, server, ct, blood, box, tmp_path):
    whole = segmentVoxels(*ct)
    result = logic.excludeSegment(box, blood)
    ((mask,),) = [server.requests[-1]["excludeMasks"]]
    assert pixels(mask) == {(2, 3), (2, 4), (3, 3), (3, 4)}
    ring = segmentVoxels(*ct)
    assert result.voxelCount == ring.sum() == whole.sum() - 4
    assert not ring[SLICE][HOLE].any()
    assert (logic.excludedSegment(box), logic.excludes(box)) == (blood, True)
    logic.undo(ct[1], ct[0])
    np.testing.assert_array_equal(segmentVoxels(*ct), whole)
    assert (logic.excludedSegment(box), logic.excludes(box)) == (None, False)
    logic.redo(ct[1], ct[0])
    np.testing.assert_array_equal(segmentVoxels(*ct), ring)
    path = str(tmp_path / "scene.mrb")
    slicer.util.saveScene(path)
    slicer.mrmlScene.Clear()
    slicer.util.loadScene(path)
    (reopened,) = boxNodes()
    assert logic.excludedSegment(reopened) == blood
    logic.updateBox(reopened)
    assert pixels(server.requests[-1]["excludeMasks"][0]) == pixels(mask)


@pytest.mark.parametrize("clear", ["excludeSegment", "startExcludingNothing"])
def test_itIsGivenUpAgainInOneStep(logic, server, ct, blood, box, clear):
    whole = segmentVoxels(*ct)
    logic.excludeSegment(box, blood)
    if clear == "excludeSegment":
        logic.excludeSegment(box, None)
    else:
        logic.startExcludingNothing(box).finish()
    assert "excludeMasks" not in server.requests[-1]
    assert logic.excludedSegment(box) is None
    np.testing.assert_array_equal(segmentVoxels(*ct), whole)
    logic.undo(ct[1], ct[0])
    assert logic.excludedSegment(box) == blood
    assert not segmentVoxels(*ct)[SLICE][HOLE].any()


def test_itCountsAsItIsAtEachQuestion(logic, server, ct, blood, box):
    volume, segmentation, _segment = ct
    logic.excludeSegment(box, blood)
    more = segmentVoxels(volume, segmentation, blood)
    more[SLICE, 2, 5] = True
    slicer.util.updateSegmentBinaryLabelmapFromArray(more.astype(np.uint8), segmentation, blood, volume)
    # The answer that is in memory is one to another question now.
    logic.setThreshold(box, 0.6)
    assert (2, 5) in pixels(server.requests[-1]["excludeMasks"][0])
    assert not segmentVoxels(*ct)[SLICE, 2, 5]
    asked = len(server.requests)
    logic.setThreshold(box, 0.5)
    assert len(server.requests) == asked
    segmentation.GetSegmentation().RemoveSegment(blood)
    assert logic.excludedSegment(box) is None
    logic.updateBox(box)
    assert "excludeMasks" not in server.requests[-1]


def test_aLaterBoxLeavesItOutToo(logic, server, ct, blood, box):
    logic.excludeSegment(box, blood)
    later = logic.segmentBox(*ct, axis=0, slice=SLICE + 1, box=BOX).promptNode
    assert logic.excludedSegment(later) == blood
    assert pixels(server.requests[-1]["excludeMasks"][0]) == {(2, 3), (2, 4), (3, 3), (3, 4)}
    assert not segmentVoxels(*ct)[SLICE + 1][HOLE].any()


def test_aPropagationLeavesItOutOnEverySlice(logic, server, ct, blood, box):
    logic.propagate(*ct)
    assert "excludeMasks" not in server.requests[-1]
    assert segmentVoxels(*ct)[SLICE + 1][HOLE].all()
    logic.excludeSegment(box, blood)
    logic.propagate(*ct)
    sent = server.requests[-1]["excludeMasks"]
    assert {index: pixels(mask) for index, mask in sent.items()} == {
        index: {(2, 3), (2, 4), (3, 3), (3, 4)} for index in BLOOD_SLICES
    }
    found = segmentVoxels(*ct)
    assert [found[index][HOLE].any() for index in (SLICE - 1, *BLOOD_SLICES, SLICE + 2)] == [True, False, False, True]


def test_aPropagationIsUpToDateUntilTheSegmentChanges(logic, server, ct, blood, box):
    volume, segmentation, segment = ct
    logic.excludeSegment(box, blood)
    logic.segmentBox(*ct, axis=0, slice=SLICE + 2, box=BOX)
    logic.propagate(*ct)
    before = {state.index: state for state in logic.slices(segmentation, volume, segment, axis=0)}
    logic.propagate(*ct)
    same = {state.index: state for state in logic.slices(segmentation, volume, segment, axis=0)}
    assert same[SLICE + 1].basis == before[SLICE + 1].basis
    more = segmentVoxels(volume, segmentation, blood)
    more[SLICE + 1, 2, 5] = True
    slicer.util.updateSegmentBinaryLabelmapFromArray(more.astype(np.uint8), segmentation, blood, volume)
    logic.propagate(*ct)
    after = {state.index: state for state in logic.slices(segmentation, volume, segment, axis=0)}
    assert after[SLICE + 1].basis != before[SLICE + 1].basis
    assert not segmentVoxels(*ct)[SLICE + 1, 2, 5]


def test_ofSeveralSegmentsEachLeavesItsOwnOut(logic, server, ct, blood, box):
    volume, segmentation, segment = ct
    other = logic.addSegment(segmentation, "Other")
    logic.segmentBox(volume, segmentation, other, axis=0, slice=SLICE, box=BOX)
    logic.excludeSegment(box, blood)
    logic.propagate(volume, segmentation, [segment, other])
    objects = server.requests[-1]["objects"]
    assert sorted(objects[segment]["excludeMasks"]) == list(BLOOD_SLICES)
    assert "excludeMasks" not in objects[other]


@pytest.mark.parametrize(("which", "code"), [("own", "exclude_same_segment"), ("beside", "exclude_segment_outside")])
def test_whatCannotBeLeftOutIsRefused(logic, server, ct, box, which, code):
    volume, segmentation, segment = ct
    voxels = np.zeros(slicer.util.arrayFromVolume(volume).shape, bool)
    # Beside the box on its slice, and in the box on the next one.
    voxels[SLICE, 0, 0] = voxels[SLICE + 1, 2, 3] = True
    beside = addSegment(segmentation, "Blood", voxels, volume)
    asked = len(server.requests)
    with pytest.raises(UserError) as error:
        logic.excludeSegment(box, segment if which == "own" else beside)
    assert error.value.code == code
    assert (len(server.requests), logic.excludedSegment(box)) == (asked, None)


def test_itIsKeptAndNotSentAsSuch():
    mask = DrawnMask(3, 2, np.ones((2, 2), bool))
    prompt = SlicePrompt(0, 3, BOX, excludedSegment="Segment_1")
    asked = prompt.changed(excludeMask=mask)
    assert asked.toJson() == {"box": list(BOX), "exclude_mask": mask.toJson()}
    assert SlicePrompt.fromJson(0, 3, prompt.toStored()) == prompt
    assert asked == prompt.changed(excludeMask=DrawnMask(3, 2, np.ones((2, 2), bool)))
    assert asked != prompt.changed(excludeMask=DrawnMask(3, 2, np.eye(2, dtype=bool)))
    change = np.diag([1.0, -1.0, 1.0, 1.0])
    assert prompt.renumbered(change).excludedSegment == "Segment_1"
