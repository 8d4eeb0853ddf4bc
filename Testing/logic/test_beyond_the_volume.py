"""Segments that reach beyond the volume on any side: drawn on a whole scan, worked on in a piece of it."""

import numpy as np
import pytest
import slicer
import vtk
from geometries import addVolume
from segmentations import voxelsOf

BOX = (1.5, 0.5, 6.5, 4.5)
SHAPE = (9, 11, 13)

#: What the piece leaves out of the whole: voxels before it and behind it along each array axis.
PIECES = {
    "below": ((3, 0), (0, 0), (0, 0)),
    "above": ((0, 3), (0, 0), (0, 0)),
    "on all sides": ((2, 1), (1, 2), (2, 1)),
    "within slices": ((0, 0), (2, 2), (2, 3)),
}


def pieceOf(volume, piece):
    """:return: volume node with a part of a volume's voxels, in their place."""
    (k, _k), (j, _j), (i, _i) = piece
    block = tuple(slice(first, size - last) for size, (first, last) in zip(SHAPE, piece, strict=True))
    node = slicer.util.addVolumeFromArray(slicer.util.arrayFromVolume(volume)[block].copy(), name="piece")
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    IJKToRAS = slicer.util.arrayFromVTKMatrix(matrix)
    IJKToRAS[:3, 3] = (IJKToRAS @ [i, j, k, 1])[:3]
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(IJKToRAS))
    return node, block


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES)
def test_slices_are_those_of_the_volume(logic, piece, axis):
    whole = addVolume("rotated")
    segmentation = logic.createSegmentation(whole)
    segment = logic.addSegment(segmentation, "A")
    slicer.util.updateSegmentBinaryLabelmapFromArray(np.ones(SHAPE, np.uint8), segmentation, segment, whole)
    volume, block = pieceOf(whole, piece)
    states = logic.slices(segmentation, volume, segment, axis)
    assert [state.index for state in states] == list(range(block[axis].stop - block[axis].start))
    logic.acceptSlice(segmentation, volume, segment, axis, 1)
    assert logic.slices(segmentation, volume, segment, axis)[1].isAccepted


@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES)
def test_propagation_stays_in_the_volume_and_leaves_the_rest_alone(logic, server, piece):
    server._reach = 1
    whole = addVolume("rotated")
    segmentation = logic.createSegmentation(whole)
    segment = logic.addSegment(segmentation, "A")
    volume, block = pieceOf(whole, piece)
    outside = np.ones(SHAPE, bool)
    outside[block] = False
    slicer.util.updateSegmentBinaryLabelmapFromArray(outside.astype(np.uint8), segmentation, segment, whole)
    logic.segmentBox(volume, segmentation, segment, axis=0, slice=2, box=BOX)
    logic.propagate(volume, segmentation, segment)
    assert [index for index, _box in server.requests[-1]["prompts"]] == [2]
    states = {state.index: state.provenance for state in logic.slices(segmentation, volume, segment, axis=0)}
    assert states == {1: "propagated", 2: "box", 3: "propagated"}
    expected = outside.copy()
    expected[block][1:4, 1:5, 2:7] = True
    np.testing.assert_array_equal(voxelsOf(segmentation, segment, whole), expected)


def test_what_is_known_of_slices_that_the_volume_does_not_have_does_no_harm(logic, server):
    whole = addVolume("rotated")
    segmentation = logic.createSegmentation(whole)
    segment = logic.addSegment(segmentation, "A")
    logic.segmentBox(whole, segmentation, segment, axis=0, slice=6, box=BOX)
    logic.propagate(whole, segmentation, segment)
    volume, _block = pieceOf(whole, ((0, 4), (0, 0), (0, 0)))
    assert [state.index for state in logic.slices(segmentation, volume, segment, axis=0)] == [4]
