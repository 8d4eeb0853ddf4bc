"""The panel with the real server and the real LiteMedSAM, driven by pointer."""

from pathlib import Path

import numpy as np
import pytest
import slicer
import vtk

from MedSAMSegLib.server.serverProcess import ServerProcess
from slicerhost import widgetDriver

MODULE_FOLDER = Path(__file__).resolve().parents[2] / "MedSAMSeg"
SAMPLES = MODULE_FOLDER / "Resources" / "SampleData"
#: Starting torch and the first encoding take seconds; more on a busy computer.
ANSWER_SECONDS = 120


@pytest.fixture
def openRealPanel(gui, realServer, monkeypatch):
    """Called, opens the module with that server; background encoding is off, so that boxes alone are measured."""
    monkeypatch.setattr(ServerProcess, "shared", lambda: realServer)

    def open():
        panel = gui.openModule(MODULE_FOLDER / "MedSAMSeg.py")
        if panel.ui.backgroundEncodingCheckBox.checked:
            panel.ui.backgroundEncodingCheckBox.click()
        return panel

    return open


def waitForAnswer(gui, panel, *beginnings):
    try:
        gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith(beginnings), ANSWER_SECONDS)
    except TimeoutError:
        pytest.fail(f"The panel says: {panel.ui.statusLabel.text!r}, {panel.ui.serverStatusLabel.text!r}")


def voxelsOf(panel):
    segmentation, volume = panel.ui.segmentationSelector.currentNode(), panel.ui.volumeSelector.currentNode()
    (segmentID,) = panel.ui.segmentsTable.selectedSegmentIDs()
    return slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segmentID, volume) > 0


def dragInVoxels(gui, volume, start, end):
    """Drag in the red view from one voxel (i, j, k) to another, on the slice through both."""
    IJKToRAS = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(IJKToRAS)
    corners = [IJKToRAS.MultiplyPoint((*corner, 1))[:3] for corner in (start, end)]
    gui.layoutManager.sliceWidget("Red").sliceLogic().SetSliceOffset(corners[0][2])
    gui.processEvents()
    red = gui.view("Red")
    red.drag(*(red.rasToXY(corner) for corner in corners))


def test_boxOnTheSampleBecomesTheTumorAndIsFollowed(gui, openRealPanel):
    volume = slicer.util.loadVolume(str(SAMPLES / "RiderChestCT.nrrd"))
    outline = slicer.util.loadLabelVolume(str(SAMPLES / "RiderChestCTTumour.nrrd"), {"show": False})
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    panel = openRealPanel()
    assert panel.ui.windowComboBox.currentText.startswith("Auto: Lung")
    widgetDriver.click(panel.ui.drawButton)
    dragInVoxels(gui, volume, (54, 160, 24), (101, 204, 24))
    waitForAnswer(gui, panel, "Found")

    expected = slicer.util.arrayFromVolume(outline) > 0
    assert dice(voxelsOf(panel)[24], expected[24]) > 0.85
    widgetDriver.click(panel.ui.limitRangeCheckBox)
    gui.processEvents()
    widgetDriver.typeText(panel.ui.firstSliceSpinBox, "22")
    widgetDriver.typeText(panel.ui.lastSliceSpinBox, "26")
    widgetDriver.click(panel.ui.propagateButton)
    gui.waitUntil(lambda: panel.ui.propagateButton.enabled, ANSWER_SECONDS)
    assert list(np.flatnonzero(voxelsOf(panel).any(axis=(1, 2)))) == [22, 23, 24, 25, 26]
    assert dice(voxelsOf(panel)[22:27], expected[22:27]) > 0.8
    widgetDriver.click(panel.ui.undoButton)
    assert list(np.flatnonzero(voxelsOf(panel).any(axis=(1, 2)))) == [24]


def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


@pytest.mark.parametrize(
    ("shape", "dtype", "sentence"),
    [
        pytest.param((1, 60, 60), np.int16, "", id="single slice"),
        pytest.param((20, 60, 3), np.int16, "", id="three voxels wide"),
        pytest.param((5, 60, 60), np.float32, "not a number", id="voxels that are no number"),
    ],
)
def test_unusualVolumesAreAnswered(gui, openRealPanel, shape, dtype, sentence):
    array = np.zeros(shape, dtype)
    array[:, 20:40, shape[2] // 3 : shape[2] - shape[2] // 3] = 100
    if sentence:
        array[:, :5] = np.nan
    volume = slicer.util.addVolumeFromArray(array, name="unusual")
    volume.CreateDefaultDisplayNodes()
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    panel = openRealPanel()
    widgetDriver.click(panel.ui.drawButton)
    edge = 0 if shape[2] == 3 else 18
    dragInVoxels(gui, volume, (edge, 18, shape[0] // 2), (shape[2] - 1 - edge, 41, shape[0] // 2))
    waitForAnswer(gui, panel, "Found", "Nothing was found")
    assert sentence in panel.ui.statusLabel.text
