"""What the training tests share: a home of their own, small cases on disk, and small networks."""

import copy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from commandLine import run
from dataFolder import home, ownHome
from labeled_cases import ellipsoid, write_case
from smallModel import savedState, smallSpecification

from medsamseg_server.engine.prompts import Prompt
from medsamseg_server.models.networks import build_network
from medsamseg_server.system.allocator import keep_freed_memory
from medsamseg_server.training import curves
from medsamseg_server.volumes.volume import Volume
from medsamseg_server.weights.catalog import get_specification
from medsamseg_server.weights.loading import load_network
from medsamseg_server.weights.store import ModelStore
from medsamseg_server.weights.trained import register_trained

SAMPLE = Path(__file__).resolve().parents[2] / "MedSAMSeg" / "Resources" / "SampleData"

#: Taken before any test gets a home of its own: where `make weights` puts the real weights.
DEVELOPMENT_STORE = ModelStore()

keep_freed_memory()


@pytest.fixture(autouse=True)
def litemedsam_in_home(home):
    """LiteMedSAM's weights in each test's own data folder."""
    weights = DEVELOPMENT_STORE.path("litemedsam")
    (home / "weights").mkdir(parents=True)
    (home / "weights" / weights.name).symlink_to(weights)


#: Taken before any test replaces it.
DRAW_CURVES = curves._draw


@pytest.fixture(autouse=True)
def undrawn_curves(monkeypatch):
    """No picture after each epoch: it takes longer than an epoch of these tests."""
    monkeypatch.setattr(curves, "_draw", lambda path, rows: path.touch())


@pytest.fixture
def drawn_curves(undrawn_curves, monkeypatch):
    """Pictures all the same."""
    monkeypatch.setattr(curves, "_draw", DRAW_CURVES)


@pytest.fixture
def store(litemedsam_in_home):
    return ModelStore()


@pytest.fixture
def tiny_specification():
    """LiteMedSAM's protocol with an encoder that takes a moment."""
    return smallSpecification()


@pytest.fixture(scope="session")
def tiny_network():
    """LiteMedSAM's decoder behind a small random encoder; for reading only."""
    torch.manual_seed(5)
    network = build_network(smallSpecification())
    litemedsam, _ = load_network(get_specification("litemedsam"), DEVELOPMENT_STORE.path("litemedsam"))
    network.mask_decoder.load_state_dict(litemedsam.mask_decoder.state_dict())
    network.prompt_encoder.load_state_dict(litemedsam.prompt_encoder.state_dict())
    return network


@pytest.fixture(scope="session")
def save_tiny(tiny_network):
    """Writes the weights of `tiny_network` to a path, for `register_trained`."""
    return savedState(tiny_network)


@pytest.fixture
def tiny(litemedsam_in_home, tiny_network, save_tiny, tiny_specification):
    """A model called "tiny" with LiteMedSAM's decoder behind a small random encoder, registered, and its network,
    for reading only."""
    register_trained(tiny_specification, save_tiny, "none", "", {})
    return tiny_network


@pytest.fixture
def own_tiny(tiny):
    """The network of "tiny", for a test that changes it."""
    return copy.deepcopy(tiny)


@pytest.fixture
def ellipsoids():
    """A volume with an ellipsoid, its mask, and the tight box on the middle slice."""
    mask = ellipsoid()
    noise = np.random.default_rng(3).normal(0, 8, mask.shape)
    array = (100 + 60 * mask + noise).astype(np.int16)
    return SimpleNamespace(volume=Volume.from_array(array), mask=mask, box=Prompt((10.0, 9.0, 34.0, 27.0)))


@pytest.fixture
def dataset(tmp_path):
    """A folder with five small cases."""
    folder = tmp_path / "data"
    for number in range(5):
        write_case(folder, f"case_{number}", seed=number)
    return folder
