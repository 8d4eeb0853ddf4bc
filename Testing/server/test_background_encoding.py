"""Background encoding over a real socket, with a network that stands still where the test wants it."""

import threading

import pytest
from live_client import WAIT
from server_fakes import IDENTITY_WINDOW, rod


def test_background_encoding_goes_outward_and_tells_how_far_it_is(server, path, watch, service, monkeypatch):
    idle = server.ask("GET", f"{path}/encodings")[1]
    assert (idle["state"], idle["done"], idle["total"]) == ("idle", 0, 0)
    watch.hold(207)
    status, started = server.ask("POST", f"{path}/encodings", {"window": IDENTITY_WINDOW, "slice": 5})
    assert (status, started["total"]) == (200, 12)
    assert watch.wait_held() == 207
    running = server.ask("GET", f"{path}/encodings")[1]
    assert (running["state"], running["done"], running["total"]) == ("running", 4, 12)
    assert (running["axis"], running["model"], running["window"]) == (0, "litemedsam", "255,127.5")
    assert running["job"] == started["job"]
    ended = watch_end(service, path, monkeypatch)
    watch.release(207)
    assert ended.wait(WAIT)
    done = server.ask("GET", f"{path}/encodings")[1]
    assert (done["state"], done["done"]) == ("done", 12)
    assert watch.encoded == [205, 204, 206, 203, 207, 202, 208, 201, 209, 200, 210, 211]
    assert server.click(path, 11)[1]["embedding"] == "cached"


def watch_end(service, path, monkeypatch):
    """Return an event that is set when the volume's background job has ended."""
    job = service._encodings[path.rpartition("/")[2]]
    ended = threading.Event()
    original = job.end

    def end(outcome):
        original(outcome)
        ended.set()

    monkeypatch.setattr(job, "end", end)
    return ended


def test_background_encoding_can_be_cancelled(server, path, watch, service, monkeypatch):
    watch.hold(204)
    server.ask("POST", f"{path}/encodings", {"window": IDENTITY_WINDOW, "slice": 5})
    assert watch.wait_held() == 204
    ended = watch_end(service, path, monkeypatch)
    assert server.ask("DELETE", f"{path}/encodings") == (204, None)
    watch.release(204)
    assert ended.wait(WAIT)
    status = server.ask("GET", f"{path}/encodings")[1]
    assert (status["state"], watch.encoded) == ("cancelled", [205, 204])


def test_new_background_encoding_replaces_the_old(server, path, watch):
    watch.hold(204)
    first = server.ask("POST", f"{path}/encodings", {"window": IDENTITY_WINDOW, "slice": 5})[1]
    assert watch.wait_held() == 204
    watch.hold(210)
    second = server.ask("POST", f"{path}/encodings", {"window": IDENTITY_WINDOW, "slice": 10})[1]
    assert first["job"] != second["job"]
    watch.release(204)
    assert watch.wait_held() == 210
    assert watch.encoded == [205, 204, 210]
    assert server.ask("POST", f"/v1/jobs/{first['job']}/cancel")[0] == 404
    assert server.ask("GET", f"{path}/encodings")[1]["job"] == second["job"]


def test_deleting_the_volume_stops_its_background_encoding(server, path, watch, service, monkeypatch):
    watch.hold(204)
    server.ask("POST", f"{path}/encodings", {"window": IDENTITY_WINDOW, "slice": 5})
    assert watch.wait_held() == 204
    ended = watch_end(service, path, monkeypatch)
    assert server.ask("DELETE", path)[0] == 204
    watch.release(204)
    assert ended.wait(WAIT)
    assert watch.encoded == [205, 204]


def test_background_encoding_ends_when_its_volume_had_to_make_room(server, path, watch, service, monkeypatch):
    watch.hold(204)
    server.ask("POST", f"{path}/encodings", {"window": IDENTITY_WINDOW, "slice": 5})
    assert watch.wait_held() == 204
    ended = watch_end(service, path, monkeypatch)
    monkeypatch.setattr(service.volumes, "_budget", 1)
    server.upload(rod(slices=3))
    watch.release(204)
    assert ended.wait(WAIT)
    status = service.encoding_status(path.rpartition("/")[2])
    assert (status.state, status.error.code) == ("failed", "volume_unknown")
    assert watch.encoded == [205, 204]


def test_failed_background_encoding_says_why(server, path, watch, service, monkeypatch):
    encoding = watch.encoding

    def fail(prepared):
        encoding(prepared)
        raise RuntimeError("no luck")

    monkeypatch.setattr(watch, "encoding", fail)
    watch.hold(205)
    server.ask("POST", f"{path}/encodings", {"window": IDENTITY_WINDOW, "slice": 5})
    assert watch.wait_held() == 205
    ended = watch_end(service, path, monkeypatch)
    watch.release(205)
    assert ended.wait(WAIT)
    status = server.ask("GET", f"{path}/encodings")[1]
    assert (status["state"], status["done"], status["error"]["code"]) == ("failed", 0, "internal")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"slice": 12}, "slice_out_of_range"),
        ({"axis": 3}, "axis_invalid"),
        ({"window": "lungs"}, "window_invalid"),
        ({"model": "medsam"}, "model_missing"),
        ({"slice": None}, "request_invalid"),
    ],
)
def test_wrong_encoding_request_is_told_and_leaves_the_running_one(server, path, watch, options, code):
    watch.hold(205)
    server.ask("POST", f"{path}/encodings", {"window": IDENTITY_WINDOW, "slice": 5})
    assert watch.wait_held() == 205
    assert server.ask("POST", f"{path}/encodings", {"slice": 5, **options})[1]["error"]["code"] == code
    assert server.ask("GET", f"{path}/encodings")[1]["state"] == "running"
