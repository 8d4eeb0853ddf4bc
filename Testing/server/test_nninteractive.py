"""nnInteractive's protocol, spoken by its genuine client over HTTP to a network whose right answers are known."""

import socket
import threading

import httpx
import numpy as np
import pytest
import uvicorn
from nnInteractive.inference.remote.remote_session import (
    ServerAtCapacityError,
    SessionExpiredError,
    nnInteractiveRemoteInferenceSession,
)
from nnInteractive.inference.remote.serialization import pack_array, unpack_array
from server_fakes import TOKEN

from medsamseg_server.serving.app import create_app
from medsamseg_server.serving.nninteractive import packed_arrays
from medsamseg_server.serving.nninteractive.lease_routes import LIMITS
from medsamseg_server.serving.nninteractive.prompts import on_slice
from medsamseg_server.serving.nninteractive.session import Session

PLACES = 2
OBJECT = np.zeros((12, 32, 32), bool)
OBJECT[2:10, 10:20, 8:18] = True
#: Bright on dark, in any window that is chosen by itself.
IMAGE = np.where(OBJECT, 200, 20).astype(np.uint8) + np.arange(12, dtype=np.uint8)[:, None, None]
#: The rod is bright on rows 10 to 19 and columns 8 to 17 of slices 2 to 9.
BOX = [[5, 6], [8, 22], [6, 20]]


@pytest.fixture
def address(service):
    """The address of a server that speaks the protocol for two users."""
    app = create_app(service, TOKEN, upload_bytes=2**22, nninteractive_sessions=PLACES)
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none", port=0)
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, args=[[listener]])
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    service.stop()
    thread.join()


@pytest.fixture
def connect(address):
    """Called, connects one more genuine client."""
    clients = []

    def make():
        client = nnInteractiveRemoteInferenceSession.__new__(nnInteractiveRemoteInferenceSession)
        try:
            client.__init__(address, TOKEN)
        except Exception:
            # It leaves its connection open when it is refused.
            client._http.close()
            raise
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(connect):
    """A client with the rod as its image."""
    client = connect()
    client.set_image(IMAGE[None], {"spacing": [3.0, 1.0, 1.0]})
    client.set_target_buffer(np.zeros(IMAGE.shape, np.uint8))
    return client


def refused(function, *arguments, **options):
    """What the server says when it refuses, as a viewer shows it."""
    with pytest.raises(httpx.HTTPStatusError) as raised:
        function(*arguments, **options)
    assert raised.value.response.status_code == 400
    return raised.value.response.json()["detail"]


def test_client_learns_what_can_be_prompted(connect):
    client = connect()
    assert client.ping()
    assert client.supported_interactions == {
        "points": False,
        "bbox2d": True,
        "bbox3d": False,
        "scribble": True,
        "lasso": True,
    }
    assert client.supports_initial_label
    assert client.supports_undo
    assert client.license == "Apache-2.0"
    assert 0 < client.lease_status()["remaining_seconds"] <= LIMITS.idle
    assert client.heartbeat() > 0


def test_box_on_one_slice_becomes_the_whole_object(client):
    bounds = client.add_bbox_interaction(BOX, True)
    assert bounds == [[2, 10], [10, 20], [8, 18]]
    assert (client.target_buffer == OBJECT).all()


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_box_in_any_view(connect, axis):
    image = np.moveaxis(IMAGE, 0, axis)
    client = connect()
    client.set_image(image[None])
    client.set_target_buffer(np.zeros(image.shape, bool))
    box = BOX[1:]
    box.insert(axis, BOX[0])
    client.add_bbox_interaction(box, True)
    assert (client.target_buffer == (np.moveaxis(OBJECT, 0, axis))).all()


def test_undo_and_reset(client):
    client.add_bbox_interaction(BOX, True)
    assert client.undo()
    assert not client.target_buffer.any()
    assert not client.undo()
    client.add_bbox_interaction(BOX, True)
    client.reset_interactions()
    assert client._predict() is None
    assert not client.undo()


def test_second_box_on_the_slice_takes_the_place_of_the_first(client):
    client.add_bbox_interaction([[5, 6], [8, 15], [6, 20]], True)
    assert client.target_buffer[5].sum() == 50
    client.add_bbox_interaction(BOX, True)
    assert client.target_buffer[5].sum() == 100


def test_negative_box_takes_away_and_the_rest_is_followed(client):
    client.add_bbox_interaction(BOX, True)
    client.add_bbox_interaction([[5, 6], [15, 22], [0, 32]], False)
    assert client.target_buffer[5].sum() == 50
    assert not client.target_buffer[5, 15:].any()
    assert client.undo()
    assert client.target_buffer[5].sum() == 100


def _sent(drawn, bounds):
    """What a viewer sends of a drawing: all, or the part within bounds."""
    return drawn if bounds is None else drawn[tuple(slice(*each) for each in bounds)]


PART = [[5, 6], [0, 32], [4, 32]]


@pytest.mark.parametrize("bounds", [None, PART])
def test_lasso_is_a_prompt(client, bounds):
    drawn = np.zeros(IMAGE.shape, np.uint8)
    drawn[5, 9:21, 7:19] = 1
    client.add_lasso_interaction(_sent(drawn, bounds), True, interaction_bbox=bounds)
    assert (client.target_buffer == OBJECT).all()
    drawn[5, 9:15] = 0
    client.add_lasso_interaction(_sent(drawn, bounds), False, interaction_bbox=bounds)
    assert client.target_buffer[5].sum() == 50


@pytest.mark.parametrize("bounds", [None, PART])
def test_scribble_is_a_box_and_points(client, bounds):
    # The fake network finds what is bright, in the box, and within two pixels of every point.
    drawn = np.zeros(IMAGE.shape, np.uint8)
    drawn[5, 14:17, 12:15] = 1
    client.add_scribble_interaction(_sent(drawn, bounds), True, interaction_bbox=bounds)
    assert (client.target_buffer[5] == drawn[5]).all()
    drawn[5, 14:16] = 0
    client.add_scribble_interaction(_sent(drawn, bounds), False, interaction_bbox=bounds)
    assert client.target_buffer[5].sum() == 6


def test_segmentation_of_before_is_started_from(client):
    earlier = np.zeros(IMAGE.shape, np.uint8)
    earlier[5, 10:20, 8:18] = 1
    client.add_initial_seg_interaction(earlier)
    assert client.target_buffer.sum() == 100
    client._predict()
    assert (client.target_buffer == OBJECT).all()


def test_prompts_are_kept_until_a_prediction_is_wanted(client):
    client.add_bbox_interaction(BOX, True, run_prediction=False)
    assert not client.target_buffer.any()
    client._predict()
    assert client.target_buffer.any()


def test_what_cannot_be_done_is_said(connect, client):
    assert "on one slice" in refused(client.add_bbox_interaction, [[3, 6], [8, 22], [6, 20]], True)
    assert "outside of the image" in refused(client.add_bbox_interaction, [[50, 51], [8, 22], [6, 20]], True)
    assert "no points" in refused(client.add_point_interaction, [5, 15, 12], True)
    assert "nothing of the object" in refused(client.add_bbox_interaction, BOX, False)
    assert "Nothing was drawn" in refused(client.add_lasso_interaction, np.zeros(IMAGE.shape, np.uint8), True)
    client.add_bbox_interaction(BOX, True)
    assert "another view" in refused(client.add_bbox_interaction, [[3, 8], [15, 16], [6, 20]], True)
    assert "12, 32, 32" in refused(client.set_target_buffer, np.zeros((3, 3, 3), np.uint8))
    assert "one channel" in refused(client.set_image, np.zeros((2, 5, 6, 7), np.uint8))
    assert "no image yet" in refused(connect().add_bbox_interaction, BOX, True)


def test_two_users_see_nothing_of_each_other(connect, client):
    other = connect()
    other.set_image(np.zeros((1, 4, 32, 32), np.uint8))
    other.set_target_buffer(np.zeros((4, 32, 32), np.uint8))
    client.add_bbox_interaction(BOX, True)
    assert client.target_buffer.any()
    assert other._predict() is None
    assert not other.undo()


def test_no_more_users_than_places(connect):
    first, _second = connect(), connect()
    with pytest.raises(ServerAtCapacityError, match="places of this server are taken"):
        connect()
    first.close()
    assert connect().ping()


def test_lease_that_was_given_back_is_over(address, connect):
    client = connect()
    client._http.post("/release")
    with pytest.raises(SessionExpiredError, match="session has ended"):
        client.set_image(IMAGE[None])


def test_only_with_the_token(address):
    assert httpx.get(f"{address}/healthz").json() == {"status": "ok"}
    assert httpx.post(f"{address}/claim").status_code == 401
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert httpx.post(f"{address}/claim", headers={**headers, "Origin": "http://evil.example"}).status_code == 403
    assert httpx.post(f"{address}/set_image", headers=headers, content=b"x").status_code == 410
    assert httpx.post(f"{address}/undo", headers=headers, content=b"x" * 2**21).status_code == 413
    assert httpx.post(f"{address}/set_image", headers=headers, content=b"x" * (2**22 + 1)).status_code == 413


def test_without_being_asked_for_there_is_no_such_protocol(live):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert httpx.get(f"http://127.0.0.1:{live}/healthz").status_code == 401
    assert httpx.post(f"http://127.0.0.1:{live}/claim", headers=headers).status_code == 404


def test_slow_answer_tells_what_is_done_and_the_next_goes_on(service, watch):
    now = iter(np.arange(0.0, 1000.0, 10.0))
    session = Session(service, answer_seconds=25.0, now=lambda: float(next(now)))
    session.set_image(IMAGE[None], None)
    session.add_box(on_slice(BOX, IMAGE.shape))
    done = session.predict()
    while done.bounds is not None and not (session._object == OBJECT).all():
        done = session.predict()
    assert (session._object == OBJECT).all()
    assert sorted(watch.encoded) == sorted(set(watch.encoded))


def test_image_that_comes_after_the_end_is_not_kept(service):
    session = Session(service)
    session.close()
    with pytest.raises(ValueError, match="session has ended"):
        session.set_image(IMAGE[None], None)
    assert service.volumes.use == (0, 0)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int16", "int64", "float16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(1,), (3, 5), (1, 4, 5, 6)])
def test_arrays_both_ways(dtype, shape):
    array = (np.random.default_rng(3).random(shape) * 100).astype(dtype)
    ours, theirs = packed_arrays.unpack(pack_array(array), 10**6), unpack_array(packed_arrays.pack(array))
    for got in (ours, theirs):
        assert got.dtype == array.dtype
        assert (got == array).all()


WHOLE = pack_array(np.arange(60, dtype=np.int16).reshape(3, 4, 5))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "damaged"),
        (b"NNIA", "damaged"),
        (b"x" * 40, "not in a form"),
        (WHOLE.replace(b"int16", b"intxx"), "'intxx' cannot be used"),
        (WHOLE[:-3], "longer or shorter"),
        (WHOLE[:30], "damaged"),
        (pack_array(np.zeros(10**5)), "larger than"),
    ],
)
def test_arrays_that_are_not_taken(body, words):
    with pytest.raises(ValueError, match=words):
        packed_arrays.unpack(body, 10**5)
