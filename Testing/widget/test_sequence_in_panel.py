"""A sequence in the panel: one button follows the object through the frames, with progress, cancel and undo."""

import numpy as np
import pytest
import slicer
from imageSequences import addSequence

from MedSAMSegLib.slices.sliceStates import SliceStates
from slicerhost import widgetDriver

pytestmark = pytest.mark.usefixtures("onePanel")

FRAMES = 7
START = 3


@pytest.fixture
def cine(gui):
    """A sequence that shows its frame 3: (volume, browser)."""
    volume, browser = addSequence([np.full((1, 30, 30), number, np.int16) for number in range(FRAMES)])
    browser.SetSelectedItemNumber(START)
    volume.CreateDefaultDisplayNodes()
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    return volume, browser


@pytest.fixture
def panel(gui, cine, openPanel):
    """The panel, with a box drawn on the frame that is shown."""
    panel = openPanel()
    view = gui.view("Red")
    x, y = view.center
    widgetDriver.click(panel.ui.drawButton)
    view.drag((x - 30, y - 30), (x + 30, y + 30))
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))
    return panel


def framesWithObject(panel, browser):
    segmentation, volume = panel.ui.segmentationSelector.currentNode(), panel.ui.volumeSelector.currentNode()
    (segment,) = segmentation.GetSegmentation().GetSegmentIDs()
    found = []
    for number in range(FRAMES):
        browser.SetSelectedItemNumber(number)
        if SliceStates(segmentation, segment, volume, 0).crop(0) is not None:
            found.append(number)
    browser.SetSelectedItemNumber(START)
    return found


def test_objectIsFollowedThroughTheFramesAndBackAgain(gui, cine, panel):
    _volume, browser = cine
    widgetDriver.click(panel.ui.throughTimeButton)
    gui.waitUntil(lambda: panel.ui.statusLabel.text == "Found on 5 frames. Not found on: 1, 7.")
    assert framesWithObject(panel, browser) == [1, 2, 3, 4, 5]
    assert not panel.ui.progressBar.visible
    widgetDriver.click(panel.ui.undoButton)
    assert framesWithObject(panel, browser) == [START]
    widgetDriver.click(panel.ui.redoButton)
    assert framesWithObject(panel, browser) == [1, 2, 3, 4, 5]


def test_cancelKeepsTheFramesSoFar(gui, cine, panel, server):
    _volume, browser = cine
    server.heldAfter = 2
    widgetDriver.click(panel.ui.throughTimeButton)
    gui.waitUntil(lambda: panel.ui.progressBar.value == 2)
    assert panel.ui.progressBar.format == "%v of at most %m frames"
    widgetDriver.click(panel.ui.cancelButton)
    gui.waitUntil(lambda: panel.ui.statusLabel.text == "Stopped. Found on 2 frames.")
    assert framesWithObject(panel, browser) == [1, 2, START]


def test_boxesOfOtherFramesAreNotListed(gui, cine, panel):
    _volume, browser = cine
    widgetDriver.click(panel.ui.throughTimeButton)
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found on 5"))
    assert panel.ui.boxesTable.rowCount == 1
    browser.SetSelectedItemNumber(1)
    gui.waitUntil(lambda: panel.ui.boxesTable.rowCount == 0)
    browser.SetSelectedItemNumber(START)
    gui.waitUntil(lambda: panel.ui.boxesTable.rowCount == 1)


def test_aVolumeOfNoSequenceHasNoTime(gui, cine, panel):
    still = slicer.util.addVolumeFromArray(np.zeros((3, 30, 30), np.int16), name="still")
    assert panel.ui.throughTimeButton.visible
    panel.ui.volumeSelector.setCurrentNode(still)
    gui.waitUntil(lambda: not panel.ui.throughTimeButton.visible)


def test_nothingToFollowIsSaid(gui, cine, panel):
    widgetDriver.click(panel.ui.undoButton)
    widgetDriver.click(panel.ui.throughTimeButton)
    assert "holds nothing on the frame that is shown" in panel.ui.statusLabel.text
