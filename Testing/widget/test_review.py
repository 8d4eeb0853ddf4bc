"""The strip of slices: what it shows, where a click leads, what accepting and going on from a slice do."""

import numpy as np
import pytest
import slicer

from MedSAMSegLib.panel.frame.connections import Connections
from MedSAMSegLib.panel.parts.confidenceColors import DOUBTFUL, LOCKED, SURE, UNCERTAIN
from MedSAMSegLib.segments.segmentWriter import SegmentWriter
from MedSAMSegLib.slices.sliceRecord import BOX, SliceState
from slicerhost import widgetDriver

pytestmark = pytest.mark.usefixtures("onePanel")


@pytest.fixture
def boxed(gui, panel, volume, dragInRed):
    """The panel after one box in the red view; the index of its slice."""
    panel.ui.drawButton.click()
    dragInRed()
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))
    return shown(gui)


@pytest.fixture
def propagated(gui, panel, boxed):
    """The panel after a propagation two slices each way; the index of the box's slice."""
    panel.ui.propagateButton.click()
    # On a busy computer slices are read anew a while after the last came.
    gui.waitUntil(lambda: panel.ui.propagateButton.enabled and len(colors(panel)) == 5)
    return boxed


def shown(gui):
    """:return: index of the slice that the red view shows; voxels are 1 mm from the origin on."""
    return round(gui.layoutManager.sliceWidget("Red").sliceLogic().GetSliceOffset())


def colors(panel):
    """:return: the strip's colors as (red, green, blue), from the lowest slice on."""
    table = panel.ui.slicesTable
    brushes = [table.item(0, column).background() for column in range(table.columnCount)]
    return [(brush.color().red(), brush.color().green(), brush.color().blue()) for brush in brushes]


def clickCell(gui, panel, column):
    """Click into a cell of the strip."""
    table = panel.ui.slicesTable
    area = table.visualItemRect(table.item(0, column)).center()
    widgetDriver.click(table.viewport(), area.x(), area.y())
    gui.processEvents()


def acceptedIn(gui, panel):
    """Press the button that accepts the shown slice, and let the panel follow."""
    widgetDriver.click(panel.ui.acceptSliceButton)
    gui.processEvents()


def test_groupIsShownWhenThereIsSomethingToCheck(gui, panel, volume, dragInRed):
    assert not panel.ui.reviewButton.visible
    panel.ui.drawButton.click()
    dragInRed()
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))
    gui.waitUntil(lambda: panel.ui.reviewButton.visible)


def test_stripIsColoredByConfidence(gui, panel, propagated):
    halfSure = tuple(round((a + b) / 2) for a, b in zip(UNCERTAIN, SURE, strict=True))
    gui.waitUntil(lambda: len(colors(panel)) == 5)
    assert colors(panel) == [UNCERTAIN, halfSure, SURE, halfSure, UNCERTAIN]


def test_doubtfulSliceIsRed(gui, panel, server, boxed):
    server.confidenceOf = lambda distance: 0.0
    panel.ui.propagateButton.click()
    gui.waitUntil(lambda: panel.ui.propagateButton.enabled and len(colors(panel)) == 5)
    assert colors(panel)[0] == DOUBTFUL


def test_stripGrowsWhileThePropagationGoesOn(gui, panel, server, boxed):
    server.heldAfter = 2
    panel.ui.propagateButton.click()
    gui.waitUntil(lambda: len(colors(panel)) == 3)
    assert panel.ui.cancelButton.enabled
    panel.ui.cancelButton.click()
    gui.waitUntil(lambda: panel.ui.propagateButton.enabled)


def test_clickGoesToTheSlice(gui, panel, propagated):
    gui.waitUntil(lambda: len(colors(panel)) == 5)
    clickCell(gui, panel, 4)
    assert shown(gui) == propagated + 2
    assert panel.ui.sliceLabel.text == f"Slice {propagated + 2}: propagated, confidence 50 %."


def test_stripFollowsTheView(gui, panel, propagated):
    red = gui.view("Red")
    red.moveTo(*red.center)
    red.wheel(1)
    gui.waitUntil(lambda: panel.ui.sliceLabel.text.startswith(f"Slice {shown(gui)}:"))
    assert panel.ui.slicesTable.currentColumn() == shown(gui) - (propagated - 2)


def test_worstSlicesComeOneAfterTheOther(gui, panel, propagated, openMainWindow):
    gui.waitUntil(lambda: panel.ui.worstSliceButton.enabled)
    visited = []
    for _press in range(5):
        widgetDriver.click(panel.ui.worstSliceButton)
        gui.processEvents()
        visited.append(shown(gui) - propagated)
    assert visited == [-2, 2, -1, 1, -2]
    assert panel.ui.statusLabel.text.endswith("1 of 4 to check.")


def test_acceptedSliceIsBlueAndDropsOutOfWhatIsToBeChecked(gui, panel, propagated):
    widgetDriver.click(panel.ui.worstSliceButton)
    gui.waitUntil(lambda: panel.ui.sliceLabel.text.startswith(f"Slice {propagated - 2}:"))
    acceptedIn(gui, panel)
    assert colors(panel)[0] == LOCKED
    assert panel.ui.sliceLabel.text.endswith("confidence 50 %, accepted.")
    widgetDriver.click(panel.ui.worstSliceButton)
    gui.processEvents()
    assert shown(gui) == propagated + 2


def test_acceptingIsTakenBackByASecondPress(gui, panel, propagated):
    gui.waitUntil(lambda: panel.ui.worstSliceButton.enabled)
    widgetDriver.click(panel.ui.worstSliceButton)
    gui.waitUntil(lambda: panel.ui.sliceLabel.text.startswith(f"Slice {propagated - 2}:"))
    acceptedIn(gui, panel)
    acceptedIn(gui, panel)
    assert not panel.ui.acceptSliceButton.checked
    assert colors(panel)[0] == UNCERTAIN


def test_handWorkIsSeenAndSaid(gui, panel, propagated):
    volume, segmentation = panel.ui.volumeSelector.currentNode(), panel.ui.segmentationSelector.currentNode()
    (segmentID,) = panel.ui.segmentsTable.selectedSegmentIDs()
    SegmentWriter(segmentation, volume).write(segmentID, 0, propagated, np.ones((3, 3)), 1, 1)
    gui.waitUntil(lambda: colors(panel)[2] == LOCKED)
    assert panel.ui.sliceLabel.text == f"Slice {propagated}: edited by hand, kept as it is."


def test_handWorkIsKeptWhetherAcceptedOrNot(gui, panel, propagated):
    volume, segmentation = panel.ui.volumeSelector.currentNode(), panel.ui.segmentationSelector.currentNode()
    (segmentID,) = panel.ui.segmentsTable.selectedSegmentIDs()
    SegmentWriter(segmentation, volume).write(segmentID, 0, propagated, np.ones((3, 3)), 1, 1)
    gui.waitUntil(lambda: colors(panel)[2] == LOCKED)
    acceptedIn(gui, panel)
    assert panel.ui.statusLabel.text.startswith(f"Slice {propagated} is accepted:")
    acceptedIn(gui, panel)
    assert panel.ui.statusLabel.text.endswith("Propagation leaves it as it is, as a manual edit.")
    assert colors(panel)[2] == LOCKED


def test_fromHereStartsOnTheShownSlice(gui, panel, server, propagated):
    gui.waitUntil(lambda: len(colors(panel)) == 5)
    clickCell(gui, panel, 4)
    widgetDriver.click(panel.ui.propagateHereButton)
    gui.waitUntil(lambda: panel.ui.propagateButton.enabled and len(colors(panel)) > 5)
    assert [index for index, _box in server.requests[-1]["prompts"]] == [propagated + 2]


def test_savedSceneShowsTheSameStrip(gui, panel, propagated, tmp_path):
    widgetDriver.click(panel.ui.worstSliceButton)
    gui.waitUntil(lambda: panel.ui.sliceLabel.text.startswith(f"Slice {propagated - 2}:"))
    acceptedIn(gui, panel)
    before = colors(panel)
    path = str(tmp_path / "scene.mrb")
    slicer.util.saveScene(path)
    slicer.mrmlScene.Clear(0)
    gui.processEvents()
    assert not panel.ui.reviewButton.visible
    slicer.util.loadScene(path)
    gui.waitUntil(lambda: panel.ui.reviewButton.visible)
    assert colors(panel) == before


def test_viewThatCameLaterIsFollowedToo(gui, panel, volume):
    slicer.mrmlScene.GetNodeByID("vtkMRMLSliceNodeGreen").SetOrientationToAxial()
    view = gui.addSliceView("Extra", "Coronal")
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    gui.processEvents()
    panel.ui.drawButton.click()
    x, y = view.center
    view.drag((x - 30, y - 20), (x + 30, y + 20))
    gui.waitUntil(lambda: panel.ui.sliceLabel.text.endswith(": box."))
    view.moveTo(x, y)
    view.wheel(1)
    gui.waitUntil(lambda: panel.ui.sliceLabel.text.endswith(": nothing of this segment."))


def test_slicesOfVoxelsThatDoNotCoincideAnyMoreAreNotJudged(gui, panel, volume, propagated):
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode")
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(np.diag([1.5, 1.5, 1.5, 1.0])))
    volume.SetAndObserveTransformNodeID(transform.GetID())
    panel.ui.segmentationSelector.currentNode().GetSegmentation().GetNthSegment(0).SetName("Moved")
    gui.waitUntil(lambda: "under different transforms" in panel.ui.sliceLabel.text)
    assert not panel.ui.acceptSliceButton.enabled and not panel.ui.worstSliceButton.enabled
    assert panel.ui.undoButton.enabled


def test_slicesOfASegmentationThatBecameASurfaceAreNotJudged(gui, panel, propagated):
    segmentation = panel.ui.segmentationSelector.currentNode()
    segmentation.CreateClosedSurfaceRepresentation()
    surface = slicer.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()
    segmentation.GetSegmentation().SetSourceRepresentationName(surface)
    segmentation.RemoveBinaryLabelmapRepresentation()
    gui.waitUntil(lambda: "is not stored as voxels" in panel.ui.sliceLabel.text)


def test_reviewIsOverWithTheLastBox(gui, panel, propagated):
    gui.waitUntil(lambda: panel.ui.worstSliceButton.enabled and panel.ui.acceptSliceButton.enabled)
    for node in slicer.util.getNodesByClass("vtkMRMLMarkupsROINode"):
        slicer.mrmlScene.RemoveNode(node)
    gui.waitUntil(lambda: not panel.ui.reviewButton.visible)
    # As their keys do.
    panel.ui.worstSliceButton.click()
    panel.ui.acceptSliceButton.click()


def test_scrollingWritesOnlyTheCellsThatChange(gui, panel, propagated, monkeypatch):
    gui.waitUntil(lambda: len(colors(panel)) == 5)
    table, red = panel.ui.slicesTable, gui.view("Red")
    before = [table.item(0, column) for column in range(table.columnCount)]
    red.moveTo(*red.center)
    red.wheel(1)
    gui.waitUntil(lambda: panel.ui.sliceLabel.text.startswith(f"Slice {propagated + 1}:"))
    assert [table.item(0, column) for column in range(table.columnCount)] == before
    marked = [table.item(1, column).background().isOpaque() for column in range(table.columnCount)]
    assert marked == [False, False, False, True, False]


def test_largeObjectIsReadLessOften(gui, panel, boxed, monkeypatch):
    monkeypatch.setattr("MedSAMSegLib.panel.sections.reviewSection.LONG_READING", 0)
    monkeypatch.setattr("MedSAMSegLib.panel.sections.reviewSection.PAUSE_FACTOR", 1e6)
    widgetDriver.click(panel.ui.acceptSliceButton)
    gui.processEvents()
    panel.ui.propagateButton.click()
    gui.waitUntil(lambda: panel.ui.propagateButton.enabled)
    assert len(colors(panel)) == 1
    widgetDriver.click(panel.ui.acceptSliceButton)
    gui.processEvents()
    assert len(colors(panel)) == 5


def test_largeObjectIsReadToTheEnd(gui, panel, boxed, monkeypatch):
    monkeypatch.setattr("MedSAMSegLib.panel.sections.reviewSection.LONG_READING", 0)
    monkeypatch.setattr("MedSAMSegLib.panel.sections.reviewSection.PAUSE_FACTOR", 300)
    panel.ui.propagateButton.click()
    gui.waitUntil(lambda: len(colors(panel)) == 5)


def test_cellsOfTheStripAreNotTranslatedEachAnew(gui, panel, monkeypatch):
    from MedSAMSegLib.panel.parts import confidenceStrip

    translated = []
    monkeypatch.setattr(confidenceStrip, "_", lambda text: translated.append(text) or text)
    strip = confidenceStrip.ConfidenceStrip(Connections(), panel.ui.slicesTable, lambda index: None)
    translated.clear()
    strip.show({index: SliceState(index, BOX, 0.5, {}, "", index % 4 == 0, False) for index in range(0, 300, 2)}, 3)
    assert panel.ui.slicesTable.columnCount == 299
    assert translated == []
