"""Fixtures of the panel's tests: the host with windows, and the panel on a volume, with a fake server."""

import sys
from pathlib import Path

import numpy as np
import pytest
import slicer
from boxes import boxNodes
from dataFolder import home
from fakeServer import FakeServer
from launcher.fixtures import serverCommand, serverPython
from realServer import realServer

from MedSAMSegLib.server.serverProcess import ServerProcess
from slicerhost import slicerVersion
from slicerhost.fixtures import cleanScene, host
from slicerhost.guiFixtures import gui, guiHost, onePanel, ownPanel

MODULE = Path(__file__).resolve().parents[2] / "MedSAMSeg" / "MedSAMSeg.py"


@pytest.fixture(scope="module")
def serverOfFile():
    """The fake server of all tests of a file, for those with one panel."""
    return FakeServer()


@pytest.fixture
def server(request, monkeypatch):
    """The fake server, in the place of the one that all of Slicer shares; nobody has spoken to it yet."""
    if "onePanel" in request.fixturenames:
        fake = request.getfixturevalue("serverOfFile")
        fake.beginAnew()
    else:
        fake = FakeServer()
    monkeypatch.setattr(ServerProcess, "shared", lambda: fake)
    return fake


@pytest.fixture
def keptLibrary():
    """The files of the Lib as they are imported now; after a reload the next test has the same ones again.

    Tests have imported them as well: what these change would not be what the panel runs.
    """
    kept = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "MedSAMSegLib"}
    yield kept
    for name in [name for name in sys.modules if name.partition(".")[0] == "MedSAMSegLib"]:
        del sys.modules[name]
    sys.modules.update(kept)


@pytest.fixture(params=slicerVersion.VERSIONS)
def version(request, ownPanel, gui):
    """Each version of Slicer that behaves in a way of its own; asked for before the panel is."""
    slicerVersion.behaveAs(request.param)
    return request.param


@pytest.fixture
def volume(gui):
    """A volume of 40 × 50 × 60 voxels of 1 mm, shown in all slice views."""
    node = slicer.util.addVolumeFromArray(np.zeros((40, 50, 60), np.int16), name="CT")
    node.CreateDefaultDisplayNodes()
    slicer.util.setSliceViewerLayers(background=node, fit=True)
    return node


@pytest.fixture
def openPanel(gui, server):
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


@pytest.fixture
def box(gui, panel, dragInRed):
    """The markup of a box that was drawn, which is selected."""
    panel.ui.drawButton.click()
    dragInRed()
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))
    panel.ui.drawButton.click()
    (node,) = boxNodes()
    return node
