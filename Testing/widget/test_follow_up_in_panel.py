"""The follow-up in the panel: the earlier scan chosen, its lesions proposed on the later one, listed and saved."""

import numpy as np
import pytest
import slicer

from MedSAMSegLib.client.serverReplies import SliceMask
from slicerhost import widgetDriver

pytestmark = pytest.mark.usefixtures("onePanel")

SHAPE = (40, 50, 60)


@pytest.fixture
def opened(gui, volume, openPanel):
    """The panel on the later scan, with the earlier one and its lesion chosen."""
    earlier = slicer.util.addVolumeFromArray(np.zeros(SHAPE, np.int16), name="March")
    lesions = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "March lesions")
    lesions.CreateDefaultDisplayNodes()
    lesions.SetReferenceImageGeometryParameterFromVolumeNode(earlier)
    segmentID = lesions.GetSegmentation().AddEmptySegment("", "Liver 1")
    voxels = np.zeros(SHAPE, np.uint8)
    voxels[18:23, 20:26, 30:40] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(voxels, lesions, segmentID, earlier)
    panel = openPanel()
    panel.ui.volumeSelector.setCurrentNode(volume)
    panel.ui.followUpButton.collapsed = False
    panel.ui.earlierVolumeSelector.setCurrentNode(earlier)
    panel.ui.earlierSegmentationSelector.setCurrentNode(lesions)
    gui.processEvents()
    return panel


def rows(panel):
    table = panel.ui.followUpTable
    return [[table.item(row, column).text() for column in range(6)] for row in range(table.rowCount)]


def test_lesionsAreProposedListedShownAndSaved(gui, opened, tmp_path, monkeypatch):
    import qt

    widgetDriver.click(opened.ui.startFollowUpButton)
    gui.waitUntil(lambda: opened.ui.statusLabel.text.startswith("On both scans: 1. Not found: 0. New: 0."))
    gui.waitUntil(lambda: len(rows(opened)) == 1)
    # The fake network finds the whole box, which is a pixel wider on each side.
    assert rows(opened) == [["Liver 1", "11.2", "13.9", "+24 %", "+60 %", "on both"]]
    slicer.util.getNode("vtkMRMLSliceNodeRed").SetSliceOffset(3)
    table = opened.ui.followUpTable
    area = table.visualItemRect(table.item(0, 0)).center()
    widgetDriver.click(table.viewport(), area.x(), area.y())
    assert round(slicer.util.getNode("vtkMRMLSliceNodeRed").GetSliceOffset()) == 16
    path = tmp_path / "changes.csv"
    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", lambda *arguments: str(path))
    widgetDriver.click(opened.ui.saveFollowUpButton)
    assert path.read_text(encoding="utf-8").splitlines()[1].startswith("Liver 1,matched,")
    opened.ui.segmentationSelector.currentNode().GetSegmentation().RemoveAllSegments()
    gui.waitUntil(lambda: [row[5] for row in rows(opened)] == ["not found"])


def test_cancelledFollowUpLeavesNoEmptySegment(gui, server, opened):
    server.letSegment.clear()
    widgetDriver.click(opened.ui.startFollowUpButton)
    gui.waitUntil(lambda: server.requests)
    widgetDriver.click(opened.ui.cancelFollowUpButton)
    server.letSegment.set()
    assert opened.ui.segmentationSelector.currentNode().GetSegmentation().GetNumberOfSegments() == 0
    gui.waitUntil(lambda: opened.ui.startFollowUpButton.enabled)


def test_sameScanIsRefusedInWords(opened):
    opened.ui.earlierVolumeSelector.setCurrentNode(opened.ui.volumeSelector.currentNode())
    widgetDriver.click(opened.ui.startFollowUpButton)
    assert opened.ui.statusLabel.text.startswith("The earlier scan and the later one are the same")


def test_nothingToFollowUpIsSaid(gui, opened):
    opened.ui.earlierSegmentationSelector.currentNode().GetSegmentation().RemoveAllSegments()
    widgetDriver.click(opened.ui.startFollowUpButton)
    gui.waitUntil(lambda: opened.ui.statusLabel.text.startswith("'March lesions' holds no lesion to look for."))


def test_nothingFoundIsNothingToCheck(gui, server, opened):
    server.maskOfBox = lambda box: SliceMask(0, 0, np.zeros((1, 1), bool), 0.9)
    widgetDriver.click(opened.ui.startFollowUpButton)
    sentence = "No lesion was found on both scans. Not found: 1. New: 0. Liver 1: Nothing was found in its box."
    gui.waitUntil(lambda: opened.ui.statusLabel.text == sentence)
