"""Boxes belong to voxels: transforms put on scan and segmentation later, taken off, hardened, or on one only."""

import numpy as np
import pytest
import slicer
from geometries import MOVED, MOVED_AGAIN, addVolume, affine, rotation
from segmentations import voxelsOf

from MedSAMSegLib.errors import UserError

SLICE, BOX = 4, (1.5, 0.5, 6.5, 4.5)

#: The fake server follows the object two slices each way.
FOLLOWED = np.zeros((9, 11, 13), bool)
FOLLOWED[2:7, 1:5, 2:7] = True

MATRICES = {
    "shift by slices": affine(np.eye(3), (0, 0, 7.0)),
    "shift within slices": affine(np.eye(3), (3.2, -1.8, 0)),
    "shift by half voxels": affine(np.eye(3), (0.4, 0.45, 1.75)),
    "rotation": MOVED,
    "half turn": affine(rotation(180), (1, 2, 3)),
    "scaling": affine(np.diag([1.5, 0.7, 2.0]), (4, 5, 6)),
    "mirror": affine(np.diag([-1.0, 1, 1]), (4, 5, 6)),
    "shear": affine(np.array([[1, 0.2, 0], [0, 1, 0.3], [0, 0, 1.0]]), (0, 0, 0)),
}


def addTransform(matrix, className="vtkMRMLLinearTransformNode"):
    node = slicer.mrmlScene.AddNewNodeByClass(className)
    if matrix is not None:
        node.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    return node


def put(transform, *nodes):
    for node in nodes:
        node.SetAndObserveTransformNodeID(transform and transform.GetID())


def harden(*nodes):
    for node in nodes:
        node.HardenTransform()


#: What is done to (volume, segmentation, box) after the box was drawn, with the transform under test.
CHANGES = {
    "put on": lambda t, v, s, b: put(t, v, s),
    "put on in the other order": lambda t, v, s, b: put(t, s, v),
    "put on and taken off": lambda t, v, s, b: (put(t, v, s), put(None, v, s)),
    "put on and removed": lambda t, v, s, b: (put(t, v, s), slicer.mrmlScene.RemoveNode(t)),
    "hardened": lambda t, v, s, b: (put(t, v, s), harden(v, s)),
    "everything hardened": lambda t, v, s, b: (put(t, v, s), harden(s, v, b)),
    "hardened twice": lambda t, v, s, b: (put(t, v, s), harden(v, s), put(t, v, s), harden(s, v)),
    "nested": lambda t, v, s, b: (put(t, v, s), put(addTransform(MOVED_AGAIN), t)),
    "box put under it": lambda t, v, s, b: put(t, b),
}


@pytest.fixture
def drawn(logic):
    """(volume, segmentation, segment, the box's result) after a box was drawn."""
    volume = addVolume("rotated")
    segmentation = logic.createSegmentation(volume)
    segment = logic.addSegment(segmentation, "A")
    return volume, segmentation, segment, logic.segmentBox(volume, segmentation, segment, axis=0, slice=SLICE, box=BOX)


@pytest.mark.parametrize("matrix", MATRICES.values(), ids=MATRICES)
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_boxes_follow_their_voxels(logic, server, drawn, matrix, change):
    volume, segmentation, segment, box = drawn
    logic.addPoint(box.promptNode, pointIn(volume, 3, 2), True)
    change(addTransform(matrix), volume, segmentation, box.promptNode)
    (entry,) = logic.boxes(segmentation, volume)
    assert (entry.prompt.sliceIndex, entry.prompt.box, entry.isMoved) == (SLICE, BOX, False)
    ((x, y, isInObject),) = logic.pointsOf(entry.node)
    assert ((x, y), isInObject) == (pytest.approx((3, 2), abs=1e-3), True)
    logic.propagate(volume, segmentation, segment)
    ((index, edges),) = server.requests[-1]["prompts"]
    assert (index, edges) == (SLICE, BOX)
    np.testing.assert_array_equal(voxelsOf(segmentation, segment, volume), FOLLOWED)


# Slicer's ROI markups cannot be sheared, and lose their shape when such a transform is hardened on them.
@pytest.mark.parametrize("name", [name for name in MATRICES if name not in ("scaling", "shear")])
def test_boxes_that_are_hardened_before_the_volume_follow_too(logic, drawn, name):
    volume, segmentation, _segment, box = drawn
    put(addTransform(MATRICES[name]), volume, segmentation)
    harden(box.promptNode)
    assert logic.boxes(segmentation, volume)[0].prompt.box == BOX
    harden(segmentation, volume)
    (entry,) = logic.boxes(segmentation, volume)
    assert (entry.prompt.sliceIndex, entry.prompt.box, entry.isMoved) == (SLICE, BOX, False)


@pytest.mark.parametrize("change", ["put on", "hardened", "put on and taken off"])
def test_the_markup_is_shown_on_its_voxels(logic, drawn, change):
    volume, segmentation, _segment, box = drawn
    CHANGES[change](addTransform(MOVED), volume, segmentation, box.promptNode)
    center = [0.0, 0.0, 0.0]
    box.promptNode.GetCenterWorld(center)
    np.testing.assert_allclose(center, pointIn(volume, 4, 2.5), atol=1e-3)


@pytest.mark.parametrize("change", ["put on", "hardened"])
def test_a_box_that_was_dragged_stays_dragged(logic, drawn, change):
    volume, segmentation, _segment, box = drawn
    node = box.promptNode
    node.SetCenterWorld(pointIn(volume, 6, 3.5))
    CHANGES[change](addTransform(MOVED), volume, segmentation, node)
    (entry,) = logic.boxes(segmentation, volume)
    np.testing.assert_allclose(entry.prompt.box, (3.5, 1.5, 8.5, 5.5), atol=1e-3)
    assert entry.isMoved


#: By one slice of the volume, so that the voxels coincide again.
ONE_SLICE = affine(np.eye(3), rotation(17, 9) @ np.array([0, 0, 3.5]))

#: Volume or segmentation is moved alone.
APART = {
    "volume put under it": lambda t, v, s: put(t, v),
    "segmentation put under it": lambda t, v, s: put(t, s),
    "volume hardened": lambda t, v, s: (put(t, v), harden(v)),
    "segmentation hardened": lambda t, v, s: (put(t, s), harden(s)),
}


@pytest.mark.parametrize("matrix", ["rotation", "one slice", "scaling"])
@pytest.mark.parametrize("change", APART.values(), ids=APART)
def test_one_moved_alone_is_said_and_nothing_is_written(logic, server, drawn, matrix, change):
    volume, segmentation, segment, _box = drawn
    transform = addTransform({**MATRICES, "one slice": ONE_SLICE}[matrix])
    before = slicer.util.arrayFromSegmentInternalBinaryLabelmap(segmentation, segment).copy()
    asked = len(server.requests)
    change(transform, volume, segmentation)
    with pytest.raises(UserError, match=r"were moved against each other|different transforms|do not coincide"):
        logic.propagate(volume, segmentation, segment)
    assert len(server.requests) == asked
    np.testing.assert_array_equal(slicer.util.arrayFromSegmentInternalBinaryLabelmap(segmentation, segment), before)


def test_a_box_of_a_volume_that_was_moved_alone_can_be_deleted_and_its_voxels_stay(logic, drawn):
    volume, segmentation, segment, box = drawn
    before = slicer.util.arrayFromSegmentInternalBinaryLabelmap(segmentation, segment).copy()
    APART["volume hardened"](addTransform(ONE_SLICE), volume, segmentation)
    deletion = logic.deleteBox(box.promptNode)
    assert deletion.notes == ("Its voxels stay: the volume was moved against the segmentation since.",)
    assert logic.boxNodes(segmentation, volume) == []
    np.testing.assert_array_equal(slicer.util.arrayFromSegmentInternalBinaryLabelmap(segmentation, segment), before)


def test_a_transform_that_is_not_linear_is_refused_and_the_box_waits(logic, drawn):
    volume, segmentation, segment, _box = drawn
    put(addTransform(None, "vtkMRMLBSplineTransformNode"), volume, segmentation)
    with pytest.raises(UserError, match="is under a transform that is not linear"):
        logic.propagate(volume, segmentation, segment)
    put(None, volume, segmentation)
    logic.propagate(volume, segmentation, segment)
    np.testing.assert_array_equal(voxelsOf(segmentation, segment, volume), FOLLOWED)


def test_a_transform_put_on_before_anybody_watches_is_followed_too(logic, server, drawn, tmp_path):
    volume, segmentation, _segment, _box = drawn
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    volume, segmentation = slicer.util.getNode("CT"), slicer.util.getNode("CT segmentation")
    put(addTransform(MOVED), volume, segmentation)
    harden(volume, segmentation)
    (entry,) = logic.boxes(segmentation, volume)
    assert (entry.prompt.sliceIndex, entry.prompt.box, entry.isMoved) == (SLICE, BOX, False)


def pointIn(volume, x, y):
    """:return: (R, A, S) in the world of a place on the box's slice."""
    matrix = slicer.vtkMRMLTransformNode
    IJKToRAS = slicer.util.vtkMatrixFromArray(np.eye(4))
    volume.GetIJKToRASMatrix(IJKToRAS)
    toWorld = slicer.util.vtkMatrixFromArray(np.eye(4))
    matrix.GetMatrixTransformBetweenNodes(volume.GetParentTransformNode(), None, toWorld)
    place = slicer.util.arrayFromVTKMatrix(IJKToRAS) @ [x, y, SLICE, 1.0]
    return (slicer.util.arrayFromVTKMatrix(toWorld) @ place)[:3]
