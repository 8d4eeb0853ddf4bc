"""nnInteractive's clients as users of a server that a group shares: the same tokens, places and quotas."""

import httpx
import numpy as np
import pytest
from group_server import GroupServer
from nnInteractive.inference.remote.remote_session import (
    ServerAtCapacityError,
    SessionExpiredError,
    nnInteractiveRemoteInferenceSession,
)
from server_fakes import rod
from test_nninteractive import BOX, IMAGE, OBJECT, refused

SESSIONS = 2


@pytest.fixture
def server(service, tmp_path):
    with GroupServer(service, tmp_path, places=2).running(service, nninteractive_sessions=SESSIONS) as running:
        yield running


@pytest.fixture
def connect(server):
    """Called with a user's connection, connects one more genuine client of that user."""
    clients = []

    def make(user):
        # The constructor of one that is refused leaves its connection open.
        client = nnInteractiveRemoteInferenceSession.__new__(nnInteractiveRemoteInferenceSession)
        clients.append(client)
        client.__init__(f"http://127.0.0.1:{server.port}", user.token)
        return client

    yield make
    for client in clients:
        client.close() if hasattr(client, "_stop_heartbeat") else client._http.close()


def followed(client):
    client.set_image(IMAGE[None], {"spacing": [3.0, 1.0, 1.0]})
    client.set_target_buffer(np.zeros(IMAGE.shape, np.uint8))
    client.add_bbox_interaction(BOX, True)
    return (client.target_buffer == OBJECT).all()


def test_users_log_in_with_their_own_tokens(server, connect):
    anna, ben = server.add("anna"), server.add("ben")
    assert followed(connect(anna))
    assert followed(connect(ben))
    server.revoke("anna")
    with pytest.raises(httpx.HTTPStatusError) as raised:
        connect(anna)
    assert raised.value.response.status_code == 401


def test_lease_of_one_user_is_nothing_to_another(server, connect):
    anna, ben = server.add("anna"), server.add("ben")
    client = connect(anna)
    assert followed(client)
    lease = client._http.headers["X-Lease-Token"]
    for method, path in (("POST", "/undo"), ("POST", "/heartbeat"), ("GET", "/lease_status"), ("GET", "/capabilities")):
        headers = {"Authorization": f"Bearer {ben.token}", "X-Lease-Token": lease}
        assert httpx.request(method, f"http://127.0.0.1:{server.port}{path}", headers=headers).status_code == 410
    httpx.post(f"http://127.0.0.1:{server.port}/release", headers=headers)
    assert client.heartbeat() > 0
    assert client.undo()


def test_image_counts_for_the_quota(server, connect):
    anna = server.add("anna", volumes=1)
    first, second = connect(anna), connect(anna)
    assert followed(first)
    said = refused(second.set_image, IMAGE[None])
    assert said.startswith("You may keep 1 volumes on this server, and 1 are in use.")
    # An image takes the place of the one before, and a client that leaves gives its own back.
    assert followed(first)
    first.close()
    assert followed(second)


def test_image_beyond_the_memory_is_refused(server, connect):
    anna = server.add("anna", memory=2**20)
    said = refused(connect(anna).set_image, np.zeros((1, 40, 256, 256), np.uint8))
    assert "larger than the 1114112 bytes allowed" in said


def test_jobs_count_for_the_quota(server, connect, watch):
    anna = server.add("anna", jobs=1)
    client = connect(anna)
    client.set_image(IMAGE[None])
    client.set_target_buffer(np.zeros(IMAGE.shape, np.uint8))
    watch.hold(205)
    stream = anna.propagate(anna.upload(rod()))
    watch.wait_held()
    said = refused(client.add_bbox_interaction, BOX, True)
    assert said.startswith("1 of your 1 jobs are under way.")
    watch.release()
    stream.rest()


def test_full_server_is_told_and_the_oldest_idle_session_goes(server, connect):
    anna, ben, cleo = (server.add(name) for name in ("anna", "ben", "cleo"))
    client = connect(anna)
    assert followed(client)
    connect(ben)
    with pytest.raises(ServerAtCapacityError, match="2 of 2 places"):
        connect(cleo)
    server.clock.time += 200
    ben.upload(rod())
    assert followed(connect(cleo))
    with pytest.raises(SessionExpiredError):
        client.undo()
