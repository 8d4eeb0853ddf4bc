"""What the panel keeps in a saved scene, and how it lives through closing, leaving, reloading."""

import sys

import numpy as np
import pytest
import slicer

from slicerhost import widgetDriver

pytestmark = pytest.mark.usefixtures("version")


def drawBox(gui, panel, dragInRed):
    widgetDriver.click(panel.ui.drawButton)
    dragInRed()
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))


def boxes():
    return slicer.util.getNodesByClass("vtkMRMLMarkupsROINode")


def test_savedSceneComesBackAsItWas(gui, panel, server, dragInRed, tmp_path):
    drawBox(gui, panel, dragInRed)
    widgetDriver.click(panel.ui.addSegmentButton)
    dragInRed()
    gui.waitUntil(lambda: len(boxes()) == 2)
    widgetDriver.choose(panel.ui.windowComboBox, "Brain (80 / 40)")
    widgetDriver.choose(panel.ui.directionComboBox, "Backward (falling slice numbers)")
    widgetDriver.click(panel.ui.limitRangeCheckBox)
    gui.processEvents()
    widgetDriver.typeText(panel.ui.firstSliceSpinBox, "7")
    widgetDriver.typeText(panel.ui.lastSliceSpinBox, "33")
    widgetDriver.click(panel.ui.advancedButton, 20, 10)
    gui.waitUntil(lambda: panel.ui.modelComboBox.findText("Fake model") >= 0)
    widgetDriver.choose(panel.ui.modelComboBox, "Fake model")
    widgetDriver.click(panel.ui.backgroundEncodingCheckBox)

    path = str(tmp_path / "scene.mrb")
    slicer.util.saveScene(path)
    slicer.mrmlScene.Clear(0)
    gui.processEvents()
    assert panel.ui.windowComboBox.currentText == "Auto"
    assert not panel.ui.limitRangeCheckBox.checked
    slicer.util.loadScene(path)
    gui.processEvents()

    assert panel.ui.volumeSelector.currentNode().GetName() == "CT"
    assert panel.ui.segmentationSelector.currentNode().GetName() == "CT segmentation"
    assert panel.ui.windowComboBox.currentText == "Brain (80 / 40)"
    assert panel.ui.directionComboBox.currentText == "Backward (falling slice numbers)"
    assert (panel.ui.firstSliceSpinBox.value, panel.ui.lastSliceSpinBox.value) == (7, 33)
    assert panel.ui.modelComboBox.currentText == "Fake model"
    assert not panel.ui.backgroundEncodingCheckBox.checked
    segmentation = panel.ui.segmentationSelector.currentNode().GetSegmentation()
    (selected,) = panel.ui.segmentsTable.selectedSegmentIDs()
    assert segmentation.GetSegment(selected).GetName() == "Segment 2"
    assert len(boxes()) == 2
    widgetDriver.click(panel.ui.propagateButton)
    gui.waitUntil(lambda: panel.ui.propagateButton.enabled)
    request = server.requests[-1]
    assert (request["first"], request["last"], request["window"]) == (7, 33, "brain")
    assert request["direction"] == "backward"
    assert request["model"] == "fake"


def test_closedSceneLeavesAPanelThatWorksWithTheNextVolume(gui, panel, dragInRed):
    drawBox(gui, panel, dragInRed)
    slicer.mrmlScene.Clear(0)
    gui.processEvents()
    assert panel.ui.segmentsTable.displayedSegmentIDs() == ()
    for name in ("drawButton", "addSegmentButton", "removeSegmentButton", "propagateButton", "undoButton"):
        assert not getattr(panel.ui, name).enabled, name
    node = slicer.util.addVolumeFromArray(np.zeros((40, 50, 60), np.int16), name="B")
    node.CreateDefaultDisplayNodes()
    slicer.util.setSliceViewerLayers(background=node, fit=True)
    gui.enterModule("MedSAMSeg")
    drawBox(gui, panel, dragInRed)
    assert panel.ui.segmentationSelector.currentNode().GetName() == "B segmentation"


def test_removedVolumeAndSegmentationAreForgotten(gui, panel, volume, dragInRed):
    drawBox(gui, panel, dragInRed)
    slicer.mrmlScene.RemoveNode(panel.ui.segmentationSelector.currentNode())
    gui.processEvents()
    assert panel.ui.segmentsTable.displayedSegmentIDs() == ()
    assert not panel.ui.undoButton.enabled
    slicer.mrmlScene.RemoveNode(volume)
    gui.processEvents()
    assert not panel.ui.drawButton.enabled
    assert panel.ui.statusLabel.text == "Load a volume to begin."


def test_answerThatComesWhileAnotherModuleIsOpenIsWritten(gui, panel, server, dragInRed):
    server.letSegment.clear()
    widgetDriver.click(panel.ui.drawButton)
    dragInRed()
    gui.exitModule()
    server.letSegment.set()
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))
    assert len(boxes()) == 1


def test_reloadTakesTheFilesOfTheLibAnew(keptLibrary, gui, panel, server, dragInRed):
    drawBox(gui, panel, dragInRed)
    panel.onReload()
    gui.processEvents()
    assert sys.modules["MedSAMSegLib.panel.panel"] is not keptLibrary["MedSAMSegLib.panel.panel"]
    reloaded = slicer.modules.MedSAMSegWidget
    assert reloaded is not panel
    assert reloaded.ui.volumeSelector.currentNode().GetName() == "CT"
    assert len(reloaded.ui.segmentsTable.displayedSegmentIDs()) == 1
    reloaded.cleanup()


def test_panelThatGoesTakesItsWorkAlong(gui, panel, server, dragInRed):
    drawBox(gui, panel, dragInRed)
    server.letSegment.clear()
    asked = len(server.requests)
    dragInRed()
    gui.waitUntil(lambda: len(server.requests) > asked)
    server.heldAfter = 1
    widgetDriver.click(panel.ui.propagateButton)
    gui.closeModule("MedSAMSeg")
    server.letSegment.set()
    assert server.wasCancelled.wait(20)
    gui.processEvents()
    assert len(boxes()) == 1


def test_panelThatIsGoneHearsNothing(gui, panel, volume, dragInRed):
    drawBox(gui, panel, dragInRed)
    segmentation, heard = panel.ui.segmentationSelector.currentNode(), []
    session = panel.panel._session
    gui.closeModule("MedSAMSeg")
    session.changed.connect(lambda: heard.append(None))
    slicer.util.arrayFromVolumeModified(volume)
    segmentation.GetSegmentation().AddEmptySegment()
    segmentation.CreateClosedSurfaceRepresentation()
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    for node in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
        node.SetSliceOffset(7)
    slicer.mrmlScene.Clear(0)
    gui.processEvents()
    assert heard == []


def test_panelOpensWithoutViews(gui, server, volume, openPanel, monkeypatch):
    monkeypatch.setattr(slicer.app, "layoutManager", lambda: None)
    panel = openPanel()
    assert panel.ui.volumeSelector.currentNode() is volume
    widgetDriver.click(panel.ui.drawButton)
    widgetDriver.click(panel.ui.drawButton)
    gui.exitModule()
