"""Good slices of a scene become files that the server's training reads: the right ones, to the voxel."""

import json

import numpy as np
import pytest
import SimpleITK as sitk
import slicer
from geometries import IJK_TO_RAS, addVolume, worldOf
from segmentations import FULL, addSegment, addSegmentation, placed, voxelsOf

from medsamseg_server.training.cases import DataReport, SizeLimits, cut_slices, read_case
from medsamseg_server.training.find_cases import find_cases
from medsamseg_server.training.splits import read_split
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.segments.segmentWriter import SegmentWriter
from MedSAMSegLib.slices.sliceStates import SliceStates
from MedSAMSegLib.training.correctedSlices import correctedVolumes, goodSlices
from MedSAMSegLib.training.correctionExport import CorrectionExport
from MedSAMSegLib.training.sceneFiles import findScenes, readScene

BLOCK = np.ones((4, 5), np.uint8)


@pytest.fixture
def export(tmp_path):
    folder = tmp_path / "export"
    folder.mkdir()
    return CorrectionExport(folder)


def exported(export, scene=None, target=(None, None)):
    """:return: the cases as the training reads them."""
    volumes, skipped = correctedVolumes(scene or slicer.mrmlScene, lambda volume: "400,40", target)
    assert skipped == []
    for volume in volumes:
        export.add(volume)
    export.finish()
    return [read_case(entry) for entry in find_cases(export.manifest)]


def drawn(volume, name="Tumor", slices=(4,), axis=0, segmentation=None, mask=BLOCK):
    """:return: (segmentation, segment) with a mask drawn on slices."""
    segmentation = segmentation or addSegmentation(volume)
    segmentID = addSegment(segmentation, name)
    for index in slices:
        SegmentWriter(segmentation, volume).write(segmentID, axis, index, mask, 3, 2)
    return segmentation, segmentID


@pytest.mark.parametrize("geometry", IJK_TO_RAS)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_exportIsExactToTheVoxel(host, export, geometry, axis):
    volume = addVolume(geometry, "parent")
    segmentation, segmentID = drawn(volume, slices=(4, 6), axis=axis)
    sliceStates = SliceStates(segmentation, segmentID, volume, axis)
    sliceStates.note(4, "propagated", 0.5)
    sliceStates.note(6, "propagated", 0.5)
    sliceStates.accept(6)
    (case,) = exported(export)
    assert (case.entry.axis, case.entry.window) == (axis, "400,40")
    np.testing.assert_array_equal(case.volume.array, slicer.util.arrayFromVolume(volume))
    np.testing.assert_array_equal(case.masks["Tumor"], placed(axis, 6, BLOCK, 3, 2))
    for path in (case.entry.image, case.entry.labels):
        place = sitk.ReadImage(str(path)).TransformIndexToPhysicalPoint((5, 4, 3))
        np.testing.assert_allclose(place * np.array([-1, -1, 1]), worldOf(geometry, "parent", (5, 4, 3)), atol=1e-6)


def test_onlyGoodSlicesAreLearnedFrom(host, export, volumeNode):
    segmentation, segmentID = drawn(volumeNode, slices=(1, 2, 3, 4, 5))
    sliceStates = SliceStates(segmentation, segmentID, volumeNode, 0)
    for index in (1, 2, 3):
        sliceStates.note(index, "propagated", 0.9)
    sliceStates.note(4, "box")
    sliceStates.accept(2)
    SegmentWriter(segmentation, volumeNode).write(segmentID, 0, 3, FULL, 0, 0)
    (case,) = exported(export)
    slices = cut_slices(case, SizeLimits(1, 1), None, 0, DataReport())
    # Accepted, changed by hand, drawn; not what nobody has looked at, which is not taken for empty either.
    assert [each.index for each in slices] == [2, 3, 5]
    assert export.sliceCount == 3


def test_masksOfAnotherDirectionAreNotTakenForHandWork(host, volumeNode):
    segmentation, segmentID = drawn(volumeNode, slices=(4,))
    SegmentWriter(segmentation, volumeNode).write(segmentID, 1, 3, np.ones((6, 12), np.uint8), 0, 0)
    SliceStates(segmentation, segmentID, volumeNode, 0).note(4, "box")
    SliceStates(segmentation, segmentID, volumeNode, 1).note(3, "box")
    SliceStates(segmentation, segmentID, volumeNode, 1).accept(3)
    found = goodSlices(segmentation, segmentID, volumeNode)
    assert {axis: list(crops) for axis, crops in found.items()} == {1: [3]}


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_handWorkWithoutRecordsIsTakenAlongTheSlicesThatItWasDrawnOn(host, volumeNode, axis):
    segmentation, segmentID = drawn(volumeNode, slices=(2, 5), axis=axis)
    found = goodSlices(segmentation, segmentID, volumeNode)
    assert {axis: list(crops) for axis, crops in found.items()} == {axis: [2, 5]}


def test_specksTeachNothing(host, volumeNode):
    segmentation, segmentID = drawn(volumeNode, slices=(2,), mask=np.ones((3, 3), np.uint8))
    assert goodSlices(segmentation, segmentID, volumeNode) == {}


def test_segmentsThatOverlapOrShareANameAreAllKept(host, export, volumeNode):
    readers = [addSegmentation(volumeNode, f"Reader {number}") for number in range(3)]
    segments = [
        drawn(volumeNode, "Liver", segmentation=readers[0]),
        drawn(volumeNode, "Liver", slices=(6,), segmentation=readers[1]),
        drawn(volumeNode, "Lesion", segmentation=readers[2], mask=np.ones((5, 4))),
    ]
    cases = exported(export)
    masks = [(name, mask) for case in cases for name, mask in case.masks.items()]
    assert sorted(name for name, _mask in masks) == ["Lesion", "Liver", "Liver"]
    for segmentation, segmentID in segments:
        expected = voxelsOf(segmentation, segmentID, volumeNode)
        assert any(np.array_equal(mask, expected) for _name, mask in masks)
    assert export.sliceCount == 3
    assert export.volumeCount == 1


def test_fromThreeVolumesOnWholeOnesAreHeldBack(host, export):
    for number in range(3):
        volume = addVolume("rotated", name=f"CT {number}")
        slicer.util.arrayFromVolume(volume)[:] += number
        # Along two directions: two cases of one volume.
        segmentation, _segmentID = drawn(volume, slices=(4, 5))
        drawn(volume, "Lesion", axis=2, slices=(1,), segmentation=segmentation)
        assert export.split is None
        exported(export, target=(volume, segmentation))
        volume.GetScene().RemoveNode(segmentation)
    split = read_split(export.split)
    sides = [{name.split("-")[1] for name in part} for part in (split.train, split.validation, split.test)]
    assert sorted(map(len, sides)) == [1, 1, 1]
    assert set.union(*sides) == {"1", "2", "3"}
    assert sum(map(len, (split.train, split.validation, split.test))) == 6


def test_sameSlicesOfASecondCopyOfASceneAreLeftOut(host, export, volumeNode):
    segmentation, segmentID = drawn(volumeNode, slices=(4,))
    exported(export)
    SegmentWriter(segmentation, volumeNode).write(segmentID, 0, 5, BLOCK, 3, 2)
    cases = exported(export)
    assert export.volumeCount == 1
    assert export.sliceCount == 2
    assert [np.flatnonzero(case.masks["Tumor"].any(axis=(1, 2))).tolist() for case in cases] == [[4], [5]]


def test_namesOfVolumesAreNotWritten(host, export):
    volume = addVolume(name="Doe^John")
    drawn(volume)
    exported(export)
    content = [path.name + path.read_text(errors="replace") for path in export.manifest.parent.iterdir()]
    assert "Doe" not in json.dumps(content)


def test_segmentationOfAnUnknownVolumeIsNamed(host, volumeNode):
    segmentation, _segmentID = drawn(volumeNode)
    segmentation.SetNodeReferenceID(segmentation.GetReferenceImageGeometryReferenceRole(), None)
    assert len(correctedVolumes(slicer.mrmlScene, str)[0]) == 1
    addVolume("rotated", "parent", name="PET")
    volumes, skipped = correctedVolumes(slicer.mrmlScene, str)
    assert volumes == []
    assert "'Segmentation'" in skipped[0]


def test_savedSceneIsReadBesideTheOpenOne(host, export, tmp_path, volumeNode):
    segmentation, segmentID = drawn(volumeNode, slices=(4, 5))
    sliceStates = SliceStates(segmentation, segmentID, volumeNode, 0)
    sliceStates.note(4, "propagated", 0.5)
    sliceStates.note(5, "propagated", 0.5)
    sliceStates.accept(5)
    expected = slicer.util.arrayFromVolume(volumeNode).copy()
    # A transform's file is written like any other.
    slicer.util.saveScene(str(tmp_path / "reading.mrb"))
    slicer.mrmlScene.Clear(0)
    count = slicer.mrmlScene.GetNumberOfNodes()
    (path,) = findScenes(tmp_path)
    (case,) = exported(export, readScene(path))
    np.testing.assert_array_equal(case.volume.array, expected)
    np.testing.assert_array_equal(case.masks["Tumor"], placed(0, 5, BLOCK, 3, 2))
    assert slicer.mrmlScene.GetNumberOfNodes() == count


def test_folderWithoutScenesIsNamed(tmp_path):
    with pytest.raises(UserError, match="has no scene"):
        findScenes(tmp_path)
