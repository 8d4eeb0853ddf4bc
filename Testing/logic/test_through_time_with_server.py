"""A film in color followed through the real server with the real weights, from one box in the scene."""

import numpy as np
import slicer
from imageSequences import addSequence
from segmentations import voxelsOf

from MedSAMSegLib.logic import MedSAMSegLogic

SIZE = (96, 128)
#: Columns of the object's center, frame by frame: it leaves the picture on the right, and comes back.
CENTERS = [40, 48, 56, 70, 160, 160, 84, 70]
WITHOUT_OBJECT = [4, 5]


def film():
    """:return: (frames (1, rows, columns, 3) uint8, masks (1, rows, columns)): a spotted ellipse on gray-green."""
    random = np.random.default_rng(7)
    rows, columns = np.indices(SIZE)
    ground = np.array((80, 110, 90)) + random.normal(0, 4, (*SIZE, 1))
    frames, masks = [], []
    for center in CENTERS:
        mask = ((columns - center) / 15) ** 2 + ((rows - 50) / 12) ** 2 < 1
        spots = 12 * np.sin((columns - center) / 2.5) * np.cos(rows / 3)
        colors = np.where(mask[..., None], np.array((190, 60, 60)) + spots[..., None], ground)
        frames.append(colors.clip(0, 255).astype(np.uint8)[None])
        masks.append(mask[None])
    return frames, masks


def test_objectIsFollowedLostAndFoundAgain(realServer):
    frames, masks = film()
    volume, browser = addSequence(frames, "Endoscopy", "vtkMRMLVectorVolumeNode")
    logic = MedSAMSegLogic(realServer)
    segmentation = logic.createSegmentation(volume)
    segment = logic.addSegment(segmentation, "Polyp")
    logic.segmentBox(volume, segmentation, segment, axis=0, slice=0, box=(25, 38, 55, 62))
    result = logic.propagateThroughTime(volume, segmentation, segment)
    assert result.lostFrames == WITHOUT_OBJECT
    for number, truth in enumerate(masks):
        browser.SetSelectedItemNumber(number)
        found = voxelsOf(segmentation, segment, volume)
        if number in WITHOUT_OBJECT:
            assert not found.any()
        else:
            dice = 2 * (found & truth).sum() / (found.sum() + truth.sum())
            assert dice > 0.95, (number, dice)
    assert slicer.util.getNode("Endoscopy") is volume
