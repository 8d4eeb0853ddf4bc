"""Boxes drawn fast, and what they are for changed or removed while they are on their way."""

import numpy as np
import pytest
import slicer
from boxes import boxNodes, drawBox, segmentVoxels, shownSlice, sliceBox

from MedSAMSegLib.client.serverReplies import ServerError
from slicerhost import widgetDriver

pytestmark = pytest.mark.usefixtures("onePanel")

PLACES = [(5, 5), (20, 5), (35, 5), (5, 25), (20, 25), (35, 25)]


@pytest.fixture
def draw(gui, panel):
    """Called with a corner in voxels, draws a box of 8 × 8 voxels from there in the red view."""

    def drawAt(x, y):
        if not panel.ui.drawButton.checked:
            panel.ui.drawButton.click()
        index = shownSlice(gui, "Red")
        drawBox(gui, "Red", (x - 0.4, y - 0.4, index), (x + 8.4, y + 8.4, index))

    return drawAt


@pytest.fixture
def pending(gui, server, draw):
    """A box was drawn, and its answer is on its way: set `server.letSegment` to let it come."""
    server.letSegment.clear()
    draw(5, 5)
    gui.waitUntil(lambda: server.requests)


@pytest.fixture
def settle(gui, server):
    """Called, lets all answers come, and waits until the panel has looked at them."""
    # What stands in for Qt is there only with the host.
    import qt

    from MedSAMSegLib.panel.frame.workList import POLL_MILLISECONDS

    answered = []
    answer = server.segment

    def segment(*arguments, **options):
        try:
            return answer(*arguments, **options)
        finally:
            answered.append(arguments)

    def wait():
        server.letSegment.set()
        gui.waitUntil(lambda: len(answered) == len(server.requests))
        looks = []
        timer = qt.QTimer()
        timer.interval = POLL_MILLISECONDS
        timer.connect("timeout()", lambda: looks.append(None))
        timer.start()
        gui.waitUntil(lambda: len(looks) == 3)
        timer.stop()

    server.segment = segment
    return wait


def has(panel, x, y):
    return segmentVoxels(panel)[:, y + 4, x + 4].any()


def test_rapidBoxesAllArrive(gui, panel, server, draw):
    server.letSegment.clear()
    for place in PLACES:
        draw(*place)
    server.letSegment.set()
    gui.waitUntil(lambda: len(boxNodes()) == len(PLACES))
    assert all(has(panel, *place) for place in PLACES)
    for count in reversed(range(len(PLACES))):
        panel.ui.undoButton.click()
        assert len(boxNodes()) == count
    assert not segmentVoxels(panel).any()


def test_boxWhileTheAnswerBeforeIsPendingGoesToTheSegmentChosenThen(gui, panel, server, draw, pending):
    (first,) = panel.ui.segmentsTable.selectedSegmentIDs()
    panel.ui.addSegmentButton.click()
    draw(30, 20)
    server.letSegment.set()
    gui.waitUntil(lambda: len(boxNodes()) == 2)
    assert has(panel, 30, 20)
    assert not has(panel, 5, 5)
    panel.ui.segmentsTable.setSelectedSegmentIDs([first])
    assert has(panel, 5, 5)
    assert not has(panel, 30, 20)


def test_boxOnASliceThatIsScrolledAwayMeanwhileLandsOnItsSlice(gui, panel, server, pending):
    index = round(shownSlice(gui, "Red"))
    red = gui.view("Red")
    red.moveTo(*red.center)
    red.wheel(3)
    server.letSegment.set()
    gui.waitUntil(boxNodes)
    assert sliceBox(segmentVoxels(panel), 0)[0] == index


def test_volumeRemovedMeanwhileLeavesThePanelWaitingForOne(panel, settle, volume, pending):
    slicer.mrmlScene.RemoveNode(volume)
    settle()
    assert panel.ui.statusLabel.text.startswith(("Load a volume to begin", "The volume is no longer in the scene"))
    assert boxNodes() == []


def test_segmentRemovedMeanwhileIsSaidAndTheOtherIsUntouched(gui, panel, server, pending):
    segmentation = panel.ui.segmentationSelector.currentNode()
    (segmentID,) = panel.ui.segmentsTable.selectedSegmentIDs()
    panel.ui.addSegmentButton.click()
    segmentation.GetSegmentation().RemoveSegment(segmentID)
    server.letSegment.set()
    gui.waitUntil(lambda: "is not in the segmentation" in panel.ui.statusLabel.text)
    assert boxNodes() == []
    assert not segmentVoxels(panel).any()


def test_segmentationRemovedMeanwhileIsSaidAndTheNextBoxMakesAnother(gui, panel, server, draw, pending):
    slicer.mrmlScene.RemoveNode(panel.ui.segmentationSelector.currentNode())
    server.letSegment.set()
    gui.waitUntil(lambda: "The segmentation is no longer in the scene" in panel.ui.statusLabel.text)
    draw(20, 20)
    gui.waitUntil(boxNodes)
    assert has(panel, 20, 20)


def test_sceneClosedMeanwhileWritesNothingIntoTheNext(settle, pending):
    slicer.mrmlScene.Clear(0)
    volume = slicer.util.addVolumeFromArray(np.zeros((40, 50, 60), np.int16), name="Next")
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    settle()
    assert boxNodes() == []
    assert slicer.util.getNodesByClass("vtkMRMLSegmentationNode") == []


def test_moduleLeftAndEnteredMeanwhileLosesNothing(gui, panel, server, pending):
    gui.exitModule()
    server.letSegment.set()
    gui.waitUntil(boxNodes)
    gui.enterModule("MedSAMSeg")
    assert has(panel, 5, 5)
    assert panel.ui.boxesTable.rowCount == 1


def test_segmentHiddenMeanwhileIsNotWritten(gui, panel, server, pending):
    (segmentID,) = panel.ui.segmentsTable.selectedSegmentIDs()
    segmentation = panel.ui.segmentationSelector.currentNode()
    segmentation.GetDisplayNode().SetSegmentVisibility(segmentID, False)
    server.letSegment.set()
    gui.waitUntil(lambda: "is hidden, and is left as it is" in panel.ui.statusLabel.text)
    assert boxNodes() == []
    assert not segmentVoxels(panel).any()


def test_windowOfTheMomentIsUsed(gui, panel, server, draw):
    widgetDriver.choose(panel.ui.windowComboBox, panel.ui.windowComboBox.itemText(0))
    draw(5, 5)
    gui.waitUntil(lambda: len(boxNodes()) == 1)
    widgetDriver.choose(panel.ui.windowComboBox, panel.ui.windowComboBox.itemText(2))
    draw(30, 20)
    gui.waitUntil(lambda: len(boxNodes()) == 2)
    assert len({request["window"] for request in server.requests}) == 2


def test_voxelsEditedMeanwhileAreAskedAboutAgain(gui, panel, server, volume, pending):
    slicer.util.arrayFromVolume(volume)[:] = 7
    slicer.util.arrayFromVolumeModified(volume)
    server.letSegment.set()
    gui.waitUntil(boxNodes)
    assert len({request["key"] for request in server.requests}) == 2
    assert has(panel, 5, 5)


@pytest.fixture
def pendingDrag(gui, panel, server, draw):
    """A box was drawn, and its handle dragged; the answer to that is on its way. Its markup."""
    draw(5, 5)
    gui.waitUntil(boxNodes)
    gui.processEvents()
    panel.ui.drawButton.click()
    asked = len(server.requests)
    server.letSegment.clear()
    red = gui.view("Red")
    x, y = red.rasToXY((13.4, 13.4, 0))
    red.moveTo(x + 1, y + 1)
    red.drag((x + 1, y + 1), (x - 40, y + 30))
    gui.waitUntil(lambda: len(server.requests) > asked)
    return boxNodes()[0]


def test_boxDeletedWhileItIsDraggedTakesItsVoxelsAlong(panel, settle, pendingDrag):
    panel.ui.boxesTable.selectRow(0)
    panel.ui.deleteBoxButton.click()
    settle()
    assert boxNodes() == []
    assert not segmentVoxels(panel).any()


def test_markupDeletedElsewhereWhileItIsDraggedIsLeftAlone(panel, settle, pendingDrag):
    before = segmentVoxels(panel)
    slicer.mrmlScene.RemoveNode(pendingDrag)
    settle()
    assert boxNodes() == []
    np.testing.assert_array_equal(segmentVoxels(panel), before)
    assert panel.ui.boxesTable.rowCount == 0


def test_segmentRemovedWhileItsBoxIsDragged(panel, settle, pendingDrag):
    panel.ui.removeSegmentButton.click()
    settle()
    assert boxNodes() == []


def test_undoWhileABoxIsDraggedTakesTheBoxBack(panel, settle, pendingDrag):
    panel.ui.undoButton.click()
    settle()
    assert boxNodes() == []
    assert not segmentVoxels(panel).any()


def test_sceneClosedWhileABoxIsDragged(panel, settle, pendingDrag):
    slicer.mrmlScene.Clear(0)
    settle()
    assert boxNodes() == []
    assert panel.ui.boxesTable.rowCount == 0


def test_moduleLeftWhileAHandleIsHeldEndsTheDrag(gui, panel, server, draw):
    draw(5, 5)
    gui.waitUntil(boxNodes)
    gui.processEvents()
    panel.ui.drawButton.click()
    red = gui.view("Red")
    x, y = red.rasToXY((13.4, 13.4, 0))
    red.moveTo(x + 1, y + 1)
    red.press()
    red.moveTo(x - 40, y + 30)
    before = segmentVoxels(panel).sum()
    gui.exitModule()
    gui.waitUntil(lambda: segmentVoxels(panel).sum() > before)
    # Said at the end of a drag alone.
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith(f"Found {segmentVoxels(panel).sum()} voxels"))
    red.release()


def test_draggedHandleWorksAfterComingBackToTheModule(gui, panel, server, draw):
    draw(5, 5)
    gui.waitUntil(boxNodes)
    panel.ui.drawButton.click()
    gui.exitModule()
    gui.enterModule("MedSAMSeg")
    red = gui.view("Red")
    x, y = red.rasToXY((13.4, 13.4, 0))
    before = segmentVoxels(panel).sum()
    red.moveTo(x + 1, y + 1)
    red.drag((x + 1, y + 1), (x - 40, y + 30))
    gui.waitUntil(lambda: segmentVoxels(panel).sum() > before)


def test_failedDragIsSaidAndTheNextOneWorks(gui, panel, server, draw):
    draw(5, 5)
    gui.waitUntil(boxNodes)
    panel.ui.drawButton.click()
    answer = server.segment

    def refuse(*arguments, **options):
        raise ServerError("The server is tired.", "Try again.", "tired")

    server.segment = refuse
    red = gui.view("Red")
    x, y = red.rasToXY((13.4, 13.4, 0))
    red.moveTo(x + 1, y + 1)
    red.drag((x + 1, y + 1), (x - 40, y + 30))
    gui.waitUntil(lambda: panel.ui.statusLabel.text == "The server is tired. Try again.")
    server.segment = answer
    before = segmentVoxels(panel).sum()
    # Where the handle was left.
    red.moveTo(x - 40, y + 30)
    red.drag((x - 40, y + 30), (x - 50, y + 40))
    gui.waitUntil(lambda: segmentVoxels(panel).sum() > before)
