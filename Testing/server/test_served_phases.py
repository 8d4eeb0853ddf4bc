"""Several volumes of one patient over HTTP, with a network that sees what is bright: masks are known to the pixel."""

import hashlib

import numpy as np
import pytest
from group_server import GroupServer
from server_fakes import IDENTITY_WINDOW, npy
from test_propagated_probabilities import levels_of, mask_of

from medsamseg_server.serving.propagation_contract import SliceEvent

BOX = (7.0, 9.0, 18.0, 20.0)
#: Columns of the object's two halves.
LEFT, RIGHT = slice(8, 13), slice(13, 18)


def phase(left, right, slices=12):
    """The object, on slices 2 to 9 and rows 10 to 19, as bright as given on its halves; 255 is certain."""
    volume = np.zeros((slices, 32, 32), np.uint8)
    for columns, level in ((LEFT, left), (RIGHT, right)):
        volume[2:10, 10:20, columns] = level
    return volume


def half(columns):
    mask = np.zeros((32, 32), bool)
    mask[10:20, columns] = True
    return mask


#: The mean of the left half is above 127.5, that of the right half is not; its maximum is.
FIRST, SECOND = phase(100, 60), phase(200, 150)
FUSED = {"mean": half(LEFT), "max": half(slice(8, 18))}


def key_of(path):
    return path.rpartition("/")[2]


def clicked(**options):
    return {"window": IDENTITY_WINDOW, "slice": 5, "prompts": [{"box": BOX}], **options}


def followed(**options):
    return {"window": IDENTITY_WINDOW, "prompts": [{"slice": 5, "box": BOX}], **options}


def slices_of(stream):
    return {event["slice"]: SliceEvent.model_validate(event) for event in stream.rest() if event["event"] == "slice"}


def answer(reply):
    """The reply's only mask, as an event of a propagation has it."""
    assert reply.status_code == 200, reply.text
    mask = reply.json()["masks"][0]
    told = {"slice": 5, "direction": "prompt", "box": BOX, "done": 1, "provenance": "box", "confidence": None}
    return SliceEvent.model_validate({**told, "mask": mask, "confidence_parts": {}})


@pytest.fixture
def phases(upload):
    """The address of the first volume, and the key of the second."""
    return upload(FIRST), key_of(upload(SECOND))


@pytest.mark.parametrize(("fuse", "expected"), FUSED.items(), ids=FUSED)
def test_a_click_is_answered_by_all_volumes_together(client, phases, fuse, expected):
    first, second = phases
    reply = client.post(f"{first}/segment", json=clicked(also=[second], fuse=fuse))
    np.testing.assert_array_equal(mask_of(answer(reply)), expected)
    assert answer(reply).mask.probability is None
    assert (reply.json()["embedding"], reply.json()["agreements"], reply.json()["doubts"]) == (
        "computed",
        [None],
        [None],
    )
    assert client.post(f"{first}/segment", json=clicked(also=[second])).json()["embedding"] == "cached"


def test_each_volume_alone_is_answered_as_before(client, phases):
    first, second = phases
    assert not mask_of(answer(client.post(f"{first}/segment", json=clicked(fuse="max")))).any()
    alone = answer(client.post(f"/v1/volumes/{second}/segment", json=clicked()))
    np.testing.assert_array_equal(mask_of(alone), half(slice(8, 18)))


def test_the_fused_probability_is_told(client, phases):
    first, second = phases
    reply = client.post(f"{first}/segment", json=clicked(also=[second], fuse="max", probabilities=True))
    np.testing.assert_array_equal(levels_of(answer(reply))[10:20, 8:18], SECOND[5, 10:20, 8:18])


def test_three_volumes_and_the_mean_as_usual(client, phases, upload):
    first, second = phases
    reply = client.post(f"{first}/segment", json=clicked(also=[second, key_of(upload(phase(60, 250)))]))
    # Means: 120 and 153.
    np.testing.assert_array_equal(mask_of(answer(reply)), half(RIGHT))


def test_only_what_is_encoded_in_every_volume_is_previewed(client, phases):
    first, second = phases
    assert client.post(f"{first}/segment", json=clicked()).status_code == 200
    preview = clicked(also=[second], cached_only=True)
    assert client.post(f"{first}/segment", json=preview).json()["error"]["code"] == "not_encoded"
    client.post(f"/v1/volumes/{second}/segment", json=clicked())
    np.testing.assert_array_equal(mask_of(answer(client.post(f"{first}/segment", json=preview))), FUSED["mean"])


@pytest.mark.parametrize("method", ["tracking", "reference", "film"])
@pytest.mark.parametrize(("fuse", "expected"), FUSED.items(), ids=FUSED)
def test_a_propagation_goes_through_all_volumes(server, service, fuse, expected, method):
    first, second = server.upload(FIRST), key_of(server.upload(SECOND))
    stream = server.stream(f"{first}/propagate", followed(also=[second], fuse=fuse, method=method, probabilities=True))
    found = slices_of(stream)
    for index in range(2, 10):
        np.testing.assert_array_equal(mask_of(found.pop(index)), expected)
    assert not any(mask_of(event).any() for event in found.values())
    assert service.volumes.use[0] == 2


def test_volumes_are_held_while_a_propagation_needs_them(server, service, watch):
    first, second = server.upload(FIRST), key_of(server.upload(SECOND))
    watch.hold(200)
    stream = server.stream(f"{first}/propagate", followed(also=[second], fuse="max"))
    watch.wait_held()
    for key in (key_of(first), second):
        assert server.ask("DELETE", f"/v1/volumes/{key}")[0] == 204
    assert service.volumes.use == (2, FIRST.nbytes + SECOND.nbytes)
    watch.release()
    assert len([event for event in slices_of(stream).values() if mask_of(event).any()]) == 8
    assert service.volumes.use == (0, 0)


REFUSED = {
    "unknown": (None, 404, "volume_unknown", "does not have the volume"),
    "other shape": (phase(1, 2, slices=11), 422, "phases_differ", "has (11, 32, 32) voxels (K, J, I), but the first"),
    "color": (np.stack([SECOND] * 3, axis=-1), 422, "phases_differ", "some are in color and some are gray"),
}


@pytest.mark.parametrize("route", ["segment", "propagate"])
@pytest.mark.parametrize(("array", "status", "code", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_fused_is_refused(client, upload, watch, route, array, status, code, words):
    key = hashlib.sha256(npy(SECOND)).hexdigest() if array is None else key_of(upload(array))
    body = {"segment": clicked, "propagate": followed}[route](also=[key])
    reply = client.post(f"{upload(FIRST)}/{route}", json=body)
    assert (reply.status_code, reply.json()["error"]["code"]) == (status, code)
    assert words in reply.json()["error"]["message"]
    assert watch.encoded == []


@pytest.mark.parametrize("change", [{"also": ["none"]}, {"also": ["0" * 64] * 16}, {"fuse": "sum"}], ids=str)
def test_what_is_no_request_is_refused(client, phases, change):
    reply = client.post(f"{phases[0]}/segment", json=clicked(**change))
    assert (reply.status_code, reply.json()["error"]["code"]) == (422, "request_invalid")


def test_another_users_volume_is_as_unknown_as_none(service, tmp_path):
    with GroupServer(service, tmp_path).running(service) as group:
        anna, ben = group.add("Anna"), group.add("Ben")
        first, second = anna.upload(FIRST), key_of(ben.upload(SECOND))
        for route, body in (("segment", clicked), ("propagate", followed)):
            status, reply = anna.ask("POST", f"{first}/{route}", body(also=[second]))
            assert (status, reply["error"]["code"]) == (404, "volume_unknown")
        anna.close()
        ben.close()
