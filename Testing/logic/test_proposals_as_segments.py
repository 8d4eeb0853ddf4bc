"""Objects that the server proposes, accepted as segments: their voxels, boxes, undo, and what is refused."""

import numpy as np
import pytest
import slicer
from geometries import SCENARIOS, addVolume
from knownBox import SLICE, segmentVoxels
from segmentations import editorNode

from MedSAMSegLib.client.serverReplies import SliceMask
from MedSAMSegLib.errors import UserError

#: A ring, a block within its hole, and one row: the ring's box holds the block.
RING = np.pad(np.zeros((3, 3), bool), 1, constant_values=True)
BLOCK = np.ones((2, 3), bool)
ROW = np.ones((1, 4), bool)


@pytest.fixture
def offered(server):
    """The fake server proposes the three, the ring as the best."""
    server.proposed = [
        (SliceMask(1, 1, RING, 0.95), 0.95),
        (SliceMask(2, 2, BLOCK, 0.9), 0.9),
        (SliceMask(1, 6, ROW, 0.9), 0.89),
    ]


@pytest.fixture
def found(logic, ct, offered):
    """What is proposed on a slice of the volume."""
    return logic.proposals(ct[0], axis=0, slice=SLICE)


def expected(volume, axis, *masks):
    """:return: the voxels of masks (x0, y0, pixels) on the slice, as bool (K, J, I)."""
    voxels = np.zeros(slicer.util.arrayFromVolume(volume).shape, bool)
    for x0, y0, pixels in masks:
        rows, columns = pixels.shape
        np.moveaxis(voxels, axis, 0)[SLICE, y0 : y0 + rows, x0 : x0 + columns] |= pixels
    return voxels


def names(segmentation):
    segments = segmentation.GetSegmentation()
    return [segments.GetNthSegment(number).GetName() for number in range(segments.GetNumberOfSegments())]


@pytest.mark.parametrize(("geometry", "parents"), SCENARIOS)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_acceptedObjectHasItsVoxelsAndABox(logic, offered, geometry, parents, axis):
    volume = addVolume(geometry, parents)
    segmentation = logic.createSegmentation(volume)
    ring = logic.proposals(volume, axis=axis, slice=SLICE, window="lung")[0]
    segment = logic.acceptProposal(segmentation, ring)
    assert (segmentVoxels(volume, segmentation, segment) == expected(volume, axis, (1, 1, RING))).all()
    (box,) = logic.boxes(segmentation, volume, segment)
    assert (box.prompt.axis, box.prompt.sliceIndex, box.prompt.box) == (axis, SLICE, (1, 1, 5, 5))
    (state,) = logic.slices(segmentation, volume, segment, axis)
    assert (state.index, state.provenance) == (SLICE, "box")


def test_proposalsSayWhatTheServerSaid(logic, server, ct, found):
    assert [(each.number, each.quality, each.stability) for each in found] == [
        (1, 0.95, 0.97),
        (2, 0.9, 0.97),
        (3, 0.89, 0.97),
    ]
    assert [each.area for each in found] == pytest.approx([RING.sum(), 6, 4])
    assert found[0].source.model == "proposer"
    assert names(ct[1]) == ["Tumour"]
    assert server.requests[-1]["slice"] == SLICE


def test_areaIsInSquareMillimeters(logic, offered):
    found = logic.proposals(addVolume("anisotropic"), axis=1, slice=SLICE)
    assert found[1].area == pytest.approx(6 * 0.8 * 3.5)


def test_optionsReachTheServer(logic, server, ct):
    logic.proposals(ct[0], 1, 3, "lung", "sam", points_per_side=8, least_quality=0.5)
    wanted = {"axis": 1, "slice": 3, "window": "lung", "model": "sam", "points_per_side": 8, "least_quality": 0.5}
    assert {name: server.requests[-1][name] for name in wanted} == wanted


def test_undoTakesSegmentAndBoxAwayAndRedoBringsThemBack(logic, ct, found):
    volume, segmentation, _tumor = ct
    segment = logic.acceptProposal(segmentation, found[0], name="Ring")
    voxels = segmentVoxels(volume, segmentation, segment)
    assert logic.undo(segmentation, volume)
    assert names(segmentation) == ["Tumour"]
    assert logic.boxes(segmentation, volume) == []
    assert logic.redo(segmentation, volume)
    assert names(segmentation) == ["Tumour", "Ring"]
    assert (segmentVoxels(volume, segmentation, segment) == voxels).all()
    assert [box.segmentID for box in logic.boxes(segmentation, volume)] == [segment]


def test_earlierStepsCanStillBeUndone(logic, ct, found, box):
    volume, segmentation, tumor = ct
    logic.acceptProposal(segmentation, found[2])
    assert logic.undo(segmentation, volume)
    assert segmentVoxels(volume, segmentation, tumor).any()
    assert logic.undo(segmentation, volume)
    assert not segmentVoxels(volume, segmentation, tumor).any()


OVERWRITE_ALL = slicer.vtkMRMLSegmentEditorNode.OverwriteAllSegments
OVERWRITE_NONE = slicer.vtkMRMLSegmentEditorNode.OverwriteNone
OUTSIDE = slicer.vtkMRMLSegmentationNode.EditAllowedOutsideAllSegments


@pytest.mark.parametrize(
    ("settings", "mayOverlap"),
    [
        ({}, True),
        ({"OverwriteMode": OVERWRITE_NONE}, True),
        ({"OverwriteMode": OVERWRITE_ALL}, False),
        ({"OverwriteMode": OVERWRITE_NONE, "MaskMode": OUTSIDE}, False),
    ],
)
def test_allAtOnceAreOneStepAndWhatBothHaveIsTheSmallerOnes(logic, server, ct, settings, mayOverlap):
    volume, segmentation, _tumor = ct
    if settings:
        editorNode(**settings)
    whole, part = np.ones((5, 5), bool), np.ones((2, 2), bool)
    server.proposed = [(SliceMask(1, 1, whole, 0.95), 0.95), (SliceMask(2, 2, part, 0.9), 0.9)]
    large, small = logic.proposals(volume, slice=SLICE)
    segments = logic.acceptProposals(segmentation, [large, small])
    assert sorted(names(segmentation)) == ["Object 1", "Object 2", "Tumour"]
    assert segmentation.GetSegmentation().GetSegment(segments[large]).GetName() == "Object 1"
    inSmall = expected(volume, 0, (2, 2, part))
    assert (segmentVoxels(volume, segmentation, segments[small]) == inSmall).all()
    inLarge = expected(volume, 0, (1, 1, whole))
    if not mayOverlap:
        inLarge &= ~inSmall
    assert (segmentVoxels(volume, segmentation, segments[large]) == inLarge).all()
    assert logic.undo(segmentation, volume)
    assert names(segmentation) == ["Tumour"]


@pytest.fixture
def covering(logic, ct):
    """The segment of the volume has all of the block and some of the ring, and others are kept out of it."""
    editorNode(OverwriteMode=OVERWRITE_NONE, MaskMode=OUTSIDE)
    logic.segmentBox(*ct, axis=0, slice=SLICE, box=(2, 2, 4, 5))


def test_coveredObjectIsRefusedAndLeavesNothingBehind(logic, ct, found, covering):
    volume, segmentation, tumor = ct
    before = segmentVoxels(volume, segmentation, tumor)
    with pytest.raises(UserError, match="Masking in the Segment Editor") as caught:
        logic.acceptProposal(segmentation, found[1])
    assert caught.value.code == "object_covered"
    assert names(segmentation) == ["Tumour"]
    assert (segmentVoxels(volume, segmentation, tumor) == before).all()
    assert len(logic.boxes(segmentation, volume)) == 1
    assert logic.undo(segmentation, volume)
    assert not segmentVoxels(volume, segmentation, tumor).any()


def test_ofSeveralTheCoveredOnesAreLeftOut(logic, ct, found, covering):
    volume, segmentation, tumor = ct
    before = segmentVoxels(volume, segmentation, tumor)
    segments = logic.acceptProposals(segmentation, found)
    assert set(segments) == {found[0], found[2]}
    assert sorted(names(segmentation)) == ["Object 1", "Object 3", "Tumour"]
    free = expected(volume, 0, (1, 1, RING)) & ~before
    assert (segmentVoxels(volume, segmentation, segments[found[0]]) == free).all()


def test_acceptedObjectCanBePropagated(logic, server, ct, found):
    volume, segmentation, _tumor = ct
    segment = logic.acceptProposal(segmentation, found[0])
    result = logic.propagate(volume, segmentation, segment)
    assert SLICE + 1 in result.changedSlices
    assert (segmentVoxels(volume, segmentation, segment)[SLICE] == expected(volume, 0, (1, 1, RING))[SLICE]).all()


def test_changedVolumeMakesProposalsOutdated(logic, ct, found):
    volume, segmentation, _tumor = ct
    slicer.util.arrayFromVolume(volume)[:] = 7
    slicer.util.arrayFromVolumeModified(volume)
    with pytest.raises(UserError, match="Propose them again") as caught:
        logic.acceptProposal(segmentation, found[0])
    assert caught.value.code == "proposals_outdated"
    assert names(segmentation) == ["Tumour"]


@pytest.mark.parametrize(
    ("where", "code"),
    [({"axis": 3}, "axis_invalid"), ({"slice": 9}, "slice_outside_image"), ({"slice": -1}, "slice_outside_image")],
)
def test_slicesThatAreNotThereAreRefused(logic, server, ct, where, code):
    with pytest.raises(UserError) as caught:
        logic.proposals(ct[0], **where)
    assert caught.value.code == code
    assert server.requests == []


def test_progressIsToldAndCanCancel(logic, server, ct, offered):
    told = []
    assert len(logic.proposals(ct[0], slice=SLICE, progress=told.append)) == 3
    assert [str(each) for each in told] == ["8 of 16 points asked", "16 of 16 points asked"]
    server.heldAfter = 1
    assert logic.proposals(ct[0], slice=SLICE, progress=lambda progress: False) == []
    assert server.wasCancelled.is_set()


def test_cancelledSearchKeepsNothing(logic, server, ct, offered):
    server.heldAfter = 1
    run = logic.startProposals(ct[0], slice=SLICE)
    assert run.advance(wait=True)
    run.cancel()
    while run.advance(wait=True):
        pass
    assert (run.result, run.wasCancelled) == ([], True)


def test_nothingToAcceptIsSaid(logic, ct):
    with pytest.raises(UserError, match="Have objects proposed first"):
        logic.acceptProposals(ct[1], [])
