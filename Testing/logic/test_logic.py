"""The scripting API on a real scene, with a fake server: what is drawn lands in the right voxels, and is undone."""

import gc
import weakref

import numpy as np
import pytest
import slicer
from geometries import SCENARIOS, SHAPE, addVolume, ijkOf, worldOf
from knownBox import BOX, SLICE, boxVoxels, segmentVoxels
from segmentations import editorNode

from MedSAMSegLib.client.serverReplies import ServerError, SliceMask, UploadReply
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.logic import MedSAMSegLogic


def corners(geometry, parents, axis):
    x0, y0, x1, y1 = BOX
    return [worldOf(geometry, parents, ijkOf(axis, SLICE, x, y)) for x, y in ((x0, y0), (x1, y1))]


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize(("geometry", "parents"), SCENARIOS)
def test_boxInSpaceLandsInTheRightVoxels(logic, geometry, parents, axis):
    volume = addVolume(geometry, parents)
    segmentation = logic.createSegmentation(volume)
    segment = logic.addSegment(segmentation, "Tumour")

    result = logic.segmentBox(volume, segmentation, segment, boxRAS=corners(geometry, parents, axis))

    assert result.prompt.axis == axis
    np.testing.assert_array_equal(segmentVoxels(volume, segmentation, segment), boxVoxels(volume, axis, [SLICE]))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_boxInVoxelsLandsInTheRightVoxels(logic, ct, axis):
    logic.segmentBox(*ct, axis=axis, slice=SLICE, box=BOX)
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(ct[0], axis, [SLICE]))


@pytest.mark.parametrize(("view", "axis"), [("Red", 0), ("Green", 1), ("Yellow", 2)])
def test_viewSaysWhichSliceWasMeant(logic, ct, view, axis):
    result = logic.segmentBox(*ct, boxRAS=corners("isotropic", "no parent", axis), view=view)
    assert (result.prompt.axis, result.prompt.sliceIndex) == (axis, SLICE)
    assert result.prompt.box == pytest.approx(BOX)


def test_voxelsAreSentOnceAndAgainAfterAnEdit(logic, server, ct):
    volume = ct[0]
    logic.segmentBox(*ct, axis=0, slice=SLICE, box=BOX)
    logic.segmentBox(*ct, axis=0, slice=SLICE + 1, box=BOX)
    assert len(server.uploads) == 1
    slicer.util.arrayFromVolume(volume)[0, 0, 0] += 1
    slicer.util.arrayFromVolumeModified(volume)
    logic.segmentBox(*ct, axis=0, slice=SLICE, box=BOX)
    assert len({upload.key for upload in server.uploads}) == 2


@pytest.fixture
def drop(logic, server, ct):
    """Lets the server forget the volume before each of so many answers."""
    logic.segmentBox(*ct, axis=0, slice=SLICE, box=BOX)
    answer = server.segment
    failures = []

    def forgetful(*arguments, **options):
        if failures:
            raise failures.pop()
        return answer(*arguments, **options)

    server.segment = forgetful
    return lambda times: failures.extend(ServerError("Unknown volume.", "", "volume_unknown") for _ in range(times))


@pytest.mark.parametrize("times", [1, 2])
def test_volumeThatTheServerDroppedIsSentAgain(logic, server, ct, drop, times):
    drop(times)
    assert logic.segmentBox(*ct, axis=0, slice=SLICE + 1, box=BOX).voxelCount > 0
    assert len(server.uploads) == 1 + times


def test_volumeThatTheServerDropsEachTimeIsAnError(logic, server, ct, drop):
    drop(3)
    with pytest.raises(ServerError, match="Unknown volume"):
        logic.segmentBox(*ct, axis=0, slice=SLICE + 1, box=BOX)
    assert len(server.uploads) == 3


def test_emptyMaskWritesNothing(logic, server, ct):
    server.maskOfBox = lambda box: SliceMask(0, 0, np.zeros((0, 0), dtype=bool), 0.1)
    result = logic.segmentBox(*ct, axis=0, slice=SLICE, box=BOX)
    assert result.voxelCount == 0
    assert not result.changedSegment
    assert not logic.undo(ct[1], ct[0])


def test_neighborKeepsItsVoxels(logic, ct):
    volume, segmentation, tumour = ct
    logic.segmentBox(*ct, axis=0, slice=SLICE, box=BOX)
    vessel = logic.addSegment(segmentation, "Vessel")
    logic.segmentBox(volume, segmentation, vessel, axis=0, slice=SLICE, box=(4.5, 0.5, 9.5, 4.5))
    np.testing.assert_array_equal(segmentVoxels(volume, segmentation, tumour), boxVoxels(volume, 0, [SLICE]))
    assert segmentVoxels(volume, segmentation, vessel).any()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({}, "box_missing"),
        ({"axis": 0, "slice": SLICE}, "box_missing"),
        ({"axis": 0, "slice": 4.5, "box": BOX}, "box_invalid"),
        ({"axis": 0, "slice": SLICE, "box": (1, 2, 3)}, "box_invalid"),
        ({"axis": 0, "slice": SLICE, "box": "1,2,3,4"}, "box_invalid"),
        ({"axis": 3, "slice": SLICE, "box": BOX}, "axis_invalid"),
        ({"axis": 0, "slice": 99, "box": BOX}, "box_outside_image"),
        ({"axis": 0, "slice": SLICE, "box": (6, 4, 2, 1)}, "box_reversed"),
        ({"axis": 0, "slice": SLICE, "box": BOX, "boxRAS": ((0, 0, 4), (5, 5, 4))}, "box_given_twice"),
        ({"boxRAS": ((0, 0, 4), (5, 5, 4)), "view": "Red", "axis": 1}, "axis_given_twice"),
        ({"boxRAS": ((0, 0, 4), (5, 5, 4)), "view": "Purple"}, "view_unknown"),
        ({"boxRAS": ((500, 500, 4), (505, 505, 4))}, "box_outside_image"),
    ],
)
def test_badBoxIsRefusedAndNothingIsLost(logic, server, ct, arguments, code):
    with pytest.raises(UserError) as caught:
        logic.segmentBox(*ct, **arguments)
    assert caught.value.code == code
    assert server.requests == []
    assert not segmentVoxels(*ct).any()


def test_segmentationLiesUnderTheVolumesTransform(logic):
    volume = addVolume("rotated", "parent")
    segmentation = logic.createSegmentation(volume)
    assert segmentation.GetTransformNodeID() == volume.GetTransformNodeID()
    assert segmentation.GetName() == "CT segmentation"


def test_numbersOfNumpyAreNumbers(logic, ct):
    index = np.int64(SLICE)
    result = logic.segmentBox(*ct, axis=np.int64(0), slice=index, box=np.array(BOX, np.float32))
    assert result.prompt.box == BOX
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(ct[0], 0, [SLICE]))


def test_maskThatMaySitNowhereChangesNothingAndSaysSo(logic, ct):
    assert logic.segmentBox(*ct, axis=0, slice=SLICE, box=BOX).changedSegment
    other = logic.addSegment(ct[1], "Other")
    editorNode(MaskMode=slicer.vtkMRMLSegmentationNode.EditAllowedOutsideAllSegments)
    result = logic.segmentBox(ct[0], ct[1], other, axis=0, slice=SLICE, box=BOX)
    assert result.voxelCount > 0
    assert not result.changedSegment


def test_whatTheServerHadToChangeIsToldWithTheResult(logic, server, ct):
    server.uploadVolume = lambda upload: UploadReply(upload.key, {}, ["Replaced 3 voxels."])
    for _ in range(2):
        assert logic.segmentBox(*ct, axis=0, slice=SLICE, box=BOX).notes == ["Replaced 3 voxels."]


def test_vectorImageIsRefused(logic):
    voxels = np.zeros((*SHAPE, 3), np.float32)
    photo = slicer.util.addVolumeFromArray(voxels, name="Photo", nodeClassName="vtkMRMLVectorVolumeNode")
    with pytest.raises(UserError, match=r"'Photo' has 3 values in each voxel"):
        logic.createSegmentation(photo)


def test_labelMapIsRefused(logic):
    outline = slicer.util.addVolumeFromArray(
        np.ones(SHAPE, np.uint8), name="Outline", nodeClassName="vtkMRMLLabelMapVolumeNode"
    )
    with pytest.raises(UserError, match=r"'Outline' is a label map"):
        logic.createSegmentation(outline)


def test_newSceneWithTheSameNodeIDsStartsAfresh(logic, server, ct):
    logic.segmentBox(*ct, axis=0, slice=SLICE, box=BOX)
    slicer.mrmlScene.Clear()

    # In the new scene the nodes have the same IDs again.
    volume = addVolume("anisotropic")
    slicer.util.arrayFromVolume(volume)[:] += 1
    slicer.util.arrayFromVolumeModified(volume)
    segmentation = logic.createSegmentation(volume)
    segment = logic.addSegment(segmentation, "Tumour")
    assert not logic.undo(segmentation, volume)
    logic.segmentBox(volume, segmentation, segment, axis=0, slice=SLICE, box=BOX)

    np.testing.assert_array_equal(segmentVoxels(volume, segmentation, segment), boxVoxels(volume, 0, [SLICE]))
    assert len({upload.key for upload in server.uploads}) == 2


def test_memoryOfRemovedNodesIsGivenBack(logic, server, ct):
    volume, segmentation, _segment = ct
    logic.segmentBox(*ct, axis=0, slice=SLICE, box=BOX)
    held = [weakref.ref(logic._uploads.uploadOf(volume)), weakref.ref(logic._writers.of(segmentation, volume))]
    other = addVolume(name="Other")
    slicer.mrmlScene.RemoveNode(volume)
    otherSegmentation = logic.createSegmentation(other)
    otherSegment = logic.addSegment(otherSegmentation, "Tumour")
    logic.segmentBox(other, otherSegmentation, otherSegment, axis=0, slice=SLICE, box=BOX)
    # No real server keeps what was sent to it in this process.
    server.uploads.clear()
    gc.collect()
    assert [reference() for reference in held] == [None, None]


def test_startedBoxIsWrittenWhenAdvanced(logic, ct):
    run = logic.startBox(*ct, axis=0, slice=SLICE, box=BOX)
    assert run.result is None
    while run.advance(wait=True):
        pass
    assert run.result.changedSegment
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(ct[0], 0, [SLICE]))


def test_closedBoxIsNeverWritten(logic, ct):
    run = logic.startBox(*ct, axis=0, slice=SLICE, box=BOX)
    run.close()
    assert not run.advance(wait=True)
    assert not segmentVoxels(*ct).any()


@pytest.fixture
def noCollecting():
    """What is only garbage stays."""
    gc.disable()
    yield
    gc.enable()


def test_logicThatNobodyHoldsObservesNothingMore(server, noCollecting):
    logic = MedSAMSegLogic(server)
    volume, earlier = addVolume(), addVolume(name="Earlier")
    segmentation, earlierSegmentation = logic.createSegmentation(volume), logic.createSegmentation(earlier)
    segment = logic.addSegment(segmentation, "Tumour")
    logic.segmentBox(volume, segmentation, segment, axis=0, slice=SLICE, box=BOX)
    logic.lesionChanges(earlier, earlierSegmentation, volume, segmentation)
    held = weakref.ref(logic)
    del logic
    assert held() is None
    segmentation.GetSegmentation().RemoveSegment(segment)
    assert len(slicer.util.getNodesByClass("vtkMRMLMarkupsROINode")) == 1
