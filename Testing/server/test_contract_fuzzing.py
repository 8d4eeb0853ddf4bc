"""Generated requests against the server's own description of itself: no 500, no hang, and what it promises."""

import json
import threading

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants
from server_fakes import TOKEN, npy, rod
from starlette.testclient import TestClient

from medsamseg_server.engine.masks import SliceMask
from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.serving.app import create_app
from medsamseg_server.serving.mask_contract import Mask
from medsamseg_server.serving.prompt_contract import DrawnMask
from medsamseg_server.volumes.npy_upload import VolumeUpload, parse_npy

BOUNDED = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
# Most requests are led to the volume, and most of those into it, some with nothing but a box: otherwise hardly one is
# answered.
NEARNESS = st.sampled_from(["far", "close", "close", "plain"])
AXIS = st.sampled_from([0, 0, 0, 0, 1, 2, 3, -1])
HEADERS = {"Authorization": f"Bearer {TOKEN}", "Host": "127.0.0.1"}


@pytest.fixture
def application(service):
    """The application, with a volume under a key that most of the generated requests are led to."""
    return create_app(service, TOKEN, upload_bytes=2**16)


@pytest.fixture
def sameEverywhere(monkeypatch):
    """Hypothesis also tries the numbers and words of all modules that are loaded: with other tests, other requests."""
    monkeypatch.setattr(providers, "_get_local_constants", Constants)


# Tables of what is wrong with a request are beside the routes' own tests: a few for each operation each time.
@pytest.mark.usefixtures("sameEverywhere")
@pytest.mark.parametrize("most", [40, pytest.param(200, marks=pytest.mark.full)])
def test_generated_requests_meet_the_description(application, service, most):
    """Every operation: what the description allows and what it does not."""
    # Here: not for every process that collects these tests.
    import schemathesis

    key = "ab" * 32
    volume = parse_npy(npy(rod()))
    schema = schemathesis.openapi.from_dict(TestClient(application).get("/v1/openapi.json", headers=HEADERS).json())
    schema.app = application
    asked, statuses, answered = set(), set(), set()
    for result in schema.get_all_operations():
        operation = result.ok()
        # Without a body there are a key, a header and a name to get wrong, and little else.
        examples = most if operation.body else most // 4

        @settings(BOUNDED, max_examples=examples)
        @given(case=operation.as_strategy(), nearness=NEARNESS, place=st.integers(-1, 13), axis=AXIS)
        def check(case, nearness, place, axis):
            if nearness != "far" and "key" in (case.path_parameters or {}):
                # Put again, because some requests delete it.
                service.volumes.put(key, volume)
                case.path_parameters["key"] = key
                bring_close(case.body, place, axis, nearness == "plain")
            case.headers = {**dict(case.headers or {}), **HEADERS}
            reply = case.call(session=None, app=application, timeout=20)
            asked.add((case.method, case.path))
            statuses.add(reply.status_code)
            if reply.status_code == 200 and case.method == "POST":
                answered.add(case.path)
            assert reply.status_code < 500, (case.as_curl_command(), reply.text)
            if reply.status_code >= 400:
                assert set(json.loads(reply.content)["error"]) == {"code", "message", "hint"}

        check()
    assert len(asked) >= 10
    assert answered >= {"/v1/volumes/{key}/segment", "/v1/volumes/{key}/encodings"}
    assert statuses >= {200, 204, 404, 422}


def bring_close(body, place, axis, is_plain):
    """Lead what was generated near the volume: numbers of any size nearly always miss it."""
    if not isinstance(body, dict):
        return
    if is_plain and body.get("prompts"):
        for name in body.keys() - {"axis", "slice", "prompts"}:
            del body[name]
        body["prompts"] = [
            {"slice": place} if isinstance(prompt, dict) and "slice" in prompt else {} for prompt in body["prompts"][:1]
        ]
    body.update({name: value for name, value in (("slice", place), ("axis", axis)) if name in body})
    body.update({name: None for name in ("model", "first", "last", "method") if name in body})
    body["window"] = "auto"
    for prompt in body.get("prompts") or []:
        if isinstance(prompt, dict):
            prompt.update({name: value for name, value in (("slice", place),) if name in prompt})
            prompt["box"] = [place, place, place + 9, place + 9]
            prompt.pop("points", None)


@BOUNDED
@given(body=st.binary(max_size=200), keep=st.integers(0, 128), position=st.integers(0, 127), byte=st.integers(0, 255))
def test_damaged_arrays_are_refused_calmly(body, keep, position, byte):
    """Any bytes, a whole array cut anywhere, and one with any byte of its header changed."""
    whole = npy(np.arange(24, dtype=np.int16).reshape(2, 3, 4))
    changed = bytearray(whole)
    changed[position] = byte
    for damaged in (body, whole[:keep] + body, bytes(changed)):
        try:
            volume = parse_npy(damaged)
        except MedSAMSegError as error:
            assert error.kind.http_status in (413, 422)
        else:
            assert np.prod(volume.shape) <= len(damaged)


@BOUNDED
@given(shape=st.tuples(*[st.integers(1, 2**40)] * 3), kind=st.sampled_from(["<f8", "|u1", ">i2", "<c16"]))
def test_array_never_takes_more_memory_than_it_brings(shape, kind):
    head = b"\x93NUMPY\x01\x00"
    text = repr({"descr": kind, "fortran_order": False, "shape": shape}).encode().ljust(118)
    body = head + len(text).to_bytes(2, "little") + text + bytes(64)
    with pytest.raises(MedSAMSegError):
        upload = VolumeUpload(len(body))
        upload.feed(body)
        upload.finish()


@BOUNDED
@given(data=st.data(), height=st.integers(1, 40), width=st.integers(1, 40))
def test_mask_comes_back_as_it_was(data, height, width):
    """Cropping, packing, base64 and back give the same pixels, for any mask."""
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=height * width, max_size=height * width)))
    mask = mask.reshape(height, width)
    kept = SliceMask.from_mask(mask, 0.5)
    np.testing.assert_array_equal(kept.to_array((height, width)), mask)
    assert kept.voxels == mask.sum()
    if kept.extent is not None:
        sent = Mask.of(kept)
        received = DrawnMask(extent=sent.extent, bits=sent.bits).to_slice_mask((height, width))
        np.testing.assert_array_equal(received.to_array((height, width)), mask)
        crop = kept.pixels
        assert crop[0].any() and crop[-1].any() and crop[:, 0].any() and crop[:, -1].any()


def test_no_thread_is_left_waiting(service):
    """After all that, the scheduler still answers."""
    assert service.preload().result(timeout=20) is not None
    assert threading.active_count() < 50
