"""Segmentations on other voxels than the volume's: written by resampling, undone exactly, and audited."""

import functools

import numpy as np
import pytest
import slicer
from geometries import IJK_TO_RAS, MOVED, addVolume, affine, rotation
from segmentations import voxelsOf

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.segments.labelmapCrop import LabelmapCrop
from MedSAMSegLib.segments.latticeSampling import lookUp
from MedSAMSegLib.segments.resampledGrid import ResampledGrid

BOX = (1.5, 0.5, 6.5, 4.5)
SLICE = 4
DRAWN = np.zeros((9, 11, 13), bool)
DRAWN[SLICE, 1:5, 2:7] = True
FOLLOWED = np.zeros((9, 11, 13), bool)
FOLLOWED[2:7, 1:5, 2:7] = True

#: Voxels of the segmentation: what they are to the volume's (a matrix to its IJK), and their shape (K, J, I).
GRIDS = {
    "twice as fine": (affine(np.eye(3) * 0.5, (-0.25, -0.25, -0.25)), (18, 22, 26)),
    "three times as fine": (affine(np.eye(3) / 3, (-1 / 3, -1 / 3, -1 / 3)), (27, 33, 39)),
    "finer within slices": (affine(np.diag([0.5, 0.5, 1]), (-0.25, -0.25, 0)), (9, 22, 26)),
    "half a voxel off": (affine(np.eye(3), (0.5, 0.5, 0.5)), (9, 11, 13)),
    "half a voxel off, backwards": (affine(np.diag([-1, 1, -1]), (12.5, 0.5, 8.5)), (9, 11, 13)),
    "a third of a voxel off": (affine(np.eye(3), (0.3, -0.3, 0.3)), (10, 12, 14)),
    "other axes": (np.eye(4)[[2, 0, 1, 3]], (13, 11, 13)),
}

#: Here masks lose their shape: of an object of 5 × 4 × 5 voxels, whole rows fall between voxels of half the number.
ROUGH_GRIDS = {
    "turned": (affine(np.diag([1, 1, 0.25]) @ rotation(20, 10), (0, -2, 0)), (44, 16, 16)),
    "coarser slices": (affine(np.diag([1, 1, 2]), (0, 0, 0.5)), (5, 11, 13)),
    "coarser": (affine(np.eye(3) * 1.5, (0.25, 0.25, 0.25)), (7, 8, 9)),
}


def segmentationOn(logic, volume, geometry):
    matrix, shape = geometry
    grid = slicer.util.addVolumeFromArray(np.zeros(shape, np.uint8), name="grid")
    IJKToRAS = IJK_TO_RAS["rotated"] @ matrix
    grid.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(IJKToRAS))
    segmentation = logic.createSegmentation(grid, "Fine")
    segmentation.SetAndObserveTransformNodeID(volume.GetTransformNodeID())
    slicer.mrmlScene.RemoveNode(grid)
    return segmentation


def scene(logic, geometry, parents="parent"):
    volume = addVolume("rotated", parents)
    segmentation = segmentationOn(logic, volume, geometry)
    return volume, segmentation, logic.addSegment(segmentation, "A")


def inner(segmentation, segment):
    """:return: what a segment's labelmap holds, with its place."""
    labelmap = segmentation.GetBinaryLabelmapInternalRepresentation(segment)
    if labelmap.GetNumberOfPoints() == 0:
        return set()
    voxels = slicer.util.arrayFromSegmentInternalBinaryLabelmap(segmentation, segment)
    labelValue = segmentation.GetSegmentation().GetSegment(segment).GetLabelValue()
    places = np.argwhere(voxels == labelValue)[:, ::-1] + labelmap.GetExtent()[::2]
    return {tuple(place) for place in places.tolist()}


def dice(found, expected):
    return 2 * (found & expected).sum() / (found.sum() + expected.sum())


@pytest.mark.parametrize("geometry", GRIDS.values(), ids=GRIDS)
def test_a_box_is_written_and_said_and_undone(logic, geometry):
    volume, segmentation, segment = scene(logic, geometry)
    result = logic.segmentBox(volume, segmentation, segment, axis=0, slice=SLICE, box=BOX)
    assert result.changedSegment
    (note,) = result.notes
    assert note.startswith("'Fine' has voxels of its own (")
    assert note.endswith("): what is found on 'CT' is resampled to them.")
    (state,) = logic.slices(segmentation, volume, segment, axis=0)
    assert (state.index, state.provenance) == (SLICE, "box")
    # By how much smaller or larger a voxel is, the more or fewer there are.
    count = DRAWN.sum() / abs(np.linalg.det(geometry[0]))
    assert len(inner(segmentation, segment)) == round(count)
    assert logic.undo(segmentation, volume)
    assert inner(segmentation, segment) == set()


@pytest.mark.parametrize("geometry", {**GRIDS, **ROUGH_GRIDS}.values(), ids={**GRIDS, **ROUGH_GRIDS})
def test_hand_work_is_kept_and_undo_is_exact(logic, geometry):
    volume, segmentation, segment = scene(logic, geometry)
    logic.segmentBox(volume, segmentation, segment, axis=0, slice=6, box=(4.5, 3.5, 8.5, 7.5))
    before = inner(segmentation, segment)
    box = logic.segmentBox(volume, segmentation, segment, axis=0, slice=2, box=BOX).promptNode
    assert before < inner(segmentation, segment)
    assert logic.undo(segmentation, volume)
    assert inner(segmentation, segment) == before
    assert logic.redo(segmentation, volume)
    (entry,) = [entry for entry in logic.boxes(segmentation, volume) if entry.prompt.sliceIndex == 2]
    assert box is not None
    logic.deleteBox(entry.node)
    assert inner(segmentation, segment) == before


@pytest.mark.parametrize("geometry", GRIDS.values(), ids=GRIDS)
def test_propagation_fills_its_slices_and_the_audit_knows_them(logic, geometry):
    volume, segmentation, segment = scene(logic, geometry)
    drawn = logic.segmentBox(volume, segmentation, segment, axis=0, slice=SLICE, box=BOX)
    assert logic.propagate(volume, segmentation, segment).notes == drawn.notes
    states = {state.index: state.provenance for state in logic.slices(segmentation, volume, segment, axis=0)}
    assert states == {2: "propagated", 3: "propagated", 4: "box", 5: "propagated", 6: "propagated"}
    count = FOLLOWED.sum() / abs(np.linalg.det(geometry[0]))
    assert len(inner(segmentation, segment)) == round(count)
    before = inner(segmentation, segment)
    logic.propagate(volume, segmentation, segment)
    assert inner(segmentation, segment) == before


@pytest.mark.parametrize("geometry", ROUGH_GRIDS.values(), ids=ROUGH_GRIDS)
def test_grids_that_are_coarser_or_turned_get_the_object(logic, geometry):
    volume, segmentation, segment = scene(logic, geometry)
    logic.segmentBox(volume, segmentation, segment, axis=0, slice=SLICE, box=BOX)
    assert inner(segmentation, segment)
    logic.propagate(volume, segmentation, segment)
    assert dice(voxelsOf(segmentation, segment, volume), FOLLOWED) > 0.6
    states = {state.index: state.provenance for state in logic.slices(segmentation, volume, segment, axis=0)}
    assert "box" in states.values()
    assert "propagated" in states.values()


@pytest.mark.parametrize(("size", "least", "most"), [(1.25, 0.89, 1.16), (1.5, 0.85, 1.15), (2.0, 0.82, 1.35)])
def test_what_coarser_voxels_cost(size, least, most):
    """Of a ball 11 voxels across, at eight places in the grid: Dice back on the scan, and the volume."""
    k, j, i = np.indices((17, 17, 17)) - 8
    ball = k**2 + j**2 + i**2 <= 25
    for offset in np.random.default_rng(1).uniform(-size / 2, size / 2, (8, 3)):
        toGrid = np.linalg.inv(affine(np.eye(3) * size, offset))
        grid = ResampledGrid(None, toGrid, ball.shape)
        slices = [LabelmapCrop.ofSlice(0, index, ball[index], 0, 0) for index in range(3, 14)]
        written = functools.reduce(LabelmapCrop.united, (grid.cropOnGrid(crop, 0) for crop in slices))
        back = lookUp(written.voxels, written.start, toGrid, (0, 16) * 3)
        assert dice(back, ball) >= least
        assert 0.95 <= written.voxels.sum() * size**3 / ball.sum() <= most


@pytest.mark.parametrize("name", ["twice as fine", "half a voxel off", "other axes"])
def test_on_voxels_that_hold_the_volumes_the_result_is_exact(logic, name):
    volume, segmentation, segment = scene(logic, GRIDS[name])
    logic.segmentBox(volume, segmentation, segment, axis=0, slice=SLICE, box=BOX)
    logic.propagate(volume, segmentation, segment)
    for state in logic.slices(segmentation, volume, segment, axis=0):
        logic.acceptSlice(segmentation, volume, segment, axis=0, slice=state.index)
    masks = logic._sliceStates(segmentation, volume, segment, 0)
    for index in range(2, 7):
        assert masks.crop(index).extent == (2, 6, 1, 4, index, index)
        assert masks.crop(index).voxels.all()


def test_hand_work_on_finer_voxels_is_hand_work(logic):
    volume, segmentation, segment = scene(logic, GRIDS["twice as fine"])
    logic.segmentBox(volume, segmentation, segment, axis=0, slice=SLICE, box=BOX)
    logic.propagate(volume, segmentation, segment)
    voxels = slicer.util.arrayFromSegmentInternalBinaryLabelmap(segmentation, segment)
    voxels[0, 0, 0] = 0
    segmentation.GetBinaryLabelmapInternalRepresentation(segment).Modified()
    states = {state.index: state.provenance for state in logic.slices(segmentation, volume, segment, axis=0)}
    assert states == {2: "edited", 3: "propagated", 4: "box", 5: "propagated", 6: "propagated"}
    before = {place for place in inner(segmentation, segment) if place[2] in (4, 5)}
    logic.propagate(volume, segmentation, segment)
    assert {place for place in inner(segmentation, segment) if place[2] in (4, 5)} == before


def test_a_segment_of_its_own_voxels_between_others_is_written_in_them(logic):
    """As when a segment is copied from a finer segmentation."""
    volume = addVolume("rotated")
    fine = segmentationOn(logic, volume, GRIDS["twice as fine"])
    copied = logic.addSegment(fine, "A")
    logic.segmentBox(volume, fine, copied, axis=0, slice=6, box=BOX)
    before = inner(fine, copied)
    segmentation = logic.createSegmentation(volume)
    segmentation.GetSegmentation().CopySegmentFromSegmentation(fine.GetSegmentation(), copied, False)
    assert not logic.segmentBox(volume, segmentation, copied, axis=0, slice=6, box=BOX).changedSegment
    logic.segmentBox(volume, segmentation, copied, axis=0, slice=SLICE, box=BOX)
    assert len(inner(segmentation, copied)) == 2 * len(before)
    new = logic.addSegment(segmentation, "B")
    assert logic.segmentBox(volume, segmentation, new, axis=0, slice=SLICE, box=BOX).notes == []
    np.testing.assert_array_equal(voxelsOf(segmentation, new, volume), DRAWN)


def test_a_transform_on_both_moves_nothing(logic):
    volume, segmentation, segment = scene(logic, GRIDS["twice as fine"], "no parent")
    logic.segmentBox(volume, segmentation, segment, axis=0, slice=SLICE, box=BOX)
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(MOVED))
    for node in (volume, segmentation):
        node.SetAndObserveTransformNodeID(transform.GetID())
        node.HardenTransform()
    logic.propagate(volume, segmentation, segment)
    assert len(inner(segmentation, segment)) == 8 * FOLLOWED.sum()


@pytest.fixture
def surfaces(logic):
    """(volume, segmentation, ID of a segment) that is stored as a closed surface, and its voxels."""
    volume = addVolume("rotated")
    segmentation = logic.createSegmentation(volume)
    segment = logic.addSegment(segmentation, "Surface")
    logic.segmentBox(volume, segmentation, segment, axis=0, slice=6, box=(3.5, 3.5, 9.5, 8.5))
    logic.propagate(volume, segmentation, segment)
    segmentation.GetSegmentation().CreateRepresentation("Closed surface")
    segmentation.GetSegmentation().SetSourceRepresentationName("Closed surface")
    segmentation.GetSegmentation().RemoveRepresentation("Binary labelmap")
    return volume, segmentation, segment


def pointsOf(segmentation, segment):
    return segmentation.GetSegmentation().GetSegment(segment).GetRepresentation("Closed surface").GetNumberOfPoints()


def test_a_segmentation_of_surfaces_is_written_and_undone(logic, surfaces):
    volume, segmentation, surface = surfaces
    inside = segmentation.GetSegmentation()
    before = pointsOf(segmentation, surface)
    new = logic.addSegment(segmentation, "A")
    with pytest.raises(UserError, match="is not stored as voxels"):
        logic.slices(segmentation, volume, new, axis=0)
    result = logic.segmentBox(volume, segmentation, new, axis=0, slice=1, box=BOX)
    assert result.notes == [
        "'CT segmentation' was stored as surfaces and is voxels now; undo brings the surfaces back."
    ]
    assert inside.GetSourceRepresentationName() == "Binary labelmap"
    assert voxelsOf(segmentation, new, volume)[1, 1:5, 2:7].all()
    assert voxelsOf(segmentation, surface, volume).any()
    assert logic.segmentBox(volume, segmentation, new, axis=0, slice=2, box=BOX).notes == []
    assert logic.undo(segmentation, volume)
    assert logic.undo(segmentation, volume)
    assert inside.GetSourceRepresentationName() == "Closed surface"
    assert pointsOf(segmentation, surface) == before
    # Slicer forgets what could be done again when the source changes.
    assert not logic.canRedo(segmentation, volume)
    assert logic.segmentBox(volume, segmentation, new, axis=0, slice=1, box=BOX).changedSegment


def test_where_slices_share_voxels_with_the_boxs_none_has_a_threshold(logic):
    context = scene(logic, ROUGH_GRIDS["coarser slices"])
    logic.segmentBox(*context, axis=0, slice=SLICE, box=BOX)
    logic.propagate(*context)
    usual = inner(*context[1:])
    with pytest.raises(UserError, match="No propagated slice of the segment has a threshold"):
        logic.setPropagationThreshold(*context, 0.2)
    assert inner(*context[1:]) == usual


@pytest.mark.parametrize("name", [*GRIDS, "turned"])
def test_a_propagation_that_is_back_at_its_threshold_has_the_same_voxels(logic, name):
    volume, segmentation, segment = scene(logic, {**GRIDS, **ROUGH_GRIDS}[name])
    logic.segmentBox(volume, segmentation, segment, axis=0, slice=SLICE, box=BOX)
    logic.propagate(volume, segmentation, segment)
    usual = inner(segmentation, segment)
    sizes = []
    for threshold in (0.2, 0.8):
        result = logic.setPropagationThreshold(volume, segmentation, segment, threshold)
        assert result.slices
        sizes.append(len(inner(segmentation, segment)))
    assert sizes[0] > len(usual) > sizes[1] > 0
    logic.setPropagationThreshold(volume, segmentation, segment, 0.5)
    assert inner(segmentation, segment) == usual
