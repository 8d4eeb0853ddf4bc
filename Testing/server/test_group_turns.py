"""Eight users on one network: who waits for how many slices of the others, counted, with a network that can be held."""

import itertools
import threading

import numpy as np
import pytest
from group_server import GroupServer
from live_client import WAIT, Noticed
from server_fakes import rod

USERS = 8
SLICES = 12
#: A slice that no propagation from slice 5 comes to in its first steps.
CLICKED = 9


def own_rod(number):
    """A rod whose gray levels tell whose it is and which slice, and still are bright."""
    levels = level_of(number, np.arange(SLICES))
    return np.where(rod() > 0, levels[:, None, None], 0).astype(np.uint8)


def level_of(number, index):
    """The level by which the network is known to encode a slice of a user; below that of every slice of the rod."""
    return 130 + SLICES * number + index


@pytest.fixture
def server(service, tmp_path):
    with GroupServer(service, tmp_path, places=USERS + 1).running(service) as running:
        yield running


def test_click_waits_for_one_slice_and_propagations_take_turns(server, service, watch, monkeypatch):
    users = [server.add(f"user{number}") for number in range(USERS)]
    paths = [user.upload(own_rod(number)) for number, user in enumerate(users)]
    reader = server.add("reader")
    clicked = reader.upload(own_rod(USERS))
    watch.hold(level_of(0, 5))
    streams = [users[0].propagate(paths[0])]
    watch.wait_held()
    streams += [user.propagate(path) for user, path in zip(users[1:], paths[1:], strict=True)]
    queued = Noticed(monkeypatch, service._encoding, "start")
    answers = []
    click = threading.Thread(target=lambda: answers.append(reader.click(clicked, CLICKED)))
    click.start()
    queued.wait()
    watch.release()
    click.join(WAIT)
    assert answers[0][0] == 200
    assert [stream.rest()[-1]["event"] for stream in streams] == ["done"] * USERS

    assert watch.encoded[:2] == [level_of(0, 5), level_of(USERS, CLICKED)]
    whose = [(level - 130) // SLICES for level in watch.encoded[2:]]
    assert sorted(set(whose)) == list(range(USERS))
    for number in range(USERS):
        turns = [-1, *(place for place, user in enumerate(whose) if user == number)]
        for before, after in itertools.pairwise(turns):
            between = whose[before + 1 : after]
            # Nobody gets two slices while somebody else waits for one.
            assert len(between) == len(set(between))
