"""What the server tells of how busy it is: one's own, and numbers of the rest."""

import sys

import pytest
from group_server import GroupServer
from prometheus_client.parser import text_string_to_metric_families
from server_fakes import IDENTITY_WINDOW, TOKEN, rod
from test_group import ROD_BYTES, other_rod

from medsamseg_server.serving.group.users_file import read_users

IDLE = {"clicks": 0, "propagations": 0, "encodings": 0}


@pytest.fixture
def group_server(service, tmp_path):
    with GroupServer(service, tmp_path, places=3).running(service) as running:
        yield running


def metrics(client):
    """Each sample's value by name and labels."""
    connection, reply = client.send("GET", "/metrics")
    text = reply.read().decode()
    connection.close()
    assert reply.status == 200
    assert reply.getheader("content-type").startswith("text/plain")
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {(sample.name, *sample.labels.values()): sample.value for sample in samples}, text


def test_server_with_one_token_tells_what_it_has(server, path):
    status, told = server.ask("GET", "/v1/status")
    assert status == 200
    assert told == {
        "own": {
            "volumes": [{"key": path.rpartition("/")[2], "size_bytes": ROD_BYTES}],
            "jobs": [],
            "memory_bytes": ROD_BYTES,
            "most_volumes": None,
            "most_memory_bytes": None,
            "most_jobs": None,
        },
        "places": None,
        "queue": IDLE,
    }


def test_user_is_told_the_own_and_numbers_of_others(group_server, watch):
    anna, ben = group_server.add("anna", volumes=2, memory=2**20, jobs=3), group_server.add("ben")
    path = anna.upload(rod())
    watch.hold(205)
    stream = anna.propagate(path, job="annas")
    watch.wait_held()
    assert anna.ask("POST", f"{path}/encodings", {"window": IDENTITY_WINDOW, "slice": 3})[0] == 200
    told = anna.ask("GET", "/v1/status")[1]
    assert told["own"]["volumes"] == [{"key": path.rpartition("/")[2], "size_bytes": ROD_BYTES}]
    assert [(job["kind"], job["paused"]) for job in told["own"]["jobs"]] == [
        ("propagation", False),
        ("encoding", False),
    ]
    assert told["own"]["jobs"][0]["job"] == "annas"
    assert [told["own"][f"most_{what}"] for what in ("volumes", "memory_bytes", "jobs")] == [2, 2**20, 3]
    assert told["places"] == {"taken": 1, "most": 3}
    assert told["queue"] == {"clicks": 0, "propagations": 1, "encodings": 1}

    others = ben.ask("GET", "/v1/status")[1]
    assert (others["own"]["volumes"], others["own"]["jobs"], others["own"]["memory_bytes"]) == ([], [], 0)
    assert (others["places"], others["queue"]) == (told["places"], told["queue"])
    watch.release()
    stream.rest()


def test_looking_takes_no_place_and_keeps_none(group_server):
    anna, ben = group_server.add("anna"), group_server.add("ben")
    path = anna.upload(rod())
    for _hour in range(3):
        assert ben.ask("GET", "/v1/status")[1]["places"]["taken"] == 1
        assert anna.ask("GET", "/v1/status")[0] == 200
        group_server.clock.time += 900
    assert ben.ask("GET", "/v1/status")[1]["places"]["taken"] == 0
    assert anna.ask("GET", path)[0] == 404


def test_metrics_of_a_server_with_one_token(server, path, watch):
    server.click(path, 5)
    found, _ = metrics(server)
    assert found["medsamseg_volumes",] == 1
    assert found["medsamseg_volume_bytes",] == ROD_BYTES
    assert found["medsamseg_tasks", "propagations"] == 0
    # The slice was encoded, and the box decoded.
    assert found["medsamseg_steps_total", "clicks"] >= 2
    assert ("medsamseg_users",) not in found


def test_metrics_of_a_group_tell_numbers_alone(group_server, watch):
    anna, ben = group_server.add("anna"), group_server.add("ben")
    paths = [anna.upload(rod()), anna.upload(other_rod(1)), ben.upload(rod())]
    watch.hold(205)
    stream = anna.propagate(paths[0], job="annas")
    watch.wait_held()
    found, text = metrics(ben)
    # The fixture's own user is the third.
    assert (found["medsamseg_users",], found["medsamseg_places",], found["medsamseg_places_taken",]) == (3, 3, 2)
    assert found["medsamseg_volumes",] == 3
    assert found["medsamseg_reserved_bytes",] == 2 * 2**20
    assert found["medsamseg_tasks", "propagations"] == 1
    # The bytes in use would tell the size of another's volume.
    assert ("medsamseg_volume_bytes",) not in found
    ids = [user.user_id for user in read_users(group_server.file)]
    for private in ("anna", "ben", *ids, *(path.rpartition("/")[2] for path in paths), anna.token, str(ROD_BYTES)):
        assert private not in text
    watch.release()
    stream.rest()


@pytest.mark.parametrize("path", ["/metrics", "/v1/status"])
def test_nobody_without_a_token_is_told_anything(group_server, path):
    client = group_server.add("anna")
    client.token = TOKEN
    assert client.ask("GET", path)[0] == 401


def test_missing_package_is_named(server, monkeypatch):
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    status, answer = server.ask("GET", "/metrics")
    assert (status, answer["error"]["code"]) == (404, "package_missing")
    assert "pip install 'medsamseg-server[group]'" in answer["error"]["hint"]
