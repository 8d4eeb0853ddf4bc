import json

import pytest
from server_fakes import TOKEN

from medsamseg_server.serving.callers import OneToken
from medsamseg_server.serving.request_middleware import RequestMiddleware, host_name


class Inner:
    """An application that says it was reached, and whether it read the body."""

    def __init__(self):
        self.reached = 0

    async def __call__(self, scope, receive, send):
        self.reached += 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"inside"})


async def no_body():
    raise AssertionError("the body was read")


def ask(middleware, method="GET", path="/v1/health", headers=()):
    """Send a request whose body must not be read; return status and reply."""
    sent = []

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
    }
    coroutine = middleware(scope, no_body, send)
    with pytest.raises(StopIteration):
        coroutine.send(None)
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], body if body == b"inside" else json.loads(body)["error"]


@pytest.fixture
def inner():
    return Inner()


@pytest.fixture
def middleware(inner):
    return RequestMiddleware(inner, OneToken(TOKEN), {"reading-room"}, upload_bytes=1000)


AUTHORIZED = ("authorization", f"Bearer {TOKEN}")
LOCAL = ("host", "127.0.0.1:5000")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:5000", "localhost:1", "LOCALHOST", "[::1]:80", "[::1]", "127.1.2.3", "Reading-Room:8"],
)
def test_own_names_are_answered(middleware, host):
    assert ask(middleware, headers=[("host", host), AUTHORIZED]) == (200, b"inside")


@pytest.mark.parametrize(
    "headers",
    [
        [("host", "evil.example")],
        [("host", "evil.example:80")],
        [("host", "127.0.0.1.evil.example")],
        [("host", "localhost.evil.example")],
        [("host", "192.168.1.5")],
        [("host", "0.0.0.0")],
        [("host", "")],
        [("host", "[::2]")],
        [("host", "[127.0.0.1]")],
        [("host", "[::1")],
        [("host", "[::1]x")],
        [("host", "[::1]:80:90")],
        [("host", "::1")],
        [("host", "localhost:")],
        [("host", "localhost:8x")],
        [("host", "localhost:65536")],
        [("host", "localhost:-1")],
        [("host", "localhost:80:90")],
        [("host", "localhost:80@evil.example")],
        [("host", "localhost, evil.example")],
        [("host", "user@localhost")],
        [("host", " localhost")],
        [("host", "localhost/")],
        [("host", "localhost:\xb2")],
        [("host", "127.0.0.1\n")],
        [("host", "127.0.0.1"), ("host", "evil.example")],
        [("host", "evil.example"), ("host", "127.0.0.1")],
        [],
    ],
)
def test_foreign_names_are_refused_even_with_the_token(middleware, inner, headers):
    status, error = ask(middleware, headers=[*headers, AUTHORIZED])
    assert (status, error["code"]) == (400, "bad_host")
    assert inner.reached == 0


def test_long_name_is_repeated_in_part(middleware):
    _, error = ask(middleware, headers=[("host", "evil.example" * 500), AUTHORIZED])
    assert "evil.example" in error["message"]
    assert len(error["message"]) < 200


def test_listening_everywhere_accepts_address_literals_but_no_foreign_names(inner):
    middleware = RequestMiddleware(inner, OneToken(TOKEN), {"*", "reading-room"})
    assert ask(middleware, headers=[("host", "192.168.1.5:80"), AUTHORIZED])[0] == 200
    assert ask(middleware, headers=[("host", "reading-room"), AUTHORIZED])[0] == 200
    assert ask(middleware, headers=[("host", "evil.example"), AUTHORIZED])[0] == 400


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        TOKEN,
        "Bearer",
        "Bearer ",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"bearer {TOKEN}",
        f"Bearer  {TOKEN}",
        f"Basic {TOKEN}",
        "Bearer \xff\xfe",
    ],
)
def test_missing_or_wrong_token_is_refused_before_the_body(middleware, inner, authorization):
    headers = [LOCAL, ("content-length", "10")]
    if authorization is not None:
        headers.append(("authorization", authorization))
    status, error = ask(middleware, "PUT", "/v1/volumes/x", headers)
    assert (status, error["code"]) == (401, "unauthorized")
    assert TOKEN not in json.dumps(error)
    assert inner.reached == 0


def test_token_is_compared_in_constant_time(middleware, monkeypatch):
    compared = []
    monkeypatch.setattr(
        "medsamseg_server.serving.callers.hmac.compare_digest", lambda *values: compared.append(values) or False
    )
    assert ask(middleware, headers=[LOCAL, AUTHORIZED])[0] == 401
    assert compared == [(TOKEN.encode(), TOKEN.encode())]


@pytest.mark.parametrize(
    ("method", "length", "status"),
    [
        ("PUT", "1000", 200),
        ("PUT", "1001", 413),
        ("PUT", "9" * 20, 413),
        ("POST", str(2**20), 200),
        ("POST", str(2**20 + 1), 413),
        ("GET", None, 200),
        ("DELETE", None, 200),
        ("PUT", None, 411),
        ("PUT", "-1", 411),
        ("PUT", "ten", 411),
        ("PUT", "9" * 5000, 411),
        ("POST", "1e3", 411),
    ],
)
def test_length_of_the_body_is_bounded_before_it_is_read(middleware, method, length, status):
    headers = [LOCAL, AUTHORIZED, *([("content-length", length)] if length is not None else [])]
    found, reply = ask(middleware, method, "/v1/volumes/x", headers)
    assert found == status
    if status != 200:
        assert reply["code"] == {413: "body_too_large", 411: "length_required"}[status]


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_body_of_unknown_length_is_refused(middleware, method):
    headers = [LOCAL, AUTHORIZED, ("transfer-encoding", "chunked"), ("content-length", "5")]
    assert ask(middleware, method, "/v1/volumes/x", headers)[0] == 411


def test_too_long_a_body_is_told_with_both_lengths(middleware):
    _, error = ask(middleware, "PUT", "/v1/volumes/x", [LOCAL, AUTHORIZED, ("content-length", str(3 * 2**20))])
    assert "3.0 MiB" in error["message"]
    assert "--upload-limit" in error["hint"]


def test_openapi_needs_the_token(client):
    assert client.get("/v1/openapi.json").status_code == 200
    assert client.get("/v1/openapi.json", headers={"Authorization": "Bearer x"}).status_code == 401


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/"])
def test_there_are_no_pages_that_load_scripts(client, path):
    assert client.get(path).status_code == 404
    assert client.get(path, headers={"Authorization": ""}).status_code == 401


def test_web_sockets_are_not_answered(inner, middleware):
    async def no_answer(message):
        raise AssertionError("something was sent")

    with pytest.raises(StopIteration):
        middleware({"type": "websocket", "path": "/v1/health", "headers": []}, no_body, no_answer).send(None)
    assert inner.reached == 0


@pytest.mark.parametrize(
    ("host", "name"),
    [("A.b:1", "a.b"), ("A_b:65535", "a_b"), ("[FE80::1]:2", "fe80::1"), ("::1", None), ("", None), (":80", None)],
)
def test_name_of_a_host_header(host, name):
    assert host_name(host) == name
