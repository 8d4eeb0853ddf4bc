"""Boxes on planes that are turned against the volume: a cylinder across them is a circle on each."""

import itertools

import numpy as np
import pytest
import slicer
from geometries import affine, rotation
from movedBoxes import boxNodes
from obliqueCylinder import (
    INSIDE,
    NORMAL,
    OUTSIDE,
    RADIUS,
    RIGHT,
    UP,
    VOXELS,
    BrightServer,
    addCylinder,
    corners,
    dice,
    draw,
    offsets,
    planeDistance,
    turnView,
)
from segmentations import editorNode, voxelsOf

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.logic import MedSAMSegLogic
from MedSAMSegLib.training.correctedSlices import goodSlices
from MedSAMSegLib.volumes import obliquePlanes
from MedSAMSegLib.volumes.obliqueStack import isStack, stacks

SCENARIOS = list(itertools.product(VOXELS, ["no parent", "nested parents"]))


@pytest.fixture
def server():
    return BrightServer()


@pytest.fixture
def logic(server):
    return MedSAMSegLogic(server)


@pytest.mark.parametrize(("kind", "parents"), SCENARIOS)
def test_a_box_gets_the_voxels_that_its_plane_cuts(logic, kind, parents):
    volume, middle = addCylinder(kind, parents)
    segmentation, segment, result = draw(logic, volume, middle)
    assert isStack(logic.boxVolume(segmentation, volume, segment))
    assert result.changedSegment
    assert result.notes == []
    found = voxelsOf(segmentation, segment, volume)
    along, across = offsets(volume, middle)
    half = planeDistance(volume) / 2
    assert abs(along[found]).max() <= half + 1e-3
    # Half a voxel to each side, without a hole; at the rim, a pixel more or less.
    assert found[(abs(along) < half - 1e-3) & (across < RADIUS - 3)].all()
    assert dice(found, (abs(along) < half) & (across < RADIUS)) > 0.97


@pytest.mark.parametrize(("kind", "parents"), SCENARIOS)
def test_one_box_is_followed_to_the_whole_object(logic, server, kind, parents):
    volume, middle = addCylinder(kind, parents)
    segmentation, segment, result = draw(logic, volume, middle)
    logic.propagate(volume, segmentation, segment)
    # What was written on the plane is read back from it without holes.
    (mask,) = server.requests[-1]["masks"].values()
    assert mask[2].sum() == pytest.approx(result.voxelCount, rel=0.06)
    found = voxelsOf(segmentation, segment, volume)
    assert dice(found, slicer.util.arrayFromVolume(volume) > 0) > 0.96
    stack = logic.boxVolume(segmentation, volume, segment)
    states = logic.slices(segmentation, stack, segment, axis=0)
    assert [state.provenance for state in states].count("box") == 1
    assert not any(state.isLocked for state in states)


def test_the_nearest_slice_is_another_plane(logic):
    volume, middle = addCylinder()
    segmentation, segment, result = draw(logic, volume, middle, nearestSlice=True)
    assert result.rotation == 0
    assert result.notes == ["The view is rotated by 38° against the volume: using the nearest slice."]
    assert logic.boxVolume(segmentation, volume, segment) is volume
    along, across = offsets(volume, middle)
    onPlane = (abs(along) < planeDistance(volume) / 2) & (across < RADIUS)
    assert dice(voxelsOf(segmentation, segment, volume), onPlane) < 0.2
    assert stacks() == []


def test_a_rotated_view_means_its_plane(logic):
    volume, middle = addCylinder()
    turnView(RIGHT, UP)
    _segmentation, _segment, result = draw(logic, volume, middle, plane=None, view="Red")
    assert result.rotation == pytest.approx(38.29, abs=0.01)
    # As it was drawn, to the pixel.
    width, height = result.prompt.box[2] - result.prompt.box[0], result.prompt.box[3] - result.prompt.box[1]
    assert (width, height) == pytest.approx((2 * RADIUS + 4, 2 * RADIUS + 4))
    assert logic.undo(_segmentation, volume)


@pytest.mark.parametrize(("right", "up"), [([0, 1, 0], [1, 0, 0]), ([-1, 0, 0], [0, 0, 1]), ([0, 0, -1], [0, 1, 0])])
def test_a_view_turned_by_right_angles_shows_stored_slices(logic, right, up):
    volume, middle = addCylinder()
    turnView(np.array(right, float), np.array(up, float))
    sides = 5.0 * (np.array(right) + up)
    where = {"boxRAS": (middle - sides, middle + sides), "plane": None, "view": "Red"}
    segmentation, segment, result = draw(logic, volume, middle, **where)
    assert logic.boxVolume(segmentation, volume, segment) is volume
    assert (result.rotation, result.notes) == (0, [])
    assert stacks() == []


def test_undo_and_redo(logic):
    volume, middle = addCylinder()
    segmentation, segment, _result = draw(logic, volume, middle)
    drawn = voxelsOf(segmentation, segment, volume)
    logic.propagate(volume, segmentation, segment)
    followed = voxelsOf(segmentation, segment, volume)
    assert logic.undo(segmentation, volume)
    assert (voxelsOf(segmentation, segment, volume) == drawn).all()
    assert logic.undo(segmentation, volume)
    assert boxNodes() == []
    assert not voxelsOf(segmentation, segment, volume).any()
    assert logic.redo(segmentation, volume)
    assert logic.redo(segmentation, volume)
    assert (voxelsOf(segmentation, segment, volume) == followed).all()
    (entry,) = logic.boxes(segmentation, volume)
    logic.deleteBox(entry.node)
    remaining = voxelsOf(segmentation, segment, volume)
    assert not (remaining & drawn).any()
    assert (remaining | drawn == followed).all()


@pytest.mark.parametrize("kind", ["isotropic", "left-handed"])
def test_a_box_is_opened_with_its_plane(logic, server, kind, tmp_path):
    volume, middle = addCylinder(kind, "nested parents")
    segmentation, segment, result = draw(logic, volume, middle)
    place = np.zeros(3)
    result.promptNode.GetCenterWorld(place)
    logic.propagate(volume, segmentation, segment)
    followed = voxelsOf(segmentation, segment, volume)
    path = str(tmp_path / "scene.mrb")
    slicer.util.saveScene(path)
    slicer.mrmlScene.Clear()
    slicer.util.loadScene(path)
    volume, segmentation = slicer.util.getNode("CT"), slicer.util.getNode("CT segmentation")
    (entry,) = logic.boxes(segmentation, volume)
    assert (entry.prompt, entry.isMoved) == (result.prompt, False)
    there = np.zeros(3)
    entry.node.GetCenterWorld(there)
    np.testing.assert_allclose(there, place, atol=1e-3)
    assert {state.provenance for state in logic.slices(segmentation, entry.volume, segment, axis=0)} == {
        "box",
        "propagated",
    }
    assert not logic.updateBox(entry.node).changedSegment
    reopened = voxelsOf(segmentation, segment, volume)
    assert (reopened == (followed[::-1] if kind == "left-handed" else followed)).all()
    # Nothing of the planes is in the file but the box's own text.
    assert list(tmp_path.iterdir()) == [tmp_path / "scene.mrb"]
    asked = server.requests[-1]
    assert server.sent[asked["key"]].shape[0] == 1


def test_a_box_partly_outside_of_the_volume_is_cut_to_it(logic):
    volume, _middle = addCylinder()
    corner = np.array([-12.5, 30.25, -7.0]) + 4
    slicer.util.updateVolumeFromArray(volume, np.full(VOXELS["isotropic"][1], INSIDE, np.int16))
    segmentation, segment, _result = draw(logic, volume, corner)
    found = segmentation.GetBinaryLabelmapInternalRepresentation(segment).GetExtent()
    assert min(found[::2]) == 0
    assert voxelsOf(segmentation, segment, volume).any()


def test_a_box_beside_the_volume_is_refused(logic):
    volume, middle = addCylinder()
    beside = middle + 20 * RIGHT + 20 * UP
    with pytest.raises(UserError, match="outside the volume 'CT'"):
        draw(logic, volume, beside, boxRAS=corners(beside, side=2))


@pytest.mark.parametrize(
    ("plane", "where", "code"),
    [
        (((1, 0, 0), (2, 0, 0)), {}, "plane_invalid"),
        (((0, 0, 0), (0, 1, 0)), {}, "plane_invalid"),
        (((1, 0), (0, 1)), {}, "plane_invalid"),
        ((RIGHT, UP), {"slice": 3}, "box_given_twice"),
        ((RIGHT, UP), {"axis": 1, "nearestSlice": True}, "box_given_twice"),
    ],
)
def test_what_is_no_plane_is_refused(logic, plane, where, code):
    volume, middle = addCylinder()
    with pytest.raises(UserError) as error:
        draw(logic, volume, middle, plane=plane, **where)
    assert error.value.code == code


def test_boxes_on_parallel_planes_share_a_stack(logic):
    volume, middle = addCylinder()
    segmentation, segment, first = draw(logic, volume, middle)
    where = {"boxRAS": corners(middle + 4.2 * NORMAL), "plane": (RIGHT, UP)}
    second = logic.segmentBox(volume, segmentation, segment, **where)
    # The normal of the planes as images runs away from who looks at them.
    assert second.prompt.sliceIndex == first.prompt.sliceIndex - 4
    assert len(stacks()) == 1
    logic.propagate(volume, segmentation, segment)
    states = logic.slices(segmentation, logic.boxVolume(segmentation, volume, segment), segment, axis=0)
    assert [state.provenance for state in states].count("box") == 2


def test_planes_of_different_directions_are_not_followed_together(logic):
    volume, middle = addCylinder()
    segmentation, segment, _result = draw(logic, volume, middle)
    logic.segmentBox(volume, segmentation, segment, axis=0, slice=19, box=(5, 5, 30, 30))
    with pytest.raises(UserError, match="turned against each other"):
        logic.propagate(volume, segmentation, segment)


def test_the_stack_goes_with_its_volume(logic):
    volume, middle = addCylinder()
    draw(logic, volume, middle)
    assert len(stacks()) == 1
    slicer.mrmlScene.RemoveNode(volume)
    assert stacks() == []
    assert boxNodes() == []


def test_other_voxels_are_resliced_again(logic, server):
    volume, middle = addCylinder()
    _segmentation, _segment, result = draw(logic, volume, middle)
    slicer.util.updateVolumeFromArray(volume, np.full(VOXELS["isotropic"][1], OUTSIDE, np.int16))
    assert logic.updateBox(result.promptNode).voxelCount == 0
    assert len(server.uploads) == 2


def test_boxes_follow_a_transform_of_volume_and_segmentation(logic):
    volume, middle = addCylinder()
    segmentation, segment, result = draw(logic, volume, middle)
    found = voxelsOf(segmentation, segment, volume)
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(affine(rotation(40, 10), (5, 6, 7))))
    for node in (volume, segmentation):
        node.SetAndObserveTransformNodeID(transform.GetID())
    (entry,) = logic.boxes(segmentation, volume)
    assert (entry.prompt, entry.isMoved) == (result.prompt, False)
    center = np.zeros(3)
    entry.node.GetCenterWorld(center)
    np.testing.assert_allclose(center, rotation(40, 10) @ middle + (5, 6, 7), atol=1e-3)
    logic.updateBox(entry.node)
    assert (voxelsOf(segmentation, segment, volume) == found).all()


def test_a_large_stack_is_bounded(logic, server, monkeypatch):
    volume, middle = addCylinder()
    monkeypatch.setattr(obliquePlanes, "MOST_BYTES", 30_000 * 2)
    segmentation, segment, _result = draw(logic, volume, middle)
    logic.propagate(volume, segmentation, segment)
    largest = max(server.sent.values(), key=np.size)
    assert 30_000 / 2 < largest.size <= 30_000
    states = logic.slices(segmentation, logic.boxVolume(segmentation, volume, segment), segment, axis=0)
    assert len(states) == len(largest) < 17


def test_a_preview_is_on_the_plane(logic, server):
    volume, middle = addCylinder()
    server.client()
    turnView(RIGHT, UP)
    # No slice counts as encoded.
    server.encodedSlices = set()
    run = logic.startPreview(volume, corners(middle), "Red")
    while run.advance(wait=True):
        pass
    assert isStack(run.result.volume)
    assert run.result.mask.voxelCount == pytest.approx(np.pi * RADIUS**2, rel=0.03)
    assert boxNodes() == []


def test_points_and_thresholds_work_on_the_plane(logic, server):
    volume, middle = addCylinder()
    segmentation, segment, result = draw(logic, volume, middle)
    logic.addPoint(result.promptNode, middle + 3 * RIGHT - 2 * UP, True)
    ((x, y, isInObject),) = server.requests[-1]["points"][0]
    x0, y0, x1, y1 = result.prompt.box
    # Rows of the planes as images go down.
    assert (x - (x0 + x1) / 2, y - (y0 + y1) / 2, isInObject) == pytest.approx((3, 2, 1))
    logic.propagate(volume, segmentation, segment)
    followed = voxelsOf(segmentation, segment, volume)
    assert logic.setPropagationThreshold(volume, segmentation, segment, 0.1).changedSegment
    larger = voxelsOf(segmentation, segment, volume)
    assert followed.sum() < larger.sum()
    assert larger[followed].mean() > 0.99
    assert logic.undo(segmentation, volume)
    assert (voxelsOf(segmentation, segment, volume) == followed).all()


def test_an_accepted_plane_is_kept_from_other_segments(logic):
    volume, middle = addCylinder()
    segmentation, segment, result = draw(logic, volume, middle)
    drawn = voxelsOf(segmentation, segment, volume)
    stack = logic.boxVolume(segmentation, volume, segment)
    logic.acceptSlice(segmentation, stack, segment, axis=0, slice=result.prompt.sliceIndex)
    editorNode(OverwriteMode=slicer.vtkMRMLSegmentEditorNode.OverwriteAllSegments)
    other = logic.addSegment(segmentation, "Other")
    logic.segmentBox(volume, segmentation, other, axis=0, slice=19, box=(5, 5, 30, 30))
    assert (voxelsOf(segmentation, segment, volume) == drawn).all()
    assert not (voxelsOf(segmentation, other, volume) & drawn).any()


def test_nothing_is_learned_from_slices_that_planes_cross(logic):
    volume, middle = addCylinder()
    segmentation, segment, _result = draw(logic, volume, middle)
    assert goodSlices(segmentation, segment, volume) == {}


def test_lesions_are_measured_on_their_planes(logic):
    volume, middle = addCylinder()
    segmentation, segment, _result = draw(logic, volume, middle)
    logic.propagate(volume, segmentation, segment)
    (lesion,) = logic.lesions(segmentation, volume)
    assert lesion.place.startswith("oblique ")
    # At both ends, up to the far edge of a voxel that the plane cuts.
    assert 2 * RADIUS - 1 < lesion.diameter < 2 * RADIUS + 2.5
