import base64
import hashlib
import json
import logging
import os

import numpy as np
import pytest
from server_fakes import FAKE_SHA256, IDENTITY_WINDOW, ROD_BOX, TOKEN, npy, rod
from starlette.testclient import TestClient

from medsamseg_server import __version__
from medsamseg_server.engine.engine import Engine
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.serving.app import create_app
from medsamseg_server.serving.service import Service

BOX = {"box": ROD_BOX}


def segment(client, path, prompts=(BOX,), **options):
    request = {"slice": 5, "window": IDENTITY_WINDOW, "prompts": list(prompts), **options}
    return client.post(f"{path}/segment", json=request)


def error_of(reply, status=422):
    assert reply.status_code == status
    assert list(reply.json()["error"]) == ["code", "message", "hint"]
    return reply.json()["error"]


def unpack(mask):
    x0, y0, x1, y1 = mask["extent"]
    shape = (y1 - y0 + 1, x1 - x0 + 1)
    bits = np.unpackbits(np.frombuffer(base64.b64decode(mask["bits"]), np.uint8), count=shape[0] * shape[1])
    return bits.reshape(shape)


POINT = [12, 12, 1]
CORNER = {"extent": [7, 9, 7, 9], "bits": "gA=="}


@pytest.mark.parametrize(
    ("prompts", "number"),
    [([{"points": [POINT] * 65}], "at most 64"), ([{"points": [POINT] * 64}] * 17, "1088 points together")],
)
def test_too_many_points_are_refused_with_the_number(client, rod_path, prompts, number):
    assert number in error_of(segment(client, rod_path, prompts))["message"]


def nested(depth):
    return json.loads("[" * depth + "]" * depth)


@pytest.mark.parametrize(
    "change",
    [
        {"x" * 10_000: 1},
        {"axis": 10**4000},
        {"axis": -(10**4000)},
        {"slice": 10**4000},
        {"slice": "9" * 10_000},
        {"window": "9" * 10_000},
        {"window": ",".join("9" * 40)},
        {"model": "x" * 10_000},
        {"prompts": "x" * 10_000},
        {"prompts": [{"box": [10**4000] * 4}]},
        {"prompts": [{"box": [1e300] * 4}]},
        {"prompts": [{"points": [[12, 12, 10**4000]]}]},
        {"prompts": [{"points": [[10**300, 12, 1]]}]},
        {"prompts": nested(300)},
        {"prompts": [{"x" * 10_000: nested(300)}]},
        {"cached_only": {"x" * 10_000: "y" * 10_000}},
    ],
    ids=lambda change: f"{next(iter(change))[:12]} {json.dumps(next(iter(change.values())))[:30]}",
)
def test_error_repeats_little_of_what_was_sent(client, rod_path, change):
    reply = client.post(f"{rod_path}/segment", json={"slice": 5, "prompts": [BOX], **change})
    error = error_of(reply)
    assert len(error["message"]) < 450


@pytest.mark.parametrize("text", ["[" * 500_000, '{"slice": ' + "1" * 100_000 + "}", '{"a": ' * 50_000])
def test_body_that_no_parser_takes_is_refused_in_few_words(client, rod_path, text):
    reply = client.post(f"{rod_path}/segment", content=text, headers={"Content-Type": "application/json"})
    assert reply.status_code in (400, 422)
    assert len(reply.json()["error"]["message"]) < 450


def test_health_says_what_this_server_is(client):
    health = client.get("/v1/health").json()
    assert health == {
        "version": __version__,
        "protocol": 1,
        "default_model": "litemedsam",
        "model_installed": True,
        "model_loaded": False,
        "device": "auto",
        "pid": os.getpid(),
    }


def test_health_knows_the_device_once_the_model_is_loaded(client, rod_path):
    segment(client, rod_path)
    health = client.get("/v1/health").json()
    assert (health["model_loaded"], health["device"]) == (True, "cpu")


def test_models_are_listed_with_what_is_installed(client):
    models = client.get("/v1/models").json()["models"]
    assert [model["name"] for model in models] == ["litemedsam", "medsam", "mobilesam", "sam"]
    assert [model["installed"] for model in models] == [True, False, False, False]
    assert [model["default"] for model in models] == [True, False, False, False]
    assert set(models[0]) == {"name", "title", "installed", "default", "license", "size_bytes", "proposes", "clicks"}


def test_box_gives_the_cropped_mask(client, rod_path):
    reply = segment(client, rod_path).json()
    (mask,) = reply["masks"]
    assert mask["extent"] == [8, 10, 17, 19]
    assert (mask["voxels"], mask["score"]) == (100, 0.75)
    assert unpack(mask).all()
    assert reply["window"] == {"name": "255,127.5", "lower": 0, "upper": 255}
    assert (reply["model"], reply["weights_sha256"]) == ("litemedsam", FAKE_SHA256)
    assert reply["embedding"] == "computed"
    assert set(reply["seconds"]) == {"encode", "decode"}


def test_second_click_says_that_the_embedding_was_known(client, rod_path):
    first, second = (segment(client, rod_path).json() for _ in range(2))
    assert (first["embedding"], second["embedding"]) == ("computed", "cached")
    assert first["masks"] == second["masks"]


def test_empty_mask_has_no_extent(client, rod_path):
    (mask,) = segment(client, rod_path, [{"box": [20, 20, 30, 30]}]).json()["masks"]
    assert mask == {"extent": None, "bits": "", "score": 0.75, "voxels": 0, "probability": None, "range": None}


def test_masks_come_with_the_range_of_their_sizes_where_the_spacing_is_told(client, rod_path):
    # The box leaves out a row and a column of the object, which the largest margin brings in.
    prompts = [{"box": [8, 10, 16.4, 18.4]}, {"points": [POINT]}]
    assert [mask["range"] for mask in segment(client, rod_path, prompts).json()["masks"]] == [None, None]
    box, point = segment(client, rod_path, prompts, spacing=[5, 2, 3]).json()["masks"]
    assert point["range"] is None
    assert box["range"]["voxels"] == [81, 100]
    # From 9 × 9 pixels to 10 × 10, 3 mm wide and 2 mm high.
    assert box["range"]["longest_mm"] == pytest.approx([np.hypot(27, 16), np.hypot(30, 18)], abs=1e-3)
    assert error_of(segment(client, rod_path, prompts, spacing=[5, 0, 3]))["code"] == "request_invalid"


def test_several_objects_come_in_order(client, rod_path):
    prompts = [{"box": [7, 9, 10, 20]}, {"points": [[12, 12, 1]]}, BOX]
    masks = segment(client, rod_path, prompts).json()["masks"]
    assert [mask["voxels"] for mask in masks] == [30, 25, 100]


def test_auto_window_is_told_as_what_it_is(client, rod_path):
    assert segment(client, rod_path, window="auto").json()["window"]["name"] == "percentile"


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ({"slice": 12}, "slice_out_of_range", "Slice 12"),
        ({"slice": -1}, "slice_out_of_range", "Slice -1"),
        ({"axis": 3}, "axis_invalid", "3 is not an axis"),
        ({"window": "lungs"}, "window_invalid", "'lungs'"),
        ({"model": "unet"}, "model_unknown", "unet"),
        ({"prompts": []}, "prompt_missing", "no box"),
        ({"prompts": [{}]}, "prompt_empty", "neither"),
        ({"prompts": [{"box": [1, 1, 90, 9]}]}, "box_outside_image", "1, 1, 90, 9"),
        ({"prompts": [{"box": [9, 1, 2, 9]}]}, "box_reversed", "9, 1, 2, 9"),
        ({"prompts": [{"box": [2, 1, 2, 9]}]}, "box_empty", "2, 1, 2, 9"),
        ({"slice": "five"}, "request_invalid", "'slice' is not usable"),
        ({"slice": 10**30}, "request_invalid", "'slice' is not usable"),
        ({"prompts": [{"box": [1, 2, 3]}]}, "request_invalid", "'prompts.0.box.3' is not usable"),
        ({"prompts": [{"box": ["a", 2, 3, 4]}]}, "request_invalid", "'a'"),
        ({"prompts": [BOX] * 1001}, "request_invalid", "'prompts'"),
        ({"prompts": [BOX, {**BOX, "mask": CORNER}]}, "request_invalid", "mask cannot be used here"),
        ({"colour": "red"}, "request_invalid", "'colour' is not usable"),
        ({"window": "x" * 100}, "request_invalid", "'window'"),
    ],
)
def test_wrong_requests_are_told_by_field_and_value(client, rod_path, options, code, words):
    error = error_of(segment(client, rod_path, **options), 404 if code == "model_unknown" else 422)
    assert error["code"] == code
    assert words in error["message"]


def test_missing_weights_are_told_with_what_to_do(client, rod_path):
    error = error_of(segment(client, rod_path, model="medsam"), 409)
    assert error["code"] == "model_missing"
    assert "medsamseg models download medsam" in error["hint"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"slice": NaN}', b"[" * 100_000])
def test_body_that_is_no_request_is_refused(client, rod_path, body):
    reply = client.post(f"{rod_path}/segment", content=body, headers={"Content-Type": "application/json"})
    assert 400 <= reply.status_code < 500
    assert reply.json()["error"]["code"] == "request_invalid"


def test_box_that_is_not_a_number_is_refused(client, rod_path):
    body = b'{"slice": 5, "prompts": [{"box": [NaN, 1, 5, 5]}]}'
    reply = client.post(f"{rod_path}/segment", content=body, headers={"Content-Type": "application/json"})
    assert error_of(reply)["code"] == "box_not_finite"


def test_unknown_path_and_method_are_told_in_the_contracts_form(client):
    assert error_of(client.get("/v1/nothing"), 404)["code"] == "not_found"
    assert error_of(client.post("/v1/health"), 405)["code"] == "method_not_allowed"


def test_unexpected_error_keeps_its_details_in_the_log(service, store, caplog):
    def load(*_):
        raise RuntimeError("secret detail")

    service.engine = Engine(store, load_predictor=load)
    with TestClient(create_app(service, TOKEN), "http://127.0.0.1", raise_server_exceptions=False) as client:
        client.headers["Authorization"] = f"Bearer {TOKEN}"
        with caplog.at_level(logging.ERROR):
            reply = segment(client, rod_path_of(client))
    error = error_of(reply, 500)
    assert error["code"] == "internal"
    assert "secret detail" not in reply.text
    assert "Traceback" not in reply.text
    assert "secret detail" in caplog.text
    assert "Traceback" in caplog.text


def rod_path_of(client):
    body = npy(rod())
    path = f"/v1/volumes/{hashlib.sha256(body).hexdigest()}"
    assert client.put(path, content=body).status_code == 201
    return path


def test_click_while_the_server_stops_is_told(client, rod_path, service):
    service.stop()
    assert error_of(segment(client, rod_path), 499)["code"] == "server_stopping"


def test_preloading_makes_the_first_click_find_the_model(engine, service):
    service.preload().result(20)
    assert engine.is_loaded()


def test_preloading_without_weights_is_no_error(engine, service):
    engine.store.remove("litemedsam")
    assert service.preload().result(20) is None
    assert not engine.is_loaded()


def test_weights_that_cannot_be_loaded_do_not_stop_the_server(service, store, caplog):
    def load(*_):
        raise MedSAMSegError(ErrorKind.UNREADABLE, "weights_invalid", "lite_medsam.pth is damaged.")

    service.engine = Engine(store, load_predictor=load)
    assert service.preload().exception(20).code == "weights_invalid"
    assert "lite_medsam.pth is damaged" in caplog.text


def test_openapi_names_every_route_and_the_errors(client):
    described = client.get("/v1/openapi.json").json()
    assert set(described["paths"]) == {
        "/metrics",
        "/v1/health",
        "/v1/models",
        "/v1/status",
        "/v1/volumes/{key}",
        "/v1/volumes/{key}/proposals",
        "/v1/volumes/{key}/click",
        "/v1/volumes/{key}/segment",
        "/v1/volumes/{key}/propagate",
        "/v1/volumes/{key}/encodings",
        "/v1/jobs/{job}/cancel",
    }
    put = described["paths"]["/v1/volumes/{key}"]["put"]
    assert "application/octet-stream" in put["requestBody"]["content"]
    assert "4XX" in put["responses"]
    assert {"ErrorReply", "SliceEvent", "EndedEvent", "Mask", "Window"} <= set(described["components"]["schemas"])


def test_service_can_be_made_without_a_volume_store(engine):
    service = Service(engine)
    service.close()
