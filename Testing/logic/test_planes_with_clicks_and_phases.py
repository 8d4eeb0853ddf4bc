"""What else is asked on planes that are turned against the volume: clicks, further volumes; and what is refused."""

import numpy as np
import pytest
import slicer
from imageSequences import addSequence
from obliqueCylinder import (
    INSIDE,
    RADIUS,
    RIGHT,
    UP,
    BrightServer,
    addCylinder,
    corners,
    draw,
    offsets,
    planeDistance,
    turnView,
)
from segmentations import voxelsOf

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.logic import MedSAMSegLogic
from MedSAMSegLib.volumes.obliqueStack import isStack


@pytest.fixture
def server():
    made = BrightServer()
    made.boxOfClick = lambda x, y: (x - RADIUS - 2, y - RADIUS - 2, x + RADIUS + 2, y + RADIUS + 2)
    return made


@pytest.fixture
def logic(server):
    return MedSAMSegLogic(server)


def test_a_click_is_on_the_plane_that_is_seen(logic, server):
    volume, middle = addCylinder("anisotropic", "nested parents")
    turnView(RIGHT, UP)
    found = logic.startClick(volume, middle, "Red").finish()
    assert isStack(found.volume)
    # One plane was sent, and is the first of what the server has.
    assert (server.requests[-1]["axis"], server.requests[-1]["slice"]) == (0, 0)
    segmentation = logic.createSegmentation(volume)
    segment = logic.addSegment(segmentation, "Tumor")
    where = {"axis": found.prompt.axis, "slice": found.prompt.sliceIndex, "box": found.prompt.box}
    result = logic.segmentBox(found.volume, segmentation, segment, **where)
    assert result.rotation > 1
    along, across = offsets(volume, middle)
    expected = (abs(along) < planeDistance(volume) / 2) & (across < RADIUS)
    written = voxelsOf(segmentation, segment, volume)
    assert 2 * (written & expected).sum() / (written.sum() + expected.sum()) > 0.97


def test_a_click_is_on_the_nearest_slice_where_that_is_chosen(logic, server):
    volume, middle = addCylinder()
    turnView(RIGHT, UP)
    assert logic.startClick(volume, middle, "Red", nearestSlice=True).finish().volume is volume
    assert server.requests[-1]["slice"] > 0


def test_a_click_beside_the_volume_is_refused(logic):
    volume, middle = addCylinder()
    turnView(RIGHT, UP)
    with pytest.raises(UserError, match="The click lies outside the volume 'CT'") as caught:
        logic.startClick(volume, middle + 200 * RIGHT, "Red").finish()
    assert caught.value.code == "point_outside_slice"


@pytest.fixture
def phased(logic):
    """A volume, and a further one of other voxels and with another transform: (volume, middle, further one)."""
    volume, middle = addCylinder()
    voxels = np.repeat(slicer.util.arrayFromVolume(volume), 2, axis=0) // 2
    further = slicer.util.addVolumeFromArray(voxels, name="Arterial")
    toRAS = vtkArray(volume) @ np.diag([1, 1, 0.5, 1])
    toRAS[:3, 3] -= toRAS[:3, 2] / 2
    shift = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = np.eye(4)
    matrix[:3, 3] = 5, -3, 2
    shift.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    toRAS[:3, 3] -= matrix[:3, 3]
    further.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(toRAS))
    further.SetAndObserveTransformNodeID(shift.GetID())
    logic.setPhases(volume, [further], "max")
    return volume, middle, further


def vtkArray(volume):
    matrix = slicer.util.vtkMatrixFromArray(np.eye(4))
    volume.GetIJKToRASMatrix(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)


def test_further_volumes_are_asked_on_the_same_plane(logic, server, phased):
    volume, middle, _further = phased
    segmentation, segment, _result = draw(logic, volume, middle)
    request = server.requests[-1]
    assert request["fuse"] == "max"
    (key,) = request["also"]
    plane, other = (server.sent[each].astype(float) for each in (request["key"], key))
    assert plane.shape == other.shape and plane.shape[0] == 1
    # Half as bright in the same place; interpolated in voxels half as high.
    assert plane.max() == INSIDE
    assert abs(plane / 2 - other).mean() < 0.02 * INSIDE
    logic.propagate(volume, segmentation, segment)
    (key,) = server.requests[-1]["also"]
    assert server.sent[key].shape == server.sent[server.requests[-1]["key"]].shape


def test_a_preview_asks_further_volumes_and_sends_them_once(logic, server, phased):
    volume, middle, further = phased
    server.client()
    turnView(RIGHT, UP)
    for _time in range(2):
        run = logic.startPreview(volume, corners(middle), "Red")
        while run.advance(wait=True):
            pass
        assert len(server.requests[-1]["also"]) == 1
    assert len(server.sent) == 2
    # A volume that lies elsewhere is sliced elsewhere.
    further.SetAndObserveTransformNodeID(None)
    draw(logic, volume, middle)
    assert len(server.sent) == 3


def test_through_time_nothing_is_followed_from_a_rotated_plane(logic, server):
    still, _middle = addCylinder()
    volume, _browser = addSequence([slicer.util.arrayFromVolume(still)] * 3)
    middle = (vtkArray(volume) @ [*(np.array(volume.GetImageData().GetDimensions()) / 2 - 0.4), 1.0])[:3]
    segmentation, segment, _result = draw(logic, volume, middle)
    count = len(server.requests)
    with pytest.raises(UserError, match=r"'Tumor' has boxes on rotated planes.*Nearest slice") as caught:
        logic.propagateThroughTime(volume, segmentation, segment)
    assert caught.value.code == "planes_through_time"
    assert len(server.requests) == count
