"""The same contract from replicas as from one server: what goes where, and what is said when a replica dies."""

import asyncio
import hashlib
import json
import threading
from collections import Counter

import pytest
from local_replicas import LocalReplicas
from server_fakes import IDENTITY_WINDOW, ROD_BOX, TOKEN, FakePredictor, npy, rod
from starlette.testclient import TestClient

from medsamseg_server.cluster import front as front_module
from medsamseg_server.cluster import kept_body
from medsamseg_server.cluster.front import Front
from medsamseg_server.cluster.homes import Homes
from medsamseg_server.cluster.routes import Route, Way, route_of
from medsamseg_server.serving.callers import OneToken
from medsamseg_server.serving.group.known_users import KnownUsers
from medsamseg_server.serving.group.users_file import Quota, add_user
from medsamseg_server.serving.request_middleware import RequestMiddleware
from medsamseg_server.serving.serve_options import ServeOptions

KEY = "a" * 64
CLICK = {"window": IDENTITY_WINDOW, "slice": 5, "prompts": [{"box": ROD_BOX}]}
PROPAGATION = {"job": "a-job", "window": IDENTITY_WINDOW, "prompts": [{"slice": 5, "box": ROD_BOX}]}


@pytest.mark.parametrize(
    "method, path, route",
    [
        ("PUT", f"/v1/volumes/{KEY}", Route(Way.UPLOAD, KEY)),
        ("GET", f"/v1/volumes/{KEY}", Route(Way.ONE, KEY)),
        ("DELETE", f"/v1/volumes/{KEY}", Route(Way.WHOEVER_HAS_IT, KEY)),
        ("POST", f"/v1/volumes/{KEY}/segment", Route(Way.ONE, KEY)),
        ("POST", f"/v1/volumes/{KEY}/click", Route(Way.ONE, KEY)),
        ("POST", f"/v1/volumes/{KEY}/propagate", Route(Way.STREAM, KEY)),
        ("POST", f"/v1/volumes/{KEY}/proposals", Route(Way.STREAM, KEY)),
        ("DELETE", f"/v1/volumes/{KEY}/encodings", Route(Way.ONE, KEY)),
        ("POST", "/v1/jobs/a-job/cancel", Route(Way.WHOEVER_HAS_IT)),
        ("GET", "/v1/status", Route(Way.STATUS)),
        ("GET", "/metrics", Route(Way.METRICS)),
        ("GET", "/v1/health", Route(Way.ONE)),
        ("GET", "/v1/models", Route(Way.ONE)),
        # What is no address of the contract is refused by any replica.
        ("PUT", "/v1/volumes/short", Route(Way.ONE)),
        ("PUT", f"/v1/volumes/{KEY.upper()}", Route(Way.ONE)),
        ("POST", "/v1/status", Route(Way.ONE)),
        ("GET", "/v1/jobs/a-job/cancel", Route(Way.ONE)),
    ],
)
def test_where_a_request_goes(method, path, route):
    assert route_of(method, path) == route


def test_every_address_of_the_contract_about_a_volume_names_it(service):
    from medsamseg_server.serving.app import make_app

    for path, methods in make_app(service).openapi()["paths"].items():
        for method in methods:
            route = route_of(method.upper(), path.format(key=KEY, job="a-job"))
            assert (route.volume == KEY) == ("{key}" in path)


def test_homes_are_spread_evenly_and_stay():
    homes = Homes()
    given = {name: homes.home_of(name, ["a", "b", "c"]) for name in map(str, range(9))}
    assert Counter(given.values()) == {"a": 3, "b": 3, "c": 3}
    # Another replica that comes takes new names, and one that goes leaves its own to the rest.
    assert {name: homes.home_of(name, ["a", "b", "c", "d"]) for name in given} == given
    assert homes.home_of("new", ["a", "b", "c", "d"]) == "d"
    moved = {name: homes.home_of(name, ["b", "c", "d"]) for name in given}
    assert {name for name in given if moved[name] != given[name]} == {name for name in given if given[name] == "a"}


def test_homes_that_nobody_asked_for_are_forgotten():
    homes = Homes(most=2)
    first = homes.home_of("first", ["a", "b"])
    for name in ("second", "first", "third"):
        homes.home_of(name, ["a", "b"])
    assert len(homes._homes) == 2
    assert homes.home_of("first", ["a", "b"]) == first


@pytest.fixture
def options():
    return ServeOptions(upload_bytes=2**20)


@pytest.fixture
def replicas(store, watch, options):
    made = LocalReplicas(options, lambda specification, *_: FakePredictor(specification, watch))
    yield made
    watch.release()
    made.close()


def started(app):
    """Return an application for the test client, which wants to hear that it has started; uvicorn is told not to."""

    async def run(scope, receive, send):
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        for event in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{event}.complete"})

    return run


@pytest.fixture
def cluster(replicas):
    app = RequestMiddleware(Front(replicas), OneToken(TOKEN), upload_bytes=2**20)
    with TestClient(started(app), base_url="http://127.0.0.1") as made:
        made.headers["Authorization"] = f"Bearer {TOKEN}"
        yield made


def put(client, array):
    body = npy(array)
    path = f"/v1/volumes/{key_of(body)}"
    assert client.put(path, content=body).status_code in (200, 201)
    return path


def key_of(body):
    return hashlib.sha256(body).hexdigest()


def plain(response):
    """Return what an answer says, without what differs from one moment to the next."""
    lines = [json.loads(line) for line in response.text.splitlines()] if response.content else []
    for line in lines:
        if isinstance(line, dict):
            line.pop("seconds", None)
            line.pop("embedding", None)
    return response.status_code, response.headers.get("content-type"), lines


def requests_of(path):
    """Return requests about a volume that is there, right and wrong ones."""
    other = f"/v1/volumes/{KEY}"
    return [
        ("GET", path, None),
        ("GET", other, None),
        ("GET", "/v1/models", None),
        ("GET", "/v1/openapi.json", None),
        ("GET", "/v1/nowhere", None),
        ("PATCH", path, None),
        ("POST", f"{path}/segment", CLICK),
        ("POST", f"{path}/segment", {**CLICK, "slice": 99}),
        ("POST", f"{path}/segment", {"prompts": 3}),
        ("POST", f"{path}/segment", {**CLICK, "also": [KEY]}),
        ("POST", f"{path}/segment", {**CLICK, "also": 3}),
        ("POST", f"{other}/segment", CLICK),
        ("POST", f"{path}/propagate", PROPAGATION),
        ("POST", f"{other}/propagate", PROPAGATION),
        ("GET", f"{path}/encodings", None),
        ("PATCH", f"{path}/encodings", {"paused": True}),
        ("POST", "/v1/jobs/nobodys/cancel", None),
        ("GET", "/v1/status", None),
        ("DELETE", path, None),
        ("DELETE", path, None),
    ]


def test_answers_are_those_of_one_server(client, cluster):
    path = put(client, rod())
    assert put(cluster, rod()) == path
    for method, address, body in requests_of(path):
        expected, found = (each.request(method, address, json=body) for each in (client, cluster))
        assert plain(found) == plain(expected), (method, address, body)


@pytest.mark.parametrize(
    "damage", [{"Authorization": "Bearer wrong"}, {"Host": "evil.example"}, {"Origin": "http://a"}]
)
def test_who_is_not_let_in_reaches_no_replica(cluster, replicas, damage):
    assert cluster.get("/v1/models", headers=damage).status_code in (400, 401, 403)
    assert replicas.asked == []


def test_uploads_in_pieces_are_whole_and_refused_as_ever(cluster, monkeypatch):
    monkeypatch.setattr(kept_body, "PIECE_BYTES", 1000)
    body = npy(rod())
    assert len(body) > 5000

    def parts():
        for start in range(0, len(body), 700):
            yield body[start : start + 700]

    def send(key):
        return cluster.put(f"/v1/volumes/{key}", content=parts(), headers={"Content-Length": str(len(body))})

    cluster.headers.pop("Transfer-Encoding", None)
    assert send(key_of(body)).status_code == 201
    assert send(key_of(body)).status_code == 200
    assert send(KEY).json()["error"]["code"] == "key_mismatch"


def test_volumes_are_spread_and_asked_for_where_they_are(cluster, replicas):
    paths = [put(cluster, rod() + level) for level in range(2)]
    homes = [replicas.number_of(path.rpartition("/")[2]) for path in paths]
    assert sorted(homes) == [0, 1]
    for path, home in zip(paths, homes, strict=True):
        replicas.asked.clear()
        assert cluster.post(f"{path}/segment", json=CLICK).status_code == 200
        assert replicas.asked == [(home, "ask")]


def test_further_volumes_come_from_where_they_are(cluster, replicas):
    first, second = (put(cluster, rod() + level) for level in range(2))
    body = {**CLICK, "also": [second.rpartition("/")[2]]}
    alone = cluster.post(f"{second}/segment", json={**CLICK, "also": []}).json()
    assert cluster.post(f"{first}/segment", json=body).status_code == 200
    assert ("adopt" in {method for _, method in replicas.asked}) and alone["masks"]
    # A copy is not counted as a volume of its own, and goes with it.
    assert len(cluster.get("/v1/status").json()["own"]["volumes"]) == 2
    assert cluster.delete(second).status_code == 204
    assert cluster.post(f"{first}/segment", json=body).json()["error"]["code"] == "volume_unknown"


def test_a_job_is_cancelled_wherever_it_is(cluster, watch):
    path = put(cluster, rod())
    put(cluster, rod() + 1)
    watch.hold(205)
    events = []

    def propagate():
        events.extend(plain(cluster.post(f"{path}/propagate", json={**PROPAGATION, "job": "mine"}))[2])

    thread = threading.Thread(target=propagate)
    thread.start()
    watch.wait_held()
    assert [job["job"] for job in cluster.get("/v1/status").json()["own"]["jobs"]] == ["mine"]
    assert cluster.post("/v1/jobs/mine/cancel").status_code == 204
    watch.release()
    thread.join()
    assert events[-1]["event"] == "cancelled"


def test_a_replica_that_dies_costs_one_upload(cluster, replicas):
    path, other = put(cluster, rod()), put(cluster, rod() + 1)
    replicas.kill(replicas.number_of(path.rpartition("/")[2]))
    error = cluster.post(f"{path}/segment", json=CLICK)
    assert (error.status_code, error.json()["error"]["code"]) == (404, "volume_unknown")
    assert put(cluster, rod()) == path
    for each in (path, other):
        assert cluster.post(f"{each}/segment", json=CLICK).status_code == 200


@pytest.mark.parametrize("what", ["segment", "propagate"])
def test_one_that_dies_in_the_middle_is_told_as_a_volume_to_send_again(cluster, replicas, watch, what):
    path = put(cluster, rod())
    watch.hold(206)
    answers = []
    body = {**CLICK, "slice": 6} if what == "segment" else PROPAGATION
    thread = threading.Thread(target=lambda: answers.append(cluster.post(f"{path}/{what}", json=body)))
    thread.start()
    watch.wait_held()
    cluster.portal.call(replicas.kill, replicas.number_of(path.rpartition("/")[2]))
    watch.release()
    thread.join()
    last = plain(answers[0])[2][-1]
    assert last["error"]["code"] == "volume_unknown"
    assert last.get("event") == ("error" if what == "propagate" else None)


def test_what_any_replica_can_answer_is_asked_of_another(cluster, replicas, monkeypatch):
    asked = []

    async def lose(home, method, *arguments):
        asked.append(method)
        raise front_module.ReplicaLostError

    monkeypatch.setattr(replicas, "call", lose)
    error = cluster.get("/v1/models")
    assert (error.status_code, error.json()["error"]["code"], len(asked)) == (503, "replica_lost", 3)


class Mortal:
    """Kills the replica of a home when it has carried out a method; `deaths` has whose and which, in any order."""

    def __init__(self, replicas, monkeypatch, deaths):
        self.replicas, self.call, self.deaths = replicas, replicas.call, list(deaths)
        monkeypatch.setattr(replicas, "call", self.call_and_die)
        monkeypatch.setattr(front_module, "_UPLOAD_PAUSES", (0.0,) * 4)

    async def call_and_die(self, home, method, *arguments):
        answer = await self.call(home, method, *arguments)
        if method in self.deaths:
            self.deaths.remove(method)
            self.replicas.kill(self.replicas.number_of(home))
            if method == "finish_upload":
                raise front_module.ReplicaLostError
        return answer


@pytest.mark.parametrize(
    "deaths",
    [
        ["begin_upload"],
        ["feed_upload"],
        ["finish_upload"],
        ["begin_upload", "feed_upload", "feed_upload", "finish_upload"],
    ],
)
def test_an_upload_whose_replica_dies_is_begun_again_with_what_had_arrived(cluster, replicas, monkeypatch, deaths):
    monkeypatch.setattr(kept_body, "PIECE_BYTES", 1000)
    mortal = Mortal(replicas, monkeypatch, deaths)
    path = put(cluster, rod())
    assert mortal.deaths == []
    assert cluster.post(f"{path}/segment", json=CLICK).status_code == 200


def test_an_upload_whose_replicas_go_on_dying_is_refused_once_it_has_arrived(cluster, replicas, monkeypatch):
    Mortal(replicas, monkeypatch, ["begin_upload"] * 5)
    body = npy(rod())
    refusal = cluster.put(f"/v1/volumes/{key_of(body)}", content=body)
    assert (refusal.status_code, refusal.json()["error"]["code"]) == (404, "volume_unknown")


def test_an_upload_that_cannot_be_kept_is_sent_once(cluster, replicas, monkeypatch):
    full = OSError("No space left on device")

    class FullDisk:
        def seek(self, *_):
            raise full

        def close(self):
            pass

    monkeypatch.setattr(kept_body.tempfile, "SpooledTemporaryFile", lambda _: FullDisk())
    assert put(cluster, rod())
    Mortal(replicas, monkeypatch, ["feed_upload"])
    body = npy(rod() + 1)
    refusal = cluster.put(f"/v1/volumes/{key_of(body)}", content=body)
    assert refusal.json()["error"]["code"] == "volume_unknown"
    assert cluster.put(f"/v1/volumes/{key_of(body)}", content=body).status_code == 201


def test_a_client_that_goes_while_its_replica_dies_ends_the_upload(replicas, monkeypatch):
    calls = []

    async def lose(home, method, *arguments):
        calls.append(method)
        if method == "abort_upload":
            raise front_module.ReplicaLostError

    async def receive():
        return {"type": "http.disconnect"}

    monkeypatch.setattr(replicas, "call", lose)
    scope = {"type": "http", "method": "PUT", "path": f"/v1/volumes/{KEY}", "query_string": b"", "headers": []}
    asyncio.run(Front(replicas)({**scope, "state": {"caller": None}}, receive, None))
    assert calls == ["begin_upload", "abort_upload"]


def test_numbers_for_Prometheus_are_those_of_all(cluster):
    for level in range(3):
        put(cluster, rod() + level)
    text = cluster.get("/metrics").text
    assert "medsamseg_volumes 3.0" in text
    assert "medsamseg_replicas 2.0" in text
    assert 'medsamseg_steps_total{work="propagations"} 0.0' in text


@pytest.fixture
def users(store, watch, tmp_path):
    """Two users on two replicas; returns the replicas and a function that asks as one of them."""
    file = tmp_path / "users.json"
    tokens = {name: add_user(file, name, Quota(volumes=1)) for name in ("anna", "ben")}
    made = LocalReplicas(ServeOptions(users=file), lambda specification, *_: FakePredictor(specification, watch))
    app = RequestMiddleware(Front(made), KnownUsers(file))
    with TestClient(started(app), base_url="http://127.0.0.1") as client:

        def ask(name, method, path, **body):
            return client.request(method, path, headers={"Authorization": f"Bearer {tokens[name]}"}, **body)

        yield made, ask
    made.close()


def test_users_are_each_at_home_on_one_replica_so_that_quotas_hold(users):
    replicas, ask = users
    bodies = [npy(rod() + level) for level in range(2)]
    paths = [f"/v1/volumes/{key_of(body)}" for body in bodies]
    for name in ("anna", "ben"):
        for path, body in zip(paths, bodies, strict=True):
            assert ask(name, "PUT", path, content=body).status_code == 201
    assert {number for number, _ in replicas.asked} == {0, 1}
    # The quota is of one volume, wherever it is; the older one made room.
    assert [ask("anna", "GET", path).status_code for path in paths] == [404, 200]
    status = ask("anna", "GET", "/v1/status").json()
    assert [volume["key"] for volume in status["own"]["volumes"]] == [key_of(bodies[1])]
    assert (status["own"]["most_volumes"], status["places"]) == (1, {"taken": 2, "most": 16})
    assert ask("anna", "DELETE", paths[1]).status_code == 204
    assert ask("ben", "GET", paths[1]).status_code == 200
    assert "medsamseg_users 2.0" in ask("ben", "GET", "/metrics").text
