"""The threshold of a box: another mask from the probability that is remembered, one undo step, saved with the scene."""

import dataclasses

import numpy as np
import pytest
import slicer
from fakeServer import boxMask, withProbability
from knownBox import BOX, SLICE, boxVoxels, segmentVoxels
from movedBoxes import boxNodes
from segmentations import addSegment

from MedSAMSegLib.boxes.boxProbabilities import BoxProbabilities
from MedSAMSegLib.boxes.maskRequests import MaskRequest, askMasks
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.slicePrompt import SlicePrompt

#: Below the probability of the ring round the mask, and above that of the mask.
LOW, HIGH = 0.2, 0.8


def ringedVoxels(volume):
    """The voxels of the box and of the ring of one pixel round it."""
    voxels = boxVoxels(volume, 0, [])
    voxels[SLICE, 0:6, 1:8] = True
    return voxels


@pytest.fixture
def reopened(logic, ct, box, tmp_path):
    """Called, saves the scene and opens it again; returns (box, context)."""

    def reopen():
        path = str(tmp_path / "scene.mrb")
        slicer.util.saveScene(path)
        slicer.mrmlScene.Clear()
        slicer.util.loadScene(path)
        (volume,) = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
        (segmentation,) = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
        return boxNodes()[0], (volume, segmentation, ct[2])

    return reopen


def test_masksFollowTheThresholdWithoutTheServer(logic, server, ct, box):
    asked = len(server.requests)
    assert logic.threshold(box) == 0.5
    result = logic.setThreshold(box, LOW)
    assert (result.threshold, result.voxelCount, result.changedSegment) == (LOW, 42, True)
    np.testing.assert_array_equal(segmentVoxels(*ct), ringedVoxels(ct[0]))
    assert logic.setThreshold(box, 0.74).voxelCount == 20
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(ct[0], 0, [SLICE]))
    assert logic.setThreshold(box, HIGH).voxelCount == 0
    assert not segmentVoxels(*ct).any()
    assert logic.setThreshold(box, 0.5).voxelCount == 20
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(ct[0], 0, [SLICE]))
    assert len(server.requests) == asked


def test_oneUndoStepTakesMaskAndThresholdBack(logic, ct, box):
    logic.setThreshold(box, LOW)
    assert logic.undo(ct[1], ct[0])
    assert logic.threshold(box) == 0.5
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(ct[0], 0, [SLICE]))
    assert logic.redo(ct[1], ct[0])
    assert logic.threshold(box) == LOW
    np.testing.assert_array_equal(segmentVoxels(*ct), ringedVoxels(ct[0]))


def test_aDragOfTheSliderIsOneStep(logic, ct, box):
    run = None
    for threshold in (0.4, 0.3, LOW):
        run = logic.startThreshold(box, threshold, continues=run, isLast=threshold == LOW)
        run.finish()
    np.testing.assert_array_equal(segmentVoxels(*ct), ringedVoxels(ct[0]))
    assert logic.undo(ct[1], ct[0])
    assert logic.threshold(box) == 0.5
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(ct[0], 0, [SLICE]))


def test_savedSceneHasTheThresholdAndAsksOnce(logic, server, box, reopened):
    logic.setThreshold(box, LOW)
    node, context = reopened()
    assert logic.threshold(node) == LOW
    np.testing.assert_array_equal(segmentVoxels(*context), ringedVoxels(context[0]))
    asked = len(server.requests)
    logic.setThreshold(node, 0.6)
    np.testing.assert_array_equal(segmentVoxels(*context), boxVoxels(context[0], 0, [SLICE]))
    logic.setThreshold(node, HIGH)
    assert not segmentVoxels(*context).any()
    assert len(server.requests) == asked + 1


def test_boxWithAThresholdOfASavedSceneIsDeletedWithAllItsVoxels(logic, box, reopened):
    logic.setThreshold(box, LOW)
    node, context = reopened()
    logic.deleteBox(node)
    assert not segmentVoxels(*context).any()


def test_thresholdStaysWithABoxThatIsMoved(logic, ct, box):
    logic.setThreshold(box, LOW)
    box.SetCenter(np.add(box.GetCenter(), (1, 1, 0)))
    logic.updateBox(box)
    assert logic.threshold(box) == LOW
    np.testing.assert_array_equal(segmentVoxels(*ct), np.roll(ringedVoxels(ct[0]), (1, 1), (1, 2)))


def test_whatIsErasedByHandStaysErased(logic, ct, box):
    volume, segmentation, segment = ct
    drawn = segmentVoxels(*ct)
    drawn[SLICE, 2, 3] = False
    slicer.util.updateSegmentBinaryLabelmapFromArray(drawn.astype(np.uint8), segmentation, segment, volume)
    logic.setThreshold(box, LOW)
    expected = ringedVoxels(volume)
    expected[SLICE, 2, 3] = False
    np.testing.assert_array_equal(segmentVoxels(*ct), expected)


def test_anotherSegmentGetsBackWhatALowThresholdTook(logic, ct, box):
    volume, segmentation, _segment = ct
    other = addSegment(segmentation, "Vessel")
    beside = np.zeros_like(segmentVoxels(*ct))
    beside[SLICE, 1:5, 7] = True
    slicer.util.updateSegmentBinaryLabelmapFromArray(beside.astype(np.uint8), segmentation, other, volume)
    logic.setThreshold(box, LOW)
    logic.setThreshold(box, 0.5)
    np.testing.assert_array_equal(segmentVoxels(volume, segmentation, other), beside)


def test_completedSegmentIsRefused(logic, ct, box):
    _volume, segmentation, segment = ct
    statuses = slicer.vtkSlicerSegmentationsModuleLogic
    statuses.SetSegmentStatus(segmentation.GetSegmentation().GetSegment(segment), statuses.Completed)
    with pytest.raises(UserError, match="is marked as completed"):
        logic.setThreshold(box, LOW)
    assert logic.threshold(box) == 0.5


def test_changedVolumeIsAskedAbout(logic, server, ct, box):
    slicer.util.arrayFromVolume(ct[0])[SLICE] += 1
    slicer.util.arrayFromVolumeModified(ct[0])
    asked = len(server.requests)
    logic.setThreshold(box, LOW)
    assert len(server.requests) == asked + 1


@pytest.mark.parametrize("threshold", [0, 1, -0.5, float("nan")])
def test_whatIsNoThresholdIsRefused(logic, box, threshold):
    with pytest.raises(UserError, match="is no threshold of probabilities"):
        logic.setThreshold(box, threshold)


def test_memoryOfProbabilitiesIsBoundedAndTheOldestGo(host, ct):
    mask = withProbability(boxMask(BOX))
    size = len(mask.probability.packed)
    memory = BoxProbabilities(mostBytes=2 * size)
    first, second, third = (MaskRequest(SlicePrompt(0, index, BOX)) for index in range(3))
    memory.keep(ct[0], first, mask)
    memory.keep(ct[0], second, mask)
    assert memory.find(ct[0], first) is mask
    memory.keep(ct[0], third, mask)
    assert [memory.find(ct[0], each) for each in (first, second, third)] == [mask, None, mask]
    withPoints = dataclasses.replace(first, prompt=first.prompt.changed(points=((2.0, 3.0, True),)))
    assert memory.find(ct[0], withPoints) is None


def test_probabilitiesOfManyBoxesAreAskedAsManyAtOnceAsTheServerTells(server):
    wanted = [MaskRequest(SlicePrompt(0, SLICE, BOX), withProbability=number == 20) for number in range(40)]
    answers = askMasks(server, "key", wanted)
    assert [len(request["boxes"]) for request in server.requests] == [16, 16, 8]
    assert [mask.probability is not None for mask, _reply in answers] == [False] * 16 + [True] * 16 + [False] * 8


@pytest.mark.parametrize("thresholds", [(LOW, HIGH, 0.5), (0.5,)], ids=["dragged", "typed"])
def test_aThresholdThatIsBackWhereItWasLeavesNoStep(logic, ct, box, thresholds):
    volume, segmentation, _segment = ct
    run = None
    for threshold in thresholds:
        run = logic.startThreshold(box, threshold, continues=run, isLast=threshold == thresholds[-1])
        run.finish()
    assert not run.result.changedSegment
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(volume, 0, [SLICE]))
    # The box is still asked, moved and taken back as one that was just drawn.
    logic.setThreshold(box, LOW)
    np.testing.assert_array_equal(segmentVoxels(*ct), ringedVoxels(volume))
    assert logic.undo(segmentation, volume)
    assert logic.undo(segmentation, volume)
    assert not segmentVoxels(*ct).any()
    assert not boxNodes()


def test_aDragBackDuringAPropagationTakesNothingOfThePropagation(logic, server, ct, box):
    volume, _segmentation, _segment = ct
    server.heldAfter = 2
    propagation = logic.startPropagation(*ct)
    while len(propagation.result.slices) < 2:
        propagation.advance(wait=True)
    first = logic.startThreshold(box, LOW, isLast=False)
    first.finish()
    propagation.cancel()
    propagation.finish()
    logic.startThreshold(box, 0.5, continues=first).finish()
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(volume, 0, [2, 3, SLICE]))


def test_aThresholdThatChangesNoVoxelIsTakenBackAlone(logic, ct, box):
    logic.setThreshold(box, 0.51)
    assert logic.undo(ct[1], ct[0])
    assert logic.threshold(box) == 0.5
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(ct[0], 0, [SLICE]))
