"""Improving the model from the panel: what is asked, shown, stopped and chosen; with a program that trains nothing."""

import json
import os
import tempfile
from pathlib import Path

import numpy as np
import psutil
import pytest
import slicer

from MedSAMSegLib.server.childProgram import NICENESS
from MedSAMSegLib.server.remoteServer import RemoteAddress
from MedSAMSegLib.training import correctionTraining
from slicerhost import widgetDriver

FAKE = Path(__file__).with_name("fakeTraining.py")

#: Where it makes no difference which Python runs the program; how programs end is tested with both.
ONE_PYTHON = pytest.mark.parametrize("serverPython", ["launcher"], indirect=True)


@pytest.fixture
def control(gui, tmp_path, monkeypatch, serverPython):
    """The folder through which the program is told what to do, and tells what it was asked."""
    folder = tmp_path / "control"
    folder.mkdir()
    command = [serverPython, str(FAKE), str(folder)]
    monkeypatch.setattr("MedSAMSegLib.panel.sections.improveSection.findServerCommand", lambda: command)
    monkeypatch.setenv("MEDSAMSEG_HOME", str(tmp_path / "home"))
    yield folder
    # Where a test has failed, the program still waits.
    (folder / "hold").unlink(missing_ok=True)


@pytest.fixture
def ui(control, panel):
    """The panel's widgets, with "Advanced" open."""
    widgetDriver.click(panel.ui.advancedButton, 20, 10)
    return panel.ui


@pytest.fixture
def corrected(panel, volume):
    """Six slices of a segment, drawn by hand."""
    return draw(volume, 6)


def draw(volume, count):
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    segmentID = segmentation.GetSegmentation().AddEmptySegment("", "Liver")
    voxels = np.zeros((40, 50, 60), np.uint8)
    voxels[5 : 5 + count, 10:20, 10:30] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(voxels, segmentation, segmentID, volume)
    return segmentation


def asked(control):
    return [json.loads(line) for line in (control / "asked.jsonl").read_text().splitlines()]


def waitForEnd(gui, ui):
    gui.waitUntil(lambda: not ui.cancelImproveButton.visible)


def isLearning(control):
    """:return: whether the program that was asked to learn still runs."""
    return psutil.pid_exists(int((control / "pid").read_text()))


def leftovers(control):
    return Path((control / "folder").read_text()).exists()


@ONE_PYTHON
def test_improvedModelIsMeasuredShownAndUsedAfterAClick(gui, ui, control, panel, corrected):
    (control / "hold").touch()
    assert not ui.useImprovedButton.visible
    widgetDriver.click(ui.improveButton)
    gui.waitUntil(lambda: "step 4 of at most 12" in ui.improveLabel.text)
    assert (ui.improveProgressBar.value, ui.improveProgressBar.maximum) == (4, 12)
    assert ui.cancelImproveButton.visible
    assert not ui.improveButton.visible
    (control / "hold").unlink()
    waitForEnd(gui, ui)
    text = ui.improveLabel.text
    assert "is better on slices that it has not seen" in text
    for said in ("Lesion &lt;1&gt;", "0.500", "0.750", "+0.250", "\N{MINUS SIGN}0.010", "0.705", "0.825", "6 masks"):
        assert said in text
    assert "They are of the same volume(s)" in text
    words = asked(control)[0]
    assert words[:2] == ["train", "finetune"]
    assert {"--hold-back-slices", "--events", "--json"} <= set(words)
    (case,) = json.loads((control / "seen.json").read_text())["cases"]
    assert (case["targets"], case["axis"], case["window"]) == ({"Liver": 1}, 0, "percentile")
    assert not leftovers(control)
    # Clicks in Slicer and the server's answers go first.
    assert int((control / "priority").read_text()) == min(os.getpriority(os.PRIO_PROCESS, 0) + NICENESS, 19)
    model = words[words.index("--name") + 1]
    assert panel.ui.modelComboBox.currentText.startswith("Default")
    widgetDriver.click(ui.useImprovedButton)
    gui.processEvents()
    assert model in panel.ui.modelComboBox.currentText
    assert not ui.useImprovedButton.enabled


@ONE_PYTHON
def test_listOfModelsHasTheNewOne(gui, ui, control, server, corrected, monkeypatch):
    widgetDriver.click(ui.recoverServerButton)
    known = server.models()
    # The first entry is the default.
    gui.waitUntil(lambda: ui.modelComboBox.count == 1 + len(known))
    more = [*known, {**known[0], "name": "new", "title": "New", "default": False}]
    monkeypatch.setattr(server, "models", lambda timeout=None: more)
    widgetDriver.click(ui.improveButton)
    gui.waitUntil(lambda: ui.modelComboBox.count == 1 + len(more))


def test_cancelStopsAndLeavesNothing(gui, ui, control, corrected):
    (control / "hold").touch()
    widgetDriver.click(ui.improveButton)
    gui.waitUntil(lambda: "Learning" in ui.improveLabel.text)
    assert leftovers(control)
    widgetDriver.click(ui.cancelImproveButton)
    waitForEnd(gui, ui)
    assert ui.statusLabel.text == "Stopped. The model is as it was."
    assert ui.improveButton.visible
    assert not ui.useImprovedButton.visible
    assert not leftovers(control)
    gui.waitUntil(lambda: not isLearning(control))


@ONE_PYTHON
def test_trainingGoesOnWhenTheSceneIsClosed(gui, ui, control, corrected):
    (control / "hold").touch()
    widgetDriver.click(ui.improveButton)
    gui.waitUntil(lambda: "Learning" in ui.improveLabel.text)
    slicer.mrmlScene.Clear(0)
    (control / "hold").unlink()
    waitForEnd(gui, ui)
    assert ui.useImprovedButton.enabled


@ONE_PYTHON
def test_picturesOfASlicerThatCrashedAreRemovedLater(gui, ui, control, corrected, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    old, recent = (tmp_path / f"medsamseg-corrections-{name}" for name in ("old", "recent"))
    for folder in (old, recent):
        (folder / "data").mkdir(parents=True)
    os.utime(old, (0, 0))
    widgetDriver.click(ui.improveButton)
    waitForEnd(gui, ui)
    assert not old.exists()
    assert recent.exists()


def test_panelThatGoesEndsTheTraining(gui, ui, control, panel, corrected):
    (control / "hold").touch()
    widgetDriver.click(ui.improveButton)
    gui.waitUntil(lambda: "Learning" in ui.improveLabel.text)
    panel.cleanup()
    assert not leftovers(control)
    gui.waitUntil(lambda: not isLearning(control))


def test_panelThatGoesDoesNotWaitForWhatCannotBeEnded(gui, ui, control, panel, corrected, monkeypatch):
    """Then the pictures are removed as soon as it has ended."""
    monkeypatch.setattr(correctionTraining, "CLOSE_SECONDS", 0.01)
    monkeypatch.setattr("MedSAMSegLib.server.serverProgram.ServerProgram.cancel", lambda self: None)
    (control / "hold").touch()
    widgetDriver.click(ui.improveButton)
    gui.waitUntil(lambda: "Learning" in ui.improveLabel.text)
    panel.cleanup()
    assert leftovers(control)
    (control / "hold").unlink()
    gui.waitUntil(lambda: not leftovers(control))


@ONE_PYTHON
def test_discardedModelIsRemoved(gui, ui, control, panel, corrected):
    widgetDriver.click(ui.improveButton)
    gui.waitUntil(lambda: ui.useImprovedButton.visible)
    widgetDriver.click(ui.useImprovedButton)
    widgetDriver.click(ui.discardImprovedButton)
    gui.waitUntil(lambda: len(asked(control)) == 2)
    model = asked(control)[0][asked(control)[0].index("--name") + 1]
    assert asked(control)[1][:3] == ["models", "remove", model]
    gui.waitUntil(lambda: ui.modelComboBox.currentText.startswith("Default"))
    assert not ui.discardImprovedButton.visible


@ONE_PYTHON
def test_tooFewSlicesAreSaidWithoutTraining(gui, ui, control, volume):
    draw(volume, 4)
    widgetDriver.click(ui.improveButton)
    waitForEnd(gui, ui)
    assert ui.improveLabel.text.startswith("4 slice(s) were drawn, edited or accepted; at least 5 are needed")
    assert not (control / "asked.jsonl").exists()


@ONE_PYTHON
def test_missingPackagesAreSaidWithTheCommand(gui, ui, control, corrected, monkeypatch):
    monkeypatch.setenv("MEDSAMSEG_PYTHON", "/opt/python")
    error = {"code": "train_not_installed", "message": "Training needs packages: MONAI.", "hint": "pip install it"}
    (control / "failure.json").write_text(json.dumps({"error": error}))
    widgetDriver.click(ui.improveButton)
    waitForEnd(gui, ui)
    assert ui.improveLabel.text.startswith("Training needs packages: MONAI. Run this in a terminal")
    assert '"/opt/python" -m pip install lightning-fabric' in ui.improveLabel.text
    assert "pip install it" not in ui.improveLabel.text


def test_trainingThatDiesIsSaidWithItsLog(gui, ui, control, corrected, tmp_path):
    (control / "killed").touch()
    widgetDriver.click(ui.improveButton)
    waitForEnd(gui, ui)
    log = tmp_path / "home" / "improve.log"
    assert "Killed" in ui.improveLabel.text
    assert str(log) in ui.improveLabel.text
    assert log.read_text() == "Killed\n"
    assert not leftovers(control)


@ONE_PYTHON
def test_modelOnAnotherComputerIsNotImproved(ui, control, server, corrected):
    server.remote = RemoteAddress("https://computer", "secret")
    widgetDriver.click(ui.improveButton)
    assert "on another computer" in ui.statusLabel.text
    assert not (control / "asked.jsonl").exists()


@ONE_PYTHON
def test_scenesOfAFolderAreLearnedFromAndTheOpenOneStays(gui, ui, control, corrected, tmp_path, monkeypatch):
    import qt

    folder = tmp_path / "scenes"
    folder.mkdir()
    slicer.util.saveScene(str(folder / "reading.mrb"))
    slicer.mrmlScene.RemoveNode(corrected)
    count = slicer.mrmlScene.GetNumberOfNodes()
    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *arguments: str(folder))
    widgetDriver.click(ui.improveFolderButton)
    gui.waitUntil(lambda: ui.useImprovedButton.visible)
    assert "6 masks" in ui.improveLabel.text
    assert slicer.mrmlScene.GetNumberOfNodes() == count


def test_packagesAreThoseThatTheServerAsksFor():
    import tomllib

    from MedSAMSegLib.install.trainingPackages import PACKAGES

    project = Path(__file__).resolve().parents[2] / "server" / "pyproject.toml"
    extra = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["optional-dependencies"]["train"]
    assert [requirement.partition(">")[0] for requirement in extra] == list(PACKAGES)
