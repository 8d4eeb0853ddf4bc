"""While a box is still being dragged, its answer is computed, so that its release finds it there."""

import queue
import threading

import pytest
from live_client import WAIT
from server_fakes import ROD_BOX

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.serving import answers_ahead

OTHER_BOX = (7.0, 10.0, 18.0, 20.0)


class Decodings:
    """What the engine decodes for clicks: `(is a preview, box)`, once each is done; a full answer can be held."""

    def __init__(self, engine, monkeypatch):
        self._done = queue.SimpleQueue()
        self._begun = threading.Event()
        self._may_end = threading.Event()
        self._may_end.set()
        self.error = None
        original = engine.decode

        def decode(embedded, prompts, quick=False, with_probabilities=False):
            if not quick:
                self._begun.set()
                assert self._may_end.wait(WAIT)
                if self.error is not None:
                    self._done.put("failed")
                    raise self.error
            found = original(embedded, prompts, quick, with_probabilities)
            self._done.put((quick, tuple(prompts[0].box)))
            return found

        monkeypatch.setattr(engine, "decode", decode)

    def next(self):
        """Wait for one."""
        return self._done.get(timeout=WAIT)

    def rest(self):
        """Return those that nobody has waited for."""
        left = []
        while not self._done.empty():
            left.append(self._done.get())
        return left

    def hold(self):
        """Let the next full answer wait."""
        self._begun.clear()
        self._may_end.clear()

    def wait_held(self):
        assert self._begun.wait(WAIT)

    def release(self):
        self._may_end.set()


@pytest.fixture
def decodings(server, path, service, monkeypatch):
    """What is decoded from now on; slice 5 is encoded."""
    assert server.click(path, 5)[0] == 200
    made = Decodings(service.engine, monkeypatch)
    yield made
    made.release()


def preview(server, path, box=ROD_BOX, **options):
    return server.click(path, 5, cached_only=True, prompts=[{"box": box}], **options)


def test_release_of_a_box_that_rested_decodes_nothing(server, path, decodings):
    assert preview(server, path)[0] == 200
    assert decodings.next() == (True, ROD_BOX)
    assert decodings.next() == (False, ROD_BOX)
    assert server.click(path, 5)[0] == 200
    assert decodings.rest() == []


@pytest.mark.parametrize("options", [{}, {"probabilities": True, "spacing": [2.0, 1.0, 1.0]}])
def test_answer_is_the_same_as_without(server, path, decodings, options):
    def answer():
        return {name: value for name, value in server.click(path, 5, **options)[1].items() if name != "seconds"}

    without = answer()
    decodings.rest()
    preview(server, path)
    assert [decodings.next(), decodings.next()] == [(True, ROD_BOX), (False, ROD_BOX)]
    assert answer() == without
    assert decodings.rest() == []


def test_it_is_found_once(server, path, decodings):
    preview(server, path)
    decodings.next(), decodings.next()
    replies = [server.click(path, 5) for _ in range(2)]
    assert [status for status, _ in replies] == [200, 200]
    assert decodings.rest() == [(False, ROD_BOX)]


def test_release_meanwhile_waits_for_that_answer(server, path, decodings):
    decodings.hold()
    preview(server, path)
    decodings.next()
    decodings.wait_held()
    answers = []
    released = threading.Thread(target=lambda: answers.append(server.click(path, 5)))
    released.start()
    decodings.release()
    released.join(WAIT)
    assert answers[0][0] == 200
    assert decodings.rest() == [(False, ROD_BOX)]


@pytest.mark.parametrize(
    "options", [{"prompts": [{"box": OTHER_BOX}]}, {"window": "200,90"}, {"slice": 6}], ids=["box", "window", "slice"]
)
def test_what_was_not_previewed_is_computed(server, path, decodings, options):
    preview(server, path)
    decodings.next(), decodings.next()
    assert server.click(path, 5, **options)[0] == 200
    assert decodings.rest() == [(False, options.get("prompts", [{"box": ROD_BOX}])[0]["box"])]


def test_only_the_newest_preview_is_answered(server, path, decodings, monkeypatch):
    for box, rest in ((OTHER_BOX, 10 * WAIT), (ROD_BOX, 0.0)):
        monkeypatch.setattr(answers_ahead, "REST_SECONDS", rest)
        preview(server, path, box)
    assert [decodings.next() for _ in range(3)] == [(True, OTHER_BOX), (True, ROD_BOX), (False, ROD_BOX)]


def test_box_that_is_released_before_it_rests_is_answered_at_once(server, path, decodings, monkeypatch):
    monkeypatch.setattr(answers_ahead, "REST_SECONDS", 10 * WAIT)
    preview(server, path)
    assert server.click(path, 5)[0] == 200
    assert decodings.rest() == [(True, ROD_BOX), (False, ROD_BOX)]


@pytest.fixture
def failed(server, path, decodings):
    """The decodings, of which the one ahead of the release has failed."""
    decodings.error = MedSAMSegError(ErrorKind.INTERNAL, "device_out_of_memory", "Too little memory.")
    assert preview(server, path)[0] == 200
    assert [decodings.next(), decodings.next()] == [(True, ROD_BOX), "failed"]
    return decodings


def test_what_still_goes_wrong_at_the_release_is_told(server, path, failed):
    assert server.click(path, 5)[1]["error"]["code"] == "device_out_of_memory"


def test_what_went_wrong_ahead_is_tried_again_at_the_release(server, path, failed):
    failed.error = None
    assert server.click(path, 5)[0] == 200


def test_answer_that_nobody_asked_for_is_forgotten(server, path, decodings, monkeypatch):
    monkeypatch.setattr(answers_ahead, "_KEPT_SECONDS", 0.0)
    preview(server, path)
    decodings.next(), decodings.next()
    # Two requests later the loop has had its turn.
    for _ in range(2):
        assert server.ask("GET", "/v1/models")[0] == 200
    assert server.click(path, 5)[0] == 200
    assert decodings.rest() == [(False, ROD_BOX)]


def test_no_network_is_loaded_for_it(server, path, service, monkeypatch):
    wanted = []
    monkeypatch.setattr(service._answers, "want", lambda *asked: wanted.append(asked))
    assert preview(server, path)[1]["error"]["code"] == "not_encoded"
    service.engine.predictor()
    assert preview(server, path)[1]["error"]["code"] == "not_encoded"
    assert len(wanted) == 1
