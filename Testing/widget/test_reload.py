"""A panel that goes leaves nothing behind: PythonQt keeps what is still connected."""

import gc
import weakref

import pytest
import slicer


def closeModule(gui, _panel):
    gui.closeModule("MedSAMSeg")


def reload(_gui, panel):
    panel.onReload()


@pytest.mark.parametrize("hasWorked", [False, True], ids=["fresh", "used"])
@pytest.mark.parametrize("leave", [closeModule, reload])
def test_aPanelThatGoesIsForgotten(keptLibrary, gui, openPanel, volume, dragInRed, leave, hasWorked):
    widget = openPanel()
    if hasWorked:
        widget.ui.drawButton.click()
        dragInRed()
        gui.waitUntil(lambda: slicer.util.getNodesByClass("vtkMRMLSegmentationNode"))
    panel = weakref.ref(widget.panel)
    session = weakref.ref(widget.panel._session)
    leave(gui, widget)
    gui.processEvents()
    gc.collect()
    # Slicer may keep the widget itself, whose developer buttons stay connected.
    assert widget.panel is None
    assert (panel(), session()) == (None, None)
