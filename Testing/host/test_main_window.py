"""The main window: panel beside views, modules chosen by name, shortcuts, a picture of it all."""

from pathlib import Path

import numpy as np
import pytest
import slicer

MODULE = Path(__file__).parent / "sampleModule" / "SampleModule.py"


@pytest.fixture
def window(gui):
    return gui.openMainWindow()


def test_there_is_no_main_window_unless_opened(gui):
    assert slicer.util.mainWindow() is None
    with pytest.raises(RuntimeError, match="Could not find main window"):
        slicer.util.selectModule("SampleModule")


def test_a_module_is_selected_by_name(gui, window):
    panel = gui.openModule(MODULE)
    assert slicer.util.mainWindow() is window
    assert slicer.util.selectedModule() == "SampleModule"
    gui.exitModule()
    slicer.util.selectModule("SampleModule")
    assert panel.calls == ["enter", "exit", "enter"]


def test_a_shortcut_of_the_panel_works_over_a_view(gui, window):
    panel = gui.openModule(MODULE)
    gui.view("Red").pressKeys("B")
    assert panel.parameterNode.box is not None
    assert panel.ui.statusLabel.text.startswith("Click two corners")


def test_a_shortcut_does_nothing_while_the_module_is_not_shown(gui, window):
    panel = gui.openModule(MODULE)
    gui.exitModule()
    gui.view("Red").pressKeys("B")
    assert panel.parameterNode.box is None


def test_the_picture_of_the_window_has_panel_and_views(gui, window):
    voxels = np.full((20, 100, 120), 500, np.int16)
    volumeNode = slicer.util.addVolumeFromArray(voxels)
    volumeNode.CreateDefaultDisplayNodes()
    volumeNode.GetDisplayNode().AutoWindowLevelOff()
    volumeNode.GetDisplayNode().SetWindowLevelMinMax(0, 500)
    slicer.util.setSliceViewerLayers(background=volumeNode, fit=True)
    panel = gui.openModule(MODULE)
    gui.processEvents()
    image = window.grab().toImage()
    view = gui.layoutManager.sliceWidget("Red").sliceView()
    middle = view.mapTo(window, view.rect.center())
    assert image.pixelColor(middle).getRgb()[:3] == (255, 255, 255)
    button = panel.ui.placeButton
    corner = button.mapTo(window, button.rect.topLeft())
    picture = image.copy(corner.x(), corner.y(), button.width, button.height)
    shades = {picture.pixelColor(x, y).lightness() for x in range(picture.width()) for y in range(picture.height())}
    assert min(shades) < 60 < 200 < max(shades)


def test_the_views_live_on_when_the_window_is_closed(gui, window):
    widthInWindow = gui.view("Red").size[0]
    gui.closeMainWindow()
    assert slicer.util.mainWindow() is None
    assert gui.view("Red").size == (405, 301)
    assert widthInWindow != 405


def test_status_messages_are_shown(gui, window):
    slicer.util.showStatusMessage("Working")
    assert window.statusBar().currentMessage() == "Working"
