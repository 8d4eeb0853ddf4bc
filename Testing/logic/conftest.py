"""Fixtures of the logic tests: the host, a clean scene for each test, and volumes of every geometry."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Testing"), str(ROOT / "MedSAMSeg")]

import pytest  # noqa: E402
from geometries import addVolume  # noqa: E402
from segmentations import addSegment, addSegmentation, voxelsOf  # noqa: E402

from MedSAMSegLib.segmentWriter import SegmentWriter  # noqa: E402
from slicerhost.fixtures import cleanScene, host  # noqa: E402, F401


@pytest.fixture
def volumeNode():
    """A small oblique volume under a transform."""
    return addVolume("rotated", "parent")


@pytest.fixture
def segmentationNode(volumeNode):
    """An empty segmentation of that volume."""
    return addSegmentation(volumeNode)


@pytest.fixture
def segmentID(segmentationNode):
    """Its only segment, "Tumor"."""
    return addSegment(segmentationNode)


@pytest.fixture
def writer(segmentationNode, volumeNode, segmentID):
    """The writer of that segmentation."""
    return SegmentWriter(segmentationNode, volumeNode)


@pytest.fixture
def voxels(segmentationNode, volumeNode, segmentID):
    """Called, gives a segment's voxels now; "Tumor"'s if none is named."""
    return lambda anySegmentID=segmentID: voxelsOf(segmentationNode, anySegmentID, volumeNode)
