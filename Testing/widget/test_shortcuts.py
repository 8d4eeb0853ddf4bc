"""Keys while the module is open, the way to the Segment Editor, and who has the keys afterwards."""

from pathlib import Path

import numpy as np
import pytest
import slicer

from slicerhost import scriptedModules, widgetDriver

MODULE = Path(__file__).resolve().parents[2] / "MedSAMSeg" / "MedSAMSeg.py"
SEGMENT_EDITOR = Path(__file__).parent / "segmentEditorModule" / "SegmentEditor.py"


@pytest.fixture
def window(gui, volume, server):
    """The main window with the module's panel in it."""
    window = gui.openMainWindow()
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    gui.openModule(MODULE)
    return window


@pytest.fixture
def panel(window):
    """The module's widget."""
    return slicer.modules.medsamseg.widgetRepresentation().self()


def voxelCount(panel):
    segmentation, volume = panel.ui.segmentationSelector.currentNode(), panel.ui.volumeSelector.currentNode()
    (segmentID,) = panel.ui.segmentsTable.selectedSegmentIDs()
    return np.count_nonzero(slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segmentID, volume))


def drawBox(gui, panel, dragInRed):
    widgetDriver.click(panel.ui.drawButton)
    dragInRed()
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))


def test_letterSwitchesTheDrawToolOverAViewToo(gui, panel, window):
    red = gui.view("Red")
    red.moveTo(*red.center)
    red.pressKeys("B")
    assert panel.ui.drawButton.checked
    red.pressKeys("B")
    assert not panel.ui.drawButton.checked


def test_undoAndRedoByKeys(gui, panel, window, dragInRed):
    drawBox(gui, panel, dragInRed)
    found = voxelCount(panel)
    widgetDriver.pressKeys(window, "Ctrl+Z")
    assert voxelCount(panel) == 0
    widgetDriver.pressKeys(window, "Ctrl+Shift+Z")
    assert voxelCount(panel) == found
    widgetDriver.pressKeys(window, "Ctrl+Z")
    widgetDriver.pressKeys(window, "Ctrl+Y")
    assert voxelCount(panel) == found


def test_keyOfADisabledButtonDoesNothing(panel, window):
    widgetDriver.pressKeys(window, "Ctrl+Z")
    assert "undo" not in panel.ui.statusLabel.text.lower()


def test_otherModulesHaveTheirKeysToThemselves(gui, panel, window, dragInRed):
    drawBox(gui, panel, dragInRed)
    found = voxelCount(panel)
    gui.exitModule()
    widgetDriver.pressKeys(window, "B")
    widgetDriver.pressKeys(window, "Ctrl+Z")
    assert not panel.ui.drawButton.checked
    assert voxelCount(panel) == found
    assert [child for child in window.children() if child.inherits("QShortcut")] == []


def test_keysWorkOnceAfterComingBack(gui, panel, window):
    gui.exitModule()
    gui.enterModule("MedSAMSeg")
    widgetDriver.pressKeys(window, "B")
    assert panel.ui.drawButton.checked


def test_segmentEditorOpensOnThisSegment(gui, panel, volume, dragInRed):
    scriptedModules.load(SEGMENT_EDITOR)
    assert not panel.ui.segmentEditorButton.enabled
    drawBox(gui, panel, dragInRed)
    widgetDriver.click(panel.ui.addSegmentButton)
    segmentation = panel.ui.segmentationSelector.currentNode()
    (segmentID,) = panel.ui.segmentsTable.selectedSegmentIDs()
    widgetDriver.click(panel.ui.segmentEditorButton)
    assert slicer.util.selectedModule() == "SegmentEditor"
    editor = slicer.modules.segmenteditor.widgetRepresentation().self()
    assert editor.shown == (segmentation, volume, segmentID)
    assert not panel.ui.drawButton.checked
