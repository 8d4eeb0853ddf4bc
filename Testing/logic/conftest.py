"""Fixtures of the logic tests: the host, a clean scene for each test, and volumes of every geometry."""

import tempfile

import pytest
from dataFolder import home
from fakeServer import FakeServer
from geometries import addVolume
from knownBox import BOX, SLICE
from launcher.fixtures import serverCommand, serverPython
from realServer import realServer
from segmentations import addSegment, addSegmentation, voxelsOf

from MedSAMSegLib.logic import MedSAMSegLogic
from MedSAMSegLib.segments.segmentWriter import SegmentWriter
from slicerhost.fixtures import cleanScene, host


@pytest.fixture(scope="session", autouse=True)
def temporaryFolder(tmp_path_factory):
    """Where servers that are made to fail leave their logs: not among the user's temporary files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("temporary")))
        yield


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


@pytest.fixture
def server():
    """A fake server."""
    return FakeServer()


@pytest.fixture
def logic(server):
    """The scripting API with that server."""
    return MedSAMSegLogic(server)


@pytest.fixture
def ct(logic):
    """A volume with an empty segment: (volume, segmentation, segment)."""
    volume = addVolume()
    segmentation = logic.createSegmentation(volume)
    return volume, segmentation, logic.addSegment(segmentation, "Tumour")


@pytest.fixture
def box(logic, ct):
    """The markup of a box that was drawn."""
    return logic.segmentBox(*ct, axis=0, slice=SLICE, box=BOX).promptNode
