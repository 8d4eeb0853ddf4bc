"""Further volumes of the patient in the panel: ticked, fused, said where they are resampled, saved, asked again."""

import dataclasses

import numpy as np
import pytest
import slicer
from boxes import drawBox, segmentVoxels
from PySide6 import QtCore

from slicerhost import widgetDriver

pytestmark = pytest.mark.usefixtures("onePanel")

RESAMPLED = "'Fine' has other voxels than 'CT': it is resampled to them"


def add(name, voxels=None, spacing=(1, 1, 1), origin=(0, 0, 0)):
    voxels = np.zeros((40, 50, 60), np.int16) if voxels is None else voxels
    kind = "vtkMRMLVectorVolumeNode" if voxels.ndim == 4 else "vtkMRMLScalarVolumeNode"
    node = slicer.util.addVolumeFromArray(voxels, name=name, nodeClassName=kind)
    node.SetSpacing(*spacing)
    node.SetOrigin(*origin)
    return node


@pytest.fixture
def phases(gui, panel):
    """{name: node} of further volumes, listed in the opened group."""
    nodes = {"Arterial": add("Arterial"), "Fine": add("Fine", np.zeros((40, 100, 120), np.int16), (0.5, 0.5, 1))}
    panel.ui.phasesButton.collapsed = False
    gui.waitUntil(lambda: panel.ui.phasesList.count == len(nodes))
    return nodes


def shown(panel):
    """:return: {text of a row: whether it is ticked}."""
    rows = [panel.ui.phasesList.item(row) for row in range(panel.ui.phasesList.count)]
    return {row.text(): row.checkState() == QtCore.Qt.Checked for row in rows}


def tick(gui, panel, row):
    """Go to a row by keys and press Space there."""
    panel.ui.phasesList.setFocus()
    panel.ui.phasesList.setCurrentRow(row)
    widgetDriver.pressKeys(panel.ui.phasesList, "Space")
    gui.processEvents()


def drawnBox(gui, panel, sliceIndex=20):
    gui.layoutManager.sliceWidget("Red").sliceLogic().SetSliceOffset(sliceIndex)
    drawBox(gui, "Red", (10, 10, sliceIndex), (30, 30, sliceIndex))


def test_tickedVolumesAreAskedFromThenOn(gui, panel, server, phases):
    assert shown(panel) == {"Arterial": False, "Fine (other voxels: is resampled)": False}
    assert not panel.ui.fuseComboBox.enabled
    tick(gui, panel, 0)
    sentence = "Asked along with 'CT' from now on, by the mean of the probabilities: 'Arterial'."
    assert panel.ui.statusLabel.text == sentence
    assert panel.ui.phasesButton.text == "Further volumes (1)"
    tick(gui, panel, 1)
    assert RESAMPLED in panel.ui.statusLabel.text
    panel.ui.fuseComboBox.currentIndex = 1
    assert "by the maximum of the probabilities: 'Arterial', 'Fine'." in panel.ui.statusLabel.text
    panel.ui.drawButton.click()
    drawnBox(gui, panel)
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))
    assert (len(server.requests[-1]["also"]), server.requests[-1]["fuse"]) == (2, "max")
    assert RESAMPLED in panel.ui.statusLabel.text
    for row in (0, 1):
        tick(gui, panel, row)
    assert panel.ui.statusLabel.text == "'CT' is asked alone from now on."
    assert (panel.ui.phasesButton.text, panel.ui.phasesList.currentRow) == ("Further volumes", 1)


def test_allBoxesAreAskedAgainAsOneUndoStep(gui, panel, server, phases):
    assert not panel.ui.askAgainButton.enabled
    panel.ui.drawButton.click()
    for number, sliceIndex in enumerate((20, 22), 1):
        drawnBox(gui, panel, sliceIndex)
        gui.waitUntil(lambda count=number: panel.ui.boxesTable.rowCount == count)
    gui.waitUntil(lambda: panel.ui.askAgainButton.enabled)
    alone = segmentVoxels(panel)
    tick(gui, panel, 0)
    np.testing.assert_array_equal(segmentVoxels(panel), alone)
    wholeMask = server.maskOfBox
    server.maskOfBox = lambda box: dataclasses.replace(wholeMask(box), pixels=wholeMask(box).pixels[:3])
    asked = len(server.requests)
    widgetDriver.click(panel.ui.askAgainButton)
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Asked for 2 boxes again."))
    assert [len(request["also"]) for request in server.requests[asked:]] == [1, 1]
    fused = segmentVoxels(panel)
    assert fused.any(axis=(1, 2)).nonzero()[0].tolist() == [20, 22]
    assert fused.sum() < alone.sum()
    widgetDriver.click(panel.ui.undoButton)
    gui.processEvents()
    np.testing.assert_array_equal(segmentVoxels(panel), alone)
    widgetDriver.click(panel.ui.redoButton)
    gui.processEvents()
    np.testing.assert_array_equal(segmentVoxels(panel), fused)


def test_aSavedSceneKnowsTheTicks(gui, panel, server, phases, tmp_path):
    tick(gui, panel, 0)
    panel.ui.fuseComboBox.currentIndex = 1
    path = str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(path)
    slicer.mrmlScene.Clear()
    gui.waitUntil(lambda: panel.ui.phasesList.count == 0)
    assert (panel.ui.phasesButton.text, panel.ui.fuseComboBox.currentText) == ("Further volumes", "mean")
    slicer.util.loadScene(path)
    gui.waitUntil(lambda: panel.ui.phasesButton.text == "Further volumes (1)")
    assert shown(panel) == {"Arterial": True, "Fine (other voxels: is resampled)": False}
    assert panel.ui.fuseComboBox.currentText == "maximum"


def test_removedVolumesLeaveTheList(gui, panel, server, phases):
    tick(gui, panel, 0)
    slicer.mrmlScene.RemoveNode(phases["Arterial"])
    gui.waitUntil(lambda: list(shown(panel)) == ["Fine (other voxels: is resampled)"])
    assert panel.ui.phasesButton.text == "Further volumes"
    slicer.mrmlScene.RemoveNode(phases["Fine"])
    gui.waitUntil(lambda: not panel.ui.phasesList.visible)
    assert panel.ui.phasesLabel.text.startswith("Load further volumes of the same patient")


def test_eachVolumeHasItsOwnTicks(gui, panel, server, phases):
    tick(gui, panel, 0)
    panel.ui.volumeSelector.setCurrentNode(phases["Arterial"])
    gui.waitUntil(lambda: next(iter(shown(panel))) == "CT")
    assert not any(shown(panel).values())
    panel.ui.volumeSelector.setCurrentNode(slicer.util.getNode("CT"))
    gui.waitUntil(lambda: shown(panel).get("Arterial") is True)


def test_whatCannotBeAskedIsRefusedAndSaysWhy(gui, panel, server, phases):
    add("Photo", np.zeros((1, 20, 20, 3), np.uint8))
    add("Elsewhere", origin=(500, 0, 0))
    gui.waitUntil(lambda: panel.ui.phasesList.count == 4)
    photo = panel.ui.phasesList.item(2)
    assert photo.flags() == QtCore.Qt.NoItemFlags
    assert "one is in color and the other is gray" in photo.toolTip()
    tick(gui, panel, 3)
    assert "have no place in common" in panel.ui.statusLabel.text
    assert not any(shown(panel).values())
