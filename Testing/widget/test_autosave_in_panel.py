"""Saved work in the panel: off at first, written while it is on, offered after a crash, removed after a proper end."""

import shutil

import pytest
import slicer

from slicerhost import widgetDriver


@pytest.fixture
def quick(gui, monkeypatch):
    """A minute passes in a moment."""
    from MedSAMSegLib.panel.sections import autosaveSection

    monkeypatch.setattr(autosaveSection, "MILLISECONDS_A_MINUTE", 20)


def bundles(folder):
    return sorted(path.name for path in folder.glob("*.mrb"))


def switchOn(panel, folder):
    panel.ui.autosavePathLineEdit.currentPath = str(folder)
    panel.ui.autosaveCheckBox.checked = True


def test_nothingIsWrittenUntilItIsSwitchedOn(gui, quick, box, panel, tmp_path):
    assert panel.ui.autosaveLabel.text == "Off: nothing is written until you save the scene."
    panel.ui.autosavePathLineEdit.currentPath = str(tmp_path / "work")
    gui.processEvents()
    assert not (tmp_path / "work").exists()
    switchOn(panel, tmp_path / "work")
    gui.waitUntil(lambda: bundles(tmp_path / "work"))
    gui.waitUntil(lambda: "Saved at " in panel.ui.autosaveLabel.text)
    panel.ui.autosaveCheckBox.checked = False
    assert bundles(tmp_path / "work") == []
    assert panel.ui.autosaveLabel.text == "Off: nothing is written until you save the scene."


def test_workOfACrashIsOfferedAndOpened(gui, quick, box, panel, tmp_path):
    folder, crashed = tmp_path / "work", tmp_path / "crashed"
    switchOn(panel, folder)
    gui.waitUntil(lambda: "Saved at " in panel.ui.autosaveLabel.text)
    # What a Slicer leaves that is killed now: its files, and a lock that nobody holds.
    shutil.copytree(folder, crashed)
    slicer.mrmlScene.Clear(0)
    assert bundles(folder) == []
    panel.ui.autosavePathLineEdit.currentPath = str(crashed)
    gui.waitUntil(lambda: panel.ui.recoveredGroup.visible)
    assert panel.ui.recoveredLabel.text.startswith("Slicer ended unexpectedly. The work of 20")
    widgetDriver.click(panel.ui.restoreWorkButton)
    gui.waitUntil(lambda: slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLMarkupsROINode") == 1)
    gui.waitUntil(lambda: not panel.ui.recoveredGroup.visible)
    assert panel.ui.statusLabel.text == "The work is open again. Save the scene to keep it."
    assert panel.ui.volumeSelector.currentNode().GetName() == "CT"
    # It is kept until it has been saved panel.
    gui.waitUntil(lambda: "Saved at " in panel.ui.autosaveLabel.text)
    assert len(bundles(crashed)) == 1


def test_offeredWorkIsRemovedWhenItIsNotWanted(gui, openPanel, tmp_path):
    left = tmp_path / "MedSAMSeg-20260101-101010-000000-1-00001.mrb"
    left.write_bytes(b"work")
    slicer.app.userSettings().setValue("MedSAMSeg/autosaveFolder", str(tmp_path))
    panel = openPanel()
    gui.waitUntil(lambda: panel.ui.recoveredGroup.visible)
    widgetDriver.click(panel.ui.discardWorkButton)
    gui.waitUntil(lambda: not panel.ui.recoveredGroup.visible)
    assert list(tmp_path.iterdir()) == []


def test_nothingIsOpenedOverWorkInTheScene(gui, box, panel, tmp_path):
    (tmp_path / "MedSAMSeg-20260101-101010-000000-1-00001.mrb").write_bytes(b"work")
    panel.ui.autosavePathLineEdit.currentPath = str(tmp_path)
    gui.waitUntil(lambda: panel.ui.recoveredGroup.visible)
    assert not panel.ui.restoreWorkButton.enabled


def test_folderThatCannotBeUsedIsSaid(gui, quick, box, panel, tmp_path):
    (tmp_path / "file").touch()
    switchOn(panel, tmp_path / "file" / "work")
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("The folder "))
    assert "for saved work cannot be used" in panel.ui.statusLabel.text
