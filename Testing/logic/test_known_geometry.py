"""A volume's geometry is found out once, and again after everything that can change it."""

import geometries
import numpy as np
import pytest
import slicer
import vtk

from MedSAMSegLib.volumes.knownGeometry import KnownGeometry
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry


@pytest.fixture
def volume(host):
    return geometries.addVolume("rotated", "parent")


def move(volume):
    volume.SetOrigin(3, 4, 5)


def moveWithParent(volume):
    matrix = vtk.vtkMatrix4x4()
    matrix.SetElement(0, 3, 7)
    volume.GetParentTransformNode().SetMatrixTransformToParent(matrix)


def takeOutOfParent(volume):
    volume.SetAndObserveTransformNodeID(None)


def replaceVoxels(volume):
    slicer.util.updateVolumeFromArray(volume, np.zeros((2, 3, 4), np.int16))


CHANGES = (move, moveWithParent, takeOutOfParent, replaceVoxels)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_geometryIsTheSameUntilTheVolumeChanges(volume, change):
    known = KnownGeometry()
    before = known.of(volume)
    assert known.of(volume) is before
    change(volume)
    after, expected = known.of(volume), SliceGeometry(volume)
    assert after is not before
    assert after.shape == expected.shape
    np.testing.assert_array_equal(after.IJKToWorld, expected.IJKToWorld)


def test_volumeThatCannotBeSegmentedHasNone(volume):
    known = KnownGeometry()
    assert known.of(None) is None
    assert known.of(volume) is not None
    volume.SetAndObserveImageData(None)
    assert known.of(volume) is None
    slicer.util.updateVolumeFromArray(volume, np.zeros((2, 3, 4), np.int16))
    assert known.of(volume) is not None
    slicer.mrmlScene.RemoveNode(volume)
    assert known.of(volume) is None


def test_otherVolumeHasItsOwn(volume):
    known = KnownGeometry()
    other = geometries.addVolume("left-handed", "no parent")
    assert known.of(volume).volumeNode is volume
    assert known.of(other).volumeNode is other
