"""What the command line's tests share: a home of their own, running a command, small published weights."""

import hashlib
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from commandLine import run
from dataFolder import home, ownHome
from weights_server import WeightsServer

from medsamseg_server.cli import engine_options
from medsamseg_server.engine.engine import Engine
from medsamseg_server.weights import registry
from medsamseg_server.weights.store import ModelStore

sys.path.append(str(Path(__file__).parents[1] / "server"))
from server_fakes import FakePredictor

#: Taken before any test gets a home of its own: where `make weights` puts the real weights.
_DEVELOPMENT_STORE = ModelStore()


@pytest.fixture(scope="session")
def development_store():
    """The store with the real weights; for reading only."""
    return _DEVELOPMENT_STORE


@pytest.fixture(autouse=True)
def noProxy(monkeypatch):
    """What runs on this computer is asked directly."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def store(home):
    return ModelStore()


@pytest.fixture
def fake_network(store, monkeypatch):
    """LiteMedSAM counts as downloaded, and the fake network computes in its place."""
    store.folder.mkdir(parents=True)
    store.final_path("litemedsam").write_bytes(b"the fake network needs none")

    def load(specification, weights, device):
        return FakePredictor(specification)

    monkeypatch.setattr(
        engine_options, "make_engine", lambda args, store: Engine(store, device=args.device, load_predictor=load)
    )


@pytest.fixture
def content():
    return bytes(range(256)) * 4000


@pytest.fixture
def server(content):
    with WeightsServer(content) as weights_server:
        yield weights_server


@pytest.fixture
def publish(monkeypatch):
    """Makes the registry say that a model's weights are `content`, from web addresses or other sources."""

    def publish_weights(content, *sources, model="litemedsam", algorithm="sha256", size_known=True):
        checkpoint = registry.CHECKPOINTS[model]
        published = registry.PublishedFile(
            file_name=checkpoint.file_name,
            size_bytes=len(content) if size_known else None,
            algorithm=algorithm,
            digest=hashlib.new(algorithm, content).hexdigest(),
            sources=tuple(
                registry.WebSource(f"Source {number}", source) if isinstance(source, str) else source
                for number, source in enumerate(sources, start=1)
            ),
        )
        monkeypatch.setitem(registry.CHECKPOINTS, model, replace(checkpoint, files=(published,)))
        return published

    return publish_weights
