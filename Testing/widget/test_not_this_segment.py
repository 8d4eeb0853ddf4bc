"""The list beside "Not this": another segment is not of the selected box's object, and its voxels are taken away."""

import numpy as np
import pytest
import slicer
from boxes import segmentVoxels, sliceBox

from MedSAMSegLib.client.serverReplies import ServerError
from slicerhost import widgetDriver

pytestmark = pytest.mark.usefixtures("onePanel")


def addBlood(gui, panel):
    """:return: (segment ID, voxels) of a new segment of 2 × 2 voxels in the middle of what was found."""
    segmentation, volume = panel.ui.segmentationSelector.currentNode(), panel.ui.volumeSelector.currentNode()
    sliceIndex, x0, y0, x1, y1 = sliceBox(segmentVoxels(panel), axis=0)
    voxels = np.zeros(slicer.util.arrayFromVolume(volume).shape, np.uint8)
    x, y = (x0 + x1) // 2, (y0 + y1) // 2
    voxels[sliceIndex, y : y + 2, x : x + 2] = 1
    segmentID = segmentation.GetSegmentation().AddEmptySegment("", "Blood")
    slicer.util.updateSegmentBinaryLabelmapFromArray(voxels, segmentation, segmentID, volume)
    gui.waitUntil(lambda: panel.ui.notThisSegmentComboBox.enabled)
    return segmentID, voxels > 0


def offered(panel):
    comboBox = panel.ui.notThisSegmentComboBox
    return [comboBox.itemText(index) for index in range(comboBox.count)]


def choose(panel, title):
    panel.ui.notThisSegmentComboBox.currentIndex = offered(panel).index(title)


def test_theChosenSegmentIsTakenAwayAndComesBack(gui, panel, server, box):
    comboBox = panel.ui.notThisSegmentComboBox
    assert not comboBox.enabled
    whole = segmentVoxels(panel)
    _segmentID, blood = addBlood(gui, panel)
    assert (offered(panel), comboBox.currentText) == (["none", "Blood"], "none")
    choose(panel, "Blood")
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Without Blood. Found"))
    np.testing.assert_array_equal(segmentVoxels(panel), whole & ~blood)
    assert f"Found {whole.sum() - 4} voxels" in panel.ui.statusLabel.text
    gui.waitUntil(lambda: panel.ui.clearPointsButton.enabled)
    widgetDriver.click(panel.ui.undoButton)
    gui.waitUntil(lambda: comboBox.currentText == "none")
    np.testing.assert_array_equal(segmentVoxels(panel), whole)
    widgetDriver.click(panel.ui.redoButton)
    gui.waitUntil(lambda: comboBox.currentText == "Blood")
    choose(panel, "none")
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("No segment is left out. Found"))
    np.testing.assert_array_equal(segmentVoxels(panel), whole)
    assert not panel.ui.clearPointsButton.enabled
    slicer.mrmlScene.Clear()
    gui.waitUntil(lambda: not comboBox.enabled)
    assert offered(panel) == ["none"]


def test_clearGivesItUp(gui, panel, server, box):
    whole = segmentVoxels(panel)
    addBlood(gui, panel)
    choose(panel, "Blood")
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Without Blood"))
    gui.waitUntil(lambda: panel.ui.clearPointsButton.enabled)
    widgetDriver.click(panel.ui.clearPointsButton)
    gui.waitUntil(lambda: segmentVoxels(panel).sum() == whole.sum())
    gui.waitUntil(lambda: panel.ui.notThisSegmentComboBox.currentText == "none")


def test_aSegmentThatIsNotInTheBoxIsRefused(gui, panel, server, box):
    segmentID, blood = addBlood(gui, panel)
    segmentation, volume = panel.ui.segmentationSelector.currentNode(), panel.ui.volumeSelector.currentNode()
    elsewhere = np.roll(blood, 1, axis=0).astype(np.uint8)
    slicer.util.updateSegmentBinaryLabelmapFromArray(elsewhere, segmentation, segmentID, volume)
    asked = len(server.requests)
    choose(panel, "Blood")
    assert "The segment 'Blood' has no voxel in this box on slice" in panel.ui.statusLabel.text
    assert (panel.ui.notThisSegmentComboBox.currentText, len(server.requests)) == ("none", asked)


def test_afterAFailureTheListShowsWhatIs(gui, panel, server, box):
    addBlood(gui, panel)
    whole = segmentVoxels(panel)
    server.die()
    server.startError = ServerError("The server cannot be started.", "Look into its log.", "server_start_failed")
    choose(panel, "Blood")
    gui.waitUntil(lambda: "The server cannot be started." in panel.ui.statusLabel.text)
    gui.waitUntil(lambda: panel.ui.notThisSegmentComboBox.currentText == "none")
    np.testing.assert_array_equal(segmentVoxels(panel), whole)


def test_whatIsChosenStaysShownUntilItIsAnswered(gui, panel, server, box):
    addBlood(gui, panel)
    server.letSegment.clear()
    asked = len(server.requests)
    choose(panel, "Blood")
    gui.waitUntil(lambda: len(server.requests) > asked)
    widgetDriver.click(panel.ui.addSegmentButton)
    gui.waitUntil(lambda: len(offered(panel)) == 3)
    assert panel.ui.notThisSegmentComboBox.currentText == "Blood"
    server.letSegment.set()
    gui.waitUntil(lambda: "Without Blood" in panel.ui.statusLabel.text)
    assert panel.ui.notThisSegmentComboBox.currentText == "Blood"


def test_aSceneThatIsClosedInBetweenLeavesNothing(gui, panel, server, box):
    addBlood(gui, panel)
    server.letSegment.clear()
    asked = len(server.requests)
    choose(panel, "Blood")
    gui.waitUntil(lambda: len(server.requests) > asked)
    slicer.mrmlScene.Clear()
    server.letSegment.set()
    gui.waitUntil(lambda: not panel.ui.notThisSegmentComboBox.enabled)
    assert (offered(panel), panel.ui.notThisSegmentComboBox.currentText) == (["none"], "none")


def test_withoutAVoxelOfItInTheObjectThatIsSaid(gui, panel, server, box):
    _segmentID, blood = addBlood(gui, panel)
    segmentation, volume = panel.ui.segmentationSelector.currentNode(), panel.ui.volumeSelector.currentNode()
    (own,) = panel.ui.segmentsTable.selectedSegmentIDs()
    ring = (segmentVoxels(panel) & ~blood).astype(np.uint8)
    slicer.util.updateSegmentBinaryLabelmapFromArray(ring, segmentation, own, volume)
    choose(panel, "Blood")
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Without Blood: nothing changed on slice"))
