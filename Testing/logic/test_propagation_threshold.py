"""The threshold of a whole propagation: masks from what is remembered of it, one undo step, saved with the scene."""

import numpy as np
import pytest
import slicer
from geometries import addVolume
from knownBox import BOX, SLICE, boxVoxels, segmentVoxels
from segmentations import addSegment, editorNode, voxelsOf

from MedSAMSegLib.client.sliceProbability import DEFAULT_THRESHOLD
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.logic import MedSAMSegLogic
from MedSAMSegLib.slices.sliceRecord import EDITED

#: Below the probability of the ring round each mask, and above that of the masks.
LOW, HIGH = 0.2, 0.8
#: What the fake server's propagation fills beside the slice of the box.
FOLLOWED = [2, 3, 5, 6]


def ringed(volume, slices):
    """The voxels of the box on all slices that are reached, on some with the ring of one pixel round it."""
    voxels = boxVoxels(volume, 0, [SLICE, *FOLLOWED])
    voxels[list(slices), 0:6, 1:8] = True
    return voxels


@pytest.fixture
def ct(logic, ct):
    """A volume with a segment that was propagated from one box: (volume, segmentation, segment)."""
    logic.segmentBox(*ct, axis=0, slice=SLICE, box=BOX)
    logic.propagate(*ct)
    return ct


@pytest.fixture
def usual(ct):
    """Its voxels as they were propagated."""
    return boxVoxels(ct[0], 0, [SLICE, *FOLLOWED])


def edit(ct, place, value):
    """Set one voxel by hand."""
    volume, segmentation, segment = ct
    drawn = segmentVoxels(*ct)
    drawn[place] = value
    slicer.util.updateSegmentBinaryLabelmapFromArray(drawn.astype(np.uint8), segmentation, segment, volume)


def provenances(logic, ct):
    return {state.index: state.provenance for state in logic.slices(ct[1], ct[0], ct[2], axis=0)}


def test_allFollowedSlicesGetTheThresholdWithoutTheServer(logic, server, ct, usual):
    asked = len(server.requests)
    assert server.requests[-1]["withProbabilities"]
    assert logic.propagationThreshold(ct[1], ct[2]) == DEFAULT_THRESHOLD
    before = provenances(logic, ct)
    result = logic.setPropagationThreshold(*ct, LOW)
    assert (result.slices, result.keptSlices, result.changedSegment) == (FOLLOWED, [SLICE], True)
    assert result.voxelCount == 4 * 42
    np.testing.assert_array_equal(segmentVoxels(*ct), ringed(ct[0], FOLLOWED))
    assert logic.propagationThreshold(ct[1], ct[2]) == LOW
    assert provenances(logic, ct) == before
    logic.setPropagationThreshold(*ct, HIGH)
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(ct[0], 0, [SLICE]))
    assert provenances(logic, ct) == before
    logic.setPropagationThreshold(*ct, DEFAULT_THRESHOLD)
    np.testing.assert_array_equal(segmentVoxels(*ct), usual)
    assert len(server.requests) == asked


def test_oneUndoStepTakesMasksAndThresholdBack(logic, ct, usual):
    volume, segmentation, segment = ct
    logic.setPropagationThreshold(*ct, LOW)
    assert logic.undo(segmentation, volume)
    np.testing.assert_array_equal(segmentVoxels(*ct), usual)
    assert logic.propagationThreshold(segmentation, segment) == DEFAULT_THRESHOLD
    assert logic.redo(segmentation, volume)
    np.testing.assert_array_equal(segmentVoxels(*ct), ringed(volume, FOLLOWED))
    assert logic.propagationThreshold(segmentation, segment) == LOW
    logic.setPropagationThreshold(*ct, 0.6)
    np.testing.assert_array_equal(segmentVoxels(*ct), usual)


def drag(start, *thresholds):
    """Move a slider, and let it go at the last value."""
    run = None
    for number, threshold in enumerate(thresholds, 1):
        run = start(threshold, continues=run, isLast=number == len(thresholds))
        run.finish()
    return run.result


def test_aDragIsOneStep(logic, ct, usual):
    drag(lambda *value, **how: logic.startPropagationThreshold(*ct, *value, **how), 0.4, 0.3, LOW)
    np.testing.assert_array_equal(segmentVoxels(*ct), ringed(ct[0], FOLLOWED))
    assert logic.undo(ct[1], ct[0])
    np.testing.assert_array_equal(segmentVoxels(*ct), usual)
    assert logic.propagationThreshold(ct[1], ct[2]) == DEFAULT_THRESHOLD


def test_aDragBackToWhereItWasLeavesNoStep(logic, ct, usual):
    result = drag(lambda *value, **how: logic.startPropagationThreshold(*ct, *value, **how), LOW, HIGH, 0.5)
    assert not result.changedSegment
    np.testing.assert_array_equal(segmentVoxels(*ct), usual)
    # The last step is the propagation itself.
    assert logic.undo(ct[1], ct[0])
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(ct[0], 0, [SLICE]))


def test_handWorkAcceptedSlicesAndBoxesStayAsTheyAre(logic, ct):
    volume, segmentation, segment = ct
    edit(ct, (2, 8, 2), True)
    logic.acceptSlice(segmentation, volume, segment, axis=0, slice=3)
    logic.segmentBox(*ct, axis=0, slice=6, box=BOX)
    result = logic.setPropagationThreshold(*ct, LOW)
    assert (result.slices, result.keptSlices) == ([5], [2, 3, SLICE, 6])
    expected = ringed(volume, [5])
    expected[2, 8, 2] = True
    np.testing.assert_array_equal(segmentVoxels(*ct), expected)
    assert provenances(logic, ct)[2] == EDITED


def test_theNextPropagationHasTheThreshold(logic, server, ct):
    logic.setPropagationThreshold(*ct, LOW)
    logic.propagate(*ct)
    np.testing.assert_array_equal(segmentVoxels(*ct), ringed(ct[0], FOLLOWED))
    logic.setPropagationThreshold(*ct, HIGH)
    result = logic.propagate(*ct)
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(ct[0], 0, [SLICE]))
    assert result.slices == [2, 3, SLICE, 5, 6]
    logic.setPropagationThreshold(*ct, DEFAULT_THRESHOLD)
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(ct[0], 0, [SLICE, *FOLLOWED]))


@pytest.fixture
def reopened(logic, ct, tmp_path):
    """Called, saves the scene and opens it again; returns (volume, segmentation, segment)."""

    def reopen():
        path = str(tmp_path / "scene.mrb")
        slicer.util.saveScene(path)
        slicer.mrmlScene.Clear()
        slicer.util.loadScene(path)
        (volume,) = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
        (segmentation,) = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
        return volume, segmentation, ct[2]

    return reopen


def test_savedSceneHasTheThresholdAndGetsProbabilitiesByPropagatingAgain(logic, server, ct, reopened):
    logic.setPropagationThreshold(*ct, LOW)
    edit(ct, (6, 8, 2), True)
    ct = reopened()
    logic = MedSAMSegLogic(server)
    assert logic.propagationThreshold(ct[1], ct[2]) == LOW
    why = logic.whyNoPropagationThreshold(*ct)
    assert "behind 3 propagated slices are not in memory" in why
    with pytest.raises(UserError) as raised:
        logic.setPropagationThreshold(*ct, 0.5)
    assert str(raised.value) == why
    logic.propagate(*ct)
    assert logic.whyNoPropagationThreshold(*ct) == ""
    # It went on from the slice that was edited by hand.
    expected = ringed(ct[0], [*FOLLOWED, 7, 8])
    expected[6, 8, 2] = True
    np.testing.assert_array_equal(segmentVoxels(*ct), expected)
    assert logic.setPropagationThreshold(*ct, 0.5).slices == [2, 3, 5, 7, 8]


def test_whereNothingWasPropagatedItSaysSo(logic, ct):
    volume, segmentation, _segment = ct
    other = logic.addSegment(segmentation, "Vessel")
    logic.segmentBox(volume, segmentation, other, axis=0, slice=1, box=BOX)
    assert "Propagate first" in logic.whyNoPropagationThreshold(volume, segmentation, other)
    with pytest.raises(UserError, match="No propagated slice of the segment"):
        logic.setPropagationThreshold(volume, segmentation, other, LOW)


@pytest.mark.parametrize("threshold", [0, 1, float("nan")])
def test_whatIsNoThresholdIsRefused(logic, ct, threshold):
    with pytest.raises(UserError, match="is no threshold of probabilities"):
        logic.setPropagationThreshold(*ct, threshold)


def test_whileAPropagationWritesItWaits(logic, server, ct, usual):
    server.heldAfter = 1
    run = logic.startPropagation(*ct)
    with pytest.raises(UserError, match="still writing"):
        logic.setPropagationThreshold(*ct, LOW)
    run.cancel()
    run.finish()
    np.testing.assert_array_equal(segmentVoxels(*ct), usual)


@pytest.mark.parametrize("mode", ["OverwriteNone", "OverwriteAllSegments", None])
def test_otherSegmentsKeepTheirVoxelsUnlessOverlapIsAllowed(logic, ct, usual, mode):
    volume, segmentation, _segment = ct
    beside = np.zeros_like(usual)
    beside[3, 1:5, 7] = True
    other = addSegment(segmentation, "Vessel", beside, volume)
    if mode is not None:
        editorNode(OverwriteMode=getattr(slicer.vtkMRMLSegmentEditorNode, mode))
    logic.setPropagationThreshold(*ct, LOW)
    expected = ringed(volume, FOLLOWED)
    if mode != "OverwriteNone":
        expected &= ~beside
    np.testing.assert_array_equal(segmentVoxels(*ct), expected)
    np.testing.assert_array_equal(voxelsOf(segmentation, other, volume), beside)


def test_whatThePropagationItselfSharedComesBackWithTheUsualThreshold(logic, ct, usual):
    """A tumor that was propagated inside a liver, without an editor that parts them."""
    volume, segmentation, _segment = ct
    addSegment(segmentation, "Liver", np.ones_like(usual), volume)
    for threshold in (HIGH, LOW, DEFAULT_THRESHOLD):
        logic.setPropagationThreshold(*ct, threshold)
    np.testing.assert_array_equal(segmentVoxels(*ct), usual)


def test_neighborThatLosesVoxelsIsNotTakenForHandWork(logic, server, ct):
    volume, segmentation, _segment = ct
    logic.setPropagationThreshold(*ct, HIGH)
    editorNode(OverwriteMode=slicer.vtkMRMLSegmentEditorNode.OverwriteAllSegments)
    other = logic.addSegment(segmentation, "Vessel")
    logic.segmentBox(volume, segmentation, other, axis=0, slice=SLICE, box=(5.5, 0.5, 9.5, 4.5))
    logic.propagate(volume, segmentation, other)
    before = provenances(logic, (volume, segmentation, other))
    logic.setPropagationThreshold(*ct, DEFAULT_THRESHOLD)
    assert voxelsOf(segmentation, other, volume)[3].sum() == 12
    assert provenances(logic, (volume, segmentation, other)) == before


def test_completedSegmentIsRefused(logic, ct, usual):
    _volume, segmentation, segment = ct
    statuses = slicer.vtkSlicerSegmentationsModuleLogic
    statuses.SetSegmentStatus(segmentation.GetSegmentation().GetSegment(segment), statuses.Completed)
    with pytest.raises(UserError, match="is marked as completed"):
        logic.setPropagationThreshold(*ct, LOW)
    np.testing.assert_array_equal(segmentVoxels(*ct), usual)


@pytest.mark.parametrize("axis", [1, 2])
def test_slicesOfAnyDirectionHaveAThreshold(logic, axis):
    volume = addVolume()
    segmentation = logic.createSegmentation(volume)
    context = volume, segmentation, logic.addSegment(segmentation, "Tumour")
    logic.segmentBox(*context, axis=axis, slice=SLICE, box=BOX)
    logic.propagate(*context)
    result = logic.setPropagationThreshold(*context, LOW)
    assert result.slices == FOLLOWED
    expected = boxVoxels(volume, axis, [SLICE])
    np.moveaxis(expected, axis, 0)[FOLLOWED, 0:6, 1:8] = True
    np.testing.assert_array_equal(segmentVoxels(*context), expected)
