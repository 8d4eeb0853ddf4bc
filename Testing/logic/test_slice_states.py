"""What a segment's slices are, told from their voxels and records."""

import numpy as np
import pytest
import slicer
from geometries import SHAPE, addVolume
from segmentations import FULL, MASK, addSegment, addSegmentation, voxelsOf

from MedSAMSegLib.segments.segmentWriter import SegmentWriter
from MedSAMSegLib.slices.sliceRecord import BOX, EDITED, PROPAGATED
from MedSAMSegLib.slices.sliceStates import SliceStates


@pytest.fixture
def sliceStates(segmentationNode, segmentID, volumeNode):
    """The sliceStates of "Tumor" along axis 0."""
    return SliceStates(segmentationNode, segmentID, volumeNode, 0)


@pytest.fixture
def audited(writer, segmentID, sliceStates):
    """The sliceStates after a box on slice 4 and a propagation to slice 5, both noted."""
    for index, provenance, confidence in ((4, BOX, None), (5, PROPAGATED, 0.75)):
        writer.write(segmentID, 0, index, MASK, 3, 2)
        sliceStates.note(index, provenance, confidence, {"overlap": 0.5}, "why")
    return sliceStates


def describe(sliceStates):
    """:return: {slice: (provenance, locked)}."""
    return {index: (state.provenance, state.isLocked) for index, state in sliceStates.states().items()}


def test_emptySegmentHasNoSlices(sliceStates):
    assert sliceStates.states() == {}


def test_notedSlicesAreWhatWasNoted(audited):
    assert describe(audited) == {4: (BOX, False), 5: (PROPAGATED, False)}
    state = audited.states()[5]
    assert (state.confidence, state.parts, state.basis, state.isEmpty) == (0.75, {"overlap": 0.5}, "why", False)


def test_voxelsWithoutARecordAreHandWork(writer, segmentID, audited):
    writer.write(segmentID, 0, 7, FULL, 0, 0)
    assert describe(audited)[7] == (EDITED, True)


@pytest.mark.parametrize("mode", ["add", "remove", "replace"])
def test_changedSliceIsHandWorkAndTheOthersAreNot(writer, segmentID, audited, mode):
    writer.write(segmentID, 0, 5, FULL, 3, 2, mode=mode)
    assert describe(audited) == {4: (BOX, False), 5: (EDITED, True)}
    assert audited.states()[5].isEmpty == (mode == "remove")


def test_movedVoxelsAreAChange(writer, segmentID, audited):
    writer.write(segmentID, 0, 5, FULL, 3, 2, mode="remove")
    writer.write(segmentID, 0, 5, MASK, 4, 2)
    assert describe(audited)[5] == (EDITED, True)


def test_acceptedSliceIsLockedUntilItIsNot(audited):
    audited.accept(5)
    assert describe(audited)[5] == (PROPAGATED, True)
    assert audited.states()[5].confidence == 0.75
    audited.accept(5, False)
    assert describe(audited)[5] == (PROPAGATED, False)


def test_acceptedHandWorkStaysHandWork(writer, segmentID, audited):
    writer.write(segmentID, 0, 7, FULL, 0, 0)
    audited.accept(7)
    assert audited.states()[7].isAccepted
    audited.accept(7, False)
    assert describe(audited)[7] == (EDITED, True)


def test_acceptedSliceThatChangesIsHandWork(writer, segmentID, audited):
    audited.accept(5)
    writer.write(segmentID, 0, 5, FULL, 0, 0)
    assert describe(audited)[5] == (EDITED, True)


def test_undoTakesTheRecordBackWithTheVoxels(writer, segmentID, audited):
    before = audited.states()
    with writer.undoStep():
        writer.write(segmentID, 0, 6, MASK, 3, 2)
        audited.note(6, PROPAGATED, 0.25)
    assert describe(audited)[6] == (PROPAGATED, False)
    writer.undo()
    assert audited.states() == before
    writer.redo()
    assert describe(audited)[6] == (PROPAGATED, False)


def test_recordsSurviveTheSavedScene(segmentationNode, segmentID, audited, tmp_path):
    before = audited.states()
    path = str(tmp_path / "scene.mrb")
    slicer.util.saveScene(path)
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(path)
    segmentation = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")[0]
    volume = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")[0]
    assert SliceStates(segmentation, segmentID, volume, 0).states() == before


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("geometry", ["isotropic", "left-handed", "sagittal"])
def test_slicesAndBoxesAreThoseOfTheVolume(cleanScene, axis, geometry):
    volume = addVolume(geometry, "parent")
    segmentation = addSegmentation(volume)
    segmentID = addSegment(segmentation)
    SegmentWriter(segmentation, volume).write(segmentID, axis, 4, MASK, 3, 2)
    sliceStates = SliceStates(segmentation, segmentID, volume, axis)
    sliceStates.note(4, BOX)
    assert describe(sliceStates) == {4: (BOX, False)}
    assert sliceStates.tightBox(4) == (3.0, 2.0, 6.0, 4.0)
    assert sliceStates.tightBox(5) is None


def test_segmentsWithOneLabelmapAreToldApart(segmentationNode, volumeNode, segmentID, audited):
    voxels = np.zeros(SHAPE, bool)
    voxels[6, 8:10, 8:12] = True
    other = addSegment(segmentationNode, "Other", voxels, volumeNode)
    assert describe(audited) == {4: (BOX, False), 5: (PROPAGATED, False)}
    assert describe(SliceStates(segmentationNode, other, volumeNode, 0)) == {6: (EDITED, True)}
    assert voxelsOf(segmentationNode, other, volumeNode).sum() == 8
