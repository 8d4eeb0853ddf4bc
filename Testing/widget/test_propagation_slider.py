"""The threshold of a whole propagation, by pointer and keys: all its slices follow, and a drag is one undo step."""

import numpy as np
import pytest
import slicer
from boxes import segmentVoxels
from sliders import moveTo, press, release

from slicerhost import widgetDriver

pytestmark = pytest.mark.usefixtures("onePanel")


@pytest.fixture
def propagated(gui, panel, dragInRed):
    """The panel with one box, drawn with the pointer, that was propagated."""
    widgetDriver.click(panel.ui.drawButton)
    dragInRed()
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))
    widgetDriver.click(panel.ui.drawButton)
    assert not panel.ui.propagationThresholdSlider.enabled
    assert "Propagate first" in panel.ui.propagationThresholdSlider.toolTip
    widgetDriver.click(panel.ui.propagateButton)
    gui.waitUntil(lambda: panel.ui.propagateButton.enabled)
    gui.waitUntil(lambda: panel.ui.propagationThresholdSlider.enabled)
    return panel


def ringSize(panel):
    """How many pixels the rings of one pixel round the masks of the four followed slices have."""
    _k, j, i = np.nonzero(segmentVoxels(panel))
    return 4 * (2 * (np.ptp(i) + 1 + np.ptp(j) + 1) + 4)


def test_allSlicesFollowTheHandleAndADragIsOneUndoStep(gui, propagated, server):
    slider, asked = propagated.ui.propagationThresholdSlider, len(server.requests)
    usual, ring = segmentVoxels(propagated).sum(), ringSize(propagated)
    press(slider)
    for percent in (40, 30, 20):
        moveTo(slider, percent)
    gui.waitUntil(lambda: segmentVoxels(propagated).sum() == usual + ring)
    assert not propagated.ui.statusLabel.text.startswith("Threshold")
    release(slider, 20)
    gui.waitUntil(lambda: propagated.ui.statusLabel.text.startswith("Threshold"))
    assert propagated.ui.statusLabel.text.endswith("voxels on 4 slices. Left as they are: 1 slice.")
    assert propagated.ui.propagationThresholdSpinBox.value == pytest.approx(slider.value / 100)
    assert len(server.requests) == asked
    widgetDriver.click(propagated.ui.undoButton)
    assert segmentVoxels(propagated).sum() == usual
    assert (slider.value, propagated.ui.propagationThresholdSpinBox.value) == (50, 0.5)
    widgetDriver.click(propagated.ui.redoButton)
    assert segmentVoxels(propagated).sum() == usual + ring
    assert slider.value < 26


def test_aHandleThatIsLetGoWhereItWasLeavesNoStep(gui, propagated):
    slider, usual = propagated.ui.propagationThresholdSlider, segmentVoxels(propagated).sum()
    press(slider)
    for percent in (20, 50):
        moveTo(slider, percent)
        gui.waitUntil(lambda percent=percent: (segmentVoxels(propagated).sum() > usual) == (percent == 20))
    release(slider, 50)
    gui.waitUntil(lambda: propagated.ui.statusLabel.text.startswith("Threshold 0.50"))
    widgetDriver.click(propagated.ui.undoButton)
    assert segmentVoxels(propagated).any(axis=(1, 2)).sum() == 1


def test_aTypedNumberCounts(gui, propagated):
    widgetDriver.typeText(propagated.ui.propagationThresholdSpinBox, "0.80")
    gui.waitUntil(lambda: "no voxel is likely enough" in propagated.ui.statusLabel.text)
    assert segmentVoxels(propagated).any(axis=(1, 2)).sum() == 1


def test_anotherSegmentHasAThresholdOfItsOwn(gui, propagated):
    widgetDriver.typeText(propagated.ui.propagationThresholdSpinBox, "0.20")
    gui.waitUntil(lambda: propagated.ui.statusLabel.text.startswith("Threshold 0.20"))
    widgetDriver.click(propagated.ui.addSegmentButton)
    gui.waitUntil(lambda: not propagated.ui.propagationThresholdSlider.enabled)
    assert "Propagate first" in propagated.ui.propagationThresholdSlider.toolTip


def test_whileItRunsTheSliderIsOff(gui, propagated, server):
    server.heldAfter = 1
    widgetDriver.click(propagated.ui.propagateButton)
    gui.waitUntil(lambda: propagated.ui.cancelButton.enabled)
    assert not propagated.ui.propagationThresholdSlider.enabled
    widgetDriver.click(propagated.ui.cancelButton)
    gui.waitUntil(lambda: propagated.ui.propagationThresholdSlider.enabled)


def test_lockedSegmentIsSaidAndTheSliderGoesBack(gui, propagated):
    segmentation = propagated.ui.segmentationSelector.currentNode()
    (segmentID,) = propagated.ui.segmentsTable.selectedSegmentIDs()
    statuses = slicer.vtkSlicerSegmentationsModuleLogic
    statuses.SetSegmentStatus(segmentation.GetSegmentation().GetSegment(segmentID), statuses.Completed)
    widgetDriver.typeText(propagated.ui.propagationThresholdSpinBox, "0.20")
    gui.waitUntil(lambda: "is marked as completed" in propagated.ui.statusLabel.text)
    gui.waitUntil(lambda: propagated.ui.propagationThresholdSlider.value == 50)


def test_closedSceneTurnsItOff(gui, propagated):
    slicer.mrmlScene.Clear()
    gui.processEvents()
    assert not propagated.ui.propagationThresholdSlider.enabled
