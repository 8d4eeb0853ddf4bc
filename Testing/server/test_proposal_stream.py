"""Proposals over HTTP: a stream of events, between whose steps clicks are decoded."""

import threading

import numpy as np
import pytest
from live_client import WAIT, Noticed
from server_fakes import FAKE_SHA256, IDENTITY_WINDOW, FakePredictor, bright_objects


@pytest.fixture(autouse=True)
def proposing(store, monkeypatch):
    """MobileSAM is installed, and the fake network bright_objects points."""
    store.final_path("mobilesam").write_bytes(b"the fake network needs none")
    monkeypatch.setattr(FakePredictor, "alternatives", bright_objects, raising=False)


class Gate:
    """Holds the network at some batch of points."""

    def __init__(self, monkeypatch, at):
        self.reached, self.opened = threading.Event(), threading.Event()
        self.batches = 0

        def held(*arguments):
            self.batches += 1
            if self.batches == at:
                self.reached.set()
                assert self.opened.wait(WAIT)
            return bright_objects(*arguments)

        monkeypatch.setattr(FakePredictor, "alternatives", held)

    def wait(self):
        assert self.reached.wait(WAIT)


@pytest.fixture
def gate(monkeypatch):
    made = Gate(monkeypatch, at=3)
    yield made
    made.opened.set()


@pytest.fixture
def shapes(server):
    """Two bright squares on slice 1 of 2, in a slice as large as the fake's input."""
    volume = np.zeros((2, 256, 256), np.uint8)
    volume[1, 40:100, 20:60] = 200
    volume[1, 150:200, 140:240] = 210
    return server.upload(volume)


def propose(server, path, **options):
    """Return the events of a search."""
    request = {"slice": 1, "window": IDENTITY_WINDOW, "points_per_side": 8, **options}
    return server.stream(f"{path}/proposals", request)


def test_objects_come_once_each_the_best_first(server, shapes, watch):
    start, *middle, done = propose(server, shapes, job="mine").rest()
    assert start == {
        "event": "start",
        "job": "mine",
        "points_total": 64,
        "model": "mobilesam",
        "weights_sha256": FAKE_SHA256,
        "window": {"name": IDENTITY_WINDOW, "lower": 0, "upper": 255},
    }
    progress = [event["points"] for event in middle if event["event"] == "progress"]
    assert progress == list(range(8, 65, 8))
    proposals = [event for event in middle if event["event"] == "proposal"]
    assert [event["mask"]["extent"] for event in proposals] == [[140, 150, 239, 199], [20, 40, 59, 99]]
    assert [event["mask"]["voxels"] for event in proposals] == [5000, 2400]
    assert [event["quality"] for event in proposals] == [0.95, 0.924]
    assert all(event["stability"] == 1 for event in proposals)
    assert (done["event"], done["proposals"]) == ("done", 2)
    assert watch.encoded == [210]


def test_slice_that_is_encoded_is_not_encoded_again(server, shapes, watch):
    propose(server, shapes).rest()
    assert propose(server, shapes).rest()[-1]["seconds"]["encode"] == 0
    assert watch.encoded == [210]


def test_bounds_are_those_of_the_request(server, shapes):
    found = [event for event in propose(server, shapes, least_quality=0.99).rest() if event["event"] == "proposal"]
    assert found == []


def test_click_goes_between_two_steps_of_a_search(server, shapes, gate, service, monkeypatch):
    prompts = [{"box": [19, 39, 60, 100]}]
    request = {"slice": 1, "window": IDENTITY_WINDOW, "model": "mobilesam", "prompts": prompts}
    stream = propose(server, shapes)
    gate.wait()
    answered = []
    queued = Noticed(monkeypatch, service._decoding, "submit")
    order = []
    decode = FakePredictor.decode
    monkeypatch.setattr(FakePredictor, "decode", lambda *given: order.append(gate.batches) or decode(*given))
    click = threading.Thread(target=lambda: answered.append(server.ask("POST", f"{shapes}/segment", request)))
    click.start()
    queued.wait()
    gate.opened.set()
    click.join(WAIT)
    status, reply = answered[0]
    assert (status, reply["masks"][0]["extent"]) == (200, [20, 40, 59, 99])
    assert order == [3]
    assert stream.rest()[-1]["event"] == "done"


def test_cancelled_search_ends_after_the_step_under_way(server, shapes, gate):
    stream = propose(server, shapes, job="mine")
    gate.wait()
    assert server.ask("POST", "/v1/jobs/mine/cancel")[0] == 204
    gate.opened.set()
    assert stream.rest()[-1] == {"event": "cancelled"}
    assert gate.batches == 3
    assert server.ask("POST", "/v1/jobs/mine/cancel")[0] == 404


def test_search_whose_slice_waits_to_be_encoded_is_cancelled_at_once_and_encodes_nothing(server, shapes, watch):
    watch.hold(200)
    busy = server.upload(np.full((1, 8, 8), 200, np.uint8))
    other = threading.Thread(target=lambda: server.click(busy, 0, prompts=[{"box": [1, 1, 5, 5]}]))
    other.start()
    assert watch.wait_held() == 200
    stream = propose(server, shapes, job="mine")
    assert server.ask("POST", "/v1/jobs/mine/cancel")[0] == 204
    assert stream.rest() == [{"event": "cancelled"}]
    watch.release(200)
    other.join(WAIT)
    assert watch.encoded == [200]


def test_who_closes_the_connection_cancels(server, shapes, gate):
    stream = propose(server, shapes, job="mine")
    gate.wait()
    stream.close()
    gate.opened.set()
    assert propose(server, shapes).rest()[-1]["event"] == "done"


def test_failure_of_the_encoder_is_the_last_event(server, shapes, watch, monkeypatch, caplog):
    def fail(prepared):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(watch, "encoding", fail)
    (event,) = propose(server, shapes).rest()
    assert (event["event"], event["error"]["code"]) == ("error", "internal")
    assert "secret" not in str(event)
    assert "secret detail" in caplog.text


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"slice": 2}, "slice_out_of_range"),
        ({"axis": 3}, "axis_invalid"),
        ({"window": "lungs"}, "window_invalid"),
        ({"model": "litemedsam"}, "model_cannot_propose"),
        ({"model": "unet"}, "model_unknown"),
        ({"model": "sam"}, "model_missing"),
        ({"points_per_side": 65}, "request_invalid"),
        ({"least_quality": 1.5}, "request_invalid"),
        ({"prompts": []}, "request_invalid"),
    ],
)
def test_what_is_wrong_is_told_before_the_stream_begins(server, shapes, watch, options, code):
    request = {"slice": 1, "window": IDENTITY_WINDOW, **options}
    status, reply = server.ask("POST", f"{shapes}/proposals", request)
    assert (400 <= status < 500, reply["error"]["code"]) == (True, code)
    assert watch.encoded == []
