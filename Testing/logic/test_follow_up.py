"""Lesions of an earlier scan found again on a later one: where they are carried, what is matched, what is said."""

import csv

import numpy as np
import pytest
import slicer
import vtk
from geometries import IJK_TO_RAS, MOVED, addVolume, affine
from segmentations import addSegment, addSegmentation, voxelsOf

from MedSAMSegLib.client.serverReplies import SliceMask
from MedSAMSegLib.client.serverTransport import ServerUnavailableError
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.followup.carriedLesion import carry
from MedSAMSegLib.segments.labelmapCrop import LabelmapCrop
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

LESION = LabelmapCrop(np.ones((3, 4, 5), bool), (3, 2, 2))


def block(shape, *ranges):
    """:return: bool (K, J, I) array that is set in ranges of K, J and I."""
    voxels = np.zeros(shape, bool)
    voxels[tuple(slice(*each) for each in ranges)] = True
    return voxels


def linear(matrix):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    node.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    return node


@pytest.mark.parametrize("kind", IJK_TO_RAS)
def test_carriedAreTheVoxelsWhoseCentersLieInTheLesion(host, kind):
    earlier = SliceGeometry(addVolume("rotated", "parent"))
    for shift, transform in ((np.eye(4), None), (MOVED, linear(MOVED))):
        # The later scan lies round the lesion, with voxels of its own kind.
        later = addVolume(kind, shape=(20, 21, 22))
        matrix = IJK_TO_RAS[kind].copy()
        place = (shift @ earlier.IJKToWorld @ [5, 3.5, 3, 1])[:3]
        matrix[:3, 3] = place - matrix[:3, :3] @ [10.3, 9.8, 9.1]
        later.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(matrix))
        found = carry(earlier, LESION, SliceGeometry(later), transform)
        k, j, i = np.mgrid[:20, :21, :22].reshape(3, -1)
        back = np.linalg.inv(shift @ earlier.IJKToWorld) @ matrix
        inLesion = np.floor((back @ [i, j, k, np.ones(i.size)])[:3] + 0.5) - np.array(LESION.start)[:, None]
        expected = ((inLesion >= 0) & (inLesion < np.array([[5], [4], [3]]))).all(axis=0).reshape(20, 21, 22)
        assert expected.any()
        assert (found.within((0, 21, 0, 20, 0, 19)) == expected).all()


def test_bentTransformIsFollowedRoundTheLesion(host):
    earlier, later = SliceGeometry(addVolume()), SliceGeometry(addVolume(shape=(30, 30, 30)))
    spline = vtk.vtkThinPlateSplineTransform()
    spline.SetBasisToR()
    source, target = vtk.vtkPoints(), vtk.vtkPoints()
    for corner in np.ndindex(3, 3, 3):
        place = np.array(corner) * 15.0
        source.InsertNextPoint(*place)
        target.InsertNextPoint(place[0] + 8, place[1] + 8, place[2] + 8 + 0.01 * place[0] ** 2)
    spline.SetSourceLandmarks(source)
    spline.SetTargetLandmarks(target)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode")
    node.SetAndObserveTransformToParent(spline)
    found = carry(earlier, LESION, later, node)
    middle = np.array(spline.TransformPoint(5, 3.5, 3))
    assert np.argwhere(found.voxels)[:, ::-1].mean(axis=0) + found.start == pytest.approx(middle, abs=0.6)


def test_lesionBesideTheLaterScanIsCarriedNowhere(host):
    earlier, later = SliceGeometry(addVolume()), SliceGeometry(addVolume())
    assert carry(earlier, LESION, later, linear(affine(np.eye(3), (50, 0, 0)))).isEmpty


@pytest.fixture
def scans(logic):
    """Two scans on each other, the later one with voxels half as long along S, and a lesion on the earlier one."""
    earlier = addVolume(name="March")
    later = addVolume(shape=(18, 11, 13), name="June")
    later.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(affine(np.diag([1, 1, 0.5]), (0, 0, -0.25))))
    earlierSegmentation, segmentation = addSegmentation(earlier, "Then"), addSegmentation(later, "Now")
    addSegment(earlierSegmentation, "Liver 1", block((9, 11, 13), (3, 5), (3, 6), (3, 9)), earlier)
    return earlier, earlierSegmentation, later, segmentation


def test_lesionIsProposedWithItsChange(logic, server, scans):
    _earlier, _earlierSegmentation, later, segmentation = scans
    (change,) = logic.followUp(*scans)
    # The fake network finds its whole box: one pixel wider on each side, and two slices each way.
    assert (change.name, change.status, change.problem) == ("Liver 1", "matched", "")
    assert (change.earlier.diameter, change.later.diameter) == pytest.approx((40**0.5, 80**0.5))
    assert change.diameterChange == pytest.approx(100 * (2**0.5 - 1))
    assert change.volumeChange == pytest.approx(100 * (8 * 5 * 5 * 0.5 / (6 * 3 * 2) - 1))
    assert server.requests[-1]["reach"] == 5
    (segmentID,) = segmentation.GetSegmentation().GetSegmentIDs()
    assert segmentation.GetSegmentation().GetSegment(segmentID).GetName() == "Liver 1"
    assert voxelsOf(segmentation, segmentID, later)[6, 2:7, 2:10].all()
    assert len(logic.boxes(segmentation, later)) == 1


def test_followingUpAgainProposesNothing(logic, server, scans):
    logic.followUp(*scans)
    asked = len(server.requests)
    (change,) = logic.followUp(*scans)
    assert change.status == "matched"
    assert len(server.requests) == asked
    assert scans[3].GetSegmentation().GetNumberOfSegments() == 1


def test_lesionsThatAreThereAlreadyAreMatchedAndNewOnesListed(logic, server, scans):
    _earlier, _earlierSegmentation, later, segmentation = scans
    same = addSegment(segmentation, "A", block((18, 11, 13), (7, 9), (3, 6), (3, 6)), later)
    other = addSegment(segmentation, "B", block((18, 11, 13), (13, 16), (8, 10), (3, 6)), later)
    matched, new = logic.followUp(*scans)
    assert (matched.later.segmentID, new.later.segmentID) == (same, other)
    assert (new.name, new.status, new.diameterChange, new.volumeChange) == ("B", "new", None, None)
    assert matched.overlap == 1.0
    assert server.requests == []
    assert logic.lesionChanges(*scans) == [matched, new]


def test_whatIsNotFoundIsSaid(logic, server, scans):
    earlier, earlierSegmentation, _later, segmentation = scans
    server.maskOfBox = lambda box: SliceMask(0, 0, np.zeros((1, 1), bool), 0.1)
    lost = linear(affine(np.eye(3), (0, 0, -4.6)))
    addSegment(earlierSegmentation, "Outside", block((9, 11, 13), (0, 2), (3, 6), (3, 9)), earlier)
    gone = logic.followUp(*scans, transform=lost)
    assert [(each.name, each.status, each.problem) for each in gone] == [
        ("Liver 1", "gone", "Nothing was found in its box."),
        ("Outside", "gone", "It lies outside the later scan."),
    ]
    assert segmentation.GetSegmentation().GetNumberOfSegments() == 0


def test_emptySegmentIsNotLeftWhenTheServerStops(logic, server, scans):
    server.startError = ServerUnavailableError("The server does not start.", "Try again.", "server_stopped")
    run = logic.startFollowUp(*scans)
    assert scans[3].GetSegmentation().GetNumberOfSegments() == 1
    with pytest.raises(ServerUnavailableError):
        run.finish()
    assert scans[3].GetSegmentation().GetNumberOfSegments() == 0
    assert not run.advance()


def test_undoTakesPropagationAndBoxBack(logic, scans):
    _earlier, _earlierSegmentation, later, segmentation = scans
    logic.followUp(*scans)
    assert logic.undo(segmentation, later)
    assert logic.lesionChanges(*scans)[0].later.state == "drawn"
    assert logic.undo(segmentation, later)
    assert logic.boxes(segmentation, later) == []


def test_csvHasALineALesion(logic, scans, tmp_path):
    logic.exportFollowUp(logic.followUp(*scans), tmp_path / "changes.csv")
    with (tmp_path / "changes.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["Name"], row["Status"], row["Place"]) == ("Liver 1", "matched", "axial 4")
    assert float(row["Change of diameter (%)"]) == pytest.approx(41.421, abs=0.001)


def test_sameScanIsRefused(logic, scans):
    with pytest.raises(UserError) as raised:
        logic.followUp(scans[0], scans[1], scans[0], scans[1])
    assert raised.value.code == "follow_up_same_scan"
