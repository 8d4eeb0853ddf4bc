"""Propagation, undo, errors and the life of the scene, as the panel's user meets them."""

import numpy as np
import pytest
import slicer

from MedSAMSegLib.client.serverReplies import ServerError, SliceMask

pytestmark = pytest.mark.usefixtures("onePanel")


def segmentVoxels(panel):
    volume, segmentation = panel.ui.volumeSelector.currentNode(), panel.ui.segmentationSelector.currentNode()
    (segmentID,) = panel.ui.segmentsTable.selectedSegmentIDs()
    return slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segmentID, volume) > 0


def slicesWithVoxels(panel):
    return list(np.flatnonzero(segmentVoxels(panel).any(axis=(1, 2))))


@pytest.fixture
def boxed(gui, panel, volume, dragInRed):
    """The panel after one box in the red view; the index of its slice."""
    panel.ui.drawButton.click()
    dragInRed()
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))
    return slicesWithVoxels(panel)[0]


def test_propagationFillsTheSlicesAndSaysHowItEnded(gui, panel, boxed):
    panel.ui.propagateButton.click()
    assert panel.ui.cancelButton.enabled
    assert not panel.ui.propagateButton.enabled
    gui.waitUntil(lambda: panel.ui.propagateButton.enabled)
    assert slicesWithVoxels(panel) == list(range(boxed - 2, boxed + 3))
    assert panel.ui.statusLabel.text == f"5 slices. Stopped at slice {boxed + 2}, the end of the range."
    assert not panel.ui.cancelButton.enabled
    assert not panel.ui.progressBar.visible


def test_propagationSaysWhichSegmentKeptItsVoxels(gui, panel, volume, boxed):
    segmentation = panel.ui.segmentationSelector.currentNode()
    (segmentID,) = panel.ui.segmentsTable.selectedSegmentIDs()
    neighbor = segmentation.GetSegmentation().AddEmptySegment("", "Done")
    found = segmentVoxels(panel)[boxed]
    voxels = np.zeros((40, 50, 60), np.uint8)
    voxels[boxed + 1] = found
    slicer.util.updateSegmentBinaryLabelmapFromArray(voxels, segmentation, neighbor, volume)
    slicer.vtkSlicerSegmentationsModuleLogic.SetSegmentStatus(
        segmentation.GetSegmentation().GetSegment(neighbor), slicer.vtkSlicerSegmentationsModuleLogic.Completed
    )
    editor = slicer.vtkMRMLSegmentEditorNode()
    editor.SetSingletonTag("SegmentEditor")
    slicer.mrmlScene.AddNode(editor).SetOverwriteMode(slicer.vtkMRMLSegmentEditorNode.OverwriteAllSegments)
    panel.ui.segmentsTable.setSelectedSegmentIDs([segmentID])
    panel.ui.propagateButton.click()
    gui.waitUntil(lambda: panel.ui.propagateButton.enabled)
    assert panel.ui.statusLabel.text == (
        f"5 slices. Stopped at slice {boxed + 2}, the end of the range. 'Done' (completed) keeps its voxels."
    )


def test_undoTakesTheWholePropagationBackAndRedoBringsIt(gui, panel, boxed):
    panel.ui.propagateButton.click()
    gui.waitUntil(lambda: panel.ui.propagateButton.enabled)
    panel.ui.undoButton.click()
    assert slicesWithVoxels(panel) == [boxed]
    panel.ui.redoButton.click()
    assert len(slicesWithVoxels(panel)) == 5


def test_undoAndRedoAreOnWhenTheyDoSomething(gui, panel, boxed):
    assert panel.ui.undoButton.enabled
    assert not panel.ui.redoButton.enabled
    panel.ui.undoButton.click()
    assert not panel.ui.undoButton.enabled
    assert panel.ui.redoButton.enabled
    panel.ui.redoButton.click()
    # Somebody else's change ends what can be undone.
    segmentation = panel.ui.segmentationSelector.currentNode()
    segmentation.GetSegmentation().AddEmptySegment("", "elsewhere")
    gui.waitUntil(lambda: not panel.ui.undoButton.enabled)


def test_cancelKeepsWhatIsDone(gui, panel, server, boxed):
    server.heldAfter = 2
    panel.ui.propagateButton.click()
    gui.waitUntil(lambda: len(slicesWithVoxels(panel)) == 3)
    assert panel.ui.progressBar.visible
    assert panel.ui.progressBar.value == 2
    panel.ui.cancelButton.click()
    gui.waitUntil(lambda: panel.ui.propagateButton.enabled)
    assert panel.ui.statusLabel.text == "Stopped. 2 slices."
    assert slicesWithVoxels(panel) == [boxed - 2, boxed - 1, boxed]


def test_viewsGoOnWhileTheServerWorks(gui, panel, server, boxed):
    server.heldAfter = 2
    panel.ui.propagateButton.click()
    gui.waitUntil(lambda: panel.ui.progressBar.value == 2)
    logic = gui.layoutManager.sliceWidget("Red").sliceLogic()
    before = logic.GetSliceOffset()
    red = gui.view("Red")
    red.moveTo(*red.center)
    red.wheel(1)
    assert abs(logic.GetSliceOffset() - before) == pytest.approx(1.0)
    panel.ui.cancelButton.click()
    gui.waitUntil(lambda: panel.ui.propagateButton.enabled)


def test_secondSegmentGetsTheNextBox(gui, panel, boxed):
    first = panel.ui.segmentsTable.selectedSegmentIDs()
    panel.ui.addSegmentButton.click()
    second = panel.ui.segmentsTable.selectedSegmentIDs()
    assert second != first
    red = gui.view("Red")
    x, y = red.center
    red.drag((x + 60, y + 50), (x + 100, y + 90))
    gui.waitUntil(lambda: segmentVoxels(panel).any())
    assert panel.ui.segmentsTable.selectedSegmentIDs() == second


def test_emptyMaskIsSaid(gui, panel, server, volume, dragInRed):
    server.maskOfBox = lambda box: SliceMask(0, 0, np.zeros((0, 0), dtype=bool), 0.1)
    panel.ui.drawButton.click()
    dragInRed()
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Nothing was found"))


def test_errorsOfTheServerAreShownAndTheNextBoxWorks(gui, panel, server, volume, dragInRed):
    answer = server.segment

    def refuse(*arguments, **options):
        raise ServerError("The server is tired.", "Try again.", "tired")

    server.segment = refuse
    panel.ui.drawButton.click()
    dragInRed()
    gui.waitUntil(lambda: panel.ui.statusLabel.text == "The server is tired. Try again.")
    server.segment = answer
    dragInRed()
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))


def test_unexpectedFailureIsSaidLoggedAndLeavesAPanelThatWorks(gui, panel, server, volume, dragInRed, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(server, "segment", lambda *arguments, **options: 1 / 0)
        panel.ui.drawButton.click()
        dragInRed()
        gui.waitUntil(
            lambda: panel.ui.statusLabel.text == "Something unexpected went wrong. Slicer's error log has more."
        )
    assert "ZeroDivisionError" in "".join(gui.messages.takeErrors())
    dragInRed()
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))


def test_whatBecameOfARunOutlivesTheNoteOnAScene(gui, panel, volume):
    class RunThatTakesTheVolumeAway:
        result = "the result"

        def advance(self):
            slicer.mrmlScene.RemoveNode(volume)
            return False

    session = panel.panel._session
    session.work.add(RunThatTakesTheVolumeAway(), session.showMessage)
    gui.waitUntil(lambda: not panel.ui.drawButton.enabled)
    assert panel.ui.statusLabel.text == "the result"


def test_boxOutsideTheVolumeIsSaid(gui, panel, server, volume):
    panel.ui.drawButton.click()
    gui.view("Red").drag((1, 1), (6, 6))
    assert "lies outside the volume" in panel.ui.statusLabel.text
    assert server.requests == []


def test_sceneClosedDuringAPropagationLeavesAnEmptyWorkingPanel(gui, panel, boxed):
    panel.ui.propagateButton.click()
    slicer.mrmlScene.Clear(0)
    gui.processEvents()
    assert panel.ui.volumeSelector.currentNode() is None
    assert not panel.ui.drawButton.enabled
    assert panel.ui.statusLabel.text == "Load a volume to begin."


@pytest.mark.parametrize("removed", ["volume", "segmentation", "box"])
def test_nodeRemovedDuringAPropagationLeavesAPanelThatWorks(gui, panel, server, boxed, dragInRed, removed):
    volume, segmentation = panel.ui.volumeSelector.currentNode(), panel.ui.segmentationSelector.currentNode()
    (box,) = slicer.util.getNodesByClass("vtkMRMLMarkupsROINode")
    server.heldAfter = 2
    panel.ui.propagateButton.click()
    gui.waitUntil(lambda: panel.ui.statusLabel.text.endswith("is done."))
    slicer.mrmlScene.RemoveNode({"volume": volume, "segmentation": segmentation, "box": box}[removed])
    gui.processEvents()
    # What comes of the server next would say so; this one is held.
    panel.ui.cancelButton.click()
    gui.waitUntil(lambda: not panel.ui.cancelButton.enabled)
    server.heldAfter = None
    if removed == "volume":
        slicer.util.setSliceViewerLayers(background=slicer.util.addVolumeFromArray(np.zeros((40, 50, 60))), fit=True)
        gui.exitModule()
        gui.enterModule("MedSAMSeg")
        panel.ui.drawButton.click()
    dragInRed()
    gui.waitUntil(lambda: panel.ui.propagateButton.enabled)
    panel.ui.propagateButton.click()
    gui.waitUntil(lambda: panel.ui.propagateButton.enabled)
    assert len(slicesWithVoxels(panel)) == 5


def test_segmentDeletedDuringAPropagationIsSaid(gui, panel, boxed):
    segmentation = panel.ui.segmentationSelector.currentNode()
    panel.ui.propagateButton.click()
    segmentation.GetSegmentation().RemoveAllSegments()
    gui.waitUntil(lambda: not panel.ui.cancelButton.enabled)
    assert "is not in the segmentation" in panel.ui.statusLabel.text


def test_settingsAreInTheSavedScene(gui, panel, boxed, tmp_path):
    panel.ui.windowComboBox.setCurrentText("Lung (1500 / \N{MINUS SIGN}600)")
    path = str(tmp_path / "scene.mrb")
    slicer.util.saveScene(path)
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(path)
    gui.enterModule("MedSAMSeg")
    assert panel.ui.windowComboBox.currentText.startswith("Lung")
    assert panel.ui.volumeSelector.currentNode().GetName() == "CT"
    assert len(slicesWithVoxels(panel)) == 1


def test_anotherModuleGetsTheMouseBack(gui, panel, boxed, server, dragInRed):
    gui.exitModule()
    asked = len(server.requests)
    dragInRed()
    gui.processEvents()
    assert len(server.requests) == asked


def test_hiddenPanelDoesNothingForNodesThatComeAndGoAndFollowsWhenItIsShown(gui, panel, boxed, volume, monkeypatch):
    segmentation = panel.ui.segmentationSelector.currentNode().GetSegmentation()
    followed = []
    for section in panel.panel._sections:
        monkeypatch.setattr(section, "update", lambda section=section, update=section.update: followed.append(update()))
    gui.exitModule()
    segmentID = segmentation.AddEmptySegment("", "Made elsewhere")
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLModelNode")
    gui.processEvents()
    slicer.mrmlScene.RemoveNode(node)
    gui.processEvents()
    assert followed == []
    gui.enterModule("MedSAMSeg")
    assert len(followed) >= len(panel.panel._sections)
    assert segmentID in panel.ui.segmentsTable.displayedSegmentIDs()


def test_boxMadeWhileAnotherModuleIsShownIsInTheViewsOfItsSlicesAlone(gui, panel, boxed, volume):
    segmentation = panel.ui.segmentationSelector.currentNode()
    (segmentID,) = panel.ui.segmentsTable.selectedSegmentIDs()
    gui.exitModule()
    box = panel.panel._session.logic.segmentBox(volume, segmentation, segmentID, axis=0, slice=3, box=(5, 5, 20, 20))
    displayNode = box.promptNode.GetDisplayNode()
    gui.processEvents()
    # Turned by the user of another module.
    for name, orientation in (("Red", "Sagittal"), ("Yellow", "Axial")):
        gui.layoutManager.sliceWidget(name).mrmlSliceNode().SetOrientation(orientation)
    gui.processEvents()
    assert [displayNode.IsDisplayableInView(f"vtkMRMLSliceNode{name}") for name in ("Red", "Yellow")] == [False, True]
