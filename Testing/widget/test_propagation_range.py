"""Direction and range of a propagation, and what is seen while it runs."""

import numpy as np
import pytest
import slicer

from slicerhost import widgetDriver

pytestmark = pytest.mark.usefixtures("onePanel")


@pytest.fixture
def boxed(gui, panel, volume, dragInRed):
    """The panel after one box in the red view."""
    widgetDriver.click(panel.ui.drawButton)
    dragInRed()
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))
    widgetDriver.click(panel.ui.drawButton)
    return panel


def propagate(gui, panel, server):
    """Propagate to the end; returns what the server was asked."""
    widgetDriver.click(panel.ui.propagateButton)
    gui.waitUntil(lambda: panel.ui.propagateButton.enabled)
    return server.requests[-1]


def showSlice(gui, viewName, offset):
    gui.layoutManager.sliceWidget(viewName).sliceLogic().SetSliceOffset(offset)


def test_nothingIsLimitedAtFirst(gui, boxed, server):
    assert not boxed.ui.firstSliceSpinBox.isVisible()
    request = propagate(gui, boxed, server)
    assert request["direction"] == "both"
    assert (request["first"], request["last"]) == (None, None)


@pytest.mark.parametrize(
    ("title", "direction"),
    [("Forward (rising slice numbers)", "forward"), ("Backward (falling slice numbers)", "backward")],
)
def test_directionIsTheChosenOne(gui, boxed, server, title, direction):
    widgetDriver.choose(boxed.ui.directionComboBox, title)
    assert propagate(gui, boxed, server)["direction"] == direction


def test_threePlanesAreAChoice(gui, boxed, server):
    assert "planes" not in propagate(gui, boxed, server)
    server.planesOf = {"notes": ["Only one plane was used."], "seen": [(1, 20), (2, 30)]}
    widgetDriver.click(boxed.ui.threePlanesCheckBox)
    assert propagate(gui, boxed, server)["planes"] == 3
    assert boxed.ui.statusLabel.text.endswith("Only one plane was used.")


def test_lookingFromTheOtherSidesIsShown(gui, boxed, server):
    widgetDriver.click(boxed.ui.threePlanesCheckBox)
    server.planesOf = {"notes": [], "seen": [(1, 20), (1, 21), (2, 30)]}
    server.heldAfter = 5 + 2
    widgetDriver.click(boxed.ui.propagateButton)
    gui.waitUntil(lambda: boxed.ui.statusLabel.text == "Looking at it from the other sides: slice 2 of 3.")
    assert boxed.ui.progressBar.text == "2 of at most 3 slices"
    widgetDriver.click(boxed.ui.cancelButton)
    gui.waitUntil(lambda: boxed.ui.propagateButton.enabled)
    assert boxed.ui.statusLabel.text.startswith("Stopped. 5 slices.")


def test_rangeIsTheWholeVolumeUntilItIsSet(gui, boxed, server):
    widgetDriver.click(boxed.ui.limitRangeCheckBox)
    gui.processEvents()
    request = propagate(gui, boxed, server)
    assert (request["first"], request["last"]) == (0, 39)


def test_rangeIsTakenFromTheShownSlices(gui, boxed, server):
    widgetDriver.click(boxed.ui.limitRangeCheckBox)
    gui.processEvents()
    showSlice(gui, "Red", 12)
    widgetDriver.click(boxed.ui.setFirstSliceButton)
    showSlice(gui, "Red", 31)
    widgetDriver.click(boxed.ui.setLastSliceButton)
    request = propagate(gui, boxed, server)
    assert (request["first"], request["last"]) == (12, 31)


def test_shownSliceIsThatOfTheViewAlongTheBoxes(gui, panel, server, volume):
    yellow = gui.view("Yellow")
    x, y = yellow.center
    widgetDriver.click(panel.ui.drawButton)
    yellow.drag((x - 40, y - 30), (x + 40, y + 30))
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))
    widgetDriver.click(panel.ui.limitRangeCheckBox)
    gui.processEvents()
    assert panel.ui.lastSliceSpinBox.value == 59
    # Along this view, offsets fall while R rises.
    showSlice(gui, "Yellow", -21)
    assert yellow.xyToRAS(x, y)[0] == 21
    widgetDriver.click(panel.ui.setFirstSliceButton)
    request = propagate(gui, panel, server)
    assert (request["axis"], request["first"], request["last"]) == (2, 21, 59)


def test_rangeNeverTurnsRound(gui, boxed):
    widgetDriver.click(boxed.ui.limitRangeCheckBox)
    gui.processEvents()
    widgetDriver.typeText(boxed.ui.lastSliceSpinBox, "10")
    widgetDriver.typeText(boxed.ui.firstSliceSpinBox, "20")
    assert (boxed.ui.firstSliceSpinBox.value, boxed.ui.lastSliceSpinBox.value) == (20, 20)


def test_rangeNeedsAVolume(gui, boxed, volume):
    widgetDriver.click(boxed.ui.limitRangeCheckBox)
    gui.processEvents()
    slicer.mrmlScene.RemoveNode(volume)
    gui.processEvents()
    boxed.ui.setFirstSliceButton.click()
    boxed.ui.setLastSliceButton.click()
    assert not boxed.ui.firstSliceSpinBox.isEnabled()


def test_slicesAppearInTheViewsAsTheyArrive(gui, boxed, server):
    view = gui.view("Green")
    before = view.pixels().astype(int)
    server.heldAfter = 2
    widgetDriver.click(boxed.ui.propagateButton)
    gui.waitUntil(lambda: boxed.ui.progressBar.value == 2)
    gui.waitUntil(lambda: (np.abs(view.pixels() - before).sum(axis=2) > 30).any())
    assert boxed.ui.progressBar.maximum == 5
    assert boxed.ui.progressBar.text == "2 of at most 5 slices"
    widgetDriver.click(boxed.ui.cancelButton)
    gui.waitUntil(lambda: boxed.ui.propagateButton.enabled)


def test_propagationNeedsABox(gui, boxed):
    assert boxed.ui.propagateButton.enabled
    widgetDriver.click(boxed.ui.addSegmentButton)
    assert not boxed.ui.propagateButton.enabled


def test_leavingTheModuleLetsThePropagationGoOn(gui, boxed, server):
    server.heldAfter = 2
    widgetDriver.click(boxed.ui.propagateButton)
    gui.waitUntil(lambda: boxed.ui.progressBar.value == 2)
    gui.exitModule()
    boxed.ui.cancelButton.click()
    gui.waitUntil(lambda: boxed.ui.statusLabel.text.startswith("Stopped."))
    segmentation = boxed.ui.segmentationSelector.currentNode()
    voxels = slicer.util.arrayFromSegmentBinaryLabelmap(
        segmentation, boxed.ui.segmentsTable.selectedSegmentIDs()[0], boxed.ui.volumeSelector.currentNode()
    )
    assert np.count_nonzero(voxels.any(axis=(1, 2))) == 3
