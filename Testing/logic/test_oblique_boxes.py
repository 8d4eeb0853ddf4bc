"""Boxes on planes that are turned against the volume: a cylinder across them is a circle on each."""

import io
import itertools

import numpy as np
import pytest
import slicer
from fakeServer import FakeServer, withProbability
from geometries import IJK_TO_RAS, PARENTS, affine, rotation
from movedBoxes import boxNodes
from segmentations import editorNode, voxelsOf

from MedSAMSegLib.client.serverReplies import SliceMask
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.logic import MedSAMSegLogic
from MedSAMSegLib.training.correctedSlices import goodSlices
from MedSAMSegLib.volumes import obliquePlanes
from MedSAMSegLib.volumes.obliqueStack import isStack, stacks

RADIUS, HALF_LENGTH = 8.5, 8.4
INSIDE, OUTSIDE = 1000, 0
#: Right, up and normal of the planes, all of them at angles to all axes of all volumes.
RIGHT, UP, NORMAL = (rotation(25, 30) @ np.diag([1, 1, 1])).T

#: Every kind of voxels: their matrix to RAS without a translation, and how many there are (K, J, I).
VOXELS = {
    "isotropic": (np.eye(3), (38, 38, 38)),
    "anisotropic": (np.diag([0.9, 1.0, 3.0]), (14, 36, 40)),
    "left-handed": (rotation(-31, 12) @ np.diag([0.9, 1.0, -2.0]), (20, 36, 40)),
    "gantry tilt": (IJK_TO_RAS["gantry tilt"][:3, :3] @ np.diag([1 / 0.8, 1 / 0.9, 2.0 / 3.5]), (20, 42, 36)),
}

SCENARIOS = list(itertools.product(VOXELS, ["no parent", "nested parents"]))


class BrightServer(FakeServer):
    """Finds what is bright inside of a box, in the voxels that it was sent, and follows it as far as it goes."""

    def __init__(self):
        super().__init__(reach=40)
        self.sent = {}

    def uploadVolume(self, upload):
        self.sent[upload.key] = np.load(io.BytesIO(b"".join(upload.chunks())))
        return super().uploadVolume(upload)

    def segment(self, key, prompts, *arguments, **options):
        pixels = self.sent[key].take(prompts[0].sliceIndex, axis=prompts[0].axis)
        self.maskOfBox = lambda box: _bright(pixels, box)
        return super().segment(key, prompts, *arguments, **options)

    def propagate(self, key, axis, job, **options):
        self._slicesNow = np.moveaxis(self.sent[key], axis, 0)
        return super().propagate(key, axis, job, **options)

    def _slices(self, name, followed):
        self.maskOfBox = lambda box: _bright(self._slicesNow[0], box)
        for event in super()._slices(name, followed):
            index = event.fields["slice"]
            if 0 <= index < len(self._slicesNow) and self._slicesNow[index].any():
                rows, columns = self._slicesNow[index].nonzero()
                around = (columns.min(), rows.min(), columns.max(), rows.max())
                event.fields["mask"] = withProbability(_bright(self._slicesNow[index], around))
                yield event


def _bright(pixels, box):
    x0, y0 = (max(0, int(np.ceil(edge))) for edge in box[:2])
    x1, y1 = (int(np.floor(edge)) for edge in box[2:])
    return SliceMask(x0, y0, pixels[y0 : y1 + 1, x0 : x1 + 1] > (INSIDE + OUTSIDE) / 2, 0.9)


def offsets(volume, middle):
    """:return: (how far the voxels' centers are along the normal, and across it), each (K, J, I), in the world."""
    toWorld = np.eye(4)
    for matrix in (matrixOf(volume), *transformsOf(volume)):
        toWorld = matrix @ toWorld
    k, j, i = np.indices(slicer.util.arrayFromVolume(volume).shape)
    places = np.tensordot(toWorld[:3, :3], np.stack([i, j, k]), 1) + (toWorld[:3, 3] - middle).reshape(3, 1, 1, 1)
    along = np.tensordot(NORMAL, places, 1)
    return along, np.sqrt(np.maximum((places**2).sum(axis=0) - along**2, 0))


def matrixOf(volume):
    matrix = slicer.util.vtkMatrixFromArray(np.eye(4))
    volume.GetIJKToRASMatrix(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)


def transformsOf(volume):
    node, found = volume.GetParentTransformNode(), []
    while node is not None:
        found.append(slicer.util.arrayFromTransformMatrix(node))
        node = node.GetParentTransformNode()
    return found


def addCylinder(kind="isotropic", parents="no parent"):
    """:return: (volume with a cylinder, (R, A, S) of its middle)."""
    axes, shape = VOXELS[kind]
    volume = slicer.util.addVolumeFromArray(np.zeros(shape, np.int16), name="CT")
    volume.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(affine(axes, (-12.5, 30.25, -7.0))))
    child = volume
    for matrix in PARENTS[parents]:
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
        node.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
        child.SetAndObserveTransformNodeID(node.GetID())
        child = node
    toWorld = np.eye(4)
    for matrix in (matrixOf(volume), *transformsOf(volume)):
        toWorld = matrix @ toWorld
    middle = (toWorld @ [*(np.array(shape[::-1]) / 2 - 0.4), 1.0])[:3]
    along, across = offsets(volume, middle)
    isInside = (abs(along) <= HALF_LENGTH) & (across <= RADIUS)
    slicer.util.updateVolumeFromArray(volume, np.where(isInside, INSIDE, OUTSIDE).astype(np.int16))
    return volume, middle


@pytest.fixture
def server():
    return BrightServer()


@pytest.fixture
def logic(server):
    return MedSAMSegLogic(server)


def corners(middle, side=RADIUS + 2):
    return tuple(tuple(middle + sign * side * (RIGHT + UP)) for sign in (-1, 1))


def draw(logic, volume, middle, **how):
    """:return: (segmentation, segment, BoxResult) of a box round the cylinder on the plane through its middle."""
    segmentation = logic.createSegmentation(volume)
    segment = logic.addSegment(segmentation, "Tumor")
    where = {"boxRAS": corners(middle), "plane": (RIGHT, UP), **how}
    return segmentation, segment, logic.segmentBox(volume, segmentation, segment, **where)


def dice(found, expected):
    return 2 * (found & expected).sum() / (found.sum() + expected.sum())


def planeDistance(volume):
    """:return: how far the planes of a volume are apart: a voxel's reach, or its shortest side if that is more."""
    toWorld = np.eye(4)
    for matrix in (matrixOf(volume), *transformsOf(volume)):
        toWorld = matrix @ toWorld
    return max(np.linalg.norm(toWorld[:3, :3], axis=0).min(), abs(NORMAL @ toWorld[:3, :3]).max())


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


def turnView(right, up):
    """Let the red view show planes along two directions."""
    sliceNode = slicer.mrmlScene.GetNodeByID("vtkMRMLSliceNodeRed")
    for column, direction in enumerate((right, up, np.cross(right, up))):
        for row in range(3):
            sliceNode.GetSliceToRAS().SetElement(row, column, float(direction[row]))
    sliceNode.UpdateMatrices()


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
