"""The threshold of the selected box, by pointer and keys: the mask follows, and a drag is one undo step."""

import numpy as np
import pytest
import slicer
from boxes import segmentVoxels
from PySide6 import QtCore
from PySide6.QtTest import QTest
from sliders import moveTo, press, release

from slicerhost import widgetDriver

pytestmark = pytest.mark.usefixtures("onePanel")


@pytest.fixture
def boxed(gui, panel, dragInRed):
    """The panel with one box, drawn with the pointer."""
    widgetDriver.click(panel.ui.drawButton)
    dragInRed()
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))
    widgetDriver.click(panel.ui.drawButton)
    gui.waitUntil(lambda: panel.ui.thresholdSlider.enabled)
    return panel


def ringSize(panel):
    """How many pixels the ring of one pixel round the box's mask has."""
    _k, j, i = np.nonzero(segmentVoxels(panel))
    return 2 * (np.ptp(i) + 1 + np.ptp(j) + 1) + 4


def test_whatIsDrawnIsSelectedAndHasTheUsualThreshold(boxed):
    assert boxed.ui.boxesTable.currentRow() == 0
    assert (boxed.ui.thresholdSlider.value, boxed.ui.thresholdSpinBox.value) == (50, 0.5)
    assert "selected box" in boxed.ui.thresholdSlider.toolTip


def test_theMaskFollowsTheHandleAndADragIsOneUndoStep(gui, boxed, server):
    slider, asked = boxed.ui.thresholdSlider, len(server.requests)
    usual, ring = segmentVoxels(boxed).sum(), ringSize(boxed)
    press(slider)
    for percent in (40, 30, 20):
        moveTo(slider, percent)
    gui.waitUntil(lambda: segmentVoxels(boxed).sum() == usual + ring)
    assert slider.isSliderDown()
    assert not boxed.ui.statusLabel.text.startswith("Threshold")
    release(slider, 20)
    gui.waitUntil(lambda: boxed.ui.statusLabel.text.startswith("Threshold"))
    assert f"{usual + ring} voxels" in boxed.ui.statusLabel.text
    assert boxed.ui.thresholdSpinBox.value == pytest.approx(slider.value / 100)
    assert len(server.requests) == asked
    widgetDriver.click(boxed.ui.undoButton)
    assert segmentVoxels(boxed).sum() == usual
    assert (slider.value, boxed.ui.thresholdSpinBox.value) == (50, 0.5)
    widgetDriver.click(boxed.ui.redoButton)
    assert segmentVoxels(boxed).sum() == usual + ring
    assert slider.value < 26


def test_twoDragsAreTwoSteps(gui, boxed):
    slider, usual = boxed.ui.thresholdSlider, segmentVoxels(boxed).sum()
    for percent in (20, 90):
        press(slider)
        moveTo(slider, percent)
        release(slider, percent)
        text = f"Threshold {slider.value / 100:.2f}"
        gui.waitUntil(lambda text=text: boxed.ui.statusLabel.text.startswith(text))
    assert segmentVoxels(boxed).sum() == 0
    widgetDriver.click(boxed.ui.undoButton)
    assert segmentVoxels(boxed).sum() > usual
    widgetDriver.click(boxed.ui.undoButton)
    assert segmentVoxels(boxed).sum() == usual


def test_keysPressedInSuccessionAreOneStep(gui, boxed):
    slider, usual = boxed.ui.thresholdSlider, segmentVoxels(boxed).sum()
    slider.setFocus()
    for _each in range(6):
        QTest.keyClick(slider, QtCore.Qt.Key.Key_PageDown)
    gui.waitUntil(lambda: boxed.ui.statusLabel.text.startswith("Threshold 0.20"))
    assert segmentVoxels(boxed).sum() > usual
    widgetDriver.click(boxed.ui.undoButton)
    assert slider.value == 50
    assert segmentVoxels(boxed).sum() == usual


def test_aTypedNumberCounts(gui, boxed):
    widgetDriver.typeText(boxed.ui.thresholdSpinBox, "0.80")
    gui.waitUntil(lambda: "no voxel is likely enough" in boxed.ui.statusLabel.text)
    assert not segmentVoxels(boxed).any()
    assert boxed.ui.thresholdSlider.value == 80


def test_withoutASelectedBoxItIsOffAndSaysWhy(gui, panel, boxed):
    boxed.ui.boxesTable.setCurrentCell(-1, -1)
    boxed.ui.boxesTable.clearSelection()
    for widget in (boxed.ui.thresholdSlider, boxed.ui.thresholdSpinBox):
        assert not widget.enabled
        assert "Select a box" in widget.toolTip


def test_lockedSegmentIsSaidAndTheSliderGoesBack(gui, boxed):
    segmentation = boxed.ui.segmentationSelector.currentNode()
    (segmentID,) = boxed.ui.segmentsTable.selectedSegmentIDs()
    statuses = slicer.vtkSlicerSegmentationsModuleLogic
    statuses.SetSegmentStatus(segmentation.GetSegmentation().GetSegment(segmentID), statuses.Completed)
    widgetDriver.typeText(boxed.ui.thresholdSpinBox, "0.20")
    gui.waitUntil(lambda: "is marked as completed" in boxed.ui.statusLabel.text)
    gui.waitUntil(lambda: boxed.ui.thresholdSlider.value == 50)
    assert boxed.ui.thresholdSpinBox.value == 0.5


def test_reopenedSceneShowsTheThresholdAndAsksOnce(gui, boxed, server, tmp_path):
    usual = segmentVoxels(boxed).sum()
    widgetDriver.typeText(boxed.ui.thresholdSpinBox, "0.20")
    gui.waitUntil(lambda: boxed.ui.statusLabel.text.startswith("Threshold 0.20"))
    path = str(tmp_path / "scene.mrb")
    slicer.util.saveScene(path)
    slicer.mrmlScene.Clear()
    gui.processEvents()
    assert not boxed.ui.thresholdSlider.enabled
    slicer.util.loadScene(path)
    gui.waitUntil(lambda: boxed.ui.boxesTable.rowCount == 1)
    boxed.ui.boxesTable.selectRow(0)
    assert boxed.ui.thresholdSpinBox.value == pytest.approx(0.2)
    server.requests.clear()
    for text in ("0.40", "0.50"):
        widgetDriver.typeText(boxed.ui.thresholdSpinBox, text)
        gui.waitUntil(lambda text=text: boxed.ui.statusLabel.text.startswith(f"Threshold {text}"))
        assert segmentVoxels(boxed).sum() == usual
    assert len(server.requests) == 1


def test_aHandleThatIsLetGoWhereItWasLeavesNoStep(gui, boxed):
    slider, usual = boxed.ui.thresholdSlider, segmentVoxels(boxed).sum()
    press(slider)
    for percent in (20, 50):
        moveTo(slider, percent)
        gui.waitUntil(lambda percent=percent: (segmentVoxels(boxed).sum() > usual) == (percent == 20))
    release(slider, 50)
    gui.waitUntil(lambda: boxed.ui.statusLabel.text.startswith("Threshold 0.50"))
    widgetDriver.click(boxed.ui.undoButton)
    assert not segmentVoxels(boxed).any()
    assert boxed.ui.boxesTable.rowCount == 0
