"""Boxes in views that are rotated against the volume: on the plane that is seen, from the pointer to the list."""

import numpy as np
import pytest
import slicer
from boxes import boxNodes, segmentVoxels
from logic.geometries import rotation

from slicerhost import widgetDriver

pytestmark = pytest.mark.usefixtures("onePanel")

ANGLE = 20
TURN = rotation(0, ANGLE) @ np.diag([-1, 1, 1])


def turn(gui, viewName, axes):
    """Let a view show planes along the columns of a matrix, through the middle of the volume."""
    node = gui.view(viewName).view.mrmlSliceNode()
    for row in range(3):
        for column in range(3):
            node.GetSliceToRAS().SetElement(row, column, float(axes[row, column]))
    node.UpdateMatrices()
    node.JumpSliceByOffsetting(30.0, 25.0, 20.0)
    gui.processEvents()
    return node


def axesOf(node):
    return slicer.util.arrayFromVTKMatrix(node.GetSliceToRAS())[:3, :3]


@pytest.fixture
def turnedBox(gui, panel, dragInRed):
    """The markup of a box that was drawn in the red view, which is rotated."""
    turn(gui, "Red", TURN)
    panel.ui.drawButton.click()
    dragInRed()
    gui.waitUntil(lambda: "pixels on the plane" in panel.ui.statusLabel.text)
    panel.ui.drawButton.click()
    (node,) = boxNodes()
    return node


def test_the_plane_is_segmented_said_and_listed(gui, panel, turnedBox):
    sentence = f"The view is rotated by {ANGLE}° against the volume: found "
    assert panel.ui.statusLabel.text.startswith(sentence)
    k, j, i = np.nonzero(segmentVoxels(panel))
    normal = TURN[:, 2]
    depths = (np.array([i, j, k]).T - (30, 25, 20)) @ normal
    assert abs(depths).max() <= 0.5 + 1e-3
    assert len(set(k)) >= 3
    assert panel.ui.boxesTable.item(0, 0).text().startswith("Oblique ")
    # Across its plane it would be a line of handles.
    display = turnedBox.GetDisplayNode()
    shown = [display.GetNthViewNodeID(number) for number in range(display.GetNumberOfViewNodeIDs())]
    assert shown == ["vtkMRMLSliceNodeRed"]


def test_a_click_in_the_list_turns_a_view_to_the_plane(gui, panel, turnedBox):
    turn(gui, "Red", np.diag([-1.0, 1.0, 1.0]))
    table = panel.ui.boxesTable
    place = table.visualItemRect(table.item(0, 0)).center()
    widgetDriver.click(table.viewport(), place.x(), place.y())
    node = gui.view("Red").view.mrmlSliceNode()
    np.testing.assert_allclose(axesOf(node), TURN, atol=1e-6)
    place = np.zeros(3)
    turnedBox.GetCenterWorld(place)
    distance = (place - slicer.util.arrayFromVTKMatrix(node.GetSliceToRAS())[:3, 3]) @ TURN[:, 2]
    assert distance == pytest.approx(0, abs=0.01)


def test_it_is_followed_and_checked_by_keys(gui, panel, server, turnedBox):
    drawn = segmentVoxels(panel)
    panel.ui.propagateButton.click()
    gui.waitUntil(lambda: not panel.ui.cancelButton.enabled and (segmentVoxels(panel) & ~drawn).any())
    assert server.requests[-1]["axis"] == 0
    panel.ui.worstSliceButton.click()
    node = gui.view("Red").view.mrmlSliceNode()
    np.testing.assert_allclose(axesOf(node), TURN, atol=1e-6)
    gui.processEvents()
    panel.ui.acceptSliceButton.click()
    assert panel.ui.statusLabel.text.endswith("is accepted: propagation leaves it as it is.")
    panel.ui.undoButton.click()
    gui.processEvents()
    panel.ui.undoButton.click()
    assert boxNodes() == []


def test_the_choice_is_there_when_a_view_is_rotated_and_kept_with_the_scene(gui, panel, tmp_path):
    gui.processEvents()
    assert not panel.ui.nearestSliceCheckBox.visible
    turn(gui, "Red", TURN)
    gui.waitUntil(lambda: panel.ui.nearestSliceCheckBox.visible)
    widgetDriver.click(panel.ui.nearestSliceCheckBox)
    # Slicer complains of views without the name of an orientation (findings/slicer-oblique-views.sh).
    turn(gui, "Red", np.diag([-1.0, 1.0, 1.0]))
    path = str(tmp_path / "scene.mrb")
    slicer.util.saveScene(path)
    slicer.mrmlScene.Clear()
    gui.waitUntil(lambda: not panel.ui.nearestSliceCheckBox.checked)
    slicer.util.loadScene(path)
    gui.waitUntil(lambda: panel.ui.nearestSliceCheckBox.checked)


def test_the_preview_is_of_the_plane(gui, panel, server):
    server.client()
    turn(gui, "Red", TURN)
    red = gui.view("Red")
    x, y = red.center
    panel.ui.drawButton.click()
    red.moveTo(x - 40, y - 30)
    red.press()
    red.moveTo(x + 40, y + 30)
    gui.waitUntil(lambda: ((red.pixels() > 230).all(axis=2).sum(axis=0) > 20).any())
    # The one plane of which anything was sent, not the nearest slice of the volume.
    assert server.requests[-1]["slice"] == 0
    red.pressKeys("Esc")
    red.release()


def test_a_click_is_on_the_plane(ownPanel, gui, server, openPanel, volume):
    server.boxOfClick = lambda x, y: (round(x) - 4, round(y) - 3, round(x) + 4, round(y) + 3)
    server.client()
    panel = openPanel()
    gui.waitUntil(lambda: panel.panel._session.takesClicks)
    turn(gui, "Red", TURN)
    panel.ui.drawButton.click()
    red = gui.view("Red")
    red.click(*red.center)
    gui.waitUntil(lambda: "pixels on the plane" in panel.ui.statusLabel.text)
    assert panel.ui.boxesTable.item(0, 0).text().startswith("Oblique ")
