"""The range of a lesion's volume and diameter: from boxes and propagations, gone when the voxels are others, saved."""

import csv
import dataclasses
import math

import numpy as np
import pytest
import slicer
from fakeServer import boxMask
from knownBox import BOX, SLICE, boxVoxels, segmentVoxels
from movedBoxes import MOVED, boxNodes, move
from segmentations import addSegment, editorNode

from medsamseg_server.engine.masks import SliceMask as ServerMask
from medsamseg_server.engine.variants import Variants
from medsamseg_server.serving.contract import SegmentRequest
from medsamseg_server.serving.mask_contract import Mask
from medsamseg_server.serving.mask_contract import MaskRange as ServerRange
from medsamseg_server.serving.propagation_contract import PropagateRequest
from MedSAMSegLib.client.maskRange import MaskRange
from MedSAMSegLib.client.serverClient import ServerClient
from MedSAMSegLib.client.serverReplies import SliceMask
from MedSAMSegLib.client.serverTransport import ServerTransport
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry
from MedSAMSegLib.volumes.slicePrompt import SlicePrompt

COUNT = 20
#: In voxels and millimeters, of every mask.
FEWEST, MOST, DIAMETERS = 17, 26, (0.5, 99.0)


@pytest.fixture
def server(server):
    """The fake server, whose masks have a range where that is asked for."""

    def ranged(box):
        mask = boxMask(box)
        return dataclasses.replace(mask, range=MaskRange(mask.voxelCount, (FEWEST, MOST), DIAMETERS))

    server.maskOfBox = ranged
    return server


@pytest.fixture
def drawn(logic, ct):
    """A volume with a segment of one box: (volume, segmentation, segment)."""
    logic.segmentBox(*ct, axis=0, slice=SLICE, box=BOX)
    return ct


def ranges(logic, ct):
    """:return: the ranges of volume and diameter of the first lesion."""
    lesion = logic.lesions(ct[1], ct[0])[0]
    return lesion.volumeRange, lesion.diameterRange


def expected(volume, slices=1):
    milliliters = abs(np.linalg.det(SliceGeometry(volume).IJKToWorld[:3, :3])) / 1000
    return pytest.approx((slices * FEWEST * milliliters, slices * MOST * milliliters)), DIAMETERS


def test_oneBoxAndAPropagationHaveARange(logic, drawn):
    assert ranges(logic, drawn) == expected(drawn[0])
    logic.propagate(*drawn)
    assert ranges(logic, drawn) == expected(drawn[0], slices=5)
    logic.acceptLesion(drawn[1], drawn[0], drawn[2])
    assert ranges(logic, drawn) == expected(drawn[0], slices=5)


def test_boxWithoutWhatIsNotTheObjectHasARange(logic, drawn):
    (box,) = boxNodes()
    before = logic.lesions(drawn[1], drawn[0])[0].volume
    logic.excludeBox(box, axis=0, slice=SLICE, box=(2.6, 1.6, 3.4, 2.4))
    assert logic.lesions(drawn[1], drawn[0])[0].volume < before
    assert ranges(logic, drawn) == expected(drawn[0])


def edit(ct, voxels):
    volume, segmentation, segment = ct
    slicer.util.updateSegmentBinaryLabelmapFromArray(voxels.astype(np.uint8), segmentation, segment, volume)


def eraseOneVoxel(logic, ct):
    voxels = segmentVoxels(*ct)
    voxels[SLICE, 1, 2] = False
    edit(ct, voxels)


def drawOnAnotherSlice(logic, ct):
    edit(ct, segmentVoxels(*ct) | boxVoxels(ct[0], 0, [SLICE + 3]))


def drawAnotherBox(logic, ct):
    logic.segmentBox(*ct, axis=0, slice=SLICE, box=(7.5, 0.5, 9.5, 4.5))


def takeVoxelsForAnotherSegment(logic, ct):
    volume, segmentation, _segmentID = ct
    editorNode(OverwriteMode=slicer.vtkMRMLSegmentEditorNode.OverwriteAllSegments)
    other = logic.addSegment(segmentation, "Other")
    logic.segmentBox(volume, segmentation, other, axis=0, slice=SLICE + 1, box=(4.5, 0.5, 9.5, 4.5))
    logic.propagate(volume, segmentation, other)


def lowerThreshold(logic, ct):
    logic.setThreshold(boxNodes()[0], 0.2)


@pytest.mark.parametrize(
    "change", [eraseOneVoxel, drawOnAnotherSlice, drawAnotherBox, takeVoxelsForAnotherSegment, lowerThreshold]
)
def test_otherVoxelsHaveNoRange(logic, drawn, change):
    change(logic, drawn)
    assert ranges(logic, drawn) == (None, None)


def test_undoBringsTheRangeBack(logic, drawn):
    drawAnotherBox(logic, drawn)
    logic.undo(drawn[1], drawn[0])
    assert ranges(logic, drawn) == expected(drawn[0])


def closer(box):
    """:return: the mask of a box, with less doubt about its size."""
    return dataclasses.replace(boxMask(box), range=MaskRange(COUNT, (19, 21), DIAMETERS))


@pytest.mark.parametrize("isMoved", [True, False])
def test_changedBoxHasTheRangeOfItsNewMask(logic, server, drawn, isMoved):
    node = boxNodes()[0]
    if isMoved:
        move(node, MOVED)
    server.maskOfBox = closer
    logic.updateBox(node, window="1,0")
    low, high = ranges(logic, drawn)[0]
    assert high / low == pytest.approx(21 / 19)


def test_askingAgainMakesNoBoxOfManualEdits(logic, server, drawn):
    server.maskOfBox = closer
    voxels = segmentVoxels(*drawn)
    voxels[SLICE, 7, 8] = True
    edit(drawn, voxels)
    logic.updateBox(boxNodes()[0], window="1,0")
    assert {state.provenance for state in logic.slices(drawn[1], drawn[0], drawn[2], axis=0)} == {"edited"}
    assert ranges(logic, drawn) == (None, None)


def test_slicesWithoutARangeHaveNone(logic, server, ct):
    server.maskOfBox = boxMask
    logic.segmentBox(*ct, axis=0, slice=SLICE, box=BOX)
    assert ranges(logic, ct) == (None, None)


def test_rangeIsSavedWithTheScene(logic, drawn, tmp_path):
    before = logic.lesions(drawn[1], drawn[0])
    path = str(tmp_path / "scene.mrb")
    slicer.util.saveScene(path)
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(path)
    (volume,) = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    (segmentation,) = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    assert ranges(logic, (volume, segmentation)) == (pytest.approx(before[0].volumeRange), DIAMETERS)


def test_fileAndTableHaveBothEnds(logic, drawn, tmp_path):
    volume, segmentation, _segmentID = drawn
    addSegment(segmentation, "By hand", boxVoxels(volume, 0, [2]), volume)
    logic.exportLesions(segmentation, volume, tmp_path / "lesions.csv")
    with (tmp_path / "lesions.csv").open(encoding="utf-8", newline="") as file:
        found, byHand = csv.DictReader(file)
    columns = ["Lowest volume (ml)", "Highest volume (ml)", "Lowest diameter (mm)", "Highest diameter (mm)"]
    (low, high), (shortest, longest) = ranges(logic, drawn)
    assert [float(found[column]) for column in columns] == pytest.approx([low, high, shortest, longest], abs=1e-3)
    assert [byHand[column] for column in columns] == [""] * 4
    table = logic.lesionTable(segmentation, volume).GetTable()
    values = [[table.GetColumnByName(column).GetValue(row) for column in columns] for row in (0, 1)]
    assert values[0] == pytest.approx([low, high, shortest, longest])
    assert all(math.isnan(value) for value in values[1])


def test_serverAndClientSayTheSame():
    masks = np.zeros((3, 9, 9), bool)
    for number, size in enumerate((5, 4, 6)):
        masks[number, 1 : 1 + size, 2 : 2 + size] = True
    mask = dataclasses.replace(ServerMask.from_mask(masks[0], 0.9), variants=Variants.of(masks[0], masks[1:]))
    told = Mask.of(mask, ServerRange.of(mask, 0, (3.0, 1.0, 2.0))).model_dump(mode="json")
    sizes = SliceMask.fromJson(told).range
    assert (sizes.count, sizes.voxels) == (25, (16, 36))
    assert sizes.longest == (pytest.approx(9.0, abs=1), pytest.approx(13.4, abs=1))
    assert MaskRange.fromJson(sizes.toJson()) == sizes
    assert SliceMask.fromJson(Mask.of(mask).model_dump(mode="json")).range is None


def test_serverUnderstandsWhatIsAsked(monkeypatch):
    sent = []
    client = ServerClient("http://localhost:1", "token")
    monkeypatch.setattr(client, "health", lambda: {})
    monkeypatch.setattr(ServerTransport, "readEvents", lambda _self, _path, body: sent.append(body) or iter(()))
    prompts = [SlicePrompt(0, SLICE, BOX)]
    client.propagate("key", 0, prompts, spacing=(3.0, 1.0, 2.0), withRanges=True)
    asked = PropagateRequest(**sent[-1])
    assert (asked.ranges, asked.spacing) == (True, (3.0, 1.0, 2.0))
    monkeypatch.setattr(ServerTransport, "requestJson", lambda _self, _method, _path, body: sent.append(body) or {})
    with pytest.raises(KeyError):
        client.segment("key", prompts, spacing=(3.0, 1.0, 2.0))
    assert SegmentRequest(**sent[-1]).spacing == (3.0, 1.0, 2.0)
