"""Proposals against a real server process, with a network to which every bright object under a point is one."""

import sys
from pathlib import Path

import numpy as np
import pytest
import slicer
from knownBox import segmentVoxels

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.logic import MedSAMSegLogic
from MedSAMSegLib.server.serverProcess import ServerProcess

PROGRAM = Path(__file__).resolve().parents[1] / "server" / "proposing_server.py"
WINDOW = "255,127.5"


@pytest.fixture
def proposing(host, home):
    """The scripting API with that server."""
    process = ServerProcess([sys.executable, str(PROGRAM)])
    yield MedSAMSegLogic(process)
    process.stop()


@pytest.fixture
def shapes():
    """A volume with two bright blocks on its slice 1, as large as the fake network sees."""
    voxels = np.zeros((2, 256, 256), np.uint8)
    voxels[1, 10:50, 20:60] = 200
    voxels[1, 60:110, 100:190] = 210
    return slicer.util.addVolumeFromArray(voxels, name="Shapes")


def test_whatTheServerProposesBecomesSegments(proposing, shapes):
    told = []
    found = proposing.proposals(shapes, slice=1, window=WINDOW, points_per_side=8, progress=told.append)
    assert (told[-1].done, told[-1].total) == (64, 64)
    assert found[0].source.model == "mobilesam"
    assert [each.mask.voxelCount for each in found] == [50 * 90, 40 * 40]
    segmentation = proposing.createSegmentation(shapes)
    segments = proposing.acceptProposals(segmentation, found)
    together = sum(segmentVoxels(shapes, segmentation, segment).astype(int) for segment in segments.values())
    assert (together == (slicer.util.arrayFromVolume(shapes) > 0)).all()


def test_modelsThatLearnedBoxesAloneSaySo(proposing, shapes):
    with pytest.raises(UserError, match=r"LiteMedSAM is not made to propose objects.*mobilesam or sam") as caught:
        proposing.proposals(shapes, slice=1, model="litemedsam")
    assert caught.value.code == "model_cannot_propose"
    title = {model["name"]: model["proposes"] for model in proposing.server.client().models()}
    assert title == {"litemedsam": False, "medsam": False, "mobilesam": True, "sam": True}
