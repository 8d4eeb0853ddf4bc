"""What the logs say of a patient: nothing."""

import contextlib
import logging

import numpy as np
import pytest
import slicer
from fakeNetworkServer import COMMAND

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.logic import MedSAMSegLogic
from MedSAMSegLib.server.serverProcess import ServerProcess

#: Two values that are found in no time stamp and no number of a process.
VOXEL_VALUES = ("31337", "-27182")


@pytest.fixture
def process(host):
    process = ServerProcess(COMMAND)
    yield process
    process.stop()


@pytest.fixture
def study(tmp_path):
    """A volume, loaded from a folder that is named after a patient."""
    folder = tmp_path / "DOE^JANE 19700101"
    folder.mkdir()
    voxels = np.full((4, 30, 30), int(VOXEL_VALUES[0]), np.int16)
    voxels[:, :15] = int(VOXEL_VALUES[1])
    volume = slicer.util.addVolumeFromArray(voxels, name="DOE^JANE")
    slicer.util.saveNode(volume, str(folder / "MRN4711.nrrd"))
    slicer.mrmlScene.RemoveNode(volume)
    volume = slicer.util.loadVolume(str(folder / "MRN4711.nrrd"))
    volume.SetName("DOE^JANE")
    return volume


def test_logsNameNoPatientNoStudyAndNoVoxel(process, study, caplog):
    caplog.set_level(logging.DEBUG)
    start = process.logPath.stat().st_size if process.logPath.exists() else 0
    logic = MedSAMSegLogic(process)
    segmentation = logic.createSegmentation(study)
    segment = logic.addSegment(segmentation, "DOE^JANE's tumor")
    box = {"axis": 0, "slice": 1, "box": (2, 2, 20, 20)}
    logic.segmentBox(study, segmentation, segment, **box)
    logic.propagate(study, segmentation, segment)
    for mistake in ({"window": "sepia"}, {"model": "no such model"}, {"window": "1e400,0"}):
        with contextlib.suppress(UserError):
            logic.segmentBox(study, segmentation, segment, **box, **mistake)
    process.kill()
    process._server._child.wait()
    with pytest.raises(UserError):
        process._client.health()

    said = process.logPath.read_bytes()[start:].decode(errors="replace") + caplog.text
    assert "MedSAMSeg server" in said
    for secret in ("DOE", "JANE", "MRN4711", str(study.GetStorageNode().GetFileName()), *VOXEL_VALUES):
        assert secret not in said
