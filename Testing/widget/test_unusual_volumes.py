"""Volumes that are not a plain 3D image: each works, or one sentence says why not and what to do."""

import numpy as np
import pytest
import slicer
import vtk
from imageSequences import addSequence

from slicerhost import widgetDriver

pytestmark = pytest.mark.usefixtures("onePanel")


def show(node):
    node.CreateDefaultDisplayNodes()
    slicer.util.setSliceViewerLayers(background=node, fit=True)
    return node


def addVolume(array, name, nodeClass=None):
    return show(slicer.util.addVolumeFromArray(array, name=name, nodeClassName=nodeClass))


def status(panel):
    return panel.ui.statusLabel.text


def drawAcross(gui, panel, viewName="Red"):
    """A box in the middle of a view; returns the voxels found, (K, J, I)."""
    view = gui.view(viewName)
    x, y = view.center
    widgetDriver.click(panel.ui.drawButton)
    view.drag((x - 30, y - 30), (x + 30, y + 30))
    gui.waitUntil(lambda: status(panel).startswith("Found"))
    segmentation, volume = panel.ui.segmentationSelector.currentNode(), panel.ui.volumeSelector.currentNode()
    (segmentID,) = panel.ui.segmentsTable.selectedSegmentIDs()
    return slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segmentID, volume) > 0


def test_colorImageIsChosenWithoutAWindow(gui, openPanel):
    # Only the host with windows has what the module imports.
    from MedSAMSegLib.volumes.intensityWindows import resolvedWindow, suggestedWindow

    addVolume(np.zeros((1, 30, 30, 3), np.uint8), "photo", "vtkMRMLVectorVolumeNode")
    panel = openPanel()
    photo = panel.ui.volumeSelector.currentNode()
    assert photo.GetName() == "photo"
    assert suggestedWindow(photo) == "auto"
    assert {resolvedWindow(choice, photo, "auto") for choice in ("soft", "displayed", "auto")} == {"auto"}
    assert panel.ui.drawButton.enabled
    assert not panel.ui.windowComboBox.visible
    assert not panel.ui.windowLabel.visible
    slicer.util.addVolumeFromArray(np.zeros((10, 30, 30), np.int16), name="image")
    widgetDriver.choose(panel.ui.volumeSelector, "image")
    gui.processEvents()
    assert panel.ui.windowComboBox.visible
    assert panel.ui.windowLabel.visible


def test_vectorImageSaysWhatToDo(ownPanel, gui, openPanel):
    addVolume(np.zeros((1, 30, 30, 3), np.float32), "field", "vtkMRMLVectorVolumeNode")
    panel = openPanel()
    assert panel.ui.volumeSelector.currentNode() is None
    assert not panel.ui.drawButton.enabled
    assert "The volume 'field' has 3 values in each voxel" in status(panel)
    assert "MedSAMSeg needs one, or colors of 8 or 16 bits." in status(panel)


def test_labelMapIsNotOfferedAndSaysWhatToDo(gui, openPanel):
    addVolume(np.zeros((10, 30, 30), np.uint8), "labels", "vtkMRMLLabelMapVolumeNode")
    panel = openPanel()
    assert panel.ui.volumeSelector.currentNode() is None
    assert status(panel).startswith("The volume 'labels' is a label map, not an image. Choose the image")


def test_usableVolumeBesideAVectorImageIsChosen(ownPanel, gui, openPanel):
    addVolume(np.zeros((1, 30, 30, 3), np.float32), "field", "vtkMRMLVectorVolumeNode")
    image = slicer.util.addVolumeFromArray(np.zeros((10, 30, 30), np.int16), name="image")
    slicer.util.setSliceViewerLayers(foreground=image)
    assert openPanel().ui.volumeSelector.currentNode() is image


def test_scalarNodeWithColorsIsRefusedInASentence(gui, panel):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "colors")
    image = vtk.vtkImageData()
    image.SetDimensions(30, 30, 10)
    image.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 3)
    node.SetAndObserveImageData(image)
    widgetDriver.click(panel.ui.drawButton)
    widgetDriver.choose(panel.ui.volumeSelector, "colors")
    gui.processEvents()
    assert not panel.ui.drawButton.enabled
    assert "has 3 values in each voxel" in status(panel)
    assert not panel.ui.addSegmentButton.enabled
    assert not panel.ui.propagateButton.enabled


def test_volumeWithoutVoxelsIsRefusedInASentence(gui, panel):
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    widgetDriver.choose(panel.ui.volumeSelector, "empty")
    gui.processEvents()
    assert status(panel) == "The volume 'empty' has no voxels. Load it again."
    assert not panel.ui.drawButton.enabled
    widgetDriver.choose(panel.ui.volumeSelector, "CT")
    gui.processEvents()
    assert panel.ui.drawButton.enabled
    assert "empty" not in status(panel)


def test_sequenceSaysWhichFrameIsSegmented(ownPanel, gui, openPanel, server):
    heart, browser = addSequence([np.full((10, 30, 30), value, np.int16) for value in (1, 2, 3)], "heart")
    show(heart)
    panel = openPanel()
    assert status(panel) == (
        "'heart' shows frame 1 of 3 (0.00 s) of a sequence: boxes are for this frame, “Through time” is for the others."
    )
    assert drawAcross(gui, panel).any()
    x, y = gui.view("Red").center
    corners = (x - 50, y - 50), (x + 10, y + 10)
    browser.SetSelectedItemNumber(2)
    slicer.modules.sequences.logic().UpdateProxyNodesFromSequences(browser)
    gui.waitUntil(lambda: status(panel).startswith("'heart' shows frame 3 of 3"))
    gui.view("Red").drag(*corners)
    # Other voxels have another key.
    gui.waitUntil(lambda: server.requests[-1]["key"] != server.requests[0]["key"])


def test_singleSliceIsSegmentedAndHasNowhereToGo(gui, openPanel, server):
    addVolume(np.zeros((1, 60, 60), np.int16), "x-ray")
    panel = openPanel()
    assert status(panel) == "'x-ray' is a single slice: boxes work, and there is nowhere to propagate to."
    toolTip = panel.ui.propagateButton.toolTip
    assert toolTip.startswith("There is a single slice in this direction, and nowhere to go")
    assert drawAcross(gui, panel).shape == (1, 60, 60)
    gui.processEvents()
    for button in (panel.ui.propagateButton, panel.ui.propagateHereButton):
        assert not button.enabled
        assert button.toolTip == toolTip
    addVolume(np.zeros((9, 60, 60), np.int16), "scan")
    widgetDriver.choose(panel.ui.volumeSelector, "scan")
    gui.processEvents()
    assert panel.ui.propagateButton.toolTip == "Follow the object from its boxes through the volume"
    assert panel.ui.propagateHereButton.toolTip == "Follow the object again, from this slice on"


def test_frameOfOneSliceIsFollowedThroughTime(gui, openPanel, server):
    proxy, _browser = addSequence([np.zeros((1, 60, 60), np.int16)] * 3, "heart")
    show(proxy)
    panel = openPanel()
    drawAcross(gui, panel)
    gui.processEvents()
    assert not panel.ui.propagateButton.enabled
    assert panel.ui.throughTimeButton.enabled
    assert panel.ui.propagateButton.toolTip.endswith("'Through time' leads to the other frames.")


@pytest.mark.parametrize(("shape", "viewName", "axis"), [((40, 50, 3), "Red", 0), ((40, 50, 3), "Yellow", 2)])
def test_threeVoxelsAreWideEnough(gui, openPanel, server, shape, viewName, axis):
    addVolume(np.zeros(shape, np.int16), "strip")
    voxels = drawAcross(gui, openPanel(), viewName)
    assert voxels.any()
    assert server.requests[-1]["axis"] == axis


def test_voxelsThatAreNoNumberAreNoObstacle(gui, openPanel, server):
    array = np.zeros((10, 60, 60), np.float32)
    array[:, :5] = np.nan
    addVolume(array, "holes")
    panel = openPanel()
    assert panel.ui.windowComboBox.currentText == "Auto: Percentiles (MR and others)"
    assert drawAcross(gui, panel).any()
