"""A click does not wait for what is being encoded, unless its own slice has to be."""

import threading

import pytest
from live_client import WAIT, Noticed
from server_fakes import IDENTITY_WINDOW, FakePredictor

from medsamseg_server.engine.embedding_cache import EmbeddingCache
from medsamseg_server.engine.engine import Engine
from medsamseg_server.errors import ErrorKind, MedSAMSegError


@pytest.fixture
def click_in_line(server, path, service, monkeypatch):
    """Called, clicks on a slice from another thread; returns, once that is in line, what waits for the answer."""

    def click_in_line(slice_index):
        queued = Noticed(monkeypatch, service._encoding, "start")
        answers = []
        thread = threading.Thread(target=lambda: answers.append(server.click(path, slice_index)))
        thread.start()
        queued.wait()

        def answer():
            thread.join(WAIT)
            return answers[0]

        return answer

    return click_in_line


def test_click_goes_between_the_slices_of_a_propagation(server, path, watch, click_in_line):
    watch.hold(204)
    stream = server.propagate(path)
    assert watch.wait_held() == 204
    answer = click_in_line(9)
    watch.release(204)
    assert answer()[0] == 200
    stream.rest()
    assert watch.encoded[:4] == [205, 204, 209, 203]


@pytest.fixture
def encoding(server, path, watch):
    """Slice 5 is encoded, and the network stands at slice 4, of a background job."""
    assert server.click(path, 5)[0] == 200
    watch.hold(204)
    assert server.ask("POST", f"{path}/encodings", {"window": IDENTITY_WINDOW, "slice": 5})[0] == 200
    assert watch.wait_held() == 204


def test_click_on_an_encoded_slice_does_not_wait_for_an_encoding(server, path, encoding, watch):
    status, reply = server.click(path, 5)
    assert (status, reply["embedding"]) == (200, "cached")
    assert reply["masks"][0]["extent"] == [8, 10, 17, 19]
    assert watch.encoded == [205, 204]


def test_a_slice_is_prepared_once_and_no_other_click_waits_for_that(server, path, monkeypatch):
    prepared = []

    def prepare(self, image, original=FakePredictor.prepare):
        prepared.append(threading.current_thread().name)
        return original(self, image)

    server.click(path, 9)  # loads the network
    monkeypatch.setattr(FakePredictor, "prepare", prepare)
    assert server.click(path, 4)[1]["embedding"] == "computed"
    assert len(prepared) == 1
    assert not {"encoding", "decoding"}.intersection(prepared)


def test_click_on_another_slice_is_encoded_right_after_the_one_under_way(encoding, watch, click_in_line):
    answer = click_in_line(9)
    watch.release(204)
    assert answer()[1]["embedding"] == "computed"
    assert watch.encoded[:3] == [205, 204, 209]


def test_cached_only_gets_the_mask_of_an_encoded_slice(server, path, encoding):
    status, reply = server.click(path, 5, cached_only=True)
    assert (status, reply["embedding"]) == (200, "cached")


@pytest.mark.parametrize("slice_index", [4, 9])
def test_cached_only_is_refused_at_once_on_a_slice_that_is_not_encoded(server, path, encoding, watch, slice_index):
    status, reply = server.click(path, slice_index, cached_only=True)
    assert (status, reply["error"]["code"]) == (409, "not_encoded")
    assert f"Slice {slice_index}" in reply["error"]["message"]
    assert watch.encoded == [205, 204]


def test_what_a_dragged_box_needs_is_encoded_meanwhile_and_once(server, path, watch, service):
    service.engine.predictor()
    watch.hold(209)
    assert server.click(path, 9, cached_only=True)[1]["error"]["code"] == "not_encoded"
    assert watch.wait_held() == 209
    # Its release may find it encoded, or wait for that: it comes as soon as it is allowed.
    released = threading.Timer(0, watch.release, (209,))
    released.start()
    assert server.click(path, 9)[0] == 200
    released.join(WAIT)
    assert watch.encoded == [209]


def test_only_the_newest_place_of_a_dragged_box_is_encoded(server, path, watch, service, click_in_line):
    service.engine.predictor()
    watch.hold(204)
    watch.hold(208)
    answers = [click_in_line(4)]
    assert watch.wait_held() == 204
    for slice_index in (7, 8):
        assert server.click(path, slice_index, cached_only=True)[0] == 409
    answers.append(click_in_line(9))
    assert server.click(path, 8, cached_only=True)[0] == 409
    watch.release(204)
    assert [answer()[0] for answer in answers] == [200, 200]
    # The click came first. The last preview is still wanted; the first one no more.
    assert watch.wait_held() == 208
    assert watch.encoded == [204, 209, 208]


def test_what_cannot_be_encoded_ahead_is_told_when_the_box_is_drawn(server, path, service, monkeypatch):
    service.engine.predictor()
    error = MedSAMSegError(ErrorKind.INTERNAL, "device_out_of_memory", "Too little memory.")
    tried = Noticed(monkeypatch, service._encoding, "start")

    def fail(*_):
        raise error

    monkeypatch.setattr(service.engine, "embed_for", fail)
    assert server.click(path, 9, cached_only=True)[1]["error"]["code"] == "not_encoded"
    tried.wait()
    assert server.click(path, 9)[1]["error"]["code"] == "device_out_of_memory"


def test_cached_only_loads_no_model(server, path, service):
    assert server.click(path, 5, cached_only=True)[1]["error"]["code"] == "not_encoded"
    assert not service.engine.is_loaded()


def test_cached_only_finds_what_is_on_disk(store, server, path, service, tmp_path, watch):
    def engine():
        cache = EmbeddingCache(folder=tmp_path / "embeddings")
        return Engine(store, cache, load_predictor=lambda specification, *_: FakePredictor(specification, watch))

    service.engine = engine()
    assert server.click(path, 5)[1]["embedding"] == "computed"
    service.engine = engine()
    service.engine.predictor()
    assert server.click(path, 5, cached_only=True)[1]["embedding"] == "cached"
    assert watch.encoded == [205]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"slice": 12}, "slice_out_of_range"),
        ({"model": "unet"}, "model_unknown"),
        ({"model": "medsam"}, "model_missing"),
        ({"window": "lungs"}, "window_invalid"),
        ({"prompts": []}, "prompt_missing"),
        ({"prompts": [{"box": [1, 1, 90, 9]}]}, "box_outside_image"),
        ({"cached_only": "perhaps"}, "request_invalid"),
    ],
)
def test_what_is_wrong_is_told_also_with_cached_only(server, path, service, options, code):
    service.engine.predictor()
    assert server.click(path, 5, **{"cached_only": True, **options})[1]["error"]["code"] == code
