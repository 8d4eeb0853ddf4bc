"""Boxes drawn with the pointer: the mask lands where the box is, in every view, on every screen, in every volume."""

import math

import numpy as np
import pytest
import slicer
from boxes import boxNodes, segmentVoxels, shownSlice, sliceBox
from fakeServer import boxMask
from logic.geometries import IJK_TO_RAS, PARENTS, addVolume, rotation

pytestmark = pytest.mark.usefixtures("onePanel")

VIEWS = ["Red", "Green", "Yellow", "Extra"]


def expectedBox(geometry, parents, axis, corners):
    """The right answer, by nothing but the matrices: slice and pixels inside the box around four corners in RAS."""
    matrix = IJK_TO_RAS[geometry]
    for parent in PARENTS[parents]:
        matrix = parent @ matrix
    i, j, k = (np.linalg.inv(matrix) @ np.array([[*corner, 1.0] for corner in corners]).T)[:3]
    depth, x, y = {0: (k, i, j), 1: (j, i, k), 2: (i, j, k)}[axis]
    edges = (math.ceil(min(x)), math.ceil(min(y)), math.floor(max(x)), math.floor(max(y)))
    return math.floor(np.mean(depth) + 0.5), *edges


def nearestAxis(view, volume):
    """The array axis whose slices lie closest to the plane of a view."""
    IJKToWorld = slicer.util.arrayFromVTKMatrix(view.view.mrmlSliceNode().GetSliceToRAS())
    normal = IJKToWorld[:3, 2]
    matrix = np.linalg.inv(worldMatrix(volume))[:3, :3]
    cosines = [abs(row @ normal) / np.linalg.norm(row) for row in matrix]
    return 2 - int(np.argmax(cosines))


def worldMatrix(volume):
    toWorld = slicer.vtkMRMLTransformNode
    parent, own = slicer.util.vtkMatrixFromArray(np.eye(4)), slicer.util.vtkMatrixFromArray(np.eye(4))
    toWorld.GetMatrixTransformBetweenNodes(volume.GetParentTransformNode(), None, parent)
    volume.GetIJKToRASMatrix(own)
    return slicer.util.arrayFromVTKMatrix(parent) @ slicer.util.arrayFromVTKMatrix(own)


@pytest.mark.parametrize(
    ("geometry", "parents", "ratio", "isAligned"),
    [
        ("anisotropic", "no parent", 2, True),
        ("rotated", "parent", 1, True),
        ("rotated", "parent", 1, False),
        ("left-handed", "no parent", 2, False),
        ("gantry tilt", "nested parents", 1, True),
        ("sagittal", "no parent", 1, True),
    ],
)
def test_maskLandsWhereTheBoxIs(gui, openPanel, geometry, parents, ratio, isAligned):
    gui.addSliceView("Extra", "Coronal")
    gui.setDevicePixelRatio(ratio)
    volume = addVolume(geometry, parents)
    volume.CreateDefaultDisplayNodes()
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    panel = openPanel()
    # Of slices, in every view; planes of rotated ones are in test_turned_views.py.
    if not isAligned or geometry == "gantry tilt":
        panel.ui.nearestSliceCheckBox.click()
    panel.ui.drawButton.click()
    center = (worldMatrix(volume) @ [6.0, 5.0, 4.0, 1.0])[:3]
    for viewName in VIEWS:
        gui.lookAway()
        view = gui.view(viewName)
        if isAligned:
            view.view.mrmlSliceNode().RotateToVolumePlane(volume)
        view.view.mrmlSliceNode().JumpSliceByOffsetting(*center)
        gui.processEvents()
        x, y = (2 * round(value / 2) for value in view.rasToXY(center))
        start, end = (x - 16 * ratio, y - 12 * ratio), (x + 14 * ratio, y + 18 * ratio)
        axis = nearestAxis(view, volume)
        corners = [view.xyToRAS(*xy) for xy in (start, end, (start[0], end[1]), (end[0], start[1]))]

        view.drag(start, end)
        gui.waitUntil(boxNodes)
        assert sliceBox(segmentVoxels(panel), axis) == expectedBox(geometry, parents, axis, corners), viewName
        panel.ui.undoButton.click()


def test_rotatedViewIsSaid(gui, panel):
    red = gui.view("Red")
    sliceToRAS = red.view.mrmlSliceNode().GetSliceToRAS()
    turn = rotation(12)
    for row in range(3):
        for column in range(3):
            sliceToRAS.SetElement(row, column, float((turn @ np.diag([-1, 1, 1]))[row, column]))
    red.view.mrmlSliceNode().UpdateMatrices()
    panel.ui.nearestSliceCheckBox.click()
    panel.ui.drawButton.click()
    x, y = red.center
    red.drag((x - 40, y - 30), (x + 40, y + 30))
    gui.waitUntil(boxNodes)
    assert "rotated by 12° against the volume: using the nearest slice" in panel.ui.statusLabel.text


def test_viewThatAppearsWhileTheToolIsOnCanBeDrawnIn(gui, panel, volume):
    panel.ui.drawButton.click()
    view = gui.addSliceView("Extra", "Coronal")
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    gui.processEvents()
    x, y = view.center
    view.drag((x - 30, y - 20), (x + 30, y + 20))
    gui.waitUntil(boxNodes)
    assert sliceBox(segmentVoxels(panel), 1)[0] == round(abs(shownSlice(gui, "Extra")))


def test_drawingGoesOnInAnotherLayout(gui, panel):
    panel.ui.drawButton.click()
    gui.layoutManager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpGreenSliceView)
    gui.processEvents()
    view = gui.view("Green")
    x, y = view.center
    view.drag((x - 30, y - 20), (x + 30, y + 20))
    gui.waitUntil(boxNodes)
    assert sliceBox(segmentVoxels(panel), 1)[0] == round(abs(shownSlice(gui, "Green")))


def test_shiftRightButtonAndKeysStillMoveTheView(gui, panel, server):
    red = gui.view("Red")
    node = red.view.mrmlSliceNode()
    panel.ui.drawButton.click()
    x, y = red.center

    def pan():
        red.drag((x, y), (x + 40, y + 30), shift=True)
        return list(node.GetXYZOrigin())

    def zoom():
        red.drag((x, y), (x, y + 40), button="right")
        return list(node.GetFieldOfView())

    def scroll():
        red.pressKeys("Right")
        return node.GetSliceOffset()

    for read, act in (
        (lambda: list(node.GetXYZOrigin()), pan),
        (lambda: list(node.GetFieldOfView()), zoom),
        (node.GetSliceOffset, scroll),
    ):
        before = read()
        assert act() != before
    assert server.requests == []


@pytest.fixture
def holdBox(gui, panel, server):
    """Called, presses and drags in the red view, and does not release; returns the view."""

    def hold(width=80, height=60):
        red = gui.view("Red")
        x, y = red.center
        if not panel.ui.drawButton.checked:
            panel.ui.drawButton.click()
            red.moveTo(x - 40, y - 30)
            red.press()
        red.moveTo(x - 40 + width, y - 30 + height)
        return red

    server.client()
    return hold


def test_previewFollowsTheBoxAndGoesWithIt(gui, panel, server, holdBox):
    # Of every box the left half belongs to the object.
    server.maskOfBox = lambda box: boxMask((box[0], box[1], (box[0] + box[2]) / 2, box[3]))
    red = holdBox()
    x, y = red.center
    gui.waitUntil(lambda: red.pixel(x - 1, y)[2] > 200 or red.pixel(x + 1, y)[2] > 200 or whiteColumns(red))
    first = whiteColumns(red)
    holdBox(width=120)
    gui.waitUntil(lambda: whiteColumns(red) and max(whiteColumns(red)) > max(first) + 10)
    assert boxNodes() == []
    red.release()
    gui.waitUntil(boxNodes)
    gui.waitUntil(lambda: not whiteColumns(red))


def whiteColumns(view):
    """The columns of a view in which a white line stands upright."""
    isWhite = (view.pixels() > 230).all(axis=2)
    return list(np.flatnonzero(isWhite.sum(axis=0) > 20))


def test_escapeTakesThePreviewAway(gui, panel, holdBox):
    red = holdBox()
    gui.waitUntil(lambda: whiteColumns(red))
    red.pressKeys("Esc")
    assert not whiteColumns(red)
    red.release()
    gui.processEvents()
    assert boxNodes() == []


def test_onePreviewIsAskedForAtATime(gui, panel, server, holdBox):
    server.letSegment.clear()
    holdBox()
    gui.waitUntil(lambda: len(server.requests) == 1)
    for width in range(81, 120):
        holdBox(width=width)
    gui.processEvents()
    assert len(server.requests) == 1
    server.letSegment.set()
    gui.waitUntil(lambda: len(server.requests) == 2)
    gui.waitUntil(lambda: whiteColumns(gui.view("Red")))
    # The newest box was asked about, not those between.
    newest = server.requests[-1]["boxes"][0]
    gui.view("Red").release()
    gui.waitUntil(boxNodes)
    assert server.requests[-1]["boxes"][0] == pytest.approx(newest)


def test_sliceThatIsNotEncodedHasNoPreview(gui, panel, server, holdBox):
    server.encodedSlices = set()
    red = holdBox()
    gui.waitUntil(lambda: server.requests)
    # Another question means that the first was answered.
    holdBox(width=120)
    gui.waitUntil(lambda: len(server.requests) == 2)
    assert not whiteColumns(red)
    red.release()
    gui.waitUntil(boxNodes)


@pytest.fixture
def noListOfModels(panel, monkeypatch):
    """The panel does not ask a new server which models it has, which it does, and follows, when it first sees it."""
    monkeypatch.setattr("MedSAMSegLib.panel.sections.serverSection.ServerSection._askForModels", lambda _section: None)
    panel.ui.backgroundEncodingCheckBox.checked = False


@pytest.mark.usefixtures("noListOfModels")
def test_panelDoesNotFollowPreviews(gui, panel, server, holdBox, monkeypatch):
    followed = []
    work = panel.panel._session.work
    red = holdBox()
    gui.waitUntil(lambda: whiteColumns(red))
    gui.waitUntil(lambda: not work.isUnderWay)
    # Other things may make the panel follow at any time.
    monkeypatch.setattr(work, "_onChange", lambda: followed.append(True))
    before = len(server.requests)
    for width in (100, 120, 90):
        asked = len(server.requests)
        holdBox(width=width)
        gui.waitUntil(lambda asked=asked: len(server.requests) > asked)
    gui.waitUntil(lambda: not work.isUnderWay)
    assert len(server.requests) == before + 3
    assert followed == []


@pytest.mark.usefixtures("noListOfModels")
def test_panelFollowsABoxOnceWithItsAnswer(gui, panel, server, dragInRed, monkeypatch):
    panel.ui.drawButton.click()
    dragInRed()
    gui.waitUntil(boxNodes)
    session, said = panel.panel._session, []
    work = session.work
    gui.waitUntil(lambda: not work.isUnderWay and not session.changed._timer.active)
    monkeypatch.setattr(work, "_onChange", lambda: said.append(len(boxNodes())))
    monkeypatch.setattr(session.changed, "emitNow", lambda: said.append("at once"))
    red = gui.view("Red")
    x, y = red.center
    red.drag((x - 30, y - 30), (x + 30, y + 30))
    gui.waitUntil(lambda: len(boxNodes()) == 2)
    gui.waitUntil(lambda: not work.isUnderWay)
    # Not when it is asked.
    assert said == [2]


def test_panelFollowsABoxWhoseAnswerTakesLong(gui, panel, server, dragInRed):
    panel.ui.drawButton.click()
    followed, status = [], panel.ui.statusLabel
    panel.panel._session.changed.connect(lambda: followed.append(status.text.startswith("Looking for the object")))
    server.letSegment.clear()
    dragInRed()
    gui.waitUntil(lambda: any(followed))
    assert boxNodes() == []
    server.letSegment.set()
    gui.waitUntil(boxNodes)
