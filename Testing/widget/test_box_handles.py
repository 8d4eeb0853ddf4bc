"""Boxes that are there: dragged by their handles, listed, jumped to, deleted, refined by points."""

import numpy as np
import pytest
import slicer
from boxes import boxNodes, drawBox, segmentVoxels, shownSlice, sliceBox
from logic.geometries import addVolume, worldOf

from MedSAMSegLib.boxes.boxStore import BoxPromptStore
from MedSAMSegLib.boxes.storedBox import storedPrompt
from slicerhost import widgetDriver

pytestmark = pytest.mark.usefixtures("onePanel")


@pytest.fixture
def box(gui, panel):
    """One box on the shown slice of the red view, drawn; the tool is off again. Its markup."""
    panel.ui.drawButton.click()
    index = shownSlice(gui, "Red")
    drawBox(gui, "Red", (15.2, 15.2, index), (35.2, 30.2, index))
    gui.waitUntil(boxNodes)
    panel.ui.drawButton.click()
    gui.processEvents()
    return boxNodes()[0]


def corner(gui, panel, far=False):
    """Where a corner of the box is in the red view; one pixel beside it, where the handle is and the outline is not."""
    _index, x0, y0, x1, y1 = sliceBox(segmentVoxels(panel), 0)
    x, y = gui.view("Red").rasToXY((x1 + 0.2, y1 + 0.2, 0) if far else (x0 - 0.8, y0 - 0.8, 0))
    return x + 1, y + 1


def bounds(panel):
    return sliceBox(segmentVoxels(panel), 0)[1:]


def test_draggedHandleMovesTheMaskWithIt(gui, panel, box):
    red = gui.view("Red")
    before = bounds(panel)
    x, y = corner(gui, panel, far=True)
    red.moveTo(x, y)
    red.drag((x, y), (x - 40, y + 30))
    # At each end of the box there is less than a voxel outside of the outermost voxels' centers.
    gui.waitUntil(lambda: np.allclose(np.subtract(bounds(panel)[2:], bounds(panel)[:2]), box.GetSize()[:2], atol=2))
    assert bounds(panel) != before


def test_maskFollowsWhileTheHandleIsHeldAndUndoTakesTheWholeDragBack(gui, panel, box):
    red = gui.view("Red")
    before = bounds(panel)
    x, y = corner(gui, panel, far=True)
    red.moveTo(x, y)
    red.press()
    seen = [before]
    for step in (10, 20, 30):
        red.moveTo(x - step, y + step)
        gui.waitUntil(lambda: bounds(panel) != seen[-1])
        seen.append(bounds(panel))
    red.release()
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))
    gui.processEvents()
    panel.ui.undoButton.click()
    assert bounds(panel) == before
    assert [round(length) for length in box.GetSize()[:2]] == [20, 15]
    panel.ui.redoButton.click()
    assert bounds(panel) == seen[-1]


def test_handleIsDraggedAlsoWhileTheToolIsOn(gui, panel, box):
    red = gui.view("Red")
    panel.ui.drawButton.click()
    before = bounds(panel)
    x, y = corner(gui, panel, far=True)
    red.moveTo(x, y)
    red.drag((x, y), (x - 30, y + 20))
    gui.waitUntil(lambda: bounds(panel) != before)
    assert len(boxNodes()) == 1


def test_handlesAreThereOnlyInTheViewsAlongTheSlice(gui, panel, box):
    def colored(name):
        pixels = gui.view(name).pixels().astype(int)
        return int((pixels.max(axis=2) - pixels.min(axis=2) > 60).sum())

    segmentation = panel.ui.segmentationSelector.currentNode()
    segmentation.GetDisplayNode().SetVisibility(False)
    gui.processEvents()
    assert colored("Red") > 0
    # Views across the slice, and other slices, show nothing of it.
    assert colored("Green") == colored("Yellow") == 0
    red = gui.view("Red")
    red.moveTo(*red.center)
    red.wheel(1)
    gui.processEvents()
    assert colored("Red") == 0


def test_onlyBoxesOfTheChosenSegmentHaveHandles(gui, panel, box):
    assert box.GetDisplayNode().GetHandlesInteractive()
    panel.ui.addSegmentButton.click()
    gui.processEvents()
    assert not box.GetDisplayNode().GetHandlesInteractive()


def test_lockedBoxIsItsOutlineAndNoDotInTheMiddle(gui, panel, box):
    panel.ui.segmentationSelector.currentNode().GetDisplayNode().SetVisibility(False)
    gui.exitModule()
    red = gui.view("Red")
    red.moveTo(1, 1)
    gui.processEvents()
    x, y = (round(value) for value in red.rasToXY(box.GetCenterWorld()))
    around = red.pixels()[::-1][y - 12 : y + 12, x - 12 : x + 12].astype(int)
    assert (around.max(axis=2) > 60).sum() <= 4


def test_leavingTheModuleTakesTheHandlesAwayAndEnteringBringsThem(gui, panel, box):
    gui.exitModule()
    assert not box.GetDisplayNode().GetHandlesInteractive()
    gui.enterModule("MedSAMSeg")
    assert box.GetDisplayNode().GetHandlesInteractive()


def texts(panel):
    table = panel.ui.boxesTable
    return [[table.item(row, column).text() for column in range(2)] for row in range(table.rowCount)]


def select(panel, row):
    """Click on a row of the list."""
    table = panel.ui.boxesTable
    place = table.visualItemRect(table.item(row, 0)).center()
    widgetDriver.click(table.viewport(), place.x(), place.y())


def test_listJumpsToTheSliceOfABox(gui, panel, box):
    index = round(shownSlice(gui, "Red"))
    red = gui.view("Red")
    red.moveTo(*red.center)
    red.wheel(3)
    assert texts(panel) == [[f"Axial {index}", "Segment 1"]]
    select(panel, 0)
    assert round(shownSlice(gui, "Red")) == index


def test_deletedBoxTakesItsMaskAlongAndUndoBringsBoth(gui, panel, box):
    select(panel, 0)
    widgetDriver.click(panel.ui.deleteBoxButton)
    gui.waitUntil(lambda: not boxNodes())
    assert not segmentVoxels(panel).any()
    assert texts(panel) == []
    assert not panel.ui.deleteBoxButton.enabled
    panel.ui.undoButton.click()
    assert segmentVoxels(panel).any()
    assert len(texts(panel)) == 1


def test_deleteKeyDeletesTheSelectedBox(ownPanel, gui, panel, box):
    select(panel, 0)
    panel.ui.boxesTable.setFocus()
    widgetDriver.pressKeys(panel.ui.boxesTable, "Del")
    gui.waitUntil(lambda: not boxNodes())


def test_boxThatWasTurnedIsListedAndCanBeDeleted(gui, panel, box):
    transform = vtkRotation(30)
    box.SetAndObserveObjectToNodeMatrix(transform)
    gui.waitUntil(lambda: "was turned against the volume" in panel.ui.statusLabel.text)
    assert len(boxNodes()) == 1


def vtkRotation(degrees):
    s, c = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    return slicer.util.vtkMatrixFromArray(np.array([[c, -s, 0, 25], [s, c, 0, 22], [0, 0, 1, 0], [0, 0, 0, 1.0]]))


def clickAt(gui, ras):
    red = gui.view("Red")
    red.click(*red.rasToXY(ras))


def test_pointsRefineTheBoxOfTheirSliceAndAreUndoneAndCleared(gui, panel, server, box):
    index = shownSlice(gui, "Red")
    panel.ui.positivePointButton.click()
    clickAt(gui, (20, 20, index))
    gui.waitUntil(lambda: "points" in server.requests[-1])
    panel.ui.negativePointButton.click()
    assert not panel.ui.positivePointButton.checked
    clickAt(gui, (30, 25, index))
    gui.waitUntil(lambda: len(server.requests[-1].get("points", [[]])[0]) == 2)
    ((x, y, inside), (_x, _y, outside)) = server.requests[-1]["points"][0]
    assert (x, y) == pytest.approx((20, 20), abs=0.5)
    assert (inside, outside) == (1, 0)
    gui.waitUntil(lambda: len(storedPrompt(box).points) == 2)
    panel.ui.clearPointsButton.click()
    gui.waitUntil(lambda: storedPrompt(box).points == ())
    assert not panel.ui.clearPointsButton.enabled
    assert slicer.util.getNodesByClass("vtkMRMLMarkupsFiducialNode") == []
    panel.ui.undoButton.click()
    assert len(slicer.util.getNodesByClass("vtkMRMLMarkupsFiducialNode")) == 2


def test_pointOnASliceWithoutABoxSaysWhatIsMissing(gui, panel, server, box):
    asked = len(server.requests)
    panel.ui.positivePointButton.click()
    red = gui.view("Red")
    red.moveTo(*red.center)
    red.wheel(2)
    red.click(*red.center)
    assert "There is no box of this segment on this slice" in panel.ui.statusLabel.text
    assert len(server.requests) == asked


def test_drawingAndPointsTakeTurnsWithTheMouse(gui, panel, box):
    panel.ui.positivePointButton.click()
    panel.ui.drawButton.click()
    assert not panel.ui.positivePointButton.checked
    panel.ui.negativePointButton.click()
    assert not panel.ui.drawButton.checked
    gui.exitModule()
    assert not panel.ui.negativePointButton.checked


@pytest.mark.parametrize(
    ("geometry", "parents"), [("rotated", "parent"), ("left-handed", "no parent"), ("gantry tilt", "nested parents")]
)
def test_handleOfABoxInAnyVolumeOnAnyScreen(gui, openPanel, geometry, parents):
    gui.setDevicePixelRatio(2)
    volume = addVolume(geometry, parents)
    volume.CreateDefaultDisplayNodes()
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    red = gui.view("Red")
    red.view.mrmlSliceNode().RotateToVolumePlane(volume)
    red.view.mrmlSliceNode().JumpSliceByOffsetting(*worldOf(geometry, parents, (6, 5, 4)))
    panel = openPanel()
    panel.ui.drawButton.click()
    red.drag(*(red.rasToXY(worldOf(geometry, parents, ijk)) for ijk in ((2.6, 1.6, 4), (8.4, 6.4, 4))))
    gui.waitUntil(boxNodes)
    assert bounds(panel) == (3, 2, 8, 6)
    panel.ui.drawButton.click()
    gui.processEvents()
    x, y = red.rasToXY(worldOf(geometry, parents, (8.4, 6.4, 4)))
    red.moveTo(x + 1, y + 1)
    red.drag((x + 1, y + 1), red.rasToXY(worldOf(geometry, parents, (10.4, 8.4, 4))))
    gui.waitUntil(lambda: bounds(panel) == (3, 2, 10, 8))
    gui.waitUntil(lambda: BoxPromptStore().read(boxNodes()[0]) == storedPrompt(boxNodes()[0]))
    panel.ui.undoButton.click()
    assert bounds(panel) == (3, 2, 8, 6)
