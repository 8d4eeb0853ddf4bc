"""Segments as lesions: sizes of shapes with known answers, how far each was checked, CSV and table."""

import csv
import dataclasses

import numpy as np
import pytest
import slicer
from geometries import IJK_TO_RAS, SCENARIOS, addVolume
from segmentations import addSegment, addSegmentation

from MedSAMSegLib.measurements.diameters import longestDiameter
from MedSAMSegLib.segments.segmentTerm import NO_TERM
from MedSAMSegLib.volumes.sliceAxes import AXES, inPlaneIJK

BOX = {"axis": 0, "slice": 4, "box": (2, 1, 6, 4)}


def partsOf(mask):
    """:return: [set of (row, column)], parts that touch at sides or corners."""
    left, parts = set(zip(*(indices.tolist() for indices in np.nonzero(mask)), strict=True)), []
    while left:
        part, edge = set(), [left.pop()]
        while edge:
            row, column = edge.pop()
            part.add((row, column))
            near = {(row + down, column + right) for down in (-1, 0, 1) for right in (-1, 0, 1)} & left
            left -= near
            edge += near
        parts.append(part)
    return parts


def bruteForce(mask, toMillimeters):
    """:return: the longest distance between edges of pixels of one part."""
    edges = np.array([(-0.5, 0), (0.5, 0), (0, -0.5), (0, 0.5)])
    lengths = []
    for part in partsOf(mask):
        pixels = np.array([(column, row) for row, column in part])
        points = (pixels[:, None] + edges).reshape(-1, 2) @ toMillimeters
        lengths.append(np.linalg.norm(points[:, None] - points[None], axis=2).max())
    return max(lengths)


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("kind", IJK_TO_RAS)
def test_diameterOfRandomShapesIsThatOfAllPairs(kind, axis):
    random, matrix = np.random.default_rng(axis), IJK_TO_RAS[kind]
    for share in (0.02, 0.15, 0.4, 0.8):
        mask = random.random((14, 17)) < share
        mask[0, 0] = True
        found = longestDiameter([(5, 3, 2, mask)], axis, matrix)
        assert found.length == pytest.approx(bruteForce(mask, matrix[:3, list(inPlaneIJK(axis))].T))
        assert np.linalg.norm(np.subtract(*found.ends)) == pytest.approx(found.length)


def test_longestSliceIsTaken():
    masks = [(3, 0, 0, np.ones((1, 4))), (4, 0, 0, np.ones((1, 9))), (5, 0, 0, np.ones((1, 6)))]
    found = longestDiameter(masks, 0, np.diag([0.5, 1, 3, 1]))
    assert (found.sliceIndex, found.length, sorted(found.ends)) == (4, 4.5, [(-0.25, 0, 12), (4.25, 0, 12)])
    assert longestDiameter([], 0, np.eye(4)) is None


def test_diskIsAsLongAsItsDiameter():
    y, x = np.mgrid[-40:41, -40:41]
    found = longestDiameter([(0, 0, 0, np.hypot(x, y) <= 30)], 0, np.eye(4))
    assert found.length == pytest.approx(61, abs=0.5)


@pytest.mark.parametrize("kind, parent", SCENARIOS)
def test_blockIsMeasuredWhereverItLies(logic, kind, parent):
    volume = addVolume(kind, parent)
    segmentation = addSegmentation(volume)
    voxels = np.zeros((9, 11, 13), bool)
    voxels[2:5, 6, 3:9] = True
    addSegment(segmentation, "Bar", voxels, volume)
    addSegment(segmentation, "Nothing")
    bar, nothing = logic.lesions(segmentation, volume)
    matrix = IJK_TO_RAS[kind]
    assert bar.diameter == pytest.approx(6 * np.linalg.norm(matrix[:3, 0]))
    assert bar.volume == pytest.approx(18 * abs(np.linalg.det(matrix)) / 1000)
    assert (bar.sliceIndex, bar.state) == (2, "drawn")
    assert (nothing.volume, nothing.diameter, nothing.place, nothing.state) == (0, 0, "", "empty")


def accept(logic, ct, indices):
    volume, segmentation, segmentID = ct
    for index in indices:
        logic.acceptSlice(segmentation, volume, segmentID, 0, index)


def test_stateFollowsTheWork(logic, ct):
    volume, segmentation, _segmentID = ct
    seen = [logic.lesions(segmentation, volume)[0].state]
    logic.segmentBox(*ct, **BOX)
    seen.append(logic.lesions(segmentation, volume)[0].state)
    logic.propagate(*ct)
    seen.append(logic.lesions(segmentation, volume)[0].state)
    accept(logic, ct, (2, 3, 5, 6))
    seen.append(logic.lesions(segmentation, volume)[0].state)
    accept(logic, ct, (4,))
    seen.append(logic.lesions(segmentation, volume)[0].state)
    assert seen == ["empty", "drawn", "propagated", "checked", "accepted"]


def test_onlyWhatChangedIsMeasuredAgain(logic, ct, monkeypatch):
    volume, segmentation, segmentID = ct
    logic.segmentBox(*ct, **BOX)
    before = logic.lesions(segmentation, volume)
    measured, sliceStates = [], logic._sliceStates
    monkeypatch.setattr(
        logic, "_sliceStates", lambda *arguments: measured.append(arguments[2]) or sliceStates(*arguments)
    )
    assert logic.lesions(segmentation, volume) == before
    assert measured == []
    segmentation.GetSegmentation().GetSegment(segmentID).SetName("Node")
    assert logic.lesions(segmentation, volume) == [dataclasses.replace(before[0], name="Node")]
    assert measured == [segmentID]


def test_csvHasALineASegment(logic, ct, tmp_path):
    volume, segmentation, _segmentID = ct
    logic.segmentBox(*ct, **BOX)
    (lesion,) = logic.lesions(segmentation, volume)
    logic.exportLesions(segmentation, volume, tmp_path / "lesions.csv")
    with (tmp_path / "lesions.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["Name"], row["Place"], row["State"]) == ("Tumour", lesion.place, "drawn")
    assert float(row["Longest diameter (mm)"]) == pytest.approx(lesion.diameter, abs=1e-3)
    assert float(row["Volume (ml)"]) == pytest.approx(lesion.volume, abs=1e-3)


def entryOfSlicer():
    """:return: "Mass" in the left lung, as Slicer's own logic writes it."""
    entry = slicer.vtkSlicerTerminologyEntry()
    entry.SetTerminologyContextName("Segmentation category and type - DICOM master list")
    entry.SetRegionContextName("Anatomic codes - DICOM master list")
    for part, code in (
        (entry.GetCategoryObject(), ("SCT", "49755003", "Morphologically Altered Structure")),
        (entry.GetTypeObject(), ("SCT", "4147007", "Mass")),
        (entry.GetRegionObject(), ("SCT", "39607008", "Lung")),
        (entry.GetRegionModifierObject(), ("SCT", "7771000", "Left")),
    ):
        part.SetCodingSchemeDesignator(code[0])
        part.SetCodeValue(code[1])
        part.SetCodeMeaning(code[2])
    return slicer.vtkSlicerTerminologiesModuleLogic.SerializeTerminologyEntry(entry)


def test_termIsReadAsSlicerWritesIt(logic, ct, tmp_path):
    volume, segmentation, segmentID = ct
    segmentation.GetSegmentation().GetSegment(segmentID).SetTerminology(entryOfSlicer())
    term = logic.lesions(segmentation, volume)[0].term
    assert (term.title, term.modifier) == ("Mass", None)
    told = {
        "Category": "Morphologically Altered Structure (SCT:49755003)",
        "Type": "Mass (SCT:4147007)",
        "Modifier": "",
        "Region": "Lung (SCT:39607008)",
        "Region modifier": "Left (SCT:7771000)",
    }
    logic.exportLesions(segmentation, volume, tmp_path / "lesions.csv")
    with (tmp_path / "lesions.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert {column: row[column] for column in told} == told
    table = logic.lesionTable(segmentation, volume).GetTable()
    assert {column: table.GetColumnByName(column).GetValue(0) for column in told} == told


@pytest.mark.parametrize("entry", ["", "~~", "rubbish", "List~SCT^1~^^~^^~Regions~^^~^^"])
def test_segmentWithoutATermHasNone(logic, ct, entry):
    volume, segmentation, segmentID = ct
    segmentation.GetSegmentation().GetSegment(segmentID).SetTerminology(entry)
    assert logic.lesions(segmentation, volume)[0].term == NO_TERM


def test_tableIsFilledAnewAndSavedWithTheScene(logic, ct, tmp_path):
    volume, segmentation, _segmentID = ct
    table = logic.lesionTable(segmentation, volume)
    logic.segmentBox(*ct, **BOX)
    assert logic.lesionTable(segmentation, volume) is table
    (lesion,) = logic.lesions(segmentation, volume)
    path = str(tmp_path / "scene.mrb")
    slicer.util.saveScene(path)
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(path)
    (table,) = slicer.util.getNodesByClass("vtkMRMLTableNode")
    assert table.GetNumberOfRows() == 1
    assert table.GetCellText(0, 0) == "Tumour"
    assert float(table.GetCellText(0, 3)) == pytest.approx(lesion.diameter, rel=1e-4)
