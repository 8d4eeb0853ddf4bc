"""Fixtures of the panel's tests: the host with windows, and the panel on a volume, with a fake server."""

from pathlib import Path

import numpy as np
import pytest
import slicer
from fakeBackend import FakeBackend

from MedSAMSegLib.server.serverProcess import BackendProcess
from slicerhost.fixtures import cleanScene, host
from slicerhost.guiFixtures import gui, guiHost

MODULE = Path(__file__).resolve().parents[2] / "MedSAMSeg" / "MedSAMSeg.py"


@pytest.fixture
def backend(monkeypatch):
    """The fake server, in the place of the one that all of Slicer shares."""
    fake = FakeBackend()
    monkeypatch.setattr(BackendProcess, "shared", lambda: fake)
    return fake


@pytest.fixture
def volume(gui):
    """A volume of 40 × 50 × 60 voxels of 1 mm, shown in all slice views."""
    node = slicer.util.addVolumeFromArray(np.zeros((40, 50, 60), np.int16), name="CT")
    node.CreateDefaultDisplayNodes()
    slicer.util.setSliceViewerLayers(background=node, fit=True)
    return node


@pytest.fixture
def openPanel(gui, backend):
    """Called, opens the module and returns its widget, entered."""
    return lambda: gui.openModule(MODULE)


@pytest.fixture
def openMainWindow(gui):
    """Called, opens the main window, in which modules are shown from then on."""
    return gui.openMainWindow


@pytest.fixture
def panel(openPanel, volume):
    """The module's widget, entered."""
    return openPanel()


@pytest.fixture
def dragInRed(gui):
    """Called, drags the pointer across the middle of the red view."""

    def drag():
        red = gui.view("Red")
        x, y = red.center
        red.drag((x - 40, y - 30), (x + 40, y + 30))

    return drag
