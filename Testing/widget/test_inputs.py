"""Volume, segmentation and window, chosen by pointer."""

import numpy as np
import pytest
import slicer

from slicerhost import widgetDriver

pytestmark = pytest.mark.usefixtures("onePanel")

MODALITY = slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMSeriesModalityAttributeName()
LUNG, SOFT, MUSCLE, AIR = -750, 40, 60, -1000


def chest():
    """Voxels like those of a chest: air around, lungs inside soft tissue."""
    array = np.full((20, 40, 40), AIR, np.int16)
    array[:, 4:36, 4:36] = SOFT
    array[:, 10:30, 8:18] = LUNG
    array[:, 10:30, 22:32] = LUNG
    return array


def head():
    """Voxels like those of a head CT: air around soft tissue."""
    array = np.full((20, 40, 40), AIR, np.int16)
    array[:, 6:34, 6:34] = MUSCLE
    return array


def addVolume(array, name="scan", modality=None):
    """A volume in all slice views, with a DICOM modality if one is given."""
    node = slicer.util.addVolumeFromArray(array, name=name)
    node.CreateDefaultDisplayNodes()
    if modality is not None:
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
        item = hierarchy.GetItemByDataNode(node) or hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)
        hierarchy.SetItemAttribute(item, MODALITY, modality)
    slicer.util.setSliceViewerLayers(background=node, fit=True)
    return node


def drawAndWait(gui, panel, dragInRed):
    """One box in the red view, answered."""
    panel.ui.drawButton.click()
    dragInRed()
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))


def test_activeVolumeIsPreselected(ownPanel, gui, volume, server, openPanel):
    other = slicer.util.addVolumeFromArray(np.zeros((10, 10, 10), np.int16), name="other")
    slicer.app.applicationLogic().GetSelectionNode().SetActiveVolumeID(other.GetID())
    panel = openPanel()
    assert panel.ui.volumeSelector.currentNode() is other


def test_volumeLoadedLaterIsChosenWhenTheModuleIsEnteredAgain(gui, server, openPanel):
    panel = openPanel()
    assert panel.ui.volumeSelector.currentNode() is None
    gui.exitModule()
    node = addVolume(chest())
    gui.enterModule("MedSAMSeg")
    assert panel.ui.volumeSelector.currentNode() is node
    assert panel.ui.drawButton.enabled


def typed(text):
    """What stands in for the window in which the user types a name."""
    return staticmethod(lambda *_arguments: text)


def test_newSegmentationIsNamedAfterTheVolumeAndLiesOnIt(gui, version, panel, volume):
    widgetDriver.choose(panel.ui.segmentationSelector, "Create new Segmentation")
    node = panel.ui.segmentationSelector.currentNode()
    assert node.GetName() == "CT segmentation"
    assert node.GetNodeReferenceID("referenceImageGeometryRef") == volume.GetID()
    widgetDriver.choose(panel.ui.segmentationSelector, "Create new Segmentation")
    assert panel.ui.segmentationSelector.currentNode().GetName() == "CT segmentation_1"


def test_newSegmentationKeepsTheNameThatTheUserTyped(gui, version, panel, volume, monkeypatch):
    import qt

    monkeypatch.setattr(qt.QInputDialog, "getText", typed("Left lung"))
    widgetDriver.choose(panel.ui.segmentationSelector, "Create new Segmentation as...")
    node = panel.ui.segmentationSelector.currentNode()
    assert node.GetName() == "Left lung"
    assert node.GetNodeReferenceID("referenceImageGeometryRef") == volume.GetID()


@pytest.mark.parametrize("way", ["scene", "selector"])
def test_removedSegmentationIsNotReplacedByAnotherOneUnasked(gui, version, panel, server, volume, dragInRed, way):
    names = ["A", "B", "C"]
    nodes = [slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name) for name in names]
    selector = panel.ui.segmentationSelector
    widgetDriver.choose(selector, "B")
    gui.processEvents()
    if way == "scene":
        slicer.mrmlScene.RemoveNode(nodes[1])
    else:
        widgetDriver.choose(selector, "Delete current Segmentation")
    assert selector.currentNode() is None
    gui.processEvents()
    assert selector.currentNode() is None
    assert panel.ui.segmentsTable.displayedSegmentIDs() == ()
    assert panel.ui.statusLabel.text.startswith("'B' was removed.")
    drawAndWait(gui, panel, dragInRed)
    assert selector.currentNode().GetName() == "CT segmentation"
    assert [node.GetSegmentation().GetNumberOfSegments() for node in (nodes[0], nodes[2])] == [0, 0]


@pytest.mark.parametrize("isShown", [True, False], ids=["other shown", "other not shown"])
@pytest.mark.parametrize("isDrawing", [False, True])
def test_removedVolumeIsNotReplacedByOneThatNobodySees(gui, version, panel, volume, dragInRed, isShown, isDrawing):
    drawAndWait(gui, panel, dragInRed)
    segmentation = panel.ui.segmentationSelector.currentNode()
    (segmentID,) = panel.ui.segmentsTable.selectedSegmentIDs()
    labelmap = segmentation.GetBinaryLabelmapInternalRepresentation(segmentID)
    before = labelmap.GetMTime()
    others = [slicer.util.addVolumeFromArray(np.zeros((20, 40, 40), np.int16), name=name) for name in ("B", "PET")]
    if isShown:
        slicer.util.setSliceViewerLayers(foreground=others[1])
    gui.processEvents()
    panel.ui.drawButton.checked = isDrawing
    slicer.mrmlScene.RemoveNode(volume)
    gui.processEvents()
    assert panel.ui.volumeSelector.currentNode() is (others[1] if isShown else None)
    said = "'CT' was removed. " + ("Boxes are drawn on 'PET' now." if isShown else "Choose a volume to go on.")
    gui.waitUntil(lambda: panel.ui.statusLabel.text == said)
    assert panel.ui.drawButton.enabled == isShown
    if not isShown:
        assert not panel.ui.drawButton.checked
        dragInRed()
    gui.processEvents()
    assert segmentation.GetSegmentation().GetNumberOfSegments() == 1
    assert labelmap.GetMTime() == before


def test_volumeThatTheSelectorGoesOnToIsSaid(gui, panel, volume):
    """Should a version of Slicer leave no selector without a choice."""
    other = slicer.util.addVolumeFromArray(np.zeros((20, 40, 40), np.int16), name="B")
    scene, selector = slicer.mrmlScene, panel.ui.volumeSelector
    tag = scene.AddObserver(scene.NodeRemovedEvent, lambda *_: selector.setCurrentNode(other))
    scene.RemoveNode(volume)
    scene.RemoveObserver(tag)
    gui.processEvents()
    gui.waitUntil(lambda: panel.ui.statusLabel.text == "'CT' was removed. Boxes are drawn on 'B' now.")


def test_removedSegmentationThatWasNotChosenChangesNothing(gui, panel, volume):
    chosen, other = (slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name) for name in "AB")
    widgetDriver.choose(panel.ui.segmentationSelector, "A")
    slicer.mrmlScene.RemoveNode(other)
    gui.processEvents()
    assert panel.ui.segmentationSelector.currentNode() is chosen


def test_firstBoxMakesASegmentationNamedAfterTheVolume(gui, panel, volume, dragInRed):
    drawAndWait(gui, panel, dragInRed)
    assert panel.ui.segmentationSelector.currentNode().GetName() == "CT segmentation"


@pytest.mark.parametrize(
    ("array", "modality", "title", "window"),
    [
        (chest(), None, "Auto: Lung (1500 / \N{MINUS SIGN}600)", "lung"),
        (head(), None, "Auto: Soft tissue (400 / 40)", "soft"),
        (head() + 2000, None, "Auto: Percentiles (MR and others)", "percentile"),
        # A crop without any air does not look like CT; DICOM says that it is.
        (np.full((20, 40, 40), SOFT, np.int16), "CT", "Auto: Soft tissue (400 / 40)", "soft"),
        (chest(), "CT", "Auto: Lung (1500 / \N{MINUS SIGN}600)", "lung"),
        (chest(), "MR", "Auto: Percentiles (MR and others)", "percentile"),
    ],
)
def test_automaticWindowFitsTheVolume(gui, server, openPanel, dragInRed, array, modality, title, window):
    addVolume(array, modality=modality)
    panel = openPanel()
    assert panel.ui.windowComboBox.currentText == title
    drawAndWait(gui, panel, dragInRed)
    assert server.requests[-1]["window"] == f"auto:{window}"


def test_automaticWindowFollowsTheVoxels(ownPanel, gui, openPanel):
    volume = addVolume(chest())
    panel = openPanel()
    slicer.util.arrayFromVolume(volume)[:] += 2000
    slicer.util.arrayFromVolumeModified(volume)
    gui.waitUntil(lambda: panel.ui.windowComboBox.currentText == "Auto: Percentiles (MR and others)")


def test_windowIsListedByWhatRadiologistsCallIt(panel):
    box = panel.ui.windowComboBox
    assert [box.itemText(index) for index in range(1, box.count)] == [
        "As displayed",
        "Soft tissue (400 / 40)",
        "Lung (1500 / \N{MINUS SIGN}600)",
        "Brain (80 / 40)",
        "Bone (1800 / 400)",
        "Percentiles (MR and others)",
    ]


def test_chosenWindowIsUsedForBoxAndPropagation(gui, panel, server, volume, dragInRed):
    widgetDriver.choose(panel.ui.windowComboBox, "Bone (1800 / 400)")
    drawAndWait(gui, panel, dragInRed)
    panel.ui.propagateButton.click()
    gui.waitUntil(lambda: panel.ui.propagateButton.enabled)
    # Of boxes there may be several, with previews while one was drawn.
    *forBoxes, forPropagation = server.requests
    assert {"boxes" in request for request in forBoxes} == {True}
    assert "prompts" in forPropagation
    assert {request["window"] for request in server.requests} == {"bone"}


def test_windowAsDisplayedIsTheOneOfTheMomentOfTheBox(gui, panel, server, volume, dragInRed):
    widgetDriver.choose(panel.ui.windowComboBox, "As displayed")
    display = volume.GetDisplayNode()
    display.SetAutoWindowLevel(False)
    display.SetWindowLevel(350, 35)
    drawAndWait(gui, panel, dragInRed)
    assert server.requests[-1]["window"] == "350,35"
    display.SetWindowLevel(1234.5, -200)
    dragInRed()
    gui.waitUntil(lambda: server.requests[-1]["window"] == "1234.5,-200")


def test_chosenWindowStaysWhenTheVolumeChanges(gui, panel, server, volume):
    widgetDriver.choose(panel.ui.windowComboBox, "Brain (80 / 40)")
    addVolume(chest(), name="chest")
    widgetDriver.choose(panel.ui.volumeSelector, "chest")
    gui.processEvents()
    assert panel.ui.windowComboBox.currentText == "Brain (80 / 40)"
    widgetDriver.choose(panel.ui.windowComboBox, "Auto: Lung (1500 / \N{MINUS SIGN}600)")
