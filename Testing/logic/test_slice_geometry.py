"""Boxes drawn in the world land on the right slice and pixels, in every geometry."""

import geometries
import numpy as np
import pytest
import slicer
import vtk
from geometries import SCENARIOS, addVolume, ijkOf, worldOf

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry
from MedSAMSegLib.volumes.slicePrompt import SlicePrompt

AXES = (0, 1, 2)


def viewAlong(right, up, normal):
    """:return: a slice node that shows the plane spanned by two directions."""
    sliceNode = slicer.mrmlScene.GetSingletonNode("Red", "vtkMRMLSliceNode")
    columns = np.array([np.asarray(axis, float) / np.linalg.norm(axis) for axis in (right, up, normal)]).T
    matrix = slicer.util.vtkMatrixFromArray(geometries.affine(columns, (0, 0, 0)))
    sliceNode.GetSliceToRAS().DeepCopy(matrix)
    sliceNode.UpdateMatrices()
    return sliceNode


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize(("geometry", "parents"), SCENARIOS)
def test_a_box_in_the_world_becomes_the_same_box_in_voxels(geometry, parents, axis):
    volumeNode = addVolume(geometry, parents)
    cornerA = worldOf(geometry, parents, ijkOf(axis, 4, 6.25, 2.5))
    cornerB = worldOf(geometry, parents, ijkOf(axis, 4, 1.5, 7.75))
    prompt = SliceGeometry(volumeNode).boxFromRAS(cornerA, cornerB, axis)
    assert (prompt.axis, prompt.sliceIndex, prompt.isClipped) == (axis, 4, False)
    np.testing.assert_allclose(prompt.box, (1.5, 2.5, 6.25, 7.75), atol=1e-9)


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize(("geometry", "parents"), SCENARIOS)
def test_the_axis_is_found_from_the_corners(geometry, parents, axis):
    volumeNode = addVolume(geometry, parents)
    cornerA = worldOf(geometry, parents, ijkOf(axis, 4, 1, 2))
    cornerB = worldOf(geometry, parents, ijkOf(axis, 4.2, 6, 7))
    prompt = SliceGeometry(volumeNode).boxFromRAS(cornerA, cornerB)
    assert (prompt.axis, prompt.sliceIndex) == (axis, 4)


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize(("geometry", "parents"), SCENARIOS)
def test_a_slice_position_maps_to_the_world_and_back(geometry, parents, axis):
    sliceGeometry = SliceGeometry(addVolume(geometry, parents))
    point = sliceGeometry.worldFromContinuous(axis, 3, 5.5, 2.25)
    np.testing.assert_allclose(point, worldOf(geometry, parents, ijkOf(axis, 3, 5.5, 2.25)), atol=1e-9)
    np.testing.assert_allclose(sliceGeometry.continuousIJK(point), ijkOf(axis, 3, 5.5, 2.25), atol=1e-9)
    assert sliceGeometry.sliceIndex(axis, point) == 3


def test_the_array_agrees_with_the_geometry():
    volumeNode = addVolume("rotated", "nested parents")
    sliceGeometry = SliceGeometry(volumeNode)
    assert sliceGeometry.shape == slicer.util.arrayFromVolume(volumeNode).shape == geometries.SHAPE
    assert [sliceGeometry.sliceShape(axis) for axis in AXES] == [(11, 13), (9, 13), (9, 11)]


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize(("geometry", "parents"), SCENARIOS)
def test_a_view_of_stored_slices_is_not_rotated(geometry, parents, axis):
    volumeNode = addVolume(geometry, parents)
    origin = worldOf(geometry, parents, (0, 0, 0))
    right = worldOf(geometry, parents, ijkOf(axis, 0, 1, 0)) - origin
    up = worldOf(geometry, parents, ijkOf(axis, 0, 0, 1)) - origin
    normal = np.cross(right, up)
    foundAxis, angle = SliceGeometry(volumeNode).axisForSliceNode(viewAlong(right, np.cross(normal, right), normal))
    assert foundAxis == axis
    # Along this axis the stored rows are sheared by the tilt: no view shows them upright.
    isShearedInPlane = geometry == "gantry tilt" and axis == 2
    assert angle == pytest.approx(20 if isShearedInPlane else 0, abs=1e-6)


def test_a_view_on_its_side_shows_stored_slices_too():
    sliceGeometry = SliceGeometry(addVolume("anisotropic"))
    axis, angle = sliceGeometry.axisForSliceNode(viewAlong((0, 1, 0), (-1, 0, 0), (0, 0, 1)))
    assert (axis, angle) == (0, pytest.approx(0, abs=1e-6))


@pytest.mark.parametrize("angle", [3.0, 12.0, 40.0])
@pytest.mark.parametrize("axisOfRotation", [0, 1, 2])
def test_the_angle_of_a_rotated_view_is_told(angle, axisOfRotation):
    volumeNode = addVolume("anisotropic")
    cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    rotated = np.eye(3)
    first, second = [index for index in range(3) if index != axisOfRotation]
    rotated[first, first] = rotated[second, second] = cosine
    rotated[first, second], rotated[second, first] = -sine, sine
    axis, foundAngle = SliceGeometry(volumeNode).axisForSliceNode(viewAlong(*rotated.T))
    assert axis == 0
    assert foundAngle == pytest.approx(angle, abs=1e-6)


@pytest.mark.parametrize(("view", "axis"), [("Red", 0), ("Green", 1), ("Yellow", 2)])
def test_slicers_views_of_an_ordinary_scan(view, axis):
    sliceGeometry = SliceGeometry(addVolume("as loaded"))
    sliceNode = slicer.mrmlScene.GetSingletonNode(view, "vtkMRMLSliceNode")
    assert sliceGeometry.axisForSliceNode(sliceNode) == (axis, pytest.approx(0, abs=1e-6))


@pytest.mark.parametrize(("view", "axis"), [("Red", 1), ("Green", 2), ("Yellow", 0)])
def test_views_follow_the_world_not_the_storage_order(view, axis):
    sliceNode = slicer.mrmlScene.GetSingletonNode(view, "vtkMRMLSliceNode")
    assert SliceGeometry(addVolume("sagittal")).axisForSliceNode(sliceNode)[0] == axis


def test_a_box_drawn_in_a_view_of_stored_slices_is_exact():
    sliceGeometry = SliceGeometry(addVolume("as loaded"))
    sliceNode = slicer.mrmlScene.GetSingletonNode("Red", "vtkMRMLSliceNode")
    cornerA = worldOf("as loaded", "no parent", (2.5, 3.0, 5.2))
    cornerB = worldOf("as loaded", "no parent", (9.0, 7.5, 5.2))
    prompt = sliceGeometry.boxFromView(cornerA, cornerB, sliceNode)
    assert (prompt.axis, prompt.sliceIndex) == (0, 5)
    np.testing.assert_allclose(prompt.box, (2.5, 3.0, 9.0, 7.5), atol=1e-9)


def test_a_box_drawn_in_a_rotated_view_encloses_the_rectangle_on_the_slice_through_its_center():
    sliceGeometry = SliceGeometry(addVolume("isotropic"))
    directions = geometries.rotation(0, 20).T
    center = np.array([6.0, 5.0, 4.0])
    halfDiagonal = 3 * directions[0] + 2 * directions[1]
    prompt = sliceGeometry.boxFromView(center - halfDiagonal, center + halfDiagonal, viewAlong(*directions))
    assert (prompt.axis, prompt.sliceIndex) == (0, 4)
    halfHeight = 2 * np.cos(np.radians(20))
    np.testing.assert_allclose(prompt.box, (3, 5 - halfHeight, 9, 5 + halfHeight), atol=1e-9)


def test_a_box_drawn_in_a_view_turned_about_its_normal_is_never_flat():
    sliceGeometry = SliceGeometry(addVolume("isotropic"))
    directions = geometries.rotation(45).T
    center = np.array([6.0, 5.0, 4.0])
    halfDiagonal = 2 * directions[0] + 2 * directions[1]
    prompt = sliceGeometry.boxFromView(center - halfDiagonal, center + halfDiagonal, viewAlong(*directions))
    half = 2 * np.sqrt(2)
    np.testing.assert_allclose(prompt.box, (6 - half, 5 - half, 6 + half, 5 + half), atol=1e-9)


def test_corners_on_different_slices_are_an_error_that_names_them():
    sliceGeometry = SliceGeometry(addVolume("isotropic"))
    with pytest.raises(
        UserError, match=r"\(1\.0, 1\.0, 2\.0\) mm and \(8\.0, 8\.0, 4\.0\) mm .* 2\.0 and 4\.0"
    ) as error:
        sliceGeometry.boxFromRAS((1, 1, 2), (8, 8, 4), axis=0)
    assert error.value.code == "box_spans_slices"


def test_a_box_partly_outside_is_clipped_and_says_so():
    sliceGeometry = SliceGeometry(addVolume("isotropic"))
    prompt = sliceGeometry.boxFromRAS((-5, 4, 2), (6, 99, 2))
    assert prompt.box == (-0.5, 4, 6, 10.5)
    assert prompt.isClipped
    assert sliceGeometry.clip(prompt).isClipped


@pytest.mark.parametrize(
    ("cornerA", "cornerB"),
    [((-9, 1, 2), (-2, 5, 2)), ((1, 30, 2), (5, 40, 2)), ((1, 1, 9), (5, 5, 9)), ((1, 1, -1), (5, 5, -1))],
)
def test_a_box_outside_is_an_error_that_names_the_place_and_the_volume(cornerA, cornerB):
    with pytest.raises(UserError, match=r"The box from \(.*\) mm to \(.*\) mm lies outside the volume 'CT'") as error:
        SliceGeometry(addVolume("isotropic")).boxFromRAS(cornerA, cornerB)
    assert error.value.code == "box_outside_image"
    assert f"({cornerA[0]:.1f}, {cornerA[1]:.1f}, {cornerA[2]:.1f}) mm" in error.value.message
    assert "slices 0 to 8 of 13 × 11 pixels" in error.value.hint


def test_the_outermost_slices_end_half_a_slice_beyond_their_centers():
    sliceGeometry = SliceGeometry(addVolume("isotropic"))
    assert sliceGeometry.boxFromRAS((1, 1, 8.49), (5, 5, 8.49)).sliceIndex == 8
    assert sliceGeometry.boxFromRAS((1, 1, -0.49), (5, 5, -0.49)).sliceIndex == 0


@pytest.mark.parametrize("end", [(2, 3), (6, 3), (2, 8)])
def test_a_click_without_a_drag_is_an_error(end):
    sliceGeometry = SliceGeometry(addVolume("rotated"))
    corners = [sliceGeometry.worldFromContinuous(0, 4, x, y) for x, y in ((2, 3), end)]
    with pytest.raises(UserError, match="has no area") as error:
        sliceGeometry.boxFromRAS(*corners, axis=0)
    assert error.value.code == "box_empty"


def test_a_corner_that_is_not_a_number_is_an_error():
    with pytest.raises(UserError, match="not a place"):
        SliceGeometry(addVolume()).boxFromRAS((1, 1, float("nan")), (5, 5, 2))


def test_a_nonlinear_parent_transform_is_an_error_that_names_it():
    volumeNode = addVolume()
    points = vtk.vtkPoints()
    for point in ((0, 0, 0), (9, 0, 0), (0, 9, 0), (0, 0, 9), (9, 9, 9)):
        points.InsertNextPoint(point)
    bent = vtk.vtkPoints()
    bent.DeepCopy(points)
    bent.SetPoint(4, 9, 9, 12)
    spline = vtk.vtkThinPlateSplineTransform()
    spline.SetSourceLandmarks(points)
    spline.SetTargetLandmarks(bent)
    warp = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode", "Warp")
    warp.SetAndObserveTransformToParent(spline)
    volumeNode.SetAndObserveTransformNodeID(warp.GetID())
    with pytest.raises(UserError, match=r"'CT' is under a transform that is not linear \('Warp'\)") as error:
        SliceGeometry(volumeNode)
    assert error.value.code == "transform_not_linear"


def test_a_removed_volume_is_an_error():
    volumeNode = addVolume()
    slicer.mrmlScene.RemoveNode(volumeNode)
    with pytest.raises(UserError, match="no longer in the scene"):
        SliceGeometry(volumeNode)


def test_a_volume_without_voxels_is_an_error():
    volumeNode = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Empty")
    with pytest.raises(UserError, match="'Empty' has no voxels"):
        SliceGeometry(volumeNode)


@pytest.mark.parametrize(
    ("edges", "code"),
    [((5, 1, 3, 4), "box_reversed"), ((1, 4, 3, 4), "box_empty"), ((1, 1, float("inf"), 4), "box_invalid")],
)
def test_a_box_that_is_none_cannot_be_made(edges, code):
    with pytest.raises(UserError) as error:
        SlicePrompt(0, 3, edges)
    assert error.value.code == code


def test_an_axis_that_does_not_exist_is_an_error():
    with pytest.raises(UserError, match="Axis 3 does not exist"):
        SlicePrompt(3, 0, (1, 1, 4, 4))


def test_clipping_a_box_given_in_voxels():
    sliceGeometry = SliceGeometry(addVolume("rotated"))
    assert sliceGeometry.clip(SlicePrompt(0, 2, (1, 2, 3, 4))) == SlicePrompt(0, 2, (1, 2, 3, 4))
    assert sliceGeometry.clip(SlicePrompt(1, 2, (-3, -4, 40, 50))).box == (-0.5, -0.5, 12.5, 8.5)
    with pytest.raises(UserError, match=r"on slice 9 along axis 0 lies outside the volume 'CT'"):
        sliceGeometry.clip(SlicePrompt(0, 9, (1, 2, 3, 4)))
