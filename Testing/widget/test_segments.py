"""The table of segments and its buttons."""

import pytest
import slicer
from PySide6 import QtCore

from slicerhost import widgetDriver

pytestmark = pytest.mark.usefixtures("onePanel")


def names(panel):
    """The rows of the table from top to bottom."""
    segmentation = panel.ui.segmentsTable.segmentationNode().GetSegmentation()
    return [segmentation.GetSegment(ID).GetName() for ID in panel.ui.segmentsTable.displayedSegmentIDs()]


def selectedName(panel):
    (segmentID,) = panel.ui.segmentsTable.selectedSegmentIDs()
    return panel.ui.segmentsTable.segmentationNode().GetSegmentation().GetSegment(segmentID).GetName()


def addSegments(panel, count):
    for _number in range(count):
        widgetDriver.click(panel.ui.addSegmentButton)


def clickRow(panel, row):
    """Click on a segment's name."""
    table = panel.ui.segmentsTable.tableWidget()
    center = table.visualItemRect(table.item(row, 2)).center()
    widgetDriver.click(table.viewport(), center.x(), center.y())


def boxCount():
    return len(slicer.util.getNodesByClass("vtkMRMLMarkupsROINode"))


def test_addedSegmentsHaveNamesOfTheirOwnAndTheLastIsSelected(panel):
    addSegments(panel, 3)
    assert names(panel) == ["Segment 1", "Segment 2", "Segment 3"]
    assert selectedName(panel) == "Segment 3"


def test_nameOfARemovedSegmentIsNotGivenTwice(panel):
    addSegments(panel, 3)
    clickRow(panel, 0)
    widgetDriver.click(panel.ui.removeSegmentButton)
    addSegments(panel, 1)
    assert names(panel) == ["Segment 2", "Segment 3", "Segment 4"]


def test_afterRemovingTheNextSegmentIsSelectedAtTheEndTheOneBefore(panel):
    addSegments(panel, 3)
    clickRow(panel, 1)
    widgetDriver.click(panel.ui.removeSegmentButton)
    assert selectedName(panel) == "Segment 3"
    widgetDriver.click(panel.ui.removeSegmentButton)
    assert selectedName(panel) == "Segment 1"
    widgetDriver.click(panel.ui.removeSegmentButton)
    assert panel.ui.segmentsTable.selectedSegmentIDs() == ()
    assert not panel.ui.removeSegmentButton.enabled


def test_removedSegmentTakesItsBoxesAlong(gui, panel, dragInRed):
    widgetDriver.click(panel.ui.drawButton)
    dragInRed()
    gui.waitUntil(lambda: boxCount() == 1)
    addSegments(panel, 1)
    dragInRed()
    gui.waitUntil(lambda: boxCount() == 2)
    widgetDriver.click(panel.ui.removeSegmentButton)
    assert boxCount() == 1
    assert selectedName(panel) == "Segment 1"


def test_segmentRemovedElsewhereLeavesAnotherSelected(gui, panel):
    addSegments(panel, 2)
    segmentation = panel.ui.segmentsTable.segmentationNode().GetSegmentation()
    segmentation.RemoveSegment(panel.ui.segmentsTable.selectedSegmentIDs()[0])
    gui.waitUntil(lambda: panel.ui.segmentsTable.selectedSegmentIDs() != ())
    assert selectedName(panel) == "Segment 1"


def test_oneSegmentIsSelectedAtATime(panel):
    addSegments(panel, 3)
    clickRow(panel, 0)
    clickRow(panel, 1)
    assert selectedName(panel) == "Segment 2"


def test_segmentIsRenamedInTheTable(gui, panel):
    addSegments(panel, 1)
    table = panel.ui.segmentsTable.tableWidget()
    clickRow(panel, 0)
    table.setCurrentCell(0, 2)
    widgetDriver.pressKeys(table, "F2")
    editor = next(child for child in table.viewport().children() if child.inherits("QLineEdit"))
    widgetDriver.typeText(editor, "Bladder")
    gui.processEvents()
    assert names(panel) == ["Bladder"]


def test_lettersTypedIntoANameAreNoShortcuts(gui, panel):
    addSegments(panel, 1)
    table = panel.ui.segmentsTable.tableWidget()
    table.setCurrentCell(0, 2)
    widgetDriver.pressKeys(table, "F2")
    editor = next(child for child in table.viewport().children() if child.inherits("QLineEdit"))
    editor.setFocus(QtCore.Qt.FocusReason.OtherFocusReason)
    widgetDriver.pressKeys(editor, "B")
    assert not panel.ui.drawButton.checked
    assert editor.text == "b"
