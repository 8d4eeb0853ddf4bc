"""Places on the server: kept while somebody works or waits, given to others when nobody does."""

import pytest

from medsamseg_server.serving.leases import LeaseEndedError, Leases, Limits, NoPlaceError

LIMITS = Limits(idle=600.0, liveness=60.0, yielding=120.0)


class Clock:
    def __init__(self):
        self.time = 0.0

    def __call__(self):
        return self.time


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ended():
    return []


@pytest.fixture
def at_work():
    return set()


@pytest.fixture
def over():
    return set()


@pytest.fixture
def make(clock, ended, at_work, over):
    """Called, makes leases; what they hold is their name."""
    return lambda most=2, limits=LIMITS: Leases(
        most, limits, ended.append, at_work.__contains__, over.__contains__, clock
    )


def claim(leases, name, **options):
    return leases.claim(name, lambda: name, **options)


def test_lease_ends_when_nothing_is_done(make, clock, ended):
    leases = make()
    claim(leases, "anna")
    for _beat in range(20):
        clock.time += 30
        assert leases.hear("anna") == LIMITS.idle - clock.time
    clock.time += 30
    with pytest.raises(LeaseEndedError):
        leases.use("anna")
    assert ended == ["anna"]


def test_lease_ends_when_nothing_is_heard(make, clock, ended):
    leases = make()
    claim(leases, "anna")
    clock.time += LIMITS.liveness
    assert leases.hear("anna") > 0
    clock.time += LIMITS.liveness + 1
    with pytest.raises(LeaseEndedError):
        leases.hear("anna")
    assert ended == ["anna"]


def test_clients_without_heartbeat_are_not_taken_for_gone(make, clock):
    leases = make(limits=Limits(idle=600.0, liveness=None))
    claim(leases, "anna")
    clock.time += 599
    assert leases.use("anna") == "anna"


def test_who_does_something_keeps_the_place(make, clock):
    leases = make()
    claim(leases, "anna")
    for _click in range(100):
        clock.time += 50
        assert leases.use("anna") == "anna"
    assert leases.remaining("anna") == LIMITS.idle


def test_work_under_way_is_no_idleness(make, clock, at_work):
    leases = make(limits=Limits(idle=600.0, liveness=None))
    claim(leases, "anna")
    at_work.add("anna")
    for _minute in range(30):
        clock.time += 60
        assert leases.held() == {"anna": "anna"}
    at_work.clear()
    clock.time += 600
    assert leases.held() == {"anna": "anna"}
    clock.time += 1
    assert leases.held() == {}


def test_lease_at_work_need_not_be_heard(make, clock, ended, at_work):
    leases = make()
    claim(leases, "anna")
    at_work.add("anna")
    clock.time += LIMITS.liveness + 1
    assert leases.hear("anna") > 0
    assert ended == []


def test_claiming_again_keeps_what_is_held(make, ended):
    leases = make()
    assert leases.claim("anna", lambda: "first") == "first"
    assert leases.claim("anna", lambda: "second") == "first"
    assert ended == []


def test_full_means_full_while_all_are_busy(make, clock, ended):
    leases = make()
    claim(leases, "anna")
    clock.time += 20
    claim(leases, "ben")
    clock.time += 20
    with pytest.raises(NoPlaceError) as raised:
        claim(leases, "cleo")
    assert raised.value.seconds == LIMITS.yielding - 40
    assert ended == []


def test_oldest_idle_lease_makes_room(make, clock, ended):
    leases = make(limits=Limits(idle=600.0, liveness=None, yielding=120.0))
    claim(leases, "anna")
    claim(leases, "ben")
    clock.time += 10
    leases.use("anna")
    clock.time += 120
    claim(leases, "cleo")
    assert ended == ["ben"]
    assert set(leases.held()) == {"anna", "cleo"}


def test_lease_at_work_never_makes_room(make, clock, ended, at_work):
    leases = make(limits=Limits(idle=600.0, liveness=None, yielding=120.0))
    claim(leases, "anna")
    claim(leases, "ben")
    at_work.update(("anna", "ben"))
    clock.time += 500
    with pytest.raises(NoPlaceError) as raised:
        claim(leases, "cleo")
    assert raised.value.seconds is None
    at_work.remove("ben")
    clock.time += 120
    claim(leases, "cleo")
    assert ended == ["ben"]


def test_what_does_not_fit_beside_the_others_waits(make, clock, ended):
    leases = make(most=9, limits=Limits(idle=600.0, liveness=None, yielding=120.0))
    claim(leases, "anna")
    claim(leases, "ben")
    with pytest.raises(NoPlaceError):
        claim(leases, "cleo", fits=lambda held: len(held) < 2)
    clock.time += 120
    claim(leases, "cleo", fits=lambda held: len(held) < 2)
    assert ended == ["anna"]


def test_what_is_of_no_use_any_more_holds_no_place(make, ended, over):
    leases = make(most=1)
    claim(leases, "anna")
    over.add("anna")
    claim(leases, "ben")
    assert ended == ["anna"]


def test_released_lease_is_over_once(make, ended):
    leases = make()
    claim(leases, "anna")
    leases.release("anna")
    leases.release("anna")
    assert ended == ["anna"]
    with pytest.raises(LeaseEndedError):
        leases.remaining("anna")
