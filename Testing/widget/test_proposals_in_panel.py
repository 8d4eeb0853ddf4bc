"""Proposals in the panel: outlines in real slice views, chosen by pointer and keys; undo, cancel, other models."""

import numpy as np
import pytest
import slicer
import vtk

from MedSAMSegLib.client.serverReplies import ServerError, SliceMask
from slicerhost import widgetDriver

pytestmark = pytest.mark.usefixtures("onePanel")

#: A block with a smaller one inside, and one far from them.
LARGE, SMALL, FAR = (10, 8, 20, 24), (16, 12, 6, 8), (42, 34, 10, 12)
SLICE = 12
CLEAR_BLUE = np.array([89, 217, 255])


def maskOf(block):
    x0, y0, columns, rows = block
    return SliceMask(x0, y0, np.ones((rows, columns), bool), 0.9)


@pytest.fixture
def opened(gui, panel, server):
    """The panel with its list of proposals open, on slice 12 of the red view, nothing proposed yet."""
    server.proposed = [(maskOf(block), 0.99 - number / 100) for number, block in enumerate((LARGE, SMALL, FAR))]
    gui.layoutManager.sliceWidget("Red").sliceLogic().SetSliceOffset(SLICE)
    panel.ui.proposalsButton.collapsed = False
    panel.ui.advancedButton.collapsed = False
    gui.waitUntil(lambda: panel.ui.modelComboBox.count == 3)
    return panel


@pytest.fixture
def proposed(gui, opened):
    """… and the three are proposed."""
    propose(gui, opened)
    return opened


def propose(gui, panel):
    widgetDriver.click(panel.ui.proposeButton)
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("3 proposals"))
    gui.processEvents()


def xyOf(gui, x, y, viewName="Red"):
    """Where a pixel of the slice is in a view; voxels are 1 mm, as `addVolumeFromArray` puts them."""
    return gui.view(viewName).rasToXY(rasOf(x, y))


def rasOf(x, y):
    IJKToRAS = vtk.vtkMatrix4x4()
    slicer.util.getNode("CT").GetIJKToRASMatrix(IJKToRAS)
    return IJKToRAS.MultiplyPoint((x, y, SLICE, 1))[:3]


def clickAt(gui, x, y):
    gui.view("Red").click(*xyOf(gui, x, y))
    gui.processEvents()


def segments(panel):
    """:return: {name: number of voxels} of the panel's segments."""
    node = panel.ui.segmentationSelector.currentNode()
    if node is None:
        return {}
    found = {}
    for segmentID in node.GetSegmentation().GetSegmentIDs():
        voxels = slicer.util.arrayFromSegmentBinaryLabelmap(node, segmentID, panel.ui.volumeSelector.currentNode())
        found[node.GetSegmentation().GetSegment(segmentID).GetName()] = int(voxels.sum())
    return found


def numbers(panel):
    """:return: numbers of the proposals in the list."""
    table = panel.ui.proposalsTable
    return [int(table.item(row, 0).text()) for row in range(table.rowCount)]


def selectedNumber(panel):
    return numbers(panel)[panel.ui.proposalsTable.currentRow()] if panel.ui.proposalsTable.selectedItems() else None


def edgeIsDrawn(gui, x, y, viewName="Red"):
    """Whether a color of outlines is near a place of a view."""
    view = gui.view(viewName)
    view.render()
    pixels = view.pixels()[::-1].astype(int)
    column, row = (round(value) for value in xyOf(gui, x, y, viewName))
    near = pixels[max(row - 2, 0) : row + 3, max(column - 2, 0) : column + 3, :3].reshape(-1, 3)
    isLine = (abs(near - CLEAR_BLUE).max(axis=1) < 60) | (near.min(axis=1) > 200)
    return bool(isLine.any())


def test_whatIsProposedIsListedAndOutlinedOnItsSliceAlone(gui, proposed, server):
    assert numbers(proposed) == [1, 2, 3]
    assert proposed.ui.proposalsTable.item(0, 1).text() == str(20 * 24)
    assert (server.requests[-1]["axis"], server.requests[-1]["slice"]) == (0, SLICE)
    assert server.requests[-1]["model"] == "proposer"
    assert proposed.ui.statusLabel.text.startswith("3 proposals on Axial 12")
    for x0, y0, columns, rows in (LARGE, SMALL, FAR):
        assert edgeIsDrawn(gui, x0 - 0.5, y0 + rows / 2)
        assert edgeIsDrawn(gui, x0 + columns / 2, y0 + rows - 0.5)
    gui.layoutManager.sliceWidget("Red").sliceLogic().SetSliceOffset(SLICE + 1)
    assert not edgeIsDrawn(gui, FAR[0] - 0.5, FAR[1] + 4)
    gui.layoutManager.sliceWidget("Red").sliceLogic().SetSliceOffset(SLICE)
    assert edgeIsDrawn(gui, FAR[0] - 0.5, FAR[1] + 4)


def test_outlinesFollowTheZoom(gui, proposed):
    node = gui.view("Red").view.mrmlSliceNode()
    width, height, depth = node.GetFieldOfView()
    node.SetFieldOfView(width * 0.7, height * 0.7, depth)
    gui.processEvents()
    assert edgeIsDrawn(gui, FAR[0] - 0.5, FAR[1] + 4)


def test_undoneProposalLeavesTheSegmentBeforeItSelected(gui, proposed):
    proposed.ui.lesionsButton.collapsed = False
    table = proposed.ui.lesionsTable
    for count, (x, y) in enumerate(((18, 15), (18, 15), (46, 40)), start=1):
        clickAt(gui, x, y)
        gui.waitUntil(lambda count=count: table.rowCount == count)
    widgetDriver.click(proposed.ui.undoButton)
    gui.waitUntil(lambda: table.rowCount == 2)
    (segmentID,) = proposed.ui.segmentsTable.selectedSegmentIDs()
    node = proposed.ui.segmentationSelector.currentNode()
    assert node.GetSegmentation().GetSegment(segmentID).GetName() == "Object 2"
    assert [item.text() for item in table.selectedItems()][:1] == ["Object 2"]


def test_clickAcceptsTheSmallestUnderThePointerAndUndoTakesItBack(gui, proposed):
    clickAt(gui, 18, 15)
    assert segments(proposed) == {"Object 1": 6 * 8}
    assert numbers(proposed) == [1, 3]
    assert proposed.ui.statusLabel.text == "Accepted as 'Object 1'."
    assert len(proposed.ui.segmentsTable.selectedSegmentIDs()) == 1
    clickAt(gui, 18, 15)
    assert segments(proposed) == {"Object 1": 6 * 8, "Object 2": 20 * 24}
    widgetDriver.click(proposed.ui.undoButton)
    widgetDriver.click(proposed.ui.undoButton)
    gui.processEvents()
    assert segments(proposed) == {}
    assert numbers(proposed) == [1, 2, 3]
    widgetDriver.click(proposed.ui.redoButton)
    gui.processEvents()
    assert numbers(proposed) == [1, 3]


def test_clickBesideAllOfThemIsTheViews(gui, proposed):
    clickAt(gui, 2, 2)
    assert segments(proposed) == {}
    assert numbers(proposed) == [1, 2, 3]


def test_pointerSelectsAndKeysOverTheViewAcceptAndHide(gui, proposed):
    red = gui.view("Red")
    red.moveTo(*xyOf(gui, FAR[0] + 3, FAR[1] + 3))
    assert selectedNumber(proposed) == 3
    red.moveTo(*xyOf(gui, 18, 15))
    assert selectedNumber(proposed) == 2
    red.pressKeys("Delete")
    gui.processEvents()
    assert numbers(proposed) == [1, 3]
    red.moveTo(*xyOf(gui, 18, 15))
    assert selectedNumber(proposed) == 1
    red.pressKeys("Backspace")
    gui.processEvents()
    assert numbers(proposed) == [3]
    red.pressKeys("Return")
    gui.processEvents()
    assert segments(proposed) == {"Object 1": FAR[2] * FAR[3]}
    assert numbers(proposed) == []


def test_listIsGoneThroughByKeys(ownPanel, gui, proposed):
    table = proposed.ui.proposalsTable
    assert selectedNumber(proposed) == 1
    widgetDriver.pressKeys(table, "Del")
    gui.processEvents()
    assert (numbers(proposed), selectedNumber(proposed)) == ([2, 3], 2)
    widgetDriver.pressKeys(table, "Down")
    assert selectedNumber(proposed) == 3
    widgetDriver.pressKeys(table, "Return")
    gui.processEvents()
    assert (numbers(proposed), selectedNumber(proposed)) == ([2], 2)
    assert segments(proposed) == {"Object 1": FAR[2] * FAR[3]}


def test_buttonsDoTheSame(gui, proposed):
    widgetDriver.click(proposed.ui.hideProposalButton)
    gui.processEvents()
    widgetDriver.click(proposed.ui.acceptProposalButton)
    gui.processEvents()
    assert segments(proposed) == {"Object 1": 6 * 8}
    assert numbers(proposed) == [3]


def test_acceptAllIsOneUndoStep(gui, proposed):
    widgetDriver.click(proposed.ui.acceptAllProposalsButton)
    gui.processEvents()
    assert segments(proposed) == {"Object 1": 20 * 24, "Object 2": 6 * 8, "Object 3": 120}
    assert proposed.ui.statusLabel.text == "3 proposals are segments now."
    assert not proposed.ui.acceptAllProposalsButton.enabled
    widgetDriver.click(proposed.ui.undoButton)
    gui.processEvents()
    assert segments(proposed) == {}
    assert numbers(proposed) == [1, 2, 3]


def test_closeTakesTheOutlinesAwayAndLeavesSegments(gui, proposed):
    clickAt(gui, FAR[0] + 3, FAR[1] + 3)
    widgetDriver.click(proposed.ui.closeProposalsButton)
    gui.processEvents()
    assert numbers(proposed) == []
    assert not edgeIsDrawn(gui, LARGE[0] - 0.5, LARGE[1] + 2)
    clickAt(gui, 18, 15)
    assert segments(proposed) == {"Object 1": 120}
    assert not proposed.ui.closeProposalsButton.enabled


def test_cancelKeepsNothing(gui, opened, server):
    server.heldAfter = 1
    widgetDriver.click(opened.ui.proposeButton)
    gui.waitUntil(lambda: opened.ui.proposalsProgressBar.value == 8)
    assert opened.ui.proposalsProgressBar.isVisible()
    assert not opened.ui.proposeButton.enabled
    widgetDriver.click(opened.ui.cancelProposalsButton)
    gui.waitUntil(lambda: opened.ui.statusLabel.text == "Stopped; nothing of it is kept.")
    gui.processEvents()
    assert numbers(opened) == []
    assert opened.ui.proposeButton.enabled
    assert not opened.ui.proposalsProgressBar.isVisible()


def test_nothingFoundIsSaid(gui, opened, server):
    server.proposed = []
    widgetDriver.click(opened.ui.proposeButton)
    gui.waitUntil(lambda: opened.ui.statusLabel.text.startswith("No object is proposed on Axial 12"))


def test_viewThatWasScrolledLastIsLookedAt(gui, opened, server):
    gui.layoutManager.sliceWidget("Green").sliceLogic().SetSliceOffset(30)
    widgetDriver.click(opened.ui.proposeButton)
    gui.waitUntil(lambda: opened.ui.statusLabel.text.startswith("3 proposals"))
    assert server.requests[-1]["axis"] == 1


def test_modelThatCannotProposeIsSaidAndTheOneThatCanIsAsked(gui, opened, server):
    gui.waitUntil(lambda: "Proposer does" in opened.ui.proposalModelLabel.text)
    assert opened.ui.proposalModelLabel.text.startswith("Fake model learned to answer boxes and cannot propose")
    widgetDriver.choose(opened.ui.modelComboBox, "Proposer")
    gui.waitUntil(lambda: opened.ui.proposalModelLabel.text == "Proposer proposes.")


def test_missingModelIsSaidBeforehand(gui, openPanel, server, volume):
    server.knownModels[1]["installed"] = False
    panel = openPanel()
    # A list that came before is asked for anew.
    panel.panel._session.modelsChanged.emit()
    panel.ui.proposalsButton.collapsed = False
    label = panel.ui.proposalModelLabel
    widgetDriver.click(panel.ui.proposeButton)
    gui.waitUntil(lambda: label.text.startswith("Objects are proposed by Proposer, which is not on this computer"))


def test_closedSectionShowsNothing(ownPanel, gui, opened):
    assert opened.ui.proposalModelLabel.isVisible()
    opened.ui.proposalsButton.collapsed = True
    before = opened.ui.proposalModelLabel.text
    widgetDriver.choose(opened.ui.modelComboBox, "Proposer")
    gui.waitUntil(lambda: opened.ui.proposalModelLabel.text != before)
    assert not opened.ui.proposalModelLabel.isVisible()


def test_errorOfTheServerIsSaid(gui, opened, server, monkeypatch):
    def refuse(*arguments, **options):
        raise ServerError("LiteMedSAM is not made to propose objects.", "Choose the model mobilesam or sam.", "x")

    monkeypatch.setattr(server, "propose", refuse)
    widgetDriver.click(opened.ui.proposeButton)
    gui.waitUntil(lambda: "not made to propose" in opened.ui.statusLabel.text)
    gui.processEvents()
    assert opened.ui.proposeButton.enabled


def test_changedImageEndsTheList(gui, proposed, volume):
    slicer.util.arrayFromVolume(volume)[:] = 3
    slicer.util.arrayFromVolumeModified(volume)
    gui.waitUntil(lambda: numbers(proposed) == [])
    assert proposed.ui.statusLabel.text == "The image was changed: have objects proposed again."


def test_drawToolHasTheMouseAndTheOutlinesStay(gui, proposed):
    widgetDriver.click(proposed.ui.drawButton)
    clickAt(gui, 18, 15)
    assert segments(proposed) == {}
    assert edgeIsDrawn(gui, FAR[0] - 0.5, FAR[1] + 4)
    widgetDriver.click(proposed.ui.drawButton)
    clickAt(gui, 18, 15)
    assert segments(proposed) == {"Object 1": 48}


def test_moduleThatIsLeftGivesTheMouseBack(gui, proposed):
    proposed.exit()
    clickAt(gui, 18, 15)
    assert segments(proposed) == {}
    assert not edgeIsDrawn(gui, FAR[0] - 0.5, FAR[1] + 4)
    proposed.enter()
    gui.processEvents()
    clickAt(gui, 18, 15)
    assert segments(proposed) == {"Object 1": 48}


def test_closedSceneForgetsTheList(gui, proposed):
    slicer.mrmlScene.Clear()
    gui.processEvents()
    assert numbers(proposed) == []
    assert not proposed.ui.proposeButton.enabled
