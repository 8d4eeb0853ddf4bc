"""What the tests of evaluation share: a manifest of a bright bar, and a network that finds what is bright."""

import json
import sys
from pathlib import Path

import pytest
import SimpleITK as sitk
from dataFolder import home, ownHome
from evaluation_scans import bar

from medsamseg_server.cli import evaluate as evaluate_command
from medsamseg_server.engine.engine import Engine
from medsamseg_server.weights.store import ModelStore

sys.path.append(str(Path(__file__).parents[1] / "server"))
from server_fakes import FakePredictor

SPACING = (2.0, 1.5, 3.0)


@pytest.fixture
def engine(home):
    store = ModelStore()
    store.folder.mkdir(parents=True)
    store.final_path("litemedsam").write_bytes(b"the fake network needs none")
    return Engine(store, load_predictor=lambda specification, *_: FakePredictor(specification))


@pytest.fixture
def fake_network(engine, monkeypatch):
    monkeypatch.setattr(evaluate_command, "make_engine", lambda args, store: engine)


def write(path, array):
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(SPACING)
    sitk.WriteImage(image, str(path))


@pytest.fixture
def make_manifest(tmp_path):
    """Writes the bar as scan, labels and manifest; returns the manifest."""

    def make(scan=None, labels=None, **entry):
        write(tmp_path / "scan.nrrd", bar() if scan is None else scan)
        write(tmp_path / "labels.nrrd", bar() // 200 * 7 if labels is None else labels)
        case = {"image": "scan.nrrd", "labels": "labels.nrrd", "window": "255,127.5", "targets": {"bar": 7}, **entry}
        path = tmp_path / "manifest.json"
        path.write_text(json.dumps({"cases": [case]}))
        return path

    return make
