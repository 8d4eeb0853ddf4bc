"""The guided first box: offered while nothing is loaded, one step after the other, skipped, and done once."""

import numpy as np
import pytest
import slicer
from imageSequences import addSequence

from MedSAMSegLib.server.remoteServer import RemoteAddress
from slicerhost import widgetDriver

SEEN_SETTING = "MedSAMSeg/guidedFirstBoxSeen"
REMOTE = "https://gpu.example.org:8000"


pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def guide(gui, openPanel):
    """The panel in an empty scene."""
    return openPanel()


def highlighted(panel):
    """:return: names of the buttons that stand out."""
    buttons = [widget for widget in vars(panel.ui).values() if widget.inherits("QPushButton")]
    return {button.name for button in buttons if "palette(highlight)" in button.styleSheet}


def isOffered(panel):
    return panel.ui.firstBoxGroup.isVisible()


def reopened(gui, openPanel):
    """The panel in a Slicer that was started anew: its settings are there, its scene is empty."""
    gui.closeModules()
    slicer.mrmlScene.Clear(0)
    return openPanel()


def loadSample(gui, panel):
    widgetDriver.click(panel.ui.loadSampleButton)
    gui.processEvents()


def drawBox(gui, panel, dragInRed):
    widgetDriver.click(panel.ui.drawButton)
    dragInRed()
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))


def propagate(gui, panel):
    widgetDriver.click(panel.ui.propagateButton)
    gui.waitUntil(lambda: panel.ui.propagateButton.enabled)


def acceptSlice(gui, panel):
    widgetDriver.click(panel.ui.acceptSliceButton)
    gui.processEvents()


def test_fromNothingToACheckedSegment(gui, guide, openPanel, dragInRed):
    label = guide.ui.firstBoxLabel
    assert label.text == "1 of 4: Load a scan, or the chest CT that comes with MedSAMSeg."
    assert highlighted(guide) == {"loadSampleButton"}

    loadSample(gui, guide)
    assert guide.ui.volumeSelector.currentNode().GetName() == "RiderChestCT"
    assert label.text.startswith("2 of 4: Press “Draw boxes”, then drag a box round the tumor")
    assert highlighted(guide) == {"drawButton"}
    assert not guide.ui.loadSampleButton.isVisible()

    drawBox(gui, guide, dragInRed)
    assert label.text == "3 of 4: That is one slice. Press “Propagate” to follow the object through the others."
    assert highlighted(guide) == {"propagateButton"}

    propagate(gui, guide)
    assert label.text.startswith("4 of 4: “Worst slice next” shows the most doubtful slice.")
    assert highlighted(guide) == {"worstSliceButton", "acceptSliceButton"}
    assert not slicer.app.userSettings().contains(SEEN_SETTING)

    acceptSlice(gui, guide)
    assert label.text.startswith("Done: ")
    assert highlighted(guide) == set()
    assert not guide.ui.neverGuideButton.isVisible()
    assert guide.ui.skipGuideButton.text == "Close"
    widgetDriver.click(guide.ui.skipGuideButton)
    assert not isOffered(guide)
    assert not isOffered(reopened(gui, openPanel))


def test_aSinglePictureIsDoneWithItsBox(gui, guide, dragInRed):
    picture = slicer.util.addVolumeFromArray(np.zeros((1, 50, 60), np.uint8), name="Radiograph")
    gui.processEvents()
    widgetDriver.choose(guide.ui.volumeSelector, "Radiograph")
    gui.processEvents()
    slicer.util.setSliceViewerLayers(background=picture, fit=True)
    drawBox(gui, guide, dragInRed)
    assert guide.ui.firstBoxLabel.text == "Done: the object is segmented. “Undo” takes steps back."
    assert highlighted(guide) == set()


def test_onAFilmItEndsWithTheButtonThatFollowsThroughTime(gui, guide, dragInRed):
    cine, _browser = addSequence([np.full((1, 30, 30), number, np.int16) for number in range(3)])
    cine.CreateDefaultDisplayNodes()
    gui.processEvents()
    widgetDriver.choose(guide.ui.volumeSelector, cine.GetName())
    gui.processEvents()
    slicer.util.setSliceViewerLayers(background=cine, fit=True)
    assert guide.ui.firstBoxLabel.text.startswith("2 of 4: Press “Draw boxes”, then drag in a slice view")
    drawBox(gui, guide, dragInRed)
    assert guide.ui.throughTimeButton.isVisible()
    assert guide.ui.firstBoxLabel.text == (
        "Done: the object is segmented on this frame. “Through time” follows it to the others, “Undo” takes steps back."
    )
    assert guide.ui.throughTimeButton.text == "Through time"


def test_sampleIsShownWhereItsTumorIs(gui, guide):
    loadSample(gui, guide)
    volume = guide.ui.volumeSelector.currentNode()
    offset = gui.layoutManager.sliceWidget("Red").sliceLogic().GetSliceOffset()
    shown = (offset - volume.GetOrigin()[2]) / volume.GetSpacing()[2]
    assert abs(shown) == pytest.approx(24, abs=0.01)
    assert slicer.util.getNodesByClass("vtkMRMLSegmentationNode") == []


def test_undoLeadsBackToTheStepBefore(gui, guide, dragInRed):
    loadSample(gui, guide)
    drawBox(gui, guide, dragInRed)
    propagate(gui, guide)
    widgetDriver.click(guide.ui.undoButton)
    gui.waitUntil(lambda: guide.ui.firstBoxLabel.text.startswith("3 of 4"))


def test_scanOfTheUsersOwnGoesAsWell(gui, guide, volume):
    gui.processEvents()
    widgetDriver.choose(guide.ui.volumeSelector, "CT")
    gui.processEvents()
    assert guide.ui.firstBoxLabel.text.startswith("2 of 4: Press “Draw boxes”, then drag in a slice view")


def test_notOfferedToWhoHasAlreadyLoadedSomething(panel):
    assert not isOffered(panel)
    assert highlighted(panel) == set()


def test_skippedUntilSlicerIsStartedAnew(gui, guide, openPanel):
    widgetDriver.click(guide.ui.skipGuideButton)
    assert not isOffered(guide)
    assert highlighted(guide) == set()
    slicer.mrmlScene.Clear(0)
    gui.processEvents()
    assert not isOffered(guide)
    assert isOffered(reopened(gui, openPanel))


def test_notShownAgainWhenNotWanted(gui, guide, openPanel):
    widgetDriver.click(guide.ui.neverGuideButton)
    assert not isOffered(guide)
    assert not isOffered(reopened(gui, openPanel))


def test_beginsAnewInAnEmptyScene(gui, guide, dragInRed):
    loadSample(gui, guide)
    drawBox(gui, guide, dragInRed)
    slicer.mrmlScene.Clear(0)
    gui.processEvents()
    assert guide.ui.firstBoxLabel.text.startswith("1 of 4")
    assert highlighted(guide) == {"loadSampleButton"}


def test_saysWhereImagesGo(gui, guide, server):
    assert guide.ui.promiseLabel.text == (
        "Nothing is uploaded: the networks run on this computer."
        " The scan itself is never changed; results are kept in a segmentation."
    )
    guide.ui.advancedButton.collapsed = False
    gui.processEvents()
    guide.ui.remoteUrlLineEdit.text = REMOTE
    widgetDriver.click(guide.ui.useRemoteButton)
    gui.processEvents()
    assert guide.ui.promiseLabel.text.startswith(f"The scan is sent to {REMOTE}, the server that was set under")
    assert "upload" not in guide.ui.promiseLabel.text


def test_saysWhereImagesGoFromTheStart(gui, openPanel):
    RemoteAddress(REMOTE, "token").save()
    assert f"sent to {REMOTE}" in openPanel().ui.promiseLabel.text


def test_buttonsAreReachedByTabAndPressedBySpace(gui, openMainWindow, openPanel):
    openMainWindow()
    panel = openPanel()
    panel.ui.loadSampleButton.setFocus()
    gui.processEvents()
    widgetDriver.pressKeys(panel.ui.loadSampleButton, "Tab")
    assert panel.ui.skipGuideButton.hasFocus()
    widgetDriver.pressKeys(panel.ui.skipGuideButton, "Tab")
    assert panel.ui.neverGuideButton.hasFocus()
    widgetDriver.pressKeys(panel.ui.neverGuideButton, "Space")
    assert not isOffered(panel)
