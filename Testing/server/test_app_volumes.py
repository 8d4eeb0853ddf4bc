import asyncio
import hashlib
import logging

import numpy as np
import pytest
from server_fakes import TOKEN, npy, rod
from starlette.testclient import TestClient

from medsamseg_server.serving.app import create_app
from medsamseg_server.volumes.npy_upload import VolumeUpload
from medsamseg_server.volumes.volume_store import VolumeStore


def path_of(body):
    return f"/v1/volumes/{hashlib.sha256(body).hexdigest()}"


def put(client, array):
    body = npy(array)
    return client.put(path_of(body), content=body)


def error_of(reply):
    assert reply.headers["content-type"] == "application/json"
    assert list(reply.json()) == ["error"]
    return reply.json()["error"]


def test_new_volume_is_created_and_then_known(client):
    body = npy(rod())
    first, second = (client.put(path_of(body), content=body) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json() == client.get(path_of(body)).json()
    assert first.json() == {
        "key": hashlib.sha256(body).hexdigest(),
        "shape": [12, 32, 32],
        "dtype": "uint8",
        "window": {"name": "percentile", "lower": 202.0, "upper": 209.0},
        "notes": [],
    }


def test_reply_says_what_was_replaced(client):
    array = rod().astype(">f4")
    array[0, 5, 5] = np.nan
    reply = put(client, array).json()
    assert reply["dtype"] == "float32"
    assert "Replaced 1 voxels" in reply["notes"][0]


def test_body_of_another_key_is_refused_and_not_kept(client):
    body = npy(rod())
    wrong = f"/v1/volumes/{'0' * 64}"
    reply = client.put(wrong, content=body)
    assert reply.status_code == 422
    assert error_of(reply)["code"] == "key_mismatch"
    assert client.get(wrong).status_code == client.get(path_of(body)).status_code == 404


def test_truncated_body_under_its_own_hash_is_refused(client):
    body = npy(rod())[:-5]
    reply = client.put(path_of(body), content=body)
    assert (reply.status_code, error_of(reply)["code"]) == (422, "npy_invalid")


@pytest.mark.parametrize("key", ["abc", "0" * 63, "0" * 65, "A" * 64, "g" * 64, "%00" * 64])
def test_key_that_is_no_sha256_is_refused(client, key):
    reply = client.put(f"/v1/volumes/{key}", content=npy(rod()))
    assert reply.status_code == 422
    assert error_of(reply)["code"] == "request_invalid"


def test_volume_longer_than_the_limit_is_refused(client):
    reply = put(client, np.zeros((2, 1024, 1024), np.uint8))
    assert (reply.status_code, error_of(reply)["code"]) == (413, "body_too_large")


@pytest.mark.parametrize(
    ("array", "code"),
    [
        (np.zeros((2, 4, 4, 3), np.float32), "volume_not_3d"),
        (np.zeros((2, 4, 4), np.complex64), "volume_type"),
        (np.zeros((2, 0, 4)), "volume_empty"),
    ],
)
def test_what_is_no_volume_is_refused_after_the_whole_body_was_taken(client, monkeypatch, array, code):
    reply = put(client, array)
    assert (reply.status_code, error_of(reply)["code"]) == (422, code)


def test_rest_of_a_refused_body_is_read_so_that_the_client_sees_why(service):
    body = npy(np.zeros((8, 8, 8, 8)))
    pieces = [body[start : start + 500] for start in range(0, len(body), 500)]
    read = []

    async def receive():
        read.append(pieces.pop(0))
        return {"type": "http.request", "body": read[-1], "more_body": bool(pieces)}

    sent = call(create_app(service, TOKEN), "PUT", path_of(body), receive, len(body))
    assert sent[0]["status"] == 422
    assert b"".join(read) == body


def test_client_that_goes_away_while_uploading_leaves_nothing_behind(service, caplog):
    body = npy(rod())
    messages = [{"type": "http.request", "body": body[:500], "more_body": True}, {"type": "http.disconnect"}]

    async def receive():
        return messages.pop(0)

    with caplog.at_level(logging.INFO):
        call(create_app(service, TOKEN), "PUT", path_of(body), receive, len(body))
    assert "Traceback" not in caplog.text
    assert service.volumes._volumes == {}


def call(app, method, path, receive, length):
    """Call the application without a client, to see exactly what it receives; return what it sends."""
    sent = []

    async def send(message):
        sent.append(message)

    headers = [("host", "127.0.0.1"), ("authorization", f"Bearer {TOKEN}"), ("content-length", str(length))]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }
    with TestClient(app) as client:
        client.portal.call(app, scope, receive, send)
    return sent


def test_hashing_and_checking_are_off_the_event_loop(client, monkeypatch):
    where = set()

    def noting(name):
        original = getattr(VolumeUpload, name)

        def noted(self, *arguments):
            try:
                asyncio.get_running_loop()
                where.add((name, "event loop"))
            except RuntimeError:
                where.add((name, "thread"))
            return original(self, *arguments)

        return noted

    monkeypatch.setattr("medsamseg_server.serving.app._HASHED_AT_ONCE", 100)
    for name in ("hash_received", "finish"):
        monkeypatch.setattr(VolumeUpload, name, noting(name))
    assert put(client, rod()).status_code == 201
    assert where == {("hash_received", "thread"), ("finish", "thread")}


def test_unknown_volume_is_told_as_such_everywhere(client):
    path = f"/v1/volumes/{'0' * 64}"
    box = {"slice": 1, "prompts": [{"box": [1, 1, 5, 5]}]}
    replies = [
        client.get(path),
        client.delete(path),
        client.post(f"{path}/segment", json=box),
        client.post(f"{path}/propagate", json={"prompts": [{"slice": 1, "box": [1, 1, 5, 5]}]}),
        client.post(f"{path}/encodings", json={"slice": 1}),
        client.get(f"{path}/encodings"),
        client.delete(f"{path}/encodings"),
    ]
    assert {(reply.status_code, error_of(reply)["code"]) for reply in replies} == {(404, "volume_unknown")}


def test_forgotten_volume_can_be_uploaded_again(engine, service, client, upload):
    service.volumes = VolumeStore(budget=rod().nbytes)
    first = upload(rod())
    upload(rod(object_slices=range(3, 5)))
    assert client.get(first).status_code == 404
    assert upload(rod()) == first
    assert client.get(first).status_code == 200


def test_deleted_volume_is_gone(client, rod_path):
    reply = client.delete(rod_path)
    assert (reply.status_code, reply.content) == (204, b"")
    assert client.get(rod_path).status_code == 404
    assert client.delete(rod_path).status_code == 404
