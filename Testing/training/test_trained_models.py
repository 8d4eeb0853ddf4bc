"""Models that were trained here are kept with their provenance, and used by their name like published ones."""

import dataclasses
import hashlib
import io
import json

import numpy as np
import pytest
import torch
from smallModel import savedState
from starlette.testclient import TestClient

from medsamseg_server.engine.engine import Engine
from medsamseg_server.engine.slice_request import SliceRequest
from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.models.specialist import build_specialist
from medsamseg_server.models.specification import NoEncoder, UNetParameters
from medsamseg_server.serving.app import create_app
from medsamseg_server.serving.service import Service
from medsamseg_server.weights.catalog import get_specification
from medsamseg_server.weights.loading import load_network
from medsamseg_server.weights.registry import CHECKPOINTS
from medsamseg_server.weights.trained import find_trained, register_trained, trained_names


def register(specification, save, overwrite=False):
    return register_trained(
        specification,
        save,
        license="Apache-2.0",
        citation="The paper",
        provenance={"base": {"model": "litemedsam"}, "metrics": {"dice": 0.5}},
        overwrite=overwrite,
    )


@pytest.fixture
def knee(tiny_specification, tiny_network, save_tiny):
    specification = dataclasses.replace(
        tiny_specification, name="knee", title="Knee (LiteMedSAM)", learned_scores=False, coarse_surroundings=False
    )
    register(specification, save_tiny)
    return tiny_network


def test_a_trained_model_is_described_in_full(knee, tiny_specification):
    found = find_trained("knee")
    assert found.specification == dataclasses.replace(
        tiny_specification, name="knee", title="Knee (LiteMedSAM)", learned_scores=False, coarse_surroundings=False
    )
    assert get_specification("knee") == found.specification
    assert found.provenance == {"base": {"model": "litemedsam"}, "metrics": {"dice": 0.5}}


def test_its_weights_load_and_are_the_ones_that_were_given(knee, store):
    network, sha256 = load_network(get_specification("knee"), store.path("knee"))
    assert sha256 == find_trained("knee").sha256 == store.sha256("knee")
    for ours, theirs in zip(knee.state_dict().values(), network.state_dict().values(), strict=True):
        assert torch.equal(ours, theirs)


def test_the_store_and_the_command_line_list_it_after_the_published_ones(knee, store, run):
    assert [stored.checkpoint.model for stored in store.list()] == [*CHECKPOINTS, "knee"]
    rows = run("models", "list", "--json").json()["models"]
    assert rows[-1]["name"] == "knee"
    assert rows[-1]["installed"] and rows[-1]["trained"] and not rows[0]["trained"]
    assert rows[-1]["provenance"]["base"] == {"model": "litemedsam"}
    assert "trained here" in run("models", "list").out


def test_the_engine_runs_it(knee, store, ellipsoids):
    volume, box = ellipsoids.volume, ellipsoids.box
    # The server's test has the other runtime, for which the network is converted.
    engine = Engine(store, device="cpu", runtime="torch")
    result = engine.segment(SliceRequest(volume, 0, 3, model="knee"), [box])
    assert result.model == "knee"
    assert result.weights_sha256 == store.sha256("knee")


def test_the_server_offers_it_and_segments_with_it(knee, store, ellipsoids):
    service = Service(Engine(store, device="cpu"))
    try:
        with TestClient(create_app(service, "token"), base_url="http://127.0.0.1") as client:
            client.headers["Authorization"] = "Bearer token"
            offered = {model["name"]: model for model in client.get("/v1/models").json()["models"]}
            assert offered["knee"]["installed"] and offered["knee"]["title"] == "Knee (LiteMedSAM)"
            buffer = io.BytesIO()
            np.save(buffer, ellipsoids.volume.array)
            path = f"/v1/volumes/{hashlib.sha256(buffer.getvalue()).hexdigest()}"
            assert client.put(path, content=buffer.getvalue()).status_code == 201
            body = {"slice": 3, "model": "knee", "prompts": [{"box": [10, 9, 34, 27]}]}
            reply = client.post(f"{path}/segment", json=body).json()
            assert (reply["model"], reply["weights_sha256"]) == ("knee", store.sha256("knee"))
    finally:
        service.close()


def test_a_specialist_is_used_by_the_same_calls(store, ellipsoids, tiny_specification):
    u_net = UNetParameters(widths=(4, 8), strides=(2,), residual_units=1)
    specification = dataclasses.replace(
        tiny_specification,
        name="unet",
        title="U-Net",
        encoder=NoEncoder(),
        decoder=u_net,
        close_up_size=None,
        coarse_surroundings=False,
        learned_scores=False,
    )
    register(specification, savedState(build_specialist(specification)))
    assert get_specification("unet") == specification
    result = Engine(store, device="cpu").segment(
        SliceRequest(ellipsoids.volume, 0, 3, model="unet"), [ellipsoids.box] * 2
    )
    assert len(result.masks) == 2


def test_names_are_checked_and_not_taken_twice(knee, save_tiny, tiny_specification):
    specification = dataclasses.replace(tiny_specification, name="knee")
    with pytest.raises(MedSAMSegError, match="--force"):
        register(specification, save_tiny)
    register(specification, save_tiny, overwrite=True)
    for name in ("litemedsam", "Über", "../knee", "", "a" * 41):
        with pytest.raises(MedSAMSegError) as caught:
            register(dataclasses.replace(specification, name=name), save_tiny)
        assert caught.value.code == "model_name_invalid"


def test_removing_takes_the_description_along(knee, store, run):
    assert run("models", "remove", "knee").status == 0
    assert trained_names() == ()
    assert not store.folder.joinpath("trained", "knee.pth").exists()
    assert run("models", "remove", "knee").status == 3


def test_a_damaged_description_hides_one_model_only(knee, store, run):
    path = store.folder / "trained" / "knee.json"
    path.write_text(json.dumps({"specification": {}}))
    assert [stored.checkpoint.model for stored in store.list()] == list(CHECKPOINTS)
    result = run("segment", "image.nrrd", "--slice", "1", "--box", "1,1,5,5", "-o", "x.nrrd", "--model", "knee")
    assert result.status == 4
    assert "knee" in result.err and "models remove" in result.err
    assert run("models", "remove", "knee").status == 0
