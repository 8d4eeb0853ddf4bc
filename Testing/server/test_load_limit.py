"""How much is served at once, and who is not answered: 413, 429 and 403 instead of a process that dies."""

import asyncio
import json
import socket
import threading

import pytest
from server_fakes import IDENTITY_WINDOW, ROD_BOX, TOKEN, npy, rod

from medsamseg_server.serving.callers import OneToken
from medsamseg_server.serving.load_limit import with_stall_timeout
from medsamseg_server.serving.request_middleware import RequestMiddleware

HEADERS = {"host": "127.0.0.1", "authorization": f"Bearer {TOKEN}"}


class Held:
    """An application whose requests wait until they are let go, and that notes what it received."""

    def __init__(self):
        self.let = asyncio.Event()
        self.inside = 0
        self.received = []

    async def __call__(self, scope, receive, send):
        self.inside += 1
        if scope["method"] == "PUT":
            self.received.append((await receive())["type"])
        await self.let.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def ask(middleware, method="GET", length=None, receive=None, **headers):
    """Send a request; return its status and its headers."""
    sent = []

    async def send(message):
        sent.append(message)

    async def body():
        return {"type": "http.request", "body": b"", "more_body": False}

    given = {**HEADERS, **headers, **({"content-length": str(length)} if length is not None else {})}
    encoded = [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items()]
    scope = {"type": "http", "method": method, "path": "/v1/health", "query_string": b"", "headers": encoded}
    await middleware(scope, receive or body, send)
    return sent[0]["status"], dict(sent[0]["headers"])


def test_requests_on_top_are_asked_to_come_again():
    async def scenario():
        held = Held()
        middleware = RequestMiddleware(held, OneToken(TOKEN), requests=3)
        waiting = [asyncio.create_task(ask(middleware)) for _ in range(3)]
        while held.inside < 3:
            await asyncio.sleep(0)
        status, headers = await ask(middleware)
        assert (status, headers[b"retry-after"]) == (429, b"1")
        held.let.set()
        assert [status for status, _ in await asyncio.gather(*waiting)] == [200] * 3
        assert (await ask(middleware))[0] == 200

    asyncio.run(scenario())


def test_uploads_under_way_share_the_memory():
    async def scenario():
        held = Held()
        middleware = RequestMiddleware(held, OneToken(TOKEN), upload_bytes=1000)
        first = asyncio.create_task(ask(middleware, "PUT", 600))
        while held.inside < 1:
            await asyncio.sleep(0)
        assert (await ask(middleware, "PUT", 600))[0] == 429
        assert (await ask(middleware, "PUT", 1001))[0] == 413
        second = asyncio.create_task(ask(middleware, "PUT", 400))
        while held.inside < 2:
            await asyncio.sleep(0)
        held.let.set()
        await asyncio.gather(first, second)
        assert (await ask(middleware, "PUT", 1000))[0] == 200

    asyncio.run(scenario())


def test_room_is_given_back_when_a_request_fails():
    async def fail(scope, receive, send):
        raise ValueError

    async def scenario():
        middleware = RequestMiddleware(fail, OneToken(TOKEN), upload_bytes=10)
        for _ in range(100):
            with pytest.raises(ValueError):
                await ask(middleware, "PUT", 10)

    asyncio.run(scenario())


def test_client_that_stalls_in_its_body_is_taken_for_gone():
    async def scenario():
        messages = [{"type": "http.request", "body": b"x", "more_body": True}]

        async def receive():
            if messages:
                return messages.pop()
            await asyncio.Event().wait()

        patient = with_stall_timeout(receive, seconds=0.01)
        assert (await patient())["body"] == b"x"
        assert await patient() == {"type": "http.disconnect"}

    asyncio.run(scenario())


def test_client_that_has_sent_its_body_may_wait_for_long():
    async def scenario():
        messages = [{"type": "http.disconnect"}, {"type": "http.request", "body": b"", "more_body": False}]
        waited = asyncio.Event()

        async def receive():
            if len(messages) == 1:
                await waited.wait()
            return messages.pop()

        patient = with_stall_timeout(receive, seconds=0.01)
        assert (await patient())["type"] == "http.request"
        asyncio.get_running_loop().call_later(0.05, waited.set)
        assert (await patient())["type"] == "http.disconnect"

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "header",
    [
        ("Origin", "https://evil.example"),
        ("Origin", "null"),
        ("Origin", "http://127.0.0.1:5000"),
        ("Sec-Fetch-Site", "same-origin"),
        ("Sec-Fetch-Site", "none"),
    ],
)
@pytest.mark.parametrize("authorization", [None, ""])
def test_what_a_browser_sends_is_refused_even_with_the_token(client, header, authorization):
    headers = dict([header]) | ({"Authorization": authorization} if authorization is not None else {})
    for method in ("GET", "OPTIONS"):
        reply = client.request(method, "/v1/health", headers=headers)
        assert (reply.status_code, reply.json()["error"]["code"]) == (403, "bad_origin")
        assert not [name for name in reply.headers if name.lower().startswith("access-control")]


def test_simple_requests_of_a_form_reach_nothing(client, service):
    """What a page can send without asking first: a POST with one of three types, and no header of its own."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        reply = client.post("/v1/jobs/x/cancel", content=b"{}", headers={"Content-Type": kind, "Authorization": ""})
        assert reply.status_code == 401


def test_many_clients_at_once_are_all_answered(live, upload, service):
    """More than are served at once: each gets its mask or is asked to come again; health is answered afterwards."""
    body = npy(rod())
    service.volumes.put("0" * 64, service_volume(body))
    request = json.dumps(
        {"axis": 0, "slice": 5, "prompts": [{"box": ROD_BOX}], "window": IDENTITY_WINDOW, "model": None}
    ).encode()
    statuses = []

    def click():
        with socket.create_connection(("127.0.0.1", live), timeout=60) as connection:
            head = f"POST /v1/volumes/{'0' * 64}/segment HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
            head += f"Authorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n"
            connection.sendall(head.encode() + f"Content-Length: {len(request)}\r\n\r\n".encode() + request)
            statuses.append(int(connection.makefile("rb").readline().split()[1]))

    threads = [threading.Thread(target=click) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(statuses) == 100
    assert set(statuses) <= {200, 429}
    assert statuses.count(200) >= 64


def service_volume(body):
    from medsamseg_server.volumes.npy_upload import parse_npy

    return parse_npy(body)
