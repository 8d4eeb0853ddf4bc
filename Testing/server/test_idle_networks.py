"""Networks without work give memory back, and are unloaded in the end."""

import threading
from types import SimpleNamespace

import pytest

from medsamseg_server.engine.loaded_networks import LoadedNetworks
from medsamseg_server.serving import scheduler as scheduling
from medsamseg_server.serving.scheduler import Priority, Scheduler

WAIT = 30


class FakePredictor:
    def __init__(self, log):
        self.device = "cpu"
        self._log = log

    def at(self, input_size):
        return self

    def release(self):
        self._log.append("released")


@pytest.fixture
def log():
    return []


@pytest.fixture
def now():
    return SimpleNamespace(seconds=0.0)


@pytest.fixture
def networks(log, now):
    def load(specification, path, device):
        log.append("loaded")
        return FakePredictor(log)

    store = SimpleNamespace(path=lambda name: None)
    return LoadedNetworks(store, "cpu", load, unload_after=1800, clock=lambda: now.seconds)


@pytest.mark.parametrize(
    ("idle", "found"),
    [
        pytest.param([59], [], id="just used"),
        pytest.param([60], ["released"], id="a minute"),
        pytest.param([60, 5, 600], ["released"], id="once is enough"),
        pytest.param([1799, 1], ["released", "loaded"], id="half an hour: loaded again when needed"),
    ],
)
def test_memory_is_given_back_after_a_while(networks, log, now, idle, found):
    networks.get("litemedsam")
    log.clear()
    for seconds in idle:
        now.seconds += seconds
        networks.tidy()
    networks.get("litemedsam")
    assert log == found


def test_work_on_any_thread_counts(networks, log, now):
    networks.get("litemedsam")
    now.seconds = 1799
    networks.find("litemedsam")
    now.seconds = 1801
    networks.tidy()
    assert networks.has("litemedsam")


def test_asking_whether_a_network_is_there_is_no_work(networks, log, now):
    networks.get("litemedsam")
    now.seconds = 1800
    assert networks.has("litemedsam")
    networks.tidy()
    assert not networks.has("litemedsam")


def test_networks_can_be_kept_for_good(networks, now):
    networks._unload_after = 0
    networks.get("litemedsam")
    now.seconds = 1e9
    networks.tidy()
    assert networks.has("litemedsam")


def test_nothing_is_released_while_a_mask_is_made(networks, log, now, monkeypatch):
    predictor = networks.get("litemedsam")
    monkeypatch.setattr(predictor, "release", lambda: log.append(networks.decoding.locked()))
    now.seconds = 60
    networks.tidy()
    assert log == ["loaded", True]


def test_quiet_thread_tidies_and_goes_on_working(monkeypatch):
    monkeypatch.setattr(scheduling, "_QUIET_SECONDS", 0.001)
    quiet = threading.Event()
    threads = set()

    def note():
        threads.add(threading.current_thread().name)
        quiet.set()

    scheduler = Scheduler("encoding", when_quiet=note)
    try:
        assert quiet.wait(WAIT)
        assert scheduler.submit(Priority.CLICK, lambda: threading.current_thread().name).result(WAIT) == "encoding"
    finally:
        scheduler.close()
    assert threads == {"encoding"}


def test_work_goes_on_after_a_quiet_moment_that_went_wrong(monkeypatch, caplog):
    monkeypatch.setattr(scheduling, "_QUIET_SECONDS", 0.001)
    tried = threading.Event()

    def fail():
        tried.set()
        raise RuntimeError("out of memory")

    scheduler = Scheduler("encoding", when_quiet=fail)
    try:
        assert tried.wait(WAIT)
        assert scheduler.submit(Priority.CLICK, lambda: "done").result(WAIT) == "done"
    finally:
        scheduler.close()
    assert "quiet moment" in caplog.text
