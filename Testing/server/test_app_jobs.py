"""Propagation and background encoding over a real socket, with a network that stands still where the test wants it."""

import hashlib
import http.client
import json
import threading

import pytest
from server_fakes import FAKE_SHA256, IDENTITY_WINDOW, ROD_BOX, TOKEN, npy, rod

from medsamseg_server import api
from medsamseg_server.jobs import PropagationJob
from medsamseg_server.scheduler import Outcome

WAIT = 20


class Connection:
    """One client of the live server; every request has its own connection."""

    def __init__(self, port):
        self._port = port

    def send(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=WAIT)
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        connection.request(method, path, data, headers)
        return connection, connection.getresponse()

    def ask(self, method, path, body=None):
        connection, reply = self.send(method, path, body)
        content = reply.read()
        connection.close()
        return reply.status, json.loads(content) if content else None

    def upload(self, array):
        body = npy(array)
        path = f"/v1/volumes/{hashlib.sha256(body).hexdigest()}"
        status, _ = self.ask("PUT", path, body)
        assert status == 201
        return path

    def propagate(self, path, **options):
        request = {"window": IDENTITY_WINDOW, "prompts": [{"slice": 5, "box": ROD_BOX}], **options}
        connection, reply = self.send("POST", f"{path}/propagate", request)
        assert reply.status == 200, reply.read()
        assert reply.getheader("content-type").startswith("application/x-ndjson")
        return Stream(connection, reply)

    def click(self, path, slice_index):
        prompts = [{"box": ROD_BOX}]
        request = {"window": IDENTITY_WINDOW, "slice": slice_index, "prompts": prompts}
        return self.ask("POST", f"{path}/segment", request)


class Stream:
    """The events of a propagation, one at a time."""

    def __init__(self, connection, reply):
        self._connection = connection
        self._reply = reply

    def next(self):
        line = self._reply.readline()
        return json.loads(line) if line else None

    def rest(self):
        events = []
        while (event := self.next()) is not None:
            events.append(event)
        return events

    def close(self):
        self._reply.close()
        self._connection.close()


class Noticed:
    """Tells when the scheduler was asked to do something."""

    def __init__(self, monkeypatch, scheduler, name):
        self.happened = threading.Event()
        original = getattr(scheduler, name)

        def noticed(*arguments):
            result = original(*arguments)
            self.happened.set()
            return result

        monkeypatch.setattr(scheduler, name, noticed)

    def wait(self):
        assert self.happened.wait(WAIT)


@pytest.fixture
def server(live):
    return Connection(live)


@pytest.fixture
def path(server):
    return server.upload(rod())


def test_propagation_streams_the_object_slice_by_slice(server, path):
    events = server.propagate(path, job="mine").rest()
    start, *middle, done = events
    assert start == {
        "event": "start",
        "job": "mine",
        "slices_total": 12,
        "model": "litemedsam",
        "weights_sha256": FAKE_SHA256,
        "window": {"name": "255,127.5", "lower": 0, "upper": 255},
    }
    slices = [event for event in middle if event["event"] == "slice"]
    assert [(event["slice"], event["direction"]) for event in slices] == [
        (5, "prompt"),
        *((index, "backward") for index in (4, 3, 2)),
        *((index, "forward") for index in (6, 7, 8, 9)),
    ]
    assert [event["done"] for event in slices] == list(range(1, 9))
    assert all(event["mask"]["extent"] == [8, 10, 17, 19] for event in slices)
    assert slices[0]["box"] == list(ROD_BOX)
    margin = 3 * 32 / 256
    assert slices[1]["box"] == [8 - margin, 10 - margin, 17 + margin, 19 + margin]
    ended = [event for event in middle if event["event"] == "ended"]
    assert [(event["direction"], event["slice"], event["reason"]) for event in ended] == [
        ("backward", 2, "empty"),
        ("forward", 9, "empty"),
    ]
    assert "slice 2" in ended[0]["message"]
    assert (done["event"], done["slices"]) == ("done", 8)
    assert set(done["seconds"]) == {"encode", "decode"}


def test_events_arrive_as_they_happen(server, path, watch):
    watch.hold(204)
    stream = server.propagate(path)
    assert stream.next()["event"] == "start"
    assert stream.next()["slice"] == 5
    assert watch.wait_held() == 204
    watch.release(204)
    assert stream.next()["slice"] == 4
    assert stream.rest()[-1]["event"] == "done"


def test_range_and_direction_are_obeyed(server, path, watch):
    events = server.propagate(path, first=4, last=7, direction="forward").rest()
    assert [event["slice"] for event in events if event["event"] == "slice"] == [5, 6, 7]
    assert events[-2]["reason"] == "range"
    assert watch.encoded == [205, 206, 207]


def test_click_goes_between_the_slices_of_a_propagation(server, path, watch, service, monkeypatch):
    watch.hold(204)
    stream = server.propagate(path)
    assert watch.wait_held() == 204
    queued = Noticed(monkeypatch, service._scheduler, "start")
    answers = []
    click = threading.Thread(target=lambda: answers.append(server.click(path, 9)))
    click.start()
    queued.wait()
    watch.release(204)
    click.join(WAIT)
    stream.rest()
    assert answers[0][0] == 200
    assert watch.encoded[:4] == [205, 204, 209, 203]


def test_server_answers_while_the_network_computes(server, path, watch):
    watch.hold(204)
    stream = server.propagate(path)
    assert watch.wait_held() == 204
    assert server.ask("GET", "/v1/health")[0] == 200
    assert server.upload(rod(slices=5)) != path
    watch.release(204)
    assert stream.rest()[-1]["event"] == "done"


def test_propagation_goes_before_background_encoding(server, path, watch):
    watch.hold(200)
    assert server.ask("POST", f"{path}/encodings", {"window": IDENTITY_WINDOW, "slice": 0})[0] == 200
    assert watch.wait_held() == 200
    stream = server.propagate(path)
    watch.release(200)
    events = stream.rest()
    assert events[-1]["event"] == "done"
    assert watch.encoded[:5] == [200, 205, 204, 203, 202]


def test_closing_the_connection_cancels(server, path, watch, service, monkeypatch):
    watch.hold(204)
    cancelled = Noticed(monkeypatch, service._scheduler, "cancel")
    stream = server.propagate(path, job="mine")
    assert stream.next()["event"] == "start"
    assert stream.next()["slice"] == 5
    assert watch.wait_held() == 204
    stream.close()
    cancelled.wait()
    watch.release(204)
    assert server.click(path, 9)[0] == 200
    assert watch.encoded == [205, 204, 209]
    assert server.ask("POST", "/v1/jobs/mine/cancel")[0] == 404


def test_cancelling_the_job_ends_the_stream_with_the_count(server, path, watch):
    watch.hold(203)
    stream = server.propagate(path, job="mine")
    assert watch.wait_held() == 203
    assert server.ask("POST", "/v1/jobs/mine/cancel") == (204, None)
    watch.release(203)
    events = stream.rest()
    assert [event.get("slice") for event in events] == [None, 5, 4, None]
    assert events[-1] == {"event": "cancelled", "slices": 2}
    assert watch.encoded == [205, 204, 203]


def test_waiting_propagation_is_cancelled_at_once(server, path, watch):
    watch.hold(205)
    first = server.propagate(path, job="first")
    assert watch.wait_held() == 205
    second = server.propagate(path, job="second")
    assert server.ask("POST", "/v1/jobs/second/cancel")[0] == 204
    assert second.rest() == [{"event": "cancelled", "slices": 0}]
    watch.release(205)
    assert first.rest()[-1]["event"] == "done"


def test_cancelling_between_the_last_event_and_the_end_adds_no_other_last_event(engine, volume):
    request = api.PropagateRequest(prompts=[api.SlicePrompt(slice=5, box=ROD_BOX)], window=IDENTITY_WINDOW)
    job = PropagationJob("mine", engine, volume, request)
    for event in job.steps():
        job.note_delivered(event)
    assert event.event == "done"
    assert job.closing_event(Outcome("cancelled")) is None


def test_cancelling_while_the_last_event_is_made_replaces_it(engine, volume):
    request = api.PropagateRequest(prompts=[api.SlicePrompt(slice=5, box=ROD_BOX)], window=IDENTITY_WINDOW)
    job = PropagationJob("mine", engine, volume, request)
    *delivered, dropped = job.steps()
    for event in delivered:
        job.note_delivered(event)
    assert dropped.event == "done"
    assert job.closing_event(Outcome("cancelled")) == api.CancelledEvent(slices=dropped.slices)


def test_ended_or_unknown_job_cannot_be_cancelled(server, path):
    server.propagate(path, job="mine").rest()
    for name in ("mine", "other"):
        status, reply = server.ask("POST", f"/v1/jobs/{name}/cancel")
        assert (status, reply["error"]["code"]) == (404, "job_unknown")
        assert f"'{name}'" in reply["error"]["message"]


def test_name_of_a_running_job_is_taken(server, path, watch):
    watch.hold(205)
    stream = server.propagate(path, job="mine")
    assert watch.wait_held() == 205
    request = {"prompts": [{"slice": 5, "box": ROD_BOX}], "job": "mine"}
    status, reply = server.ask("POST", f"{path}/propagate", request)
    assert (status, reply["error"]["code"]) == (422, "job_exists")
    watch.release(205)
    assert stream.rest()[-1]["event"] == "done"
    assert server.propagate(path, job="mine").rest()[-1]["event"] == "done"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"prompts": []}, "prompt_missing"),
        ({"prompts": [{"slice": 5, "box": ROD_BOX}] * 2}, "prompt_duplicate"),
        ({"prompts": [{"slice": 12, "box": ROD_BOX}]}, "slice_out_of_range"),
        ({"prompts": [{"slice": 5, "box": [1, 1, 90, 9]}]}, "box_outside_image"),
        ({"first": 6}, "prompt_outside_range"),
        ({"last": 4}, "prompt_outside_range"),
        ({"first": 8, "last": 3}, "range_reversed"),
        ({"last": 12}, "range_outside_volume"),
        ({"axis": 5}, "axis_invalid"),
        ({"window": "lungs"}, "window_invalid"),
        ({"model": "unet"}, "model_unknown"),
        ({"model": "medsam"}, "model_missing"),
        ({"direction": "up"}, "request_invalid"),
        ({"job": "no/slash"}, "request_invalid"),
    ],
)
def test_what_is_wrong_is_told_before_the_stream_begins(server, path, watch, options, code):
    request = {"prompts": [{"slice": 5, "box": ROD_BOX}], **options}
    status, reply = server.ask("POST", f"{path}/propagate", request)
    assert reply["error"]["code"] == code
    assert 400 <= status < 500
    assert watch.encoded == []


def test_failure_in_the_middle_is_the_last_event_and_the_next_job_runs(server, path, watch, monkeypatch, caplog):
    encoding = watch.encoding

    def fail(prepared):
        encoding(prepared)
        if watch.encoded[-1] == 203:
            raise RuntimeError("secret detail")

    monkeypatch.setattr(watch, "encoding", fail)
    events = server.propagate(path).rest()
    assert [event["event"] for event in events] == ["start", "slice", "slice", "error"]
    assert events[-1]["error"]["code"] == "internal"
    assert "secret" not in json.dumps(events)
    assert "secret detail" in caplog.text
    assert server.propagate(path, first=5, direction="forward").rest()[-1]["event"] == "done"


def test_stopping_server_ends_streams_with_cancelled(server, path, watch, service):
    watch.hold(204)
    stream = server.propagate(path)
    assert watch.wait_held() == 204
    service.stop()
    watch.release(204)
    assert stream.rest()[-1] == {"event": "cancelled", "slices": 1}


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
