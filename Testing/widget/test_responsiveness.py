"""The main thread goes on while the server starts, while a volume is sent, and while a box is asked about.

How long it is kept in milliseconds is measured by tools/responsiveness; here it is only told from waiting, which
would take as long as the work itself.
"""

import contextlib
import dataclasses
import time

import numpy as np
import pytest
import slicer
from boxes import boxNodes
from fakeNetworkServer import COMMAND

from MedSAMSegLib.panel.frame.connections import Connections
from MedSAMSegLib.server.serverProcess import ServerProcess

PATIENCE_SECONDS = 60
#: So many ticks show that the event loop goes on.
TICKS = 20


class Ticks:
    """A timer on the main thread: how often it ticked, and the longest time between two ticks."""

    def __init__(self):
        import qt

        self.count = 0
        self.longest = 0.0
        self._last = time.perf_counter()
        self._timer = qt.QTimer()
        self._timer.interval = 2
        self._timer.connect("timeout()", self._onTick)
        self._timer.start()

    def stop(self):
        self._onTick()
        self._timer.stop()

    def _onTick(self):
        now = time.perf_counter()
        self.count += 1
        self.longest, self._last = max(self.longest, now - self._last), now


@pytest.fixture(autouse=True)
def allViewsSeen(gui):
    """All views render, as in front of a person."""
    gui.lookAtAll()


@pytest.fixture
def quickLooks(gui, monkeypatch):
    monkeypatch.setattr("MedSAMSegLib.panel.sections.encodingSection.LOOK_MILLISECONDS", 5)
    monkeypatch.setattr("MedSAMSegLib.panel.sections.serverSection.POLL_MILLISECONDS", 5)


def waitForTicks(gui):
    ticks = Ticks()
    gui.waitUntil(lambda: ticks.count > TICKS)
    ticks.stop()


def test_mainThreadGoesOnDuringAStart(gui, server, quickLooks, openPanel, volume):
    server.letStart.clear()
    panel = openPanel()
    gui.waitUntil(lambda: server.starts)
    waitForTicks(gui)
    assert panel.ui.serverStatusLabel.text.startswith("Starting")
    server.letStart.set()


def test_mainThreadGoesOnDuringAnUpload(gui, server, quickLooks, panel):
    server.letUpload.clear()
    slicer.util.arrayFromVolume(panel.ui.volumeSelector.currentNode())[:] = 7
    slicer.util.arrayFromVolumeModified(panel.ui.volumeSelector.currentNode())
    sent = len(server.uploads)
    waitForTicks(gui)
    assert len(server.uploads) == sent
    server.letUpload.set()


def test_mainThreadGoesOnWhileABoxIsAskedAbout(gui, server, panel, dragInRed):
    server.letSegment.clear()
    panel.ui.drawButton.click()
    dragInRed()
    waitForTicks(gui)
    assert panel.ui.statusLabel.text.startswith("Looking")
    server.letSegment.set()
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))


@pytest.fixture
def process(server, monkeypatch):
    """A real server process with a network that costs nothing, in the place of the one that all of Slicer shares."""
    process = ServerProcess(COMMAND)
    monkeypatch.setattr(ServerProcess, "shared", lambda: process)
    yield process
    process.stop()


def test_noGapIsAsLongAsWhatGoesOn(gui, process, quickLooks, openPanel):
    """A real server, and a volume so large that hashing and sending it takes its time."""
    panel = openPanel()
    panel.ui.backgroundEncodingCheckBox.checked = False
    voxels = np.zeros((150, 512, 512), np.int16)

    with measured() as start:
        panel.panel._session.monitor.start()
        gui.waitUntil(lambda: panel.ui.serverStatusLabel.text.startswith("Ready"), PATIENCE_SECONDS)
    # The selector chooses it by itself.
    volume = slicer.util.addVolumeFromArray(voxels, name="Large")
    assert panel.ui.volumeSelector.currentNode() is volume
    with measured() as upload:
        gui.waitUntil(lambda: panel.panel._session.logic._uploads.uploadOf(volume)._keys, PATIENCE_SECONDS)

    assert start.longest < start.seconds / 2
    assert upload.longest < upload.seconds / 2


@contextlib.contextmanager
def measured():
    ticks = Ticks()
    started = time.perf_counter()
    yield ticks
    ticks.stop()
    ticks.seconds = time.perf_counter() - started


def test_pixelsComeBeforeThePanelFollows(gui, server, panel, dragInRed, monkeypatch):
    from MedSAMSegLib.panel.frame import signals

    order = []
    window = gui.view("Red").view.renderWindow()
    tag = window.AddObserver("EndEvent", lambda *_: order.append("pixels") if boxNodes() else None)
    changed = panel.panel._session.changed
    changed.connect(lambda: order.append("panel") if boxNodes() else None)
    # However long the answer takes on a busy computer.
    monkeypatch.setattr(signals, "PATIENT_MILLISECONDS", 60_000)
    server.letSegment.clear()
    panel.ui.drawButton.click()
    dragInRed()
    # What the panel follows besides comes before the answer.
    gui.waitUntil(lambda: not changed._timer.active or changed._timer.interval == signals.PATIENT_MILLISECONDS)
    server.letSegment.set()
    gui.waitUntil(lambda: "panel" in order)
    window.RemoveObserver(tag)
    assert order[0] == "pixels"


def test_whatKeepsBeingEmittedIsHandedOnMeanwhile(gui):
    from MedSAMSegLib.panel.frame.signals import DeferredSignal

    signal, heard = DeferredSignal(Connections()), []
    signal.connect(lambda: heard.append(True))

    def isHeard():
        signal.emit()
        return heard

    gui.waitUntil(isHeard)


@pytest.fixture
def breathing(panel):
    """What lets worker threads get on, which in Slicer they do during callbacks in Python only."""
    return panel.panel._session.breathing._timer


def test_workersGetOnDuringAStartAndNoLonger(gui, server, panel, breathing):
    server.letStart.clear()
    gui.waitUntil(lambda: server.starts)
    gui.waitUntil(lambda: breathing.active)
    panel.ui.backgroundEncodingCheckBox.checked = False
    server.letStart.set()
    gui.waitUntil(lambda: panel.ui.serverStatusLabel.text.startswith("Ready"))
    gui.waitUntil(lambda: not breathing.active)


def test_workersGetOnDuringAnUploadAndNoLonger(gui, server, panel, volume, breathing):
    panel.ui.backgroundEncodingCheckBox.checked = False
    gui.waitUntil(lambda: server.uploads)
    gui.waitUntil(lambda: not breathing.active)
    server.letUpload.clear()
    slicer.util.arrayFromVolumeModified(volume)
    gui.waitUntil(lambda: breathing.active)
    server.letUpload.set()
    gui.waitUntil(lambda: not breathing.active)


def test_workersGetOnWhileSlicesAreEncodedAndNoLonger(gui, server, panel, breathing):
    gui.waitUntil(lambda: server.encodings)
    gui.waitUntil(lambda: breathing.active)
    server.encoding = dataclasses.replace(server.encoding, state="done")
    gui.waitUntil(lambda: not breathing.active)


def test_panelThatIsGoneDoesNotBreathe(gui, server, panel, breathing):
    gui.waitUntil(lambda: server.encodings)
    gui.closeModule("MedSAMSeg")
    assert not breathing.active
