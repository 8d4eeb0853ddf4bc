"""The panel's propagation of all segments with boxes at once."""

import pytest

from slicerhost import widgetDriver

pytestmark = pytest.mark.usefixtures("onePanel")


@pytest.fixture
def pair(gui, panel, dragInRed):
    """The panel with two segments with a box each, the second one selected; their IDs."""
    for number in range(2):
        if number:
            panel.ui.addSegmentButton.click()
        if not panel.ui.drawButton.checked:
            panel.ui.drawButton.click()
        panel.ui.statusLabel.text = ""
        dragInRed()
        gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))
    panel.ui.drawButton.click()
    return list(panel.ui.segmentationSelector.currentNode().GetSegmentation().GetSegmentIDs())


def propagate(gui, panel):
    panel.ui.propagateButton.click()
    gui.waitUntil(lambda: panel.ui.propagateButton.enabled)


def test_onlyTheSelectedSegmentIsFollowedUntilAllAreWanted(gui, panel, server, pair):
    propagate(gui, panel)
    assert "objects" not in server.requests[-1]
    panel.ui.allSegmentsCheckBox.click()
    propagate(gui, panel)
    assert list(server.requests[-1]["objects"]) == pair
    assert panel.ui.statusLabel.text == "Segment 1: 5 slices. Segment 2: 5 slices."


def test_oneUndoTakesAllBack(gui, panel, server, pair):
    panel.ui.allSegmentsCheckBox.click()
    propagate(gui, panel)
    gui.waitUntil(lambda: panel.ui.slicesTable.columnCount == 5)
    panel.ui.undoButton.click()
    gui.waitUntil(lambda: panel.ui.slicesTable.columnCount == 1)
    panel.ui.segmentsTable.setSelectedSegmentIDs(pair[:1])
    gui.waitUntil(lambda: panel.ui.slicesTable.columnCount == 1)
    assert panel.ui.undoButton.enabled


def test_cancellingKeepsWhatIsDoneAndSaysSo(gui, panel, server, pair):
    panel.ui.allSegmentsCheckBox.click()
    server.heldAfter = 3
    panel.ui.propagateButton.click()
    gui.waitUntil(lambda: panel.ui.progressBar.value == 3)
    assert panel.ui.progressBar.maximum == 10
    assert panel.ui.statusLabel.text.endswith("of 'Segment 1' is done.")
    widgetDriver.click(panel.ui.cancelButton)
    gui.waitUntil(lambda: panel.ui.propagateButton.enabled)
    assert panel.ui.statusLabel.text == "Stopped. Segment 1: 2 slices. Segment 2: 1 slice."


def test_stripOfTheSelectedSegmentGrowsMeanwhile(gui, panel, server, pair):
    panel.ui.allSegmentsCheckBox.click()
    server.heldAfter = 4
    panel.ui.propagateButton.click()
    gui.waitUntil(lambda: panel.ui.slicesTable.columnCount == 3)
    panel.ui.cancelButton.click()
    gui.waitUntil(lambda: panel.ui.propagateButton.enabled)


def test_segmentWithoutABoxMayBeSelected(gui, panel, server, pair):
    panel.ui.addSegmentButton.click()
    gui.processEvents()
    assert not panel.ui.propagateButton.enabled
    panel.ui.allSegmentsCheckBox.click()
    gui.waitUntil(lambda: panel.ui.propagateButton.enabled)
    propagate(gui, panel)
    assert list(server.requests[-1]["objects"]) == pair


def test_hiddenSegmentIsLeftOut(gui, panel, server, pair):
    segmentation = panel.ui.segmentationSelector.currentNode()
    segmentation.GetDisplayNode().SetSegmentVisibility(pair[0], False)
    panel.ui.allSegmentsCheckBox.click()
    propagate(gui, panel)
    assert "objects" not in server.requests[-1]
    assert panel.ui.statusLabel.text.startswith("5 slices.")


def test_goingOnFromASliceIsAboutTheSelectedSegmentAlone(gui, panel, server, pair):
    panel.ui.allSegmentsCheckBox.click()
    gui.waitUntil(lambda: panel.ui.propagateHereButton.enabled)
    panel.ui.propagateHereButton.click()
    gui.waitUntil(lambda: panel.ui.propagateButton.enabled)
    assert "objects" not in server.requests[-1]
