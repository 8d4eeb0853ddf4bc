"""The server's side with the real LiteMedSAM on the sample CT; `make weights` puts the weights in place."""

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from realNetwork import loadOnce
from server_process import PROGRAM, RunningServer

from medsamseg_server.engine.embedding_cache import EmbeddingCache
from medsamseg_server.engine.engine import Engine, Prompt
from medsamseg_server.engine.slice_request import SliceRequest
from medsamseg_server.propagation import EngineSlices, Propagation, SliceResult
from medsamseg_server.volumes.volume import Volume
from medsamseg_server.weights.store import ModelStore

# Made before any test gets a home of its own: where `make weights` put the real weights.
DEVELOPMENT_STORE = ModelStore()
SAMPLE = Path(__file__).parents[2] / "MedSAMSeg" / "Resources" / "SampleData"
TUMOR_BOX = (54.0, 160.0, 101.0, 204.0)
LITEMEDSAM_SHA256 = "79d8c9dca6db4d69d3f905579e5250af05e859fff9c1f543e89a513c3028ce76"


def dice(first, second):
    return 2 * np.count_nonzero(first & second) / (np.count_nonzero(first) + np.count_nonzero(second))


@pytest.fixture(scope="module")
def ct():
    return sitk.GetArrayFromImage(sitk.ReadImage(str(SAMPLE / "RiderChestCT.nrrd")))


@pytest.fixture(scope="module")
def tumor():
    return sitk.GetArrayFromImage(sitk.ReadImage(str(SAMPLE / "RiderChestCTTumour.nrrd"))) > 0


@pytest.fixture(scope="module")
def embeddings(tmp_path_factory):
    """Encoding takes seconds, so the tests of this file share one folder of embeddings, as servers would."""
    return tmp_path_factory.mktemp("embeddings")


@pytest.fixture(scope="module")
def engine(embeddings):
    return Engine(DEVELOPMENT_STORE, EmbeddingCache(folder=embeddings), "cpu", load_predictor=loadOnce)


def test_tight_box_finds_the_tumor_on_its_slice(engine, ct, tumor):
    volume = Volume.from_array(ct)
    result = engine.segment(SliceRequest(volume, 0, 24), [Prompt(TUMOR_BOX)])
    assert result.window.name == "bone"
    assert result.weights_sha256 == LITEMEDSAM_SHA256
    assert dice(result.masks[0].to_array(ct.shape[1:]), tumor[24]) >= 0.85


def test_second_click_is_served_from_the_cache_with_the_identical_mask(engine, embeddings, ct):
    volume = Volume.from_array(ct)
    first = engine.segment(SliceRequest(volume, 0, 24), [Prompt(TUMOR_BOX)])
    again = engine.segment(SliceRequest(volume, 0, 24), [Prompt(TUMOR_BOX)])
    restarted = Engine(DEVELOPMENT_STORE, EmbeddingCache(folder=embeddings), "cpu", load_predictor=loadOnce)
    after = restarted.segment(SliceRequest(Volume.from_array(ct.astype(">f8")), 0, 24), [Prompt(TUMOR_BOX)])
    assert again.was_cached
    assert after.was_cached
    assert first.masks == again.masks == after.masks


def test_half_precision_in_the_cache_does_not_change_the_masks(engine, ct):
    volume = Volume.from_array(ct)
    # Single precision in the decoder, so that only what the cache does is seen.
    decoder = Engine(DEVELOPMENT_STORE, device="cpu", runtime="torch").predictor()
    boxes = np.array([TUMOR_BOX, (150.0, 90.0, 200.0, 140.0), (20.0, 60.0, 120.0, 220.0), (100.0, 150.0, 150.0, 210.0)])
    exact = engine.predictor().encode(volume.window("lung").apply(volume.slice(0, 24)))
    single, half = (decoder.decode(kept, ct.shape[1:], boxes).masks for kept in (exact, exact.astype(np.float16)))
    assert single.any(axis=(1, 2)).all()
    assert (np.sum(single & half, axis=(1, 2)) / np.sum(single | half, axis=(1, 2)) >= 0.995).all()


def test_boxes_together_give_the_same_masks_as_alone(engine, ct):
    volume = Volume.from_array(ct)
    boxes = [TUMOR_BOX, (60.0, 170.0, 90.0, 200.0), (150.0, 90.0, 200.0, 140.0)]
    together = engine.segment(SliceRequest(volume, 0, 24), [Prompt(box) for box in boxes]).masks
    for box, mask in zip(boxes, together, strict=True):
        alone = engine.segment(SliceRequest(volume, 0, 24), [Prompt(box)]).masks[0]
        assert dice(mask.to_array(ct.shape[1:]), alone.to_array(ct.shape[1:])) > 0.999


def test_propagation_follows_the_tumor(engine, ct, tumor):
    volume = Volume.from_array(ct)
    found = np.zeros(ct.shape, bool)
    for item in Propagation(volume.shape, 0, {24: TUMOR_BOX}, 22, 26).run(
        EngineSlices(engine, volume, 0, "auto", None)
    ):
        if isinstance(item, SliceResult):
            item.mask.paint(found[item.index], True)
    assert found[22:27].any(axis=(1, 2)).all()
    assert dice(found[22:27], tumor[22:27]) >= 0.85


def test_server_process_gives_the_same_as_the_engine(engine, embeddings, ct, tumor, monkeypatch):
    monkeypatch.setenv("MEDSAMSEG_HOME", str(DEVELOPMENT_STORE.folder.parent))
    volume = Volume.from_array(ct)
    expected = engine.segment(SliceRequest(volume, 0, 24), [Prompt(TUMOR_BOX)]).masks[0]
    server = RunningServer(PROGRAM, "--device", "cpu", "--exit-with-stdin", "--embedding-disk", "0")
    try:
        path = server.upload(ct)
        status, reply = server.ask(
            "POST", f"{path}/segment", json.dumps({"slice": 24, "prompts": [{"box": TUMOR_BOX}]})
        )
        assert status == 200
        assert reply["masks"][0]["extent"] == list(expected.extent)
        assert reply["masks"][0]["voxels"] == expected.voxels
        assert (reply["embedding"], reply["weights_sha256"]) == ("computed", LITEMEDSAM_SHA256)
        request = json.dumps({"prompts": [{"slice": 24, "box": TUMOR_BOX}], "first": 24, "last": 25})
        events = server.stream(f"{path}/propagate", request)
        assert [event["event"] for event in events] == ["start", "slice", "ended", "slice", "ended", "done"]
        health = server.ask("GET", "/v1/health")[1]
        assert (health["model_loaded"], health["device"]) == (True, "cpu")
    finally:
        server.process.communicate(timeout=60)
    assert server.process.returncode == 0
