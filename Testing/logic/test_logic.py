"""The scripting API on a real scene, with a fake server: what is drawn lands in the right voxels, and is undone."""

import numpy as np
import pytest
import slicer
from fakeBackend import FakeBackend
from geometries import SCENARIOS, addVolume, ijkOf, worldOf

from MedSAMSegLib.backendReplies import BackendError, SliceMask
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.logic import MedSAMSegLogic

#: Edges half-way between pixel centers 2…6 and 1…4: the right answer does not hang on rounding.
BOX = (1.5, 0.5, 6.5, 4.5)
SLICE = 4


@pytest.fixture
def backend():
    return FakeBackend()


@pytest.fixture
def logic(backend):
    return MedSAMSegLogic(backend)


@pytest.fixture
def ct(logic):
    """A volume with an empty segment: (volume, segmentation, segment)."""
    volume = addVolume()
    segmentation = logic.createSegmentation(volume)
    return volume, segmentation, logic.addSegment(segmentation, "Tumour")


def boxVoxels(volume, axis, slices):
    """The voxels of BOX on some slices, as bool (K, J, I)."""
    voxels = np.zeros(slicer.util.arrayFromVolume(volume).shape, dtype=bool)
    np.moveaxis(voxels, axis, 0)[list(slices), 1:5, 2:7] = True
    return voxels


def segmentVoxels(volume, segmentation, segment):
    return slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segment, volume) > 0


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


def test_propagationWritesEverySliceAsOneUndoStep(logic, ct):
    logic.segmentBox(*ct, axis=0, slice=SLICE, box=BOX)
    afterTheBox = segmentVoxels(*ct)

    result = logic.propagate(*ct)

    assert result.slices == [2, 3, 4, 5, 6]
    assert not result.wasCancelled
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(ct[0], 0, range(2, 7)))
    volume, segmentation, _segment = ct
    assert logic.undo(segmentation, volume)
    np.testing.assert_array_equal(segmentVoxels(*ct), afterTheBox)
    assert logic.redo(segmentation, volume)
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(ct[0], 0, range(2, 7)))


def test_propagationSaysHowFarItIs(logic, ct):
    logic.segmentBox(*ct, axis=0, slice=SLICE, box=BOX)
    sentences = []
    logic.propagate(*ct, progress=lambda progress: sentences.append(str(progress)))
    assert sentences[0] == "slice 2 done (1 of at most 5)"
    assert len(sentences) == 5


def test_propagationAsksForWhatItWasTold(logic, backend, ct):
    logic.segmentBox(*ct, axis=0, slice=SLICE, box=BOX)
    logic.propagate(*ct, first=2, last=6, direction="forward", window="lung", model="medsam")
    asked = backend.requests[-1]
    assert asked["prompts"] == [(SLICE, pytest.approx(BOX))]
    assert (asked["first"], asked["last"], asked["direction"]) == (2, 6, "forward")
    assert (asked["window"], asked["model"]) == ("lung", "medsam")


def test_newBoxOnASliceReplacesTheOlderPrompt(logic, backend, ct):
    logic.segmentBox(*ct, axis=0, slice=SLICE, box=(1, 1, 3, 3))
    logic.segmentBox(*ct, axis=0, slice=SLICE, box=BOX)
    logic.propagate(*ct)
    assert backend.requests[-1]["prompts"] == [(SLICE, pytest.approx(BOX))]


def test_progressThatReturnsFalseCancelsAndKeepsWhatIsDone(logic, backend, ct):
    logic.segmentBox(*ct, axis=0, slice=SLICE, box=BOX)
    run = logic.startPropagation(*ct, progress=lambda progress: False)
    while run.advance(wait=True):
        pass
    assert run.result.slices
    assert set(backend.cancelled) == {run.job}


def test_failureInTheMiddleKeepsWholeSlicesAndSaysSo(logic, backend, ct):
    logic.segmentBox(*ct, axis=0, slice=SLICE, box=BOX)

    def eventsThatBreakOff(prompt, complete=backend._events):
        for number, event in enumerate(complete(prompt)):
            if number == 3:
                raise BackendError("The server stopped.", "Try again.", "server_stopped")
            yield event

    backend._events = eventsThatBreakOff
    with pytest.raises(BackendError, match=r"2 slices were done before and are kept") as caught:
        logic.propagate(*ct)
    assert caught.value.code == "server_stopped"
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(ct[0], 0, [2, 3, 4]))
    assert logic.undo(ct[1], ct[0])
    np.testing.assert_array_equal(segmentVoxels(*ct), boxVoxels(ct[0], 0, [SLICE]))


def test_voxelsAreSentOnceAndAgainAfterAnEdit(logic, backend, ct):
    volume = ct[0]
    logic.segmentBox(*ct, axis=0, slice=SLICE, box=BOX)
    logic.segmentBox(*ct, axis=0, slice=SLICE + 1, box=BOX)
    assert len(backend.uploads) == 1
    slicer.util.arrayFromVolume(volume)[0, 0, 0] += 1
    slicer.util.arrayFromVolumeModified(volume)
    logic.segmentBox(*ct, axis=0, slice=SLICE, box=BOX)
    assert len({upload.key for upload in backend.uploads}) == 2


def test_volumeThatTheServerDroppedIsSentAgain(logic, backend, ct):
    logic.segmentBox(*ct, axis=0, slice=SLICE, box=BOX)
    answer = backend.segment
    failures = [BackendError("Unknown volume.", "", "volume_unknown")]

    def forgetful(*arguments):
        if failures:
            raise failures.pop()
        return answer(*arguments)

    backend.segment = forgetful
    logic.segmentBox(*ct, axis=0, slice=SLICE + 1, box=BOX)
    assert len(backend.uploads) == 2


def test_emptyMaskWritesNothing(logic, backend, ct):
    backend.maskOfBox = lambda box: SliceMask(0, 0, np.zeros((0, 0), dtype=bool), 0.1)
    result = logic.segmentBox(*ct, axis=0, slice=SLICE, box=BOX)
    assert result.voxelCount == 0
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
        ({"axis": 3, "slice": SLICE, "box": BOX}, "axis_invalid"),
        ({"axis": 0, "slice": 99, "box": BOX}, "box_outside_image"),
        ({"axis": 0, "slice": SLICE, "box": (6, 4, 2, 1)}, "box_reversed"),
        ({"axis": 0, "slice": SLICE, "box": BOX, "boxRAS": ((0, 0, 4), (5, 5, 4))}, "box_given_twice"),
        ({"boxRAS": ((0, 0, 4), (5, 5, 4)), "view": "Purple"}, "view_unknown"),
        ({"boxRAS": ((500, 500, 4), (505, 505, 4))}, "box_outside_image"),
    ],
)
def test_badBoxIsRefusedAndNothingIsLost(logic, backend, ct, arguments, code):
    with pytest.raises(UserError) as caught:
        logic.segmentBox(*ct, **arguments)
    assert caught.value.code == code
    assert backend.requests == []
    assert not segmentVoxels(*ct).any()


def test_propagationWithoutABoxSaysWhatToDo(logic, ct):
    with pytest.raises(UserError, match=r"Draw a box"):
        logic.propagate(*ct)


def test_boxesAlongTwoAxesAreRefused(logic, ct):
    logic.segmentBox(*ct, axis=0, slice=SLICE, box=BOX)
    logic.segmentBox(*ct, axis=1, slice=SLICE, box=BOX)
    with pytest.raises(UserError, match=r"different directions"):
        logic.propagate(*ct)


def test_segmentationLiesUnderTheVolumesTransform(logic):
    volume = addVolume("rotated", "parent")
    segmentation = logic.createSegmentation(volume)
    assert segmentation.GetTransformNodeID() == volume.GetTransformNodeID()
    assert segmentation.GetName() == "CT segmentation"
