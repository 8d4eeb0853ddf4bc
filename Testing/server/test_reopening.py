"""A case that is opened again, or by another server, costs no encoding: server processes that share one home."""

import json

import numpy as np
import pytest
from server_fakes import IDENTITY_WINDOW, ROD_BOX, rod
from server_process import FAKE_PROGRAM, RunningServer

CLICK = {"window": IDENTITY_WINDOW, "prompts": [{"box": ROD_BOX}]}


@pytest.fixture
def start(store):
    started = []

    def start_process(*options):
        server = RunningServer(FAKE_PROGRAM, "--exit-with-stdin", *options)
        started.append(server)
        server.wait_until(lambda: server.ask("GET", "/v1/health")[1]["model_loaded"])
        return server

    yield start_process
    for server in started:
        if server.process.poll() is None:
            assert server.end()[0] == 0


def encode_all(server, path):
    """Encode in the background, and return how that ended."""
    request = json.dumps({"window": IDENTITY_WINDOW, "slice": 5})
    assert server.ask("POST", f"{path}/encodings", request)[0] == 200
    server.wait_until(lambda: server.ask("GET", f"{path}/encodings")[1]["state"] != "running")
    return server.ask("GET", f"{path}/encodings")[1]


def click(server, path, slice_index, **options):
    return server.ask("POST", f"{path}/segment", json.dumps({**CLICK, "slice": slice_index, **options}))


def test_case_opened_the_next_day_costs_no_encoding(start):
    evening = start()
    path = evening.upload(rod())
    assert encode_all(evening, path)["done"] == 12
    masks = [click(evening, path, index)[1]["masks"] for index in range(12)]
    assert evening.end()[0] == 0

    morning = start("--no-encoder")
    path = morning.upload(rod())
    replies = [click(morning, path, index, cached_only=True)[1] for index in range(12)]
    assert [reply["embedding"] for reply in replies] == ["cached"] * 12
    assert [reply["masks"] for reply in replies] == masks
    status = encode_all(morning, path)
    assert (status["state"], status["done"], status["seconds_left"]) == ("done", 12, None)
    request = json.dumps({"window": IDENTITY_WINDOW, "prompts": [{"slice": 5, "box": ROD_BOX}]})
    assert morning.stream(f"{path}/propagate", request)[-1]["event"] == "done"


def test_interrupted_encoding_goes_on_in_the_next_process(start):
    first = start()
    path = first.upload(rod())
    assert [click(first, path, index)[1]["embedding"] for index in (4, 5, 6)] == ["computed"] * 3
    first.process.kill()
    first.end()

    second = start()
    path = second.upload(rod())
    assert [click(second, path, index, cached_only=True)[0] for index in (3, 4, 5, 6, 7)] == [409, 200, 200, 200, 409]
    assert encode_all(second, path)["done"] == 12


def test_what_one_server_encodes_another_one_knows(start):
    one, other = start(), start("--no-encoder")
    path = one.upload(rod())
    assert other.upload(rod()) == path
    assert click(other, path, 5, cached_only=True)[1]["error"]["code"] == "not_encoded"
    assert click(one, path, 5)[1]["embedding"] == "computed"
    assert click(other, path, 5)[1]["masks"] == click(one, path, 5)[1]["masks"]


def test_edited_voxel_is_not_taken_for_the_old_scan(start):
    server = start()
    path = server.upload(rod())
    encode_all(server, path)
    edited = rod()
    edited[5, 12, 12] -= 1
    path = server.upload(edited)
    assert [click(server, path, index)[1]["embedding"] for index in (5, 6)] == ["computed", "cached"]
    assert np.array_equal(edited[6], rod()[6])
