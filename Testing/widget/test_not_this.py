"""The tool "Not this": a box drawn inside of the object's box takes away what is in it."""

import numpy as np
import pytest
import slicer
from boxes import boxNodes, drawBox, segmentVoxels, shownSlice

from MedSAMSegLib.boxes.excludedBoxes import EXCLUDED_ATTRIBUTE
from MedSAMSegLib.boxes.storedBox import storedPrompt

pytestmark = pytest.mark.usefixtures("onePanel")


def inside(gui, box):
    """:return: two corners in RAS, well inside of the box."""
    center, size = np.zeros(3), np.zeros(3)
    box.GetCenterWorld(center)
    box.GetSizeWorld(size)
    center[2] = shownSlice(gui, "Red")
    step = np.array([size[0], size[1], 0]) / 4
    return center - step, center + step


def test_whatIsDrawnInTheBoxIsTakenAwayAndComesBack(gui, panel, server, box):
    whole = segmentVoxels(panel)
    panel.ui.notThisButton.click()
    corners = inside(gui, box)
    drawBox(gui, "Red", *corners)
    gui.waitUntil(lambda: "exclude" in server.requests[-1] and segmentVoxels(panel).sum() < whole.sum())
    assert storedPrompt(box).exclude == server.requests[-1]["exclude"][0]
    assert f"Found {segmentVoxels(panel).sum()} voxels" in panel.ui.statusLabel.text
    assert panel.ui.boxesTable.rowCount == 1
    (shown,) = (node for node in boxNodes() if node.GetAttribute(EXCLUDED_ATTRIBUTE))
    center, drawn = np.zeros(3), np.mean(corners, axis=0)
    shown.GetCenterWorld(center)
    # One pixel of the screen is less than a voxel here.
    assert np.abs(center - drawn)[:2].max() < 1
    assert shown.GetDisplayNode().GetSelectedColor() != box.GetDisplayNode().GetSelectedColor()
    panel.ui.clearPointsButton.click()
    gui.waitUntil(lambda: segmentVoxels(panel).sum() == whole.sum())
    assert len(boxNodes()) == 1
    panel.ui.undoButton.click()
    assert len(boxNodes()) == 2
    assert segmentVoxels(panel).sum() < whole.sum()


def test_oneToolHasTheMouseAndAllGiveItBack(gui, panel, box):
    tools = (panel.ui.drawButton, panel.ui.positivePointButton, panel.ui.negativePointButton)
    for other in tools:
        panel.ui.notThisButton.click()
        assert not any(each.checked for each in tools)
        other.click()
        assert not panel.ui.notThisButton.checked
    panel.ui.notThisButton.click()
    gui.exitModule()
    assert not panel.ui.notThisButton.checked


def test_whatIsMissingIsSaid(gui, panel, server, box):
    corners = inside(gui, box)
    asked = len(server.requests)
    panel.ui.notThisButton.click()
    red = gui.view("Red")
    red.moveTo(*red.center)
    red.wheel(2)
    drawBox(gui, "Red", *corners)
    assert "There is no box of this segment on this slice" in panel.ui.statusLabel.text
    assert len(server.requests) == asked
    panel.ui.deleteBoxButton.click()
    gui.waitUntil(lambda: boxNodes() == [])
    gui.waitUntil(lambda: not panel.ui.notThisButton.enabled)
    assert slicer.util.getNodesByClass("vtkMRMLMarkupsROINode") == []
