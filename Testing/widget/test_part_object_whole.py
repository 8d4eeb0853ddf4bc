"""Part, object, whole: the network's answers for the selected box, stepped through with a button and a key."""

from pathlib import Path

import pytest
import slicer
from boxes import segmentVoxels

from slicerhost import widgetDriver

pytestmark = pytest.mark.usefixtures("onePanel")

MODULE = Path(__file__).resolve().parents[2] / "MedSAMSeg" / "MedSAMSeg.py"


@pytest.fixture
def window(gui, volume, server):
    """The main window with the module's panel in it."""
    window = gui.openMainWindow()
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    gui.openModule(MODULE)
    return window


@pytest.fixture(autouse=True)
def severalMasks(server):
    """The model that is chosen has learned all three masks, another one has not."""
    first, second = server.knownModels
    first["proposes"] = True
    second.update(title="Another model", proposes=False)


@pytest.fixture
def boxed(gui, window, dragInRed):
    """The panel with one box, drawn with the pointer, which is selected."""
    panel = slicer.modules.medsamseg.widgetRepresentation().self()
    assert not panel.ui.nextMeaningButton.enabled
    widgetDriver.click(panel.ui.drawButton)
    dragInRed()
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))
    widgetDriver.click(panel.ui.drawButton)
    gui.waitUntil(lambda: panel.ui.nextMeaningButton.enabled)
    return panel


def test_theKeyStepsThroughTheAnswersAlsoOverAView(gui, boxed):
    red = gui.view("Red")
    red.moveTo(*red.center)
    usual = segmentVoxels(boxed).sum()
    counts = []
    for said in ("Part. Found", "Object. Found", "Whole. Found"):
        red.pressKeys("M")
        gui.waitUntil(lambda said=said: boxed.ui.statusLabel.text.startswith(said))
        counts.append(segmentVoxels(boxed).sum())
    assert [count / counts[0] for count in counts] == [1, 2, 3]
    widgetDriver.click(boxed.ui.nextMeaningButton)
    gui.waitUntil(lambda: boxed.ui.statusLabel.text.startswith("The one mask. Found"))
    assert segmentVoxels(boxed).sum() == usual
    widgetDriver.click(boxed.ui.undoButton)
    assert segmentVoxels(boxed).sum() == counts[2]


def test_aModelWithOneMaskIsToldAndNothingChanges(gui, boxed, server, monkeypatch):
    usual = segmentVoxels(boxed).sum()
    monkeypatch.setattr("fakeServer.ONE_MASK_MODEL", None)
    widgetDriver.click(boxed.ui.nextMeaningButton)
    gui.waitUntil(lambda: "learned one mask for a box" in boxed.ui.statusLabel.text)
    assert segmentVoxels(boxed).sum() == usual


def test_itIsOffForAModelWithOneMaskAndSaysWhy(gui, boxed):
    button, models = boxed.ui.nextMeaningButton, boxed.ui.modelComboBox
    usual = button.toolTip
    widgetDriver.click(boxed.ui.advancedButton, 20, 10)
    gui.waitUntil(lambda: models.count == 3)
    widgetDriver.choose(models, "Another model")
    gui.waitUntil(lambda: not button.enabled)
    assert button.toolTip.startswith("Another model learned one mask for a box")
    widgetDriver.choose(models, "Default (Fake model)")
    gui.waitUntil(lambda: button.enabled)
    assert button.toolTip == usual


def test_withoutASelectedBoxItIsOff(gui, boxed):
    boxed.ui.boxesTable.setCurrentCell(-1, -1)
    boxed.ui.boxesTable.clearSelection()
    assert not boxed.ui.nextMeaningButton.enabled
