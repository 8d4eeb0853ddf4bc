"""Propagation over a real socket, with a network that stands still where the test wants it."""

import base64
import json

import numpy as np
import pytest
from live_client import Noticed
from server_fakes import FAKE_SHA256, IDENTITY_WINDOW, ROD_BOX, rod

from medsamseg_server.serving.prompt_contract import PropagationPrompt
from medsamseg_server.serving.propagation_contract import CancelledEvent, PropagateRequest
from medsamseg_server.serving.propagation_job import PropagationJob
from medsamseg_server.serving.scheduler import Outcome


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
        "windows": [{"name": "255,127.5", "lower": 0, "upper": 255}],
        "notes": [],
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
    assert slices[1]["box"] == [8, 10, 17, 19]
    ended = [event for event in middle if event["event"] == "ended"]
    assert [(event["direction"], event["slice"], event["reason"]) for event in ended] == [
        ("backward", 2, "empty"),
        ("forward", 9, "empty"),
    ]
    assert "slice 2" in ended[0]["message"]
    assert (done["event"], done["slices"]) == ("done", 8)
    assert set(done["seconds"]) == {"encode", "decode"}


@pytest.mark.parametrize("ranges", [True, False])
def test_slices_come_with_the_range_of_their_sizes_on_request(server, path, ranges):
    prompts = [{"slice": 5, "box": [8, 10, 16.4, 18.4]}]
    events = server.propagate(path, prompts=prompts, ranges=ranges, spacing=[5, 2, 3], first=5, last=6).rest()
    found = [event["mask"]["range"] for event in events if event["event"] == "slice"]
    assert len(found) == 2
    if ranges:
        assert found[0]["voxels"] == [81, 100]
        assert found[0]["longest_mm"] == pytest.approx([np.hypot(27, 16), np.hypot(30, 18)], abs=1e-3)
    else:
        assert found == [None, None]


def test_drawn_mask_is_taken_and_nothing_computed_on_its_slice(server, path, watch):
    corner = {"extent": [8, 10, 17, 14], "bits": base64.b64encode(np.packbits(np.ones(50, bool))).decode()}
    prompts = [{"slice": 5, "box": ROD_BOX, "mask": corner}]
    events = server.propagate(path, prompts=prompts, first=5, last=6).rest()
    first, second = (event for event in events if event["event"] == "slice")
    assert (first["mask"]["extent"], first["mask"]["voxels"], first["confidence"]) == ([8, 10, 17, 14], 50, 1)
    assert second["mask"]["voxels"] > 0
    assert watch.encoded == [206]


def test_the_box_round_a_drawn_mask_may_be_as_thin_as_the_mask(server, path):
    column = {"extent": [12, 10, 12, 19], "bits": base64.b64encode(np.packbits(np.ones(10, bool))).decode()}
    prompts = [{"slice": 5, "box": [12, 10, 12, 19], "mask": column}]
    first = next(event for event in server.propagate(path, prompts=prompts).rest() if event["event"] == "slice")
    assert (first["slice"], first["mask"]["voxels"]) == (5, 10)


@pytest.mark.parametrize(
    ("extent", "bits"),
    [
        ([8, 10, 17, 14], "AAAA"),
        ([8, 10, 17, 14], "?"),
        ([8, 10, 40, 14], "AA=="),
        ([8, 10, 7, 14], ""),
        ([-1, 0, 3, 3], "AAA="),
    ],
)
def test_mask_that_does_not_fit_is_told(server, path, extent, bits):
    prompt = {"slice": 5, "box": ROD_BOX, "mask": {"extent": extent, "bits": bits}}
    status, reply = server.ask("POST", f"{path}/propagate", {"window": IDENTITY_WINDOW, "prompts": [prompt]})
    assert (status, reply["error"]["code"]) == (422, "mask_invalid")


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
    cancelled = Noticed(monkeypatch, service._encoding, "cancel")
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
    request = PropagateRequest(prompts=[PropagationPrompt(slice=5, box=ROD_BOX)], window=IDENTITY_WINDOW)
    job = PropagationJob("mine", engine, volume, request)
    for event in job.steps():
        job.note_delivered(event)
    assert event.event == "done"
    assert job.closing_event(Outcome("cancelled")) is None


def test_cancelling_while_the_last_event_is_made_replaces_it(engine, volume):
    request = PropagateRequest(prompts=[PropagationPrompt(slice=5, box=ROD_BOX)], window=IDENTITY_WINDOW)
    job = PropagationJob("mine", engine, volume, request)
    *delivered, dropped = job.steps()
    for event in delivered:
        job.note_delivered(event)
    assert dropped.event == "done"
    assert job.closing_event(Outcome("cancelled")) == CancelledEvent(slices=dropped.slices)


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
        ({"prompts": [{"slice": 5}]}, "prompt_without_box"),
        ({"prompts": [{"slice": 5, "box": ROD_BOX, "points": [[12, 12, 1]]}]}, "request_invalid"),
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


def test_film_goes_on_behind_a_frame_without_the_object(server):
    gap = server.upload(rod(object_slices=(4, 5, 7, 8)))
    found = {
        method: {event["slice"] for event in server.propagate(gap, method=method).rest() if event["event"] == "slice"}
        for method in ("tracking", "film")
    }
    assert 7 not in found["tracking"]
    assert {4, 5, 7, 8} <= found["film"]


def test_method_that_is_not_there_is_refused_with_those_that_are(server, path):
    prompts = [{"slice": 5, "box": ROD_BOX}]
    status, reply = server.ask("POST", f"{path}/propagate", {"prompts": prompts, "method": "magic"})
    assert status == 422
    assert reply["error"]["code"] == "method_unknown"
    assert "film" in reply["error"]["hint"]
