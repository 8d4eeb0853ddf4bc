"""Background encoding over a real socket, with a network that stands still where the test wants it."""

import threading

import pytest
from live_client import WAIT
from server_fakes import EMBEDDING_BYTES, IDENTITY_WINDOW, rod

from medsamseg_server.engine.embedding_cache import EmbeddingCache
from medsamseg_server.serving import encoding_job
from medsamseg_server.serving.scheduler import Priority


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
    job = service.encodings._latest[path.rpartition("/")[2]]
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


def encode(server, path, slice_index, **options):
    status, reply = server.ask(
        "POST", f"{path}/encodings", {"window": IDENTITY_WINDOW, "slice": slice_index, **options}
    )
    assert status == 200, reply
    return reply


def test_job_goes_on_from_where_the_user_went_and_does_nothing_twice(server, path, watch, service, monkeypatch):
    watch.hold(204)
    first = encode(server, path, 5)
    assert watch.wait_held() == 204
    ended = watch_end(service, path, monkeypatch)
    moved = encode(server, path, 10)
    assert (moved["job"], moved["slice"], moved["done"]) == (first["job"], 10, 1)
    watch.release(204)
    assert ended.wait(WAIT)
    assert watch.encoded == [205, 204, 210, 209, 211, 208, 207, 206, 203, 202, 201, 200]
    assert server.ask("GET", f"{path}/encodings")[1]["done"] == 12


@pytest.mark.parametrize("change", [{"axis": 1}, {"window": "250,125"}])
def test_another_axis_or_window_replaces_the_job(server, path, watch, service, monkeypatch, change):
    watch.hold(204)
    first = encode(server, path, 5)
    assert watch.wait_held() == 204
    second = encode(server, path, 10, **change)
    assert first["job"] != second["job"]
    ended = watch_end(service, path, monkeypatch)
    watch.release(204)
    assert ended.wait(WAIT)
    status = server.ask("GET", f"{path}/encodings")[1]
    assert (status["job"], status["state"], status["done"]) == (second["job"], "done", second["total"])
    assert server.ask("POST", f"/v1/jobs/{first['job']}/cancel")[0] == 404
    assert server.click(path, 0)[1]["embedding"] == "computed"


def test_job_started_right_after_cancelling_is_a_new_one(server, path, watch, service, monkeypatch):
    watch.hold(204)
    first = encode(server, path, 5)
    assert watch.wait_held() == 204
    assert server.ask("DELETE", f"{path}/encodings")[0] == 204
    assert encode(server, path, 5)["job"] != first["job"]
    ended = watch_end(service, path, monkeypatch)
    watch.release(204)
    assert ended.wait(WAIT)
    assert sorted(watch.encoded) == list(range(200, 212))


def test_job_that_the_user_came_back_to_goes_before_others(server, path, watch):
    other = server.upload(rod(slices=5))
    watch.hold(204)
    encode(server, path, 4)
    assert watch.wait_held() == 204
    encode(server, other, 0)
    watch.hold(209)
    encode(server, path, 9)
    watch.release(204)
    assert watch.wait_held() == 209
    assert watch.encoded == [204, 209]


def test_paused_job_stands_still_until_it_is_resumed(server, path, watch, service, monkeypatch):
    watch.hold(204)
    encode(server, path, 5)
    assert watch.wait_held() == 204
    ended = watch_end(service, path, monkeypatch)
    assert server.ask("PATCH", f"{path}/encodings", {"paused": True})[1]["state"] == "paused"
    watch.release(204)
    # Work that comes later than the paused job, and is done nevertheless.
    assert server.click(path, 11)[0] == 200
    assert encode(server, path, 9)["state"] == "paused"
    assert service._encoding.submit(Priority.BACKGROUND, lambda: list(watch.encoded)).result(WAIT) == [205, 204, 211]
    assert server.ask("PATCH", f"{path}/encodings", {"paused": False})[1]["state"] == "running"
    assert ended.wait(WAIT)
    assert watch.encoded[3:5] == [209, 208]
    assert sorted(watch.encoded) == list(range(200, 212))


def test_paused_job_can_be_cancelled(server, path, watch):
    watch.hold(204)
    job = encode(server, path, 5)["job"]
    assert watch.wait_held() == 204
    server.ask("PATCH", f"{path}/encodings", {"paused": True})
    watch.release(204)
    assert server.click(path, 11)[0] == 200
    assert server.ask("POST", f"/v1/jobs/{job}/cancel")[0] == 204
    assert server.ask("GET", f"{path}/encodings")[1]["state"] == "cancelled"


def test_nothing_to_pause_is_told(server, path):
    status, reply = server.ask("PATCH", f"{path}/encodings", {"paused": True})
    assert (status, reply["error"]["code"]) == (404, "job_unknown")


def test_time_left_follows_the_encodings(server, path, watch, service, monkeypatch):
    clock = iter(range(0, 1000, 3))
    monkeypatch.setattr(encoding_job.time, "perf_counter", lambda: next(clock))
    watch.hold(204)
    assert encode(server, path, 5)["seconds_left"] is None
    assert watch.wait_held() == 204
    assert server.ask("GET", f"{path}/encodings")[1]["seconds_left"] == 11 * 3
    ended = watch_end(service, path, monkeypatch)
    watch.release(204)
    assert ended.wait(WAIT)
    assert server.ask("GET", f"{path}/encodings")[1]["seconds_left"] == 0


def test_no_more_is_encoded_than_the_cache_has_room_for(server, path, watch, service, monkeypatch):
    monkeypatch.setattr(service.engine._embeddings, "cache", EmbeddingCache(memory_bytes=3 * EMBEDDING_BYTES))
    watch.hold(204)
    started = encode(server, path, 5)
    assert (started["total"], started["left_out"]) == (3, 9)
    assert watch.wait_held() == 204
    ended = watch_end(service, path, monkeypatch)
    encode(server, path, 7)
    watch.release(204)
    assert ended.wait(WAIT)
    status = server.ask("GET", f"{path}/encodings")[1]
    assert (status["state"], status["done"], status["total"]) == ("done", 3, 3)
    assert watch.encoded == [205, 204, 207, 206, 208]


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
    status = service.encodings.status(path.rpartition("/")[2])
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
