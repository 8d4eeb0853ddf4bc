"""ROI markups as prompts: which box and slices they mean in every geometry, how far propagation goes."""

import numpy as np
import pytest
import slicer
from geometries import MOVED, SCENARIOS, addVolume, affine, rotation

from MedSAMSegLib.boxes.roiMarkups import promptFromROI
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.sliceAxes import AXES, toIJK
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry


def addROI(objectToWorld, sides, name="R", parent=None):
    """:return: ROI markup with a place in the world and side lengths in mm, under a transform where one is given."""
    roi = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode", name)
    roi.CreateDefaultDisplayNodes()
    if parent is not None:
        transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
        transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(parent))
        roi.SetAndObserveTransformNodeID(transform.GetID())
        objectToWorld = np.linalg.inv(parent) @ objectToWorld
    roi.SetAndObserveObjectToNodeMatrix(slicer.util.vtkMatrixFromArray(objectToWorld))
    roi.SetSize(*sides)
    return roi


def roiOfVoxels(geometry, low, high, order=(0, 1, 2), parent=None):
    """:return: ROI along the voxels from one place (i, j, k) to another; its own axes are the voxels' in an order."""
    low, high = np.array(low, float), np.array(high, float)
    spacing = np.linalg.norm(geometry.IJKToWorld[:3, :3], axis=0)
    axes = (geometry.IJKToWorld[:3, :3] / spacing)[:, list(order)]
    center = (geometry.IJKToWorld @ [*(low + high) / 2, 1.0])[:3]
    return addROI(affine(axes, center), ((high - low) * spacing)[list(order)], parent=parent)


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize(("kind", "parents"), [each for each in SCENARIOS if each[0] != "gantry tilt"])
def test_roiAlongTheVoxelsIsItsBoxAndItsSlices(host, kind, parents, axis):
    geometry = SliceGeometry(addVolume(kind, parents))
    low, high = toIJK(axis, 2.5, 1.5, 2.0), toIJK(axis, 6.5, 5.5, 6.0)
    for order, parent in (((0, 1, 2), None), ((2, 0, 1), MOVED)):
        prompt, extent, notes = promptFromROI(geometry, roiOfVoxels(geometry, low, high, order, parent), axis)
        assert (prompt.axis, prompt.sliceIndex, extent, notes) == (axis, 4, (1, 2), [])
        assert prompt.box == pytest.approx((1.5, 2.0, 5.5, 6.0), abs=1e-3)


@pytest.mark.parametrize(
    ("low", "high", "axis", "index", "extent"),
    [
        ((2, 2, 3.6), (6, 6, 4.2), 0, 4, (0, 0)),
        ((2, 2, 4.1), (6, 6, 4.4), 0, 4, (0, 0)),
        ((2, 5.8, 2), (6, 6.1, 5), 1, 6, (0, 0)),
        ((2, 2, 2), (6, 6, 6), 0, 4, (2, 2)),
        ((2, 2, -6), (6, 6, 3), 0, 1, (1, 2)),
    ],
)
def test_sliceIsChosenByTheDepth(host, low, high, axis, index, extent):
    geometry = SliceGeometry(addVolume())
    prompt, found, _notes = promptFromROI(geometry, roiOfVoxels(geometry, low, high))
    assert (prompt.axis, prompt.sliceIndex, found) == (axis, index, extent)


def test_turnedROIIsTakenAlongTheVoxelsAndThatIsSaid(logic, ct):
    geometry = SliceGeometry(ct[0])
    roi = addROI(affine(rotation(20), (5, 5, 4)), (4, 2, 3), "Slanted")
    prompt, extent, _notes = promptFromROI(geometry, roi)
    assert prompt.box == pytest.approx((3, 4, 7, 6), abs=1e-3)
    assert extent == (1, 1)
    assert logic.segmentROI(*ct, roi).notes == [
        "The ROI 'Slanted' is turned by 20° against the volume: its box is taken along the voxels, with its own side"
        " lengths."
    ]


@pytest.mark.parametrize(
    ("center", "sides", "code"), [((5, 5, 4), (0, 2, 2), "roi_empty"), ((5, 5, 40), (2, 2, 2), "box_outside_image")]
)
def test_roiWithoutAnObjectIsRefused(logic, ct, server, center, sides, code):
    with pytest.raises(UserError) as raised:
        logic.segmentROI(*ct, addROI(affine(np.eye(3), center), sides))
    assert raised.value.code == code
    assert server.requests == []


def limits(server):
    return server.requests[-1]["first"], server.requests[-1]["last"]


def test_propagationGoesOverTheSlicesOfTheROI(logic, server, ct):
    volume, segmentation, _segment = ct
    logic.segmentROI(*ct, roiOfVoxels(SliceGeometry(volume), (2, 2, 2.5), (6, 6, 6.5)))
    logic.undo(segmentation, volume)
    logic.redo(segmentation, volume)
    logic.propagate(*ct)
    assert limits(server) == (3, 6)
    logic.propagate(*ct, first=4)
    assert limits(server) == (4, None)
    (entry,) = logic.boxes(segmentation, volume)
    entry.node.SetCenter(4.0, 4.0, 5.0)
    logic.updateBox(entry.node)
    logic.propagate(*ct)
    assert limits(server) == (4, 7)
    # A box that was drawn says nothing of how far the object goes.
    logic.segmentBox(*ct, axis=0, slice=6, box=(2, 2, 6, 6))
    logic.propagate(*ct)
    assert limits(server)[1] is None


def test_slicesOfTheROIAreSavedWithTheScene(logic, server, ct, tmp_path):
    logic.segmentROI(*ct, roiOfVoxels(SliceGeometry(ct[0]), (2, 2, 2.5), (6, 6, 6.5)))
    path = str(tmp_path / "scene.mrb")
    slicer.util.saveScene(path)
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(path)
    volume, segmentation = slicer.util.getNode("CT"), slicer.util.getNode("CT segmentation")
    logic.propagate(volume, segmentation, segmentation.GetSegmentation().GetNthSegmentID(0))
    assert limits(server) == (3, 6)


def test_onlyROIsInTheVolumeAreUsedAndEachOnce(logic, ct):
    volume, segmentation, segment = ct
    geometry = SliceGeometry(volume)
    roi = roiOfVoxels(geometry, (2, 2, 2), (6, 6, 6))
    roiOfVoxels(geometry, (20, 20, 2), (26, 26, 6))
    roiOfVoxels(geometry, (-0.5, -0.5, -0.5), (12.5, 10.5, 8.5))
    roiOfVoxels(geometry, (2, 2, 2), (5, 5, 5)).SetDisplayVisibility(False)
    result = logic.segmentBox(*ct, axis=0, slice=4, box=(2, 1, 8, 8))
    logic.excludeBox(result.promptNode, axis=0, slice=4, box=(3, 3, 5, 5))
    assert logic.unusedROIs(volume) == [roi]
    logic.segmentROI(*ct, roi)
    assert logic.unusedROIs(volume) == []
    logic.rejectLesion(segmentation, volume, segment)
    assert logic.unusedROIs(volume) == [roi]
