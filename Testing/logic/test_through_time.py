"""An object followed through the frames of a sequence: what is written where, undone, corrected, saved and refused."""

import numpy as np
import pytest
import slicer
from imageSequences import addSequence
from segmentations import voxelsOf

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.imageSequence import ImageSequence

FRAMES = 7
BOX = (10.0, 8.0, 19.0, 15.0)
AREA = 10 * 8
SHAPE = (1, 30, 40)
START = 3


@pytest.fixture
def cine(logic):
    """A sequence at frame 3 with an object on it: (volume, browser, segmentation, segment)."""
    volume, browser = addSequence([np.full(SHAPE, number, np.int16) for number in range(FRAMES)])
    browser.SetSelectedItemNumber(START)
    segmentation = logic.createSegmentation(volume)
    segment = logic.addSegment(segmentation, "Valve")
    logic.segmentBox(volume, segmentation, segment, axis=0, slice=0, box=BOX)
    return volume, browser, segmentation, segment


def areas(cine, segment=None):
    """:return: number of the segment's voxels on each frame, going through them as a user does."""
    volume, browser, segmentation, own = cine
    shown, found = browser.GetSelectedItemNumber(), []
    for number in range(browser.GetNumberOfItems()):
        browser.SetSelectedItemNumber(number)
        found.append(int(voxelsOf(segmentation, segment or own, volume).sum()))
    browser.SetSelectedItemNumber(shown)
    return found


def follow(logic, cine, **options):
    volume, _browser, segmentation, segment = cine
    return logic.propagateThroughTime(volume, segmentation, segment, **options)


def test_framesOfASequence(cine):
    volume, browser, segmentation, _segment = cine
    images = ImageSequence.of(volume)
    assert (images.frameCount, images.shownFrame) == (FRAMES, START)
    assert images.title(START) == "4 of 7 (0.12 s)"
    assert images.film(0, 0).shape == (FRAMES, 30, 40)
    assert images.film(1, 5).shape == (FRAMES, 1, 40)
    assert (images.film(0, 0) == np.arange(FRAMES)[:, None, None]).all()
    images.show(5)
    assert (browser.GetSelectedItemNumber(), slicer.util.arrayFromVolume(volume).max()) == (5, 5)
    assert ImageSequence.of(segmentation) is None
    assert ImageSequence.of(None) is None


def test_eachFrameGetsWhatWasFoundOnIt(logic, server, cine):
    said = []
    result = follow(logic, cine, progress=said.append)
    assert sorted(result.frames) == [1, 2, 3, 4, 5]
    assert sorted(result.changedFrames) == [1, 2, 4, 5]
    assert result.lostFrames == [0, 6]
    assert not result.wasCancelled
    assert areas(cine) == [0, AREA, AREA, AREA, AREA, AREA, 0]
    assert str(said[0]) == "frame 2 done (1 of at most 7)"
    (request,) = [request for request in server.requests if "method" in request]
    assert request["method"] == "film"
    assert [number for number, _box in request["prompts"]] == [START]


def test_segmentsOfEarlierStayOnEveryFrame(logic, cine):
    volume, _browser, segmentation, _segment = cine
    other = logic.addSegment(segmentation, "Wall")
    logic.segmentBox(volume, segmentation, other, axis=0, slice=0, box=(25, 20, 29, 24))
    follow(logic, cine)
    assert areas(cine, other) == [25] * FRAMES


def test_oneStepTakesAllFramesBackAndAnotherTheBox(logic, cine):
    volume, _browser, segmentation, _segment = cine
    follow(logic, cine)
    assert logic.canUndo(segmentation, volume)
    assert logic.undo(segmentation, volume)
    assert areas(cine) == [0, 0, 0, AREA, 0, 0, 0]
    assert logic.canRedo(segmentation, volume)
    assert logic.redo(segmentation, volume)
    assert areas(cine) == [0, AREA, AREA, AREA, AREA, AREA, 0]
    assert not logic.canRedo(segmentation, volume)


def test_undoKeepsWhatWasDrawnSince(logic, cine):
    volume, browser, segmentation, segment = cine
    follow(logic, cine)
    browser.SetSelectedItemNumber(5)
    voxels = voxelsOf(segmentation, segment, volume)
    voxels[0, 25:28, 30:33] = True
    slicer.util.updateSegmentBinaryLabelmapFromArray(voxels.astype(np.uint8), segmentation, segment, volume)
    with pytest.raises(UserError, match="What was changed since on the frames 6 is kept"):
        logic.undo(segmentation, volume)
    assert areas(cine) == [0, 0, 0, AREA, 0, AREA + 9, 0]


def test_boxesBelongToTheirFrame(logic, cine):
    volume, browser, segmentation, segment = cine
    follow(logic, cine)
    (box,) = logic.boxNodes(segmentation, volume, segment)
    browser.SetSelectedItemNumber(5)
    assert logic.boxNodes(segmentation, volume, segment) == []
    assert not box.GetDisplayNode().GetVisibility()
    logic.segmentBox(volume, segmentation, segment, axis=0, slice=0, box=(0, 0, 3, 3))
    assert len(logic.boxNodes(segmentation, volume, segment)) == 1
    browser.SetSelectedItemNumber(START)
    assert logic.boxNodes(segmentation, volume, segment) == [box]
    assert box.GetDisplayNode().GetVisibility()
    assert areas(cine)[START] == AREA


def test_correctedFramesStayAndAreStartedFrom(logic, server, cine):
    volume, browser, segmentation, segment = cine
    follow(logic, cine)
    browser.SetSelectedItemNumber(4)
    edited = np.zeros(SHAPE, np.uint8)
    edited[0, 2:5, 2:5] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(edited, segmentation, segment, volume)
    browser.SetSelectedItemNumber(2)
    logic.acceptSlice(segmentation, volume, segment, axis=0, slice=0)
    browser.SetSelectedItemNumber(START)
    follow(logic, cine)
    request = server.requests[-1]
    assert [number for number, _box in request["prompts"]] == [2, START, 4]
    assert request["masks"][4][2].all()
    assert request["masks"][4][2].shape == (3, 3)
    assert areas(cine)[4] == 9
    assert areas(cine)[2] == AREA


def test_cancelledKeepsTheFramesSoFar(logic, server, cine):
    server.heldAfter = 2
    result = follow(logic, cine, progress=lambda progress: progress.done < 2)
    assert result.wasCancelled
    assert areas(cine) == [0, AREA, AREA, AREA, 0, 0, 0]


def test_serverThatDiesLeavesWhatWasDone(logic, server, cine):
    volume, _browser, segmentation, _segment = cine
    server.diesAfter = 2
    with pytest.raises(UserError, match="stopped"):
        follow(logic, cine)
    assert areas(cine) == [0, AREA, AREA, AREA, 0, 0, 0]
    assert logic.undo(segmentation, volume)
    assert areas(cine) == [0, 0, 0, AREA, 0, 0, 0]


def test_removedSegmentGoesFromAllFrames(logic, cine):
    _volume, browser, segmentation, segment = cine
    follow(logic, cine)
    logic.removeSegment(segmentation, segment)
    for number in range(FRAMES):
        browser.SetSelectedItemNumber(number)
        assert list(segmentation.GetSegmentation().GetSegmentIDs()) == []
    assert slicer.util.getNodesByClass("vtkMRMLMarkupsROINode") == []


def test_segmentAddedLaterIsFollowedToo(logic, cine):
    volume, _browser, segmentation, _segment = cine
    follow(logic, cine)
    other = logic.addSegment(segmentation, "Leaflet")
    logic.segmentBox(volume, segmentation, other, axis=0, slice=0, box=(25, 20, 29, 24))
    logic.propagateThroughTime(volume, segmentation, other)
    assert areas(cine, other) == [0, 25, 25, 25, 25, 25, 0]
    assert areas(cine) == [0, AREA, AREA, AREA, AREA, AREA, 0]


def test_objectOnSeveralSlicesIsFollowedOnEach(logic):
    volume, browser = addSequence([np.zeros((4, 30, 40), np.int16) for _number in range(FRAMES)])
    browser.SetSelectedItemNumber(START)
    segmentation = logic.createSegmentation(volume)
    segment = logic.addSegment(segmentation, "Heart")
    for index in (1, 2):
        logic.segmentBox(volume, segmentation, segment, axis=0, slice=index, box=BOX)
    result = logic.propagateThroughTime(volume, segmentation, segment)
    assert sorted(result.frames) == [1, 2, 3, 4, 5]
    assert areas((volume, browser, segmentation, segment)) == [0, *[2 * AREA] * 5, 0]


def test_savedAndReopened(logic, cine, tmp_path):
    follow(logic, cine)
    path = str(tmp_path / "cine.mrb")
    assert slicer.util.saveScene(path)
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(path)
    (volume,) = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    (segmentation,) = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    (browser,) = slicer.util.getNodesByClass("vtkMRMLSequenceBrowserNode")
    (segment,) = segmentation.GetSegmentation().GetSegmentIDs()
    reopened = volume, browser, segmentation, segment
    assert areas(reopened) == [0, AREA, AREA, AREA, AREA, AREA, 0]
    assert len(logic.boxNodes(segmentation, volume, segment)) == 1
    browser.SetSelectedItemNumber(1)
    assert logic.boxNodes(segmentation, volume, segment) == []
    browser.SetSelectedItemNumber(START)
    follow(logic, reopened)
    assert areas(reopened) == [0, AREA, AREA, AREA, AREA, AREA, 0]


def _other(volume):
    """Another sequence's volume, with the segmentation of a first one."""
    return addSequence([np.zeros(SHAPE, np.int16)] * 3, "Other")[0]


def test_whatCannotBeFollowedIsSaid(logic, cine):
    volume, _browser, segmentation, segment = cine
    alone = slicer.util.addVolumeFromArray(np.zeros(SHAPE, np.int16), name="Still")
    with pytest.raises(UserError, match="'Still' is no sequence"):
        logic.propagateThroughTime(alone, segmentation, segment)
    empty = logic.addSegment(segmentation, "Nothing")
    with pytest.raises(UserError, match="'Nothing' holds nothing on the frame that is shown"):
        logic.propagateThroughTime(volume, segmentation, empty)
    follow(logic, cine)
    with pytest.raises(UserError, match="plays with other images than 'Other'"):
        logic.propagateThroughTime(_other(volume), segmentation, segment)


def test_framesOfOtherSizeAreRefused(logic):
    frames = [np.zeros(SHAPE, np.int16), np.zeros((1, 30, 41), np.int16)]
    volume, _browser = addSequence(frames)
    segmentation = logic.createSegmentation(volume)
    segment = logic.addSegment(segmentation, "Valve")
    logic.segmentBox(volume, segmentation, segment, axis=0, slice=0, box=BOX)
    with pytest.raises(UserError, match=r"Frame 2 of 2 \(0.04 s\) of 'Cine' has other voxels"):
        logic.propagateThroughTime(volume, segmentation, segment)
    assert len(slicer.util.getNodesByClass("vtkMRMLSequenceNode")) == 1


def test_whatABoxExcludesIsFollowedToo(logic, server, cine):
    volume, browser, segmentation, segment = cine
    (box,) = logic.boxNodes(segmentation, volume, segment)
    logic.excludeBox(box, axis=0, slice=0, box=(12, 10, 15, 13))
    follow(logic, cine)
    request = server.requests[-1]
    assert request["exclude"] == {START: ((12, 10, 15, 13),)}
    assert request["masks"][START][2].sum() == AREA - 16
    # Of a box on another frame as well, the next time.
    browser.SetSelectedItemNumber(4)
    later = logic.segmentBox(volume, segmentation, segment, axis=0, slice=0, box=(10, 8, 21, 17)).promptNode
    logic.excludeBox(later, axis=0, slice=0, box=(10, 8, 12, 10))
    browser.SetSelectedItemNumber(START)
    follow(logic, cine)
    request = server.requests[-1]
    assert request["exclude"] == {START: ((12, 10, 15, 13),), 4: ((10, 8, 12, 10),)}
    # Where a corner is taken away, the box is still round all of it.
    assert dict(request["prompts"])[4] == (10, 8, 21, 17)


def test_aSegmentThatIsNotTheObjectIsLeftOutOfEachFrame(logic, server, cine):
    volume, _browser, segmentation, segment = cine
    blood = logic.addSegment(segmentation, "Blood")
    logic.segmentBox(volume, segmentation, blood, axis=0, slice=0, box=(12, 10, 13, 11))
    (box,) = logic.boxNodes(segmentation, volume, segment)
    logic.excludeSegment(box, blood)
    with pytest.raises(UserError, match="'Blood', which is not the object, is known on the frame that is shown alone"):
        follow(logic, cine)
    logic.propagateThroughTime(volume, segmentation, blood)
    follow(logic, cine)
    excluded = server.requests[-1]["excludeMasks"]
    assert sorted(excluded) == [1, 2, 3, 4, 5]
    assert all((mask.x0, mask.y0, mask.pixels.shape) == (12, 10, (2, 2)) for mask in excluded.values())
    assert areas(cine) == [0, *[AREA - 4] * 5, 0]
    assert areas(cine, blood) == [0, *[4] * 5, 0]


def test_whatWasOnlyCopiedToOtherFramesIsFollowedWhenItsTurnComes(logic, server, cine):
    volume, browser, segmentation, _segment = cine
    other = logic.addSegment(segmentation, "Leaflet")
    logic.segmentBox(volume, segmentation, other, axis=0, slice=0, box=(25, 20, 29, 24))
    follow(logic, cine)
    assert areas(cine, other) == [25] * FRAMES
    # On one frame somebody has worked on the copy.
    browser.SetSelectedItemNumber(4)
    edited = voxelsOf(segmentation, other, volume)
    edited[0, 0, 0] = True
    slicer.util.updateSegmentBinaryLabelmapFromArray(edited.astype(np.uint8), segmentation, other, volume)
    browser.SetSelectedItemNumber(START)
    logic.propagateThroughTime(volume, segmentation, other)
    assert [number for number, _box in server.requests[-1]["prompts"]] == [START, 4]
    assert areas(cine, other) == [0, 25, 25, 25, 26, 25, 25]
    assert logic.undo(segmentation, volume)
    assert areas(cine, other) == [25, 25, 25, 25, 26, 25, 25]


def test_phasesAreAskedFrameByFrame(logic, server, cine):
    volume, browser, _segmentation, _segment = cine
    filtered, _other = addSequence([np.full(SHAPE, 100 + number, np.int16) for number in range(FRAMES)], "Filtered")
    logic.setPhases(volume, [filtered], "max")
    browser.SetSelectedItemNumber(START - 1)
    browser.SetSelectedItemNumber(START)
    assert logic.phases(volume) == [filtered]
    follow(logic, cine)
    request = server.requests[-1]
    assert (request["method"], request["fuse"], len(request["also"])) == ("film", "max", 1)
    shown, further = (server.contentOf(key) for key in (request["key"], request["also"][0]))
    assert shown[:, 0, 0].tolist() == list(range(FRAMES))
    assert further[:, 0, 0].tolist() == list(range(100, 100 + FRAMES))


def _still():
    return slicer.util.addVolumeFromArray(np.zeros(SHAPE, np.int16), name="Still")


def _short():
    return addSequence([np.zeros(SHAPE, np.int16)] * 3, "Short")[0]


def _fine():
    return addSequence([np.zeros((1, 30, 20), np.int16)] * FRAMES, "Fine")[0]


@pytest.mark.parametrize(
    ("phase", "words"),
    [
        (_still, "'Cine' has 7 frames, and 'Still', which is asked along, has 1"),
        (_short, "'Short', which is asked along, has 3"),
        (_fine, "The frames of 'Fine', which is asked along, have other voxels"),
    ],
)
def test_phasesOfOtherFramesAreSaid(logic, cine, phase, words):
    logic.setPhases(cine[0], [phase()])
    with pytest.raises(UserError, match=words):
        follow(logic, cine)
    assert areas(cine) == [AREA] * FRAMES
