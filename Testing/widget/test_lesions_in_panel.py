"""The table of lesions: what it shows, where a row and the keys lead, what accepting does."""

import dataclasses

import numpy as np
import pytest
import slicer
from fakeServer import boxMask

from MedSAMSegLib.client.maskRange import MaskRange
from MedSAMSegLib.exporting.segmentsFile import exportedSegments
from MedSAMSegLib.logic import MedSAMSegLogic
from slicerhost import widgetDriver
from slicerhost.mrmlWidgets.terminologyWindow import TerminologyWindow

pytestmark = pytest.mark.usefixtures("onePanel")


@pytest.fixture
def opened(gui, panel):
    """The panel with its table of lesions open."""
    panel.ui.lesionsButton.collapsed = False
    gui.processEvents()
    return panel


def rows(panel):
    """:return: the texts of the table's rows."""
    table = panel.ui.lesionsTable
    return [[table.item(row, column).text() for column in range(5)] for row in range(table.rowCount)]


def drawLesion(gui, panel, dragInRed, offset):
    """One press and one drag, on another slice."""
    red = gui.layoutManager.sliceWidget("Red").sliceLogic()
    red.SetSliceOffset(offset)
    widgetDriver.click(panel.ui.newLesionButton)
    panel.ui.statusLabel.text = ""
    dragInRed()
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))


def shown(gui):
    """:return: index of the slice that the red view shows."""
    return round(gui.layoutManager.sliceWidget("Red").sliceLogic().GetSliceOffset())


@pytest.fixture
def two(gui, opened, dragInRed):
    """Two lesions, on the slices 12 and 25."""
    for offset in (12, 25):
        drawLesion(gui, opened, dragInRed, offset)
    gui.waitUntil(lambda: [row[4] for row in rows(opened)] == ["drawn", "drawn"])
    return opened


def test_oneDragALesion(gui, two):
    assert [row[1] for row in rows(two)] == ["axial 12", "axial 25"]
    assert all(float(row[2]) > 0 and float(row[3]) > 0 for row in rows(two))


def test_sizesTellTheirRangeWhereItIsKnown(gui, server, opened, dragInRed):
    def ranged(box):
        mask = boxMask(box)
        count = mask.voxelCount
        return dataclasses.replace(mask, range=MaskRange(count, (0, 1_000_000), (0.5, 99.04)))

    drawLesion(gui, opened, dragInRed, 12)
    server.maskOfBox = ranged
    drawLesion(gui, opened, dragInRed, 25)
    gui.waitUntil(lambda: [row[1] for row in rows(opened)] == ["axial 12", "axial 25"])
    told = [[opened.ui.lesionsTable.item(row, column).toolTip() for column in range(5)] for row in (0, 1)]
    volume, diameter = (f"{sizes} with slightly different boxes" for sizes in ("0.00 to 1000.00 ml", "0.5 to 99.0 mm"))
    assert told == [[""] * 5, ["", "", volume, diameter, ""]]


def doubleClick(table, row, column):
    table.scrollToItem(table.item(row, column))
    area = table.visualItemRect(table.item(row, column)).center()
    widgetDriver.doubleClick(table.viewport(), area.x(), area.y())


def test_termIsChosenByDoubleClick(gui, two, monkeypatch):
    table, asked = two.ui.lesionsTable, []
    entry = (
        "List~SCT^49755003^Morphologically Abnormal Structure~SCT^4147007^Mass~^^"
        "~Regions~SCT^39607008^Lung~SCT^7771000^Left"
    )
    monkeypatch.setattr(TerminologyWindow, "choose", staticmethod(lambda segment: asked.append(segment) or entry))
    doubleClick(table, 1, 5)
    gui.waitUntil(lambda: [table.item(row, 5).text() for row in (0, 1)] == ["Tissue", "Mass"])
    assert table.item(1, 5).toolTip().splitlines() == [
        "Category: Morphologically Abnormal Structure (SCT:49755003)",
        "Type: Mass (SCT:4147007)",
        "Region: Lung (SCT:39607008)",
        "Region's modifier: Left (SCT:7771000)",
        "Double-click to choose another term",
    ]
    (segment,) = asked
    segmentation = two.ui.segmentationSelector.currentNode().GetSegmentation()
    assert segment.GetName() == rows(two)[1][0]
    assert segmentation.GetNthSegment(1).GetTerminology() == entry
    assert (
        exportedSegments(two.ui.segmentationSelector.currentNode(), two.ui.volumeSelector.currentNode())
        .segments[1]
        .tags["TerminologyEntry"]
        == entry
    )


def test_whoHasSwitchedTheWindowForTermsOffIsToldHowToGetIt(gui, two):
    two.ui.segmentsTable.useTerminologySelector = False
    doubleClick(two.ui.lesionsTable, 0, 0)
    assert "Use standard terminology for name and color selection" in two.ui.statusLabel.text


def test_termThatIsChosenElsewhereIsShown(gui, two):
    segmentation = two.ui.segmentationSelector.currentNode().GetSegmentation()
    segmentation.GetNthSegment(0).SetTerminology("List~SCT^1^A~SCT^2^Kidney~SCT^7771000^Left~Regions~^^~^^")
    gui.waitUntil(lambda: two.ui.lesionsTable.item(0, 5).text() == "Kidney, Left")


def test_whatWasFoundIsListedWithoutAPause(gui, opened, dragInRed, monkeypatch):
    # However long the table rests between two looks at what is being written.
    monkeypatch.setattr("MedSAMSegLib.panel.frame.pace.PAUSE_FACTOR", 10**5)
    for offset in (12, 25):
        drawLesion(gui, opened, dragInRed, offset)
    gui.waitUntil(lambda: [row[4] for row in rows(opened)] == ["drawn", "drawn"])


def test_rowLeadsToItsLesion(gui, two):
    table = two.ui.lesionsTable
    area = table.visualItemRect(table.item(0, 0)).center()
    widgetDriver.click(table.viewport(), area.x(), area.y())
    gui.processEvents()
    assert shown(gui) == 12
    (segmentID,) = two.ui.segmentsTable.selectedSegmentIDs()
    segmentation = two.ui.segmentationSelector.currentNode()
    assert segmentation.GetSegmentation().GetSegment(segmentID).GetName() == rows(two)[0][0]
    assert two.ui.statusLabel.text.startswith(f"{rows(two)[0][0]}: axial 12, ")


def test_nextAndPreviousGoRound(gui, two):
    visited = []
    for button in (two.ui.nextLesionButton, two.ui.nextLesionButton, two.ui.previousLesionButton):
        widgetDriver.click(button)
        gui.processEvents()
        visited.append(shown(gui))
    assert visited == [12, 25, 12]


def test_acceptedLesionIsFilteredOut(gui, two):
    widgetDriver.click(two.ui.acceptLesionButton)
    gui.waitUntil(lambda: [row[4] for row in rows(two)] == ["drawn", "accepted"])
    two.ui.uncheckedLesionsCheckBox.checked = True
    gui.waitUntil(lambda: [row[1] for row in rows(two)] == ["axial 12"])


def test_closedTableMeasuresNothing(ownPanel, gui, panel, dragInRed, monkeypatch):
    measured = []
    monkeypatch.setattr(MedSAMSegLogic, "lesions", lambda *arguments: measured.append(arguments) or [])
    assert panel.ui.lesionsButton.collapsed
    panel.ui.drawButton.click()
    dragInRed()
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))
    assert measured == []
    panel.ui.lesionsButton.collapsed = False
    gui.waitUntil(lambda: measured)


def test_keysLeadFromLesionToLesion(gui, openMainWindow, volume, openPanel, dragInRed):
    window = openMainWindow()
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    panel = openPanel()
    for offset in (12, 25):
        gui.layoutManager.sliceWidget("Red").sliceLogic().SetSliceOffset(offset)
        widgetDriver.pressKeys(window, "Shift+N")
        panel.ui.statusLabel.text = ""
        dragInRed()
        gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))
    widgetDriver.pressKeys(window, "Ctrl+Up")
    gui.processEvents()
    assert shown(gui) == 12
    widgetDriver.pressKeys(window, "Shift+A")
    assert panel.ui.statusLabel.text.endswith(" are accepted: 1.")
    widgetDriver.pressKeys(window, "Ctrl+Down")
    gui.processEvents()
    assert shown(gui) == 25


def test_tableIsEmptyWithoutAScene(gui, two):
    slicer.mrmlScene.Clear(0)
    gui.waitUntil(lambda: rows(two) == [])


def addLine(*ends):
    """A line of Slicer's Markups module, on the volume of 1 mm voxels."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsLineNode")
    node.CreateDefaultDisplayNodes()
    for end in ends:
        node.AddControlPointWorld(*end)


def test_linesBecomeLesions(gui, opened):
    addLine((20, 20, 12), (30, 20, 12))
    addLine((25, 16, 12), (25, 24, 12))
    addLine((20, 20, 25), (30, 24, 25))
    widgetDriver.click(opened.ui.useLinesButton)
    gui.waitUntil(lambda: [row[1] for row in rows(opened)] == ["axial 12", "axial 25"])
    gui.waitUntil(lambda: opened.ui.statusLabel.text.startswith("Found all 2 lesions. Tick"))
    opened.ui.statusLabel.text = ""
    widgetDriver.click(opened.ui.useLinesButton)
    assert opened.ui.statusLabel.text.startswith("There is no line to use.")
    assert len(rows(opened)) == 2


def test_roiBecomesALesion(gui, opened):
    roi = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode")
    roi.CreateDefaultDisplayNodes()
    roi.SetCenter(25, 20, 12)
    roi.SetSize(10, 8, 6)
    widgetDriver.click(opened.ui.useROIsButton)
    gui.waitUntil(lambda: [row[1] for row in rows(opened)] == ["axial 12"])
    gui.waitUntil(lambda: opened.ui.statusLabel.text.startswith("Found"))
    widgetDriver.click(opened.ui.useROIsButton)
    assert opened.ui.statusLabel.text.startswith("There is no unused ROI that is visible")


def test_whatCameOfSeveralROIsIsSaidTogether(gui, server, opened):
    for number, depth in enumerate((12, 25)):
        roi = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode", f"Node {number}")
        roi.CreateDefaultDisplayNodes()
        roi.SetCenter(25, 20, depth)
        roi.SetSize(10, 8, 6)
    turned = np.eye(4)
    turned[:2, :2] = [[0.8, -0.6], [0.6, 0.8]]
    turned[:3, 3] = 25, 20, 25
    roi.SetAndObserveObjectToNodeMatrix(slicer.util.vtkMatrixFromArray(turned))
    widgetDriver.click(opened.ui.useROIsButton)
    gui.waitUntil(lambda: opened.ui.statusLabel.text.startswith("Found all 2 lesions."))
    # What the first or the last one alone would have to say is not lost.
    assert "'Node 1' is turned by 37°" in opened.ui.statusLabel.text


def test_anEmptyLesionIsToldAsOne(gui, two):
    widgetDriver.click(two.ui.newLesionButton)
    gui.waitUntil(lambda: len(rows(two)) == 3)
    for _time in range(3):
        widgetDriver.click(two.ui.nextLesionButton)
        if "Segment 3" in two.ui.statusLabel.text:
            break
    assert two.ui.statusLabel.text == "Segment 3 is empty so far: draw a box round the lesion."


def test_rejectedLesionGoesAndComesBackByOneUndo(gui, two):
    before = rows(two)
    widgetDriver.click(two.ui.rejectLesionButton)
    gui.waitUntil(lambda: [row[1] for row in rows(two)] == ["axial 12"])
    assert two.ui.statusLabel.text == "Segment 2 is rejected. Undo (Ctrl+Z) brings it back."
    assert shown(gui) == 12
    widgetDriver.click(two.ui.undoButton)
    gui.waitUntil(lambda: rows(two) == before)


def answerFileDialog(monkeypatch, path):
    """Choose a file, or "" for none, in the place of the user."""
    import qt

    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", lambda *arguments: str(path))


def test_tableIsSavedAndPutIntoTheScene(gui, two, tmp_path, monkeypatch):
    path = tmp_path / "lesions.csv"
    for answer in ("", path):
        answerFileDialog(monkeypatch, answer)
        widgetDriver.click(two.ui.saveLesionsButton)
    assert two.ui.statusLabel.text == f"The lesions are in {path}."
    assert [line.split(",")[1] for line in path.read_text(encoding="utf-8").splitlines()[1:]] == [
        "axial 12",
        "axial 25",
    ]
    widgetDriver.click(two.ui.tabulateLesionsButton)
    (table,) = slicer.util.getNodesByClass("vtkMRMLTableNode")
    assert table.GetNumberOfRows() == 2
    assert table.GetName() in two.ui.statusLabel.text


def test_fileThatCannotBeWrittenIsSaid(two, tmp_path, monkeypatch):
    answerFileDialog(monkeypatch, tmp_path / "no" / "lesions.csv")
    widgetDriver.click(two.ui.saveLesionsButton)
    assert two.ui.statusLabel.text.startswith(f"{tmp_path / 'no' / 'lesions.csv'} cannot be written: ")
