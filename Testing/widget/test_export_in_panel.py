"""Export to DICOM from the panel: what is asked for, how far it is, stopped, and why it cannot be."""

import itertools
import threading
from pathlib import Path

import numpy as np
import pytest
import slicer

from MedSAMSegLib.errors import UserError
from slicerhost import widgetDriver


class Program:
    """The server's program: notes what it is asked, and writes empty files once it may."""

    def __init__(self, command, environment):
        self.mayGoOn, self.isCancelled, self.words, self.failure = threading.Event(), False, None, None
        Program.latest = self

    def run(self, *words, onLine, **options):
        self.words = words
        onLine({"event": "step", "done": 1, "total": 3})
        assert self.mayGoOn.wait(60)
        if Program.failure is not None:
            raise Program.failure
        if self.isCancelled:
            return None
        for option, path in itertools.pairwise(words):
            if option in ("-o", "--report"):
                Path(path).touch()
        return {"warnings": ["Left out: one.dcm."]}

    def cancel(self):
        self.isCancelled = True
        self.mayGoOn.set()


@pytest.fixture
def folder(gui, tmp_path, monkeypatch):
    """The folder that the user chooses, and the program that is run."""
    import qt

    Program.failure = None
    monkeypatch.setattr("MedSAMSegLib.logicExport.ServerProgram", Program)
    monkeypatch.setattr("MedSAMSegLib.logicExport.findServerCommand", lambda: [])
    folder = tmp_path / "out"
    folder.mkdir()
    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *arguments: str(folder))
    return folder


@pytest.fixture
def ui(panel, volume, tmp_path, monkeypatch):
    """The panel's widgets with the section open, a segment, and a volume from the database."""
    image = tmp_path / "image.dcm"
    image.touch()
    volume.SetAttribute("DICOM.instanceUIDs", "1.2.3")

    class Database:
        def fileForInstance(self, uid):
            return str(image) if uid.startswith("1.2.3") else ""

        def seriesForFile(self, path):
            return "1.2"

    monkeypatch.setattr(slicer, "dicomDatabase", Database(), raising=False)
    widgetDriver.click(panel.ui.exportButton, 20, 10)
    widgetDriver.click(panel.ui.addSegmentButton)
    segmentation = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")[0]
    voxels = np.zeros((40, 50, 60), np.uint8)
    voxels[5:9, 10:20, 10:30] = 1
    segmentID = segmentation.GetSegmentation().GetNthSegmentID(0)
    slicer.util.updateSegmentBinaryLabelmapFromArray(voxels, segmentation, segmentID, volume)
    return panel.ui


def test_whatIsCheckedIsWrittenIntoTheChosenFolder(gui, ui, folder):
    gui.waitUntil(lambda: ui.exportDicomButton.enabled)
    assert (ui.exportSegmentationCheckBox.checked, ui.exportReportCheckBox.checked) == (True, True)
    assert not ui.exportHintLabel.visible
    widgetDriver.click(ui.exportStructuresCheckBox)
    widgetDriver.click(ui.exportReportCheckBox)
    widgetDriver.click(ui.exportDicomButton)
    gui.waitUntil(lambda: (ui.exportProgressBar.value, ui.exportProgressBar.maximum) == (1, 3))
    assert ui.cancelExportButton.visible
    assert not ui.exportDicomButton.visible
    Program.latest.mayGoOn.set()
    gui.waitUntil(lambda: ui.exportDicomButton.visible)
    expected = "MedSAMSeg.seg.dcm, MedSAMSeg.rtstruct.dcm"
    assert ui.statusLabel.text == (f"Written into {folder}, for the images of 'CT' (1): {expected}. Left out: one.dcm.")
    assert not ui.exportSourceComboBox.visible
    assert sorted(path.name for path in folder.iterdir()) == sorted(expected.split(", "))
    assert not ui.cancelExportButton.visible


def test_ofTwoVolumesOfASeriesTheUserChoosesWhoseImagesAreMeant(gui, ui, folder, volume):
    late = slicer.util.addVolumeFromArray(np.zeros((40, 50, 60), np.int16), name="Late")
    late.SetAttribute("DICOM.instanceUIDs", "1.2.3.4")
    gui.waitUntil(lambda: ui.exportSourceComboBox.visible)
    assert ui.exportSourceComboBox.currentText == "CT"
    widgetDriver.choose(ui.exportSourceComboBox, "Late")
    gui.processEvents()
    assert ui.exportSourceComboBox.currentText == "Late"
    widgetDriver.click(ui.exportDicomButton)
    Program.latest.mayGoOn.set()
    gui.waitUntil(lambda: ui.exportDicomButton.visible)
    assert "for the images of 'Late' (1): " in ui.statusLabel.text
    slicer.mrmlScene.RemoveNode(late)
    gui.waitUntil(lambda: not ui.exportSourceComboBox.visible)


def test_cancelLeavesNothing(gui, ui, folder):
    gui.waitUntil(lambda: ui.exportDicomButton.enabled)
    widgetDriver.click(ui.exportDicomButton)
    gui.waitUntil(lambda: ui.exportProgressBar.value == 1)
    widgetDriver.click(ui.cancelExportButton)
    gui.waitUntil(lambda: ui.exportDicomButton.visible)
    assert ui.statusLabel.text == "Stopped. No DICOM file was written."
    assert list(folder.iterdir()) == []


def test_failureIsSaidAndTheButtonComesBack(gui, ui, folder):
    Program.failure = UserError("The disk is full.", "Free some space.", "disk_full")
    gui.waitUntil(lambda: ui.exportDicomButton.enabled)
    widgetDriver.click(ui.exportDicomButton)
    Program.latest.mayGoOn.set()
    gui.waitUntil(lambda: ui.exportDicomButton.visible)
    assert ui.statusLabel.text == "The disk is full. Free some space."
    assert list(folder.iterdir()) == []


def test_aVolumeThatIsNotFromDicomHasAHintAndNoButton(gui, ui, volume):
    volume.RemoveAttribute("DICOM.instanceUIDs")
    widgetDriver.click(ui.exportLabelMapCheckBox)
    gui.waitUntil(lambda: ui.exportHintLabel.visible)
    assert not ui.exportDicomButton.enabled
    assert "was not loaded from Slicer's DICOM database" in ui.exportHintLabel.text


def test_nothingCheckedIsNothingToExport(gui, ui):
    gui.waitUntil(lambda: ui.exportDicomButton.enabled)
    widgetDriver.click(ui.exportSegmentationCheckBox)
    widgetDriver.click(ui.exportReportCheckBox)
    gui.waitUntil(lambda: not ui.exportDicomButton.enabled)


def test_sceneThatIsClosedEndsTheExport(gui, ui, folder):
    gui.waitUntil(lambda: ui.exportDicomButton.enabled)
    widgetDriver.click(ui.exportDicomButton)
    gui.waitUntil(lambda: ui.exportProgressBar.value == 1)
    slicer.mrmlScene.Clear(0)
    gui.waitUntil(lambda: ui.exportDicomButton.visible and not list(folder.iterdir()))
    assert Program.latest.isCancelled
    assert not ui.exportDicomButton.enabled
