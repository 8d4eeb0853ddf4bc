"""The server killed, hung or replaced while somebody works: the panel says it, goes on, and keeps what is done."""

import os
import signal

import numpy as np
import psutil
import pytest
import slicer
from fakeNetworkServer import COMMAND
from launcher.fixtures import behindTheLauncher
from processTree import haveEnded, treeOf

from MedSAMSegLib.server import serverMonitor
from MedSAMSegLib.server.serverProcess import ServerProcess, ServerProcessError

SERVER_SECONDS = 120


@pytest.fixture(autouse=True)
def quickLooks(gui, monkeypatch):
    """Everything that looks now and then looks often."""
    monkeypatch.setattr(serverMonitor, "CHECK_SECONDS", 0.02)
    monkeypatch.setattr(serverMonitor, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr("MedSAMSegLib.panel.sections.encodingSection.LOOK_MILLISECONDS", 5)
    monkeypatch.setattr("MedSAMSegLib.panel.sections.serverSection.POLL_MILLISECONDS", 5)


@pytest.fixture
def boxed(gui, panel, dragInRed):
    """The panel after one box in the red view."""
    panel.ui.drawButton.click()
    dragInRed()
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))
    return panel


@pytest.fixture
def process(server, monkeypatch, serverPython):
    """A real server process with a network that costs nothing, in the place of the one that all of Slicer shares."""
    # Each look is a request that both sides work on: not so often while a process takes its time to start or to end.
    monkeypatch.setattr(serverMonitor, "CHECK_SECONDS", 0.1)
    monkeypatch.setattr("MedSAMSegLib.panel.sections.encodingSection.LOOK_MILLISECONDS", 50)
    process = ServerProcess([serverPython, *COMMAND[1:]])
    monkeypatch.setattr(ServerProcess, "shared", lambda: process)
    yield process
    process.stop()


@pytest.fixture
def realPanel(gui, process, volume, openPanel):
    """The panel with that server, ready, before any box."""
    panel = openPanel()
    gui.waitUntil(lambda: panel.ui.serverStatusLabel.text.startswith("Ready"), SERVER_SECONDS)
    return panel


def slicesWithVoxels(panel):
    """Indices of the axial slices on which the panel's segment has voxels."""
    volume, segmentation = panel.ui.volumeSelector.currentNode(), panel.ui.segmentationSelector.currentNode()
    (segmentID,) = panel.ui.segmentsTable.selectedSegmentIDs()
    voxels = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segmentID, volume)
    return list(np.flatnonzero(voxels.any(axis=(1, 2))))


def waitForWords(gui, label, words, seconds=10):
    try:
        gui.waitUntil(lambda: words in label.text, seconds)
    except TimeoutError:
        pytest.fail(f"The label says '{label.text}', not '{words}'")


def waitForServer(gui, panel, words, seconds=10):
    waitForWords(gui, panel.ui.serverStatusLabel, words, seconds)


def waitForAnswer(gui, panel, words="voxels", seconds=10):
    waitForWords(gui, panel.ui.statusLabel, words, seconds)


def test_serverThatDiesUnderABoxCostsNothing(gui, server, boxed, dragInRed):
    server.letSegment.clear()
    asked = len(server.requests)
    dragInRed()
    gui.waitUntil(lambda: len(server.requests) > asked)
    server.letStart.clear()
    server.die()
    server.letSegment.set()
    waitForServer(gui, boxed, "ended unexpectedly")
    server.letStart.set()
    waitForAnswer(gui, boxed)
    waitForServer(gui, boxed, "Ready")


def test_serverThatDiesUnderAPropagationLeavesItsSlicesAndTheNextOneGoesOn(gui, server, boxed):
    (drawn,) = slicesWithVoxels(boxed)
    server.diesAfter = 3
    boxed.ui.propagateButton.click()
    gui.waitUntil(lambda: "done before and kept" in boxed.ui.statusLabel.text)
    assert slicesWithVoxels(boxed) == [drawn - 2, drawn - 1, drawn]
    waitForServer(gui, boxed, "Ready")
    server.diesAfter = None
    boxed.ui.propagateButton.click()
    gui.waitUntil(lambda: len(slicesWithVoxels(boxed)) == 5)


def test_serverThatDiesUnderTheUploadGetsTheVolumeAgain(gui, server, volume, openPanel, dragInRed):
    server.letUpload.clear()
    panel = openPanel()
    waitForServer(gui, panel, "Ready")
    panel.ui.drawButton.click()
    dragInRed()
    server.die()
    server.letUpload.set()
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))
    assert server.starts == 2
    assert server.uploads


def test_hungServerIsSaidAndOneClickReplacesIt(gui, server, boxed, dragInRed, monkeypatch):
    monkeypatch.setattr(serverMonitor, "ANSWER_SECONDS", 0.02)
    monkeypatch.setattr(serverMonitor, "MISSES_UNTIL_REPLACED", 10**6)
    server.letAnswer.clear()
    waitForServer(gui, boxed, "not answered")
    server.letAnswer.set()
    boxed.ui.recoverServerButton.click()
    waitForServer(gui, boxed, "Ready")
    assert server.starts == 2
    dragInRed()
    gui.waitUntil(lambda: len(server.uploads) == 2 and "voxels" in boxed.ui.statusLabel.text)


def test_serverOfAnotherVersionIsSaid(gui, server, boxed, monkeypatch):
    error = ServerProcessError("The server speaks version 2.", "Update the older of the two.", "version_mismatch")

    def refuse(timeout=None):
        raise error

    monkeypatch.setattr(server, "health", refuse)
    waitForServer(gui, boxed, "Update the older of the two.")
    assert slicesWithVoxels(boxed)


def test_serverThatDoesNotStartSaysSoAndTheNextBoxTriesAgain(gui, server, volume, openPanel, dragInRed):
    server.startError = ServerProcessError("The server is broken.", "Install it again.", "server_start_failed")
    panel = openPanel()
    waitForServer(gui, panel, "The server is broken. Install it again.")
    server.startError = None
    panel.ui.drawButton.click()
    dragInRed()
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))
    waitForServer(gui, panel, "Ready")


@behindTheLauncher
def test_killedProcessIsNoticedAndReplacedAndTheNextBoxWorks(gui, process, realPanel, dragInRed):
    pid = process.pid
    os.kill(pid, signal.SIGKILL)
    waitForServer(gui, realPanel, "ended unexpectedly")
    realPanel.ui.drawButton.click()
    dragInRed()
    waitForAnswer(gui, realPanel, "Nothing was found", SERVER_SECONDS)
    waitForServer(gui, realPanel, "Ready", SERVER_SECONDS)
    assert process.pid != pid


@behindTheLauncher
def test_hungProcessIsReplacedUnderABoxThatIsStillAnswered(gui, process, realPanel, dragInRed, monkeypatch):
    monkeypatch.setattr(serverMonitor, "MISSES_UNTIL_REPLACED", 3)
    pid = process.pid
    processes = treeOf(pid)
    os.killpg(pid, signal.SIGSTOP)
    realPanel.ui.drawButton.click()
    dragInRed()
    waitForAnswer(gui, realPanel, "Nothing was found", SERVER_SECONDS)
    assert process.pid != pid
    assert haveEnded(processes)


@behindTheLauncher
def test_hungProcessEndsOnRestartAndTheNextBoxWorks(gui, process, realPanel, dragInRed, monkeypatch):
    monkeypatch.setattr(serverMonitor, "ANSWER_SECONDS", 0.05)
    monkeypatch.setattr(serverMonitor, "MISSES_UNTIL_REPLACED", 10**6)
    processes = treeOf(process.pid)
    os.killpg(process.pid, signal.SIGSTOP)
    waitForServer(gui, realPanel, "not answered")
    monkeypatch.setattr(serverMonitor, "ANSWER_SECONDS", 2.0)
    realPanel.ui.recoverServerButton.click()
    waitForServer(gui, realPanel, "Ready", SERVER_SECONDS)
    assert haveEnded(processes)
    realPanel.ui.drawButton.click()
    dragInRed()
    waitForAnswer(gui, realPanel, "Nothing was found", SERVER_SECONDS)


@behindTheLauncher
def test_panelThatGoesLeavesTheOneServerToTheNext(gui, process, realPanel, openPanel):
    pid = process.pid
    gui.closeModules()
    panel = openPanel()
    waitForServer(gui, panel, "Ready")
    assert process.pid == pid
    # Programs of tests before may have ended without being waited for yet.
    alive = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
    servers = [child for child in alive if COMMAND[1] in child.cmdline()]
    assert [server.pid for server in servers] == [pid]
