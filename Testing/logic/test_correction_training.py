"""Improving a model for real: slices of a scene, the server's own training in its process, a model that is listed."""

import numpy as np
import pytest
import slicer
import torch
from segmentations import addSegment, addSegmentation
from smallModel import savedState, smallSpecification
from waiting import waitUntil

from medsamseg_server.models.networks import build_network
from medsamseg_server.system import paths
from medsamseg_server.weights.trained import register_trained
from MedSAMSegLib.server.pythonPrograms import externalEnvironment
from MedSAMSegLib.server.serverProgram import ServerProgram
from MedSAMSegLib.training import correctionTraining
from MedSAMSegLib.training.correctedSlices import correctedVolumes
from MedSAMSegLib.training.correctionTraining import CorrectionTraining

# A small network learns in a moment; its process loads PyTorch and MONAI first, which takes longer on a busy computer.
TIMEOUT = 240


@pytest.fixture
def tinyHome(home, monkeypatch):
    """The data folder, with a network called "tiny" that takes a moment."""
    monkeypatch.setattr(correctionTraining, "_MOST_EPOCHS", 1)
    specification = smallSpecification()
    torch.manual_seed(5)
    register_trained(specification, savedState(build_network(specification)), "none", "", {})
    # What is converted for one test need not be for the next.
    paths.networks_folder().mkdir(parents=True, exist_ok=True)
    (home / "networks").symlink_to(paths.networks_folder())
    return home


@pytest.fixture
def program(tinyHome, serverCommand):
    """The server's program in the environment of these tests."""
    environment = {**externalEnvironment(), "MEDSAMSEG_HOME": str(tinyHome)}
    return lambda: ServerProgram(serverCommand, environment)


@pytest.fixture
def drawn(host):
    """A scan with a cylinder on six slices, drawn by hand: (volume, segmentation)."""
    rows, columns = np.mgrid[:32, :40]
    disk = (rows - 15) ** 2 + (columns - 20) ** 2 < 64
    labels = np.zeros((8, 32, 40), np.uint8)
    labels[1:7] = disk
    voxels = (100 + 60 * labels + np.random.default_rng(1).normal(0, 8, labels.shape)).astype(np.int16)
    volume = slicer.util.addVolumeFromArray(voxels, name="Doe^John")
    segmentation = addSegmentation(volume)
    addSegment(segmentation, "Lesion", labels, volume)
    return volume, segmentation


# Loading PyTorch and MONAI takes ten seconds; that programs run with either Python is shown by lighter ones.
@pytest.mark.parametrize("serverPython", [pytest.param("plain", marks=pytest.mark.full), "launcher"], indirect=True)
def test_correctionsBecomeAModelWithItsMeasures(tinyHome, program, drawn):
    progress = []
    training = CorrectionTraining(
        [lambda: correctedVolumes(slicer.mrmlScene, lambda volume: "percentile", drawn)],
        program(),
        "improved-1",
        "Tiny, improved",
        "tiny",
        progress.append,
    )
    waitUntil(lambda: not training.advance(), TIMEOUT)
    improvement = training.result
    assert (improvement.model, improvement.slices, improvement.volumes) == ("improved-1", 6, 1)
    assert improvement.heldBack == 1
    assert [name for name, _before, _after in improvement.changes] == ["Lesion", ""]
    assert all(0 <= dice <= 1 for _name, *dices in improvement.changes for dice in dices)
    assert {each.phase for each in progress} == {"collecting", "encoding", "learning"}
    (model,) = [model for model in program().models() if model["name"] == "improved-1"]
    assert (model["title"], model["installed"]) == ("Tiny, improved", True)
    written = [path for path in tinyHome.rglob("*") if path.is_file() and path.suffix in (".json", ".log")]
    assert not any("Doe" in path.read_text("utf-8") for path in written)
