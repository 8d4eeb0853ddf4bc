"""Slice and 3D views: the real displayable managers draw and handle the mouse, at any pixel ratio."""

import numpy as np
import pytest
import slicer
import vtk


@pytest.fixture
def volumeNode(gui):
    voxels = np.zeros((40, 60, 80), np.int16)
    voxels[10:30, 20:40, 30:50] = 100
    volumeNode = slicer.util.addVolumeFromArray(voxels, name="Block")
    volumeNode.SetOrigin(-40.0, -30.0, -20.0)
    volumeNode.CreateDefaultDisplayNodes()
    volumeNode.GetDisplayNode().AutoWindowLevelOff()
    volumeNode.GetDisplayNode().SetWindowLevelMinMax(0, 100)
    slicer.util.setSliceViewerLayers(background=volumeNode, fit=True)
    return volumeNode


@pytest.fixture
def roiNode(gui, volumeNode):
    """A box drawn with two clicks in the Red view."""
    roiNode = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode", "Box")
    roiNode.CreateDefaultDisplayNodes()
    slicer.modules.markups.logic().SetActiveList(roiNode)
    interactionNode = slicer.app.applicationLogic().GetInteractionNode()
    interactionNode.SetCurrentInteractionMode(interactionNode.Place)
    gui.view("Red").click(120, 90)
    gui.view("Red").click(260, 210)
    return roiNode


def boundsOf(roiNode):
    bounds = np.zeros(6)
    roiNode.GetRASBounds(bounds)
    return bounds


def test_the_layout_manager_knows_the_views(gui):
    manager = slicer.app.layoutManager()
    assert manager.sliceViewNames() == ("Red", "Yellow", "Green")
    sliceWidget = manager.sliceWidget("Yellow")
    assert sliceWidget.sliceLogic() is slicer.app.applicationLogic().GetSliceLogicByLayoutName("Yellow")
    assert sliceWidget.sliceView().mrmlSliceNode() is sliceWidget.mrmlSliceNode()
    assert sliceWidget.sliceOrientation == "Sagittal"
    assert manager.sliceWidget("Blue") is None
    assert manager.threeDViewCount == 1
    assert manager.threeDWidget(0).mrmlViewNode().GetClassName() == "vtkMRMLViewNode"
    with pytest.raises(AttributeError):
        manager.sliceWidgets  # noqa: B018
    with pytest.raises(AttributeError):
        sliceWidget.sliceView().inventedFunction()


@pytest.mark.parametrize("name", ["Red", "Yellow", "Green"])
def test_voxels_are_drawn_where_they_are(gui, volumeNode, name):
    view = gui.view(name)
    assert view.pixel(*view.rasToXY((0.0, 0.0, 0.0))) == (255, 255, 255)
    assert view.pixel(*view.rasToXY((-15.0, -15.0, -15.0))) == (0, 0, 0)


def test_the_wheel_turns_slices(gui, volumeNode):
    view = gui.view("Red")
    sliceLogic = view.view.mrmlSliceNode()
    before = sliceLogic.GetSliceOffset()
    view.moveTo(*view.center)
    view.wheel(3)
    assert sliceLogic.GetSliceOffset() == pytest.approx(before + 3)
    view.wheel(-1)
    assert sliceLogic.GetSliceOffset() == pytest.approx(before + 2)


def test_the_right_button_zooms(gui, volumeNode):
    view = gui.view("Red")
    before = view.view.mrmlSliceNode().GetFieldOfView()[0]
    view.drag((200, 150), (200, 100), button="right")
    assert view.view.mrmlSliceNode().GetFieldOfView()[0] != pytest.approx(before)


def test_moving_with_shift_takes_the_other_views_along(gui, volumeNode):
    gui.lookAtAll()
    red = gui.view("Red")
    red.moveTo(*red.center)
    red.moveTo(*red.rasToXY((12.0, -7.0, 0.0)), shift=True)
    yellow, green = gui.view("Yellow"), gui.view("Green")
    assert yellow.xyToRAS(*yellow.center)[0] == pytest.approx(12.0, abs=0.5)
    assert green.xyToRAS(*green.center)[1] == pytest.approx(-7.0, abs=0.5)


def test_a_box_is_placed_by_two_clicks(gui, roiNode):
    view = gui.view("Red")
    corners = np.array([view.xyToRAS(120, 90), view.xyToRAS(260, 210)])
    np.testing.assert_allclose(boundsOf(roiNode)[0:4:2], corners.min(axis=0)[:2], atol=1e-3)
    np.testing.assert_allclose(boundsOf(roiNode)[1:4:2], corners.max(axis=0)[:2], atol=1e-3)
    interactionNode = slicer.app.applicationLogic().GetInteractionNode()
    assert interactionNode.GetCurrentInteractionMode() == interactionNode.ViewTransform


def test_a_handle_is_dragged(gui, roiNode):
    roiNode.GetDisplayNode().SetHandlesInteractive(True)
    view = gui.view("Red")
    view.render()
    before = boundsOf(roiNode)
    # Beside the outline: exactly on it the outline wins over the handle.
    view.drag((263, 150), (303, 150))
    moved = np.flatnonzero(np.abs(boundsOf(roiNode) - before) > 0.1)
    assert list(moved) == [0]
    millimeters = 40 * np.linalg.norm(np.subtract(view.xyToRAS(1, 0), view.xyToRAS(0, 0)))
    assert before[0] - boundsOf(roiNode)[0] == pytest.approx(millimeters, abs=0.1)


def test_a_segmentation_is_drawn_in_its_color(gui, volumeNode, tmp_path):
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    segmentation.CreateDefaultDisplayNodes()
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(volumeNode)
    segmentID = segmentation.GetSegmentation().AddEmptySegment("", "Block", (0.0, 1.0, 0.0))
    mask = (slicer.util.arrayFromVolume(volumeNode) > 50).astype(np.uint8)
    slicer.util.updateSegmentBinaryLabelmapFromArray(mask, segmentation, segmentID, volumeNode)
    view = gui.view("Red")
    red, green, blue = view.pixel(*view.rasToXY((0.0, 0.0, 0.0)))
    assert green > red + 50
    assert red == blue
    view.screenshot(tmp_path / "red.png")
    reader = vtk.vtkPNGReader()
    reader.SetFileName(str(tmp_path / "red.png"))
    reader.Update()
    assert reader.GetOutput().GetDimensions()[:2] == view.size


def addBlock(volumeNode):
    """Add a green segment of what is bright, with a surface."""
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Blocks")
    segmentation.CreateDefaultDisplayNodes()
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(volumeNode)
    segmentID = segmentation.GetSegmentation().AddEmptySegment("", "Block", (0.0, 1.0, 0.0))
    mask = (slicer.util.arrayFromVolume(volumeNode) > 50).astype(np.uint8)
    slicer.util.updateSegmentBinaryLabelmapFromArray(mask, segmentation, segmentID, volumeNode)
    segmentation.CreateClosedSurfaceRepresentation()


def test_a_surface_is_drawn_in_3d(gui, volumeNode):
    addBlock(volumeNode)
    slicer.util.resetThreeDViews()
    view = gui.view("1")
    red, green, blue = view.pixel(*view.center)
    assert green > max(red, blue) + 50


def test_the_focal_point_is_the_center_of_what_is_shown_without_the_box_of_the_view(gui, volumeNode):
    addBlock(volumeNode)
    slicer.app.layoutManager().threeDWidget(0).threeDView().resetFocalPoint()
    (viewNode,) = slicer.util.getNodesByClass("vtkMRMLViewNode")
    assert viewNode.GetBoxVisible() and viewNode.GetAxisLabelsVisible()
    bounds = [0.0] * 6
    slicer.util.getNode("Blocks").GetRASBounds(bounds)
    center = [(bounds[2 * axis] + bounds[2 * axis + 1]) / 2 for axis in range(3)]
    focalPoint = slicer.util.getNodesByClass("vtkMRMLCameraNode")[0].GetFocalPoint()
    assert focalPoint == pytest.approx(center, abs=2)


def test_two_device_pixels_per_pixel(gui, volumeNode):
    view = gui.view("Red")
    width, height = view.size
    point = (5.0, -5.0, 0.0)
    before = view.rasToXY(point)
    gui.setDevicePixelRatio(2)
    assert view.size == (2 * width, 2 * height)
    assert view.view.VTKWidget().devicePixelRatioF() == 2
    np.testing.assert_allclose(view.rasToXY(point), np.multiply(before, 2), atol=2)
    fiducials = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode")
    fiducials.CreateDefaultDisplayNodes()
    slicer.modules.markups.logic().SetActiveList(fiducials)
    interactionNode = slicer.app.applicationLogic().GetInteractionNode()
    interactionNode.SetCurrentInteractionMode(interactionNode.Place)
    x, y = (round(value) for value in view.rasToXY(point))
    view.click(x, y)
    placed = slicer.util.arrayFromMarkupsControlPoints(fiducials, world=True)[0]
    np.testing.assert_allclose(placed, view.xyToRAS(x, y), atol=1e-3)


def test_a_view_can_be_added(gui, volumeNode):
    view = gui.addSliceView("Slice4", "Coronal")
    slicer.util.setSliceViewerLayers(background=volumeNode, fit=True)
    gui.processEvents()
    assert "Slice4" in slicer.app.layoutManager().sliceViewNames()
    assert view.pixel(*view.rasToXY((0.0, 0.0, 0.0))) == (255, 255, 255)
    view.moveTo(*view.center)
    before = view.view.mrmlSliceNode().GetSliceOffset()
    view.wheel(1)
    assert view.view.mrmlSliceNode().GetSliceOffset() == pytest.approx(before + 1)


def test_a_view_follows_the_scene_from_when_somebody_looks(gui, volumeNode):
    segmentationNode = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    segmentationNode.CreateDefaultDisplayNodes()
    segmentationNode.SetReferenceImageGeometryParameterFromVolumeNode(volumeNode)
    segmentID = segmentationNode.GetSegmentation().AddEmptySegment("Block", "Block", (1.0, 0.0, 0.0))
    voxels = np.ones((40, 60, 80), np.uint8)
    slicer.util.updateSegmentBinaryLabelmapFromArray(voxels, segmentationNode, segmentID, volumeNode)
    red = gui.view("Red")
    assert red.pixel(*red.center)[0] > red.pixel(*red.center)[2]
    gui.lookAway()
    slicer.mrmlScene.RemoveNode(segmentationNode)
    red = gui.view("Red")
    assert red.pixel(*red.center)[0] == red.pixel(*red.center)[2]
    assert gui.messages.warnings == []


def test_layouts_show_and_hide_views(gui):
    manager, layouts = slicer.app.layoutManager(), slicer.vtkMRMLLayoutNode
    heard = []
    manager.connect("layoutChanged(int)", heard.append)
    manager.setLayout(layouts.SlicerLayoutOneUpRedSliceView)
    gui.processEvents()
    assert heard == [layouts.SlicerLayoutOneUpRedSliceView]
    assert manager.sliceWidget("Red").visible
    assert not manager.sliceWidget("Green").visible
    assert not manager.sliceWidget("Green").mrmlSliceNode().IsMappedInLayout()
    assert gui.view("Red").size[0] > 800
    with pytest.raises(NotImplementedError, match="The host has no layout"):
        manager.setLayout(layouts.SlicerLayoutFourByTwoSliceView)


def test_rendering_waits_while_it_is_paused(gui, volumeNode):
    gui.lookAtAll()
    gui.processEvents()
    renderings = []
    window = gui.view("Red").view.renderWindow()
    tag = window.AddObserver(vtk.vtkCommand.EndEvent, lambda caller, event: renderings.append(event))
    with slicer.util.RenderBlocker():
        gui.view("Red").view.mrmlSliceNode().SetSliceOffset(5.0)
        gui.processEvents()
        assert not renderings
    gui.processEvents()
    window.RemoveObserver(tag)
    assert renderings


def test_events_reach_observers_of_the_interactor(gui):
    view, seen = gui.view("Red"), []
    interactor = view.view.interactor()
    events = ("EnterEvent", "LeftButtonPressEvent", "LeftButtonReleaseEvent", "KeyPressEvent", "LeaveEvent")

    def see(caller, name):
        seen.append((name, caller.GetEventPosition(), caller.GetShiftKey()))

    # Before the interactor style, which keeps the press to itself.
    tags = [interactor.AddObserver(event, see, 100.0) for event in events]
    view.click(50, 60, shift=True)
    view.pressKeys("Escape")
    view.leave()
    for tag in tags:
        interactor.RemoveObserver(tag)
    assert [name for name, _position, _shift in seen] == list(events)
    assert seen[1][1:] == ((50, 60), 1)
    assert interactor.GetKeySym() == "Escape"
