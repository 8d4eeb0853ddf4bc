"""nnInteractive's genuine client before a cluster: its place stays on a replica; one that dies ends its session."""

import asyncio
import socket
import threading
from concurrent.futures import Future

import httpx
import numpy as np
import pytest
import uvicorn
from local_replicas import LocalReplicas
from nnInteractive.inference.remote.remote_session import SessionExpiredError, nnInteractiveRemoteInferenceSession
from server_fakes import TOKEN, FakePredictor
from test_nninteractive import BOX, IMAGE, OBJECT

from medsamseg_server.cluster.front import Front
from medsamseg_server.cluster.routes import Route, Way, route_of
from medsamseg_server.serving.app import create_app
from medsamseg_server.serving.callers import OneToken
from medsamseg_server.serving.nninteractive.paths import LEASE_PATHS, OPEN_PATHS, UPLOAD_PATHS
from medsamseg_server.serving.request_middleware import RequestMiddleware
from medsamseg_server.serving.serve_options import ServeOptions

PLACES = 2


class RunningDoor:
    """The door of a cluster of two replicas over HTTP, on a loop of its own."""

    def __init__(self, replicas):
        self.replicas = replicas
        door = RequestMiddleware(
            Front(replicas, nninteractive=True), OneToken(TOKEN), (), 2**22, UPLOAD_PATHS, OPEN_PATHS
        )
        self._loop = Future()

        async def app(scope, receive, send):
            if not self._loop.done():
                self._loop.set_result(asyncio.get_running_loop())
            await door(scope, receive, send)

        self.server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none"))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.thread = threading.Thread(target=self.server.run, args=[[self.listener]])

    def kill(self, number):
        """End a replica, on the loop that asks it."""
        is_done = Future()
        self._loop.result().call_soon_threadsafe(lambda: is_done.set_result(self.replicas.kill(number)))
        is_done.result()


@pytest.fixture
def door(store, watch):
    options = ServeOptions(upload_bytes=2**22, nninteractive_sessions=PLACES)
    replicas = LocalReplicas(options, lambda specification, *_: FakePredictor(specification, watch))
    made = RunningDoor(replicas)
    made.thread.start()
    yield made
    watch.release()
    made.server.should_exit = True
    replicas.close()
    made.thread.join()


@pytest.fixture
def connect(door):
    """Called, connects one more client, with the rod as its image."""
    clients = []

    def make():
        client = nnInteractiveRemoteInferenceSession(door.url, TOKEN)
        clients.append(client)
        client.set_image(IMAGE[None], {"spacing": [3.0, 1.0, 1.0]})
        client.set_target_buffer(np.zeros(IMAGE.shape, np.uint8))
        return client

    yield make
    for client in clients:
        client.close()


def test_every_address_of_the_protocol_leads_to_its_place(service):
    plain = set(create_app(service, TOKEN).openapi()["paths"])
    routes = create_app(service, TOKEN, nninteractive_sessions=1).routes
    found = {route.path for route in _flat(routes) if not route.path.startswith(("/v1", "/docs", "/redoc"))}
    assert found - plain == LEASE_PATHS | OPEN_PATHS
    assert route_of("POST", "/set_image", nninteractive=True) == Route(Way.UPLOAD, has_lease=True)
    assert route_of("POST", "/undo", nninteractive=True) == Route(Way.ONE, has_lease=True)
    assert route_of("POST", "/set_image") == Route(Way.ONE)


def _flat(routes):
    for route in routes:
        if hasattr(route, "path"):
            yield route
        else:
            # FastAPI keeps included routers whole.
            yield from _flat(route.original_router.routes)


def test_a_place_stays_on_its_replica(door, connect):
    first, second = connect(), connect()
    homes = [door.replicas.number_of(client._lease_token) for client in (first, second)]
    assert sorted(homes) == [0, 1]
    for client, home in zip((first, second), homes, strict=True):
        door.replicas.asked.clear()
        assert client.add_bbox_interaction(BOX, True) == [[2, 10], [10, 20], [8, 18]]
        assert (client.target_buffer == OBJECT).all()
        assert {number for number, _ in door.replicas.asked} == {home}
    drawn = np.zeros(IMAGE.shape, bool)
    drawn[5, 9:21, 7:19] = True
    first.reset_interactions()
    first.add_lasso_interaction(drawn, True)
    assert (first.target_buffer == OBJECT).all()
    assert first.undo() is not None
    assert first.heartbeat() > 0
    assert not first.target_buffer.any()
    assert (second.target_buffer == OBJECT).all()


def test_an_image_goes_in_pieces(connect, monkeypatch):
    monkeypatch.setattr("medsamseg_server.cluster.kept_body.PIECE_BYTES", 1000)
    client = connect()
    assert client.add_bbox_interaction(BOX, True) == [[2, 10], [10, 20], [8, 18]]


@pytest.mark.parametrize("is_in_the_middle", [False, True])
def test_a_replica_that_dies_ends_the_session_as_the_client_knows_it(door, connect, watch, is_in_the_middle):
    client = connect()
    home = door.replicas.number_of(client._lease_token)
    if is_in_the_middle:
        # The window is chosen by itself: the brightest is white.
        watch.hold(255)
        died = threading.Thread(target=lambda: (watch.wait_held(), door.kill(home), watch.release()))
        died.start()
    else:
        door.kill(home)
    with pytest.raises(SessionExpiredError):
        client.add_bbox_interaction(BOX, True)
    if is_in_the_middle:
        died.join()
    again = connect()
    assert again.add_bbox_interaction(BOX, True) == [[2, 10], [10, 20], [8, 18]]


def test_without_a_token_only_its_life_is_told(door):
    assert httpx.get(f"{door.url}/healthz").json() == {"status": "ok"}
    assert httpx.post(f"{door.url}/claim").status_code == 401
    assert [method for _, method in door.replicas.asked] == ["ask"]
