"""Boxes drawn with the pointer in real slice views."""

import numpy as np
import pytest
import slicer

pytestmark = pytest.mark.usefixtures("onePanel")

AXES = {"Red": 0, "Green": 1, "Yellow": 2}


def drawBox(gui, viewName, start, end):
    """Drag from one corner to the other, given in RAS, and wait for the answer."""
    view = gui.view(viewName)
    view.drag(view.rasToXY(start), view.rasToXY(end))


def foundVoxels(panel):
    """The voxels of the panel's segment, as bool (K, J, I)."""
    segmentation = panel.ui.segmentationSelector.currentNode()
    segmentID = panel.ui.segmentsTable.selectedSegmentIDs()[0]
    volume = panel.ui.volumeSelector.currentNode()
    return slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segmentID, volume) > 0


def test_theVolumeInTheViewsIsChosen(panel, volume):
    assert panel.ui.volumeSelector.currentNode() is volume
    assert panel.ui.drawButton.enabled
    assert not panel.ui.propagateButton.enabled


@pytest.mark.parametrize("viewName", ["Red", "Green", "Yellow"])
def test_dragBecomesAMaskOnThatSlice(gui, panel, volume, viewName):
    axis = AXES[viewName]
    view = gui.view(viewName)
    start, end = [10.0, 10.0, 10.0], [20.0, 20.0, 20.0]
    # Voxels are 1 mm from the origin on, so that a place in RAS is a place in (i, j, k).
    start[2 - axis] = end[2 - axis] = shownSlice = view.xyToRAS(*view.center)[2 - axis]
    panel.ui.drawButton.click()
    drawBox(gui, viewName, start, end)
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))

    voxels = np.moveaxis(foundVoxels(panel), axis, 0)
    assert list(np.flatnonzero(voxels.any(axis=(1, 2)))) == [round(shownSlice)]
    rows, columns = np.nonzero(voxels[round(shownSlice)])
    # One pixel of the screen is less than a voxel here, so at most the outermost voxels can differ.
    for indices in (rows, columns):
        assert abs(indices.min() - 10) <= 1
        assert abs(indices.max() - 20) <= 1


def clickInRed(gui, i, j):
    """Click into the red view, with the draw tool in hand; return the slice that it shows."""
    offset = gui.layoutManager.sliceWidget("Red").sliceLogic().GetSliceOffset()
    view = gui.view("Red")
    view.click(*view.rasToXY((i, j, offset)))
    return round(offset)


def test_clickBecomesABoxWhereTheModelHasLearnedThat(ownPanel, gui, server, openPanel, volume):
    server.boxOfClick = lambda x, y: (round(x) - 4, round(y) - 3, round(x) + 4, round(y) + 3)
    server.client()
    panel = openPanel()
    gui.waitUntil(lambda: panel.panel._session.takesClicks)
    panel.ui.drawButton.click()
    shown = clickInRed(gui, 20, 15)
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))
    assert len(slicer.util.getNodesByClass("vtkMRMLMarkupsROINode")) == 1
    slices, rows, columns = np.nonzero(foundVoxels(panel))
    assert set(slices) == {shown}
    # One pixel of the screen is less than a voxel here.
    for indices, middle, reach in ((columns, 20, 4), (rows, 15, 3)):
        assert indices.max() - indices.min() == 2 * reach
        assert abs((indices.max() + indices.min()) / 2 - middle) <= 1


def test_clickOfAModelThatHasNotLearnedThatDoesNothing(ownPanel, gui, server, panel, volume):
    server.client()
    gui.waitUntil(lambda: panel.panel._session.models)
    panel.ui.drawButton.click()
    clickInRed(gui, 20, 15)
    drawBox(gui, "Red", (5, 5, 0), (15, 15, 0))
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))
    assert [len(request["boxes"]) for request in server.requests if "boxes" in request]
    assert not any("point" in request for request in server.requests)


def test_toolStaysActiveForTheNextBox(gui, panel, volume):
    panel.ui.drawButton.click()
    offset = gui.layoutManager.sliceWidget("Red").sliceLogic().GetSliceOffset()
    drawBox(gui, "Red", (5, 5, offset), (15, 15, offset))
    drawBox(gui, "Red", (30, 30, offset), (40, 40, offset))
    assert panel.ui.drawButton.checked
    gui.waitUntil(lambda: len(slicer.util.getNodesByClass("vtkMRMLMarkupsROINode")) == 2)
    assert foundVoxels(panel)[round(offset), 10, 10]
    assert foundVoxels(panel)[round(offset), 35, 35]


def test_outlineFollowsThePointerAndGoes(gui, panel, volume):
    red = gui.view("Red")
    panel.ui.drawButton.click()
    before = red.pixels()
    x, y = red.center
    red.moveTo(x - 40, y - 30)
    red.press()
    red.moveTo(x + 40, y + 30)
    outlined = (np.abs(red.pixels().astype(int) - before).sum(axis=2) > 100).sum()
    assert outlined > 2 * (80 + 60) * 0.9
    red.release()
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))


def test_escapeDropsTheBox(gui, panel, volume, server):
    red = gui.view("Red")
    panel.ui.drawButton.click()
    x, y = red.center
    red.moveTo(x - 40, y - 30)
    red.press()
    red.moveTo(x + 40, y + 30)
    red.pressKeys("Esc")
    red.release()
    gui.processEvents()
    assert server.requests == []
    assert panel.ui.drawButton.checked


def test_clickWithoutADragIsNoBox(gui, panel, volume, server):
    panel.ui.drawButton.click()
    gui.view("Red").click(*gui.view("Red").center)
    gui.processEvents()
    assert server.requests == []


def test_wheelStillScrollsWhileTheToolIsOn(gui, panel, volume):
    panel.ui.drawButton.click()
    logic = gui.layoutManager.sliceWidget("Red").sliceLogic()
    before = logic.GetSliceOffset()
    red = gui.view("Red")
    red.moveTo(*red.center)
    red.wheel(1)
    assert abs(logic.GetSliceOffset() - before) == pytest.approx(1.0)


def test_mouseIsGivenBackWhenTheToolIsSwitchedOff(gui, panel, volume, server, dragInRed):
    panel.ui.drawButton.click()
    panel.ui.drawButton.click()
    dragInRed()
    gui.processEvents()
    assert server.requests == []


def test_widgetsThatFollowLookUpTheBoxesAxisOnce(gui, panel, box, monkeypatch):
    session, asked = panel.panel._session, []
    boxAxis = session.logic.boxAxis

    def lookUp(*target):
        asked.append(target)
        return boxAxis(*target)

    monkeypatch.setattr(session.logic, "boxAxis", lookUp)
    session.changed.emitNow()
    assert len(asked) == 1
    # Whoever asks afterwards is told what is so then.
    slicer.mrmlScene.RemoveNode(box)
    assert session.boxAxis is None


def test_settingsThatChangeWhileWidgetsFollowAreSeen(panel, box):
    session = panel.panel._session
    segmentation, first = session.target.segmentation, session.target.segmentID
    second = segmentation.GetSegmentation().AddEmptySegment("", "Other")
    with session.lookingUpOnce():
        assert session.boxAxis is not None
        session.parameters.segmentID = second
        assert (session.target.segmentID, session.hasSegment, session.boxAxis) == (second, True, None)
        session.parameters.segmentID = first
        assert session.boxAxis is not None
        volume, session.parameters.volume = session.parameters.volume, None
        assert (session.target.volume, session.geometry, session.boxAxis) == (None, None, None)
        session.parameters.volume, session.parameters.segmentation = volume, None
        assert (session.target.segmentation, session.hasSegment, session.boxAxis) == (None, False, None)
