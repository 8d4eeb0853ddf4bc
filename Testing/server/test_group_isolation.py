"""Nothing of one user is seen, guessed, cancelled or evicted by another, whatever all of them do at the same time."""

import threading

import pytest
from group_server import GroupServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from server_fakes import EMBEDDING_BYTES, IDENTITY_WINDOW, ROD_BOX, npy, rod
from test_group import other_rod, upload_of

#: Small, so that users run into it.
QUOTA = {"volumes": 2, "memory": 2**20, "jobs": 4}
#: The same voxels for every user.
VOLUMES = [rod(), other_rod(1), other_rod(2)]
#: Names that every user gives to jobs.
JOBS = ["first", "second"]

volumes = st.integers(0, len(VOLUMES) - 1)
jobs = st.sampled_from(JOBS)
#: What a user may do: names of the methods of `Doing`, and their arguments.
actions = st.one_of(
    st.tuples(st.just("upload"), volumes),
    st.tuples(st.just("look"), volumes),
    st.tuples(st.just("delete"), volumes),
    st.tuples(st.just("click"), volumes, st.integers(3, 7)),
    st.tuples(st.just("preview"), volumes, st.integers(3, 7)),
    st.tuples(st.just("propagate"), volumes, jobs),
    st.tuples(st.just("cancel"), jobs),
    st.tuples(st.just("look_at_encoding"), volumes),
    st.tuples(st.just("cancel_encoding"), volumes),
    st.tuples(st.just("look_at_own")),
)
#: Three users, with what each does.
scripts = st.lists(st.lists(actions, min_size=1, max_size=6), min_size=3, max_size=3)


class Doing:
    """What one user does and is told: everything but how long it took."""

    def __init__(self, client):
        self._client = client

    def run(self, script):
        return [getattr(self, name)(*arguments) for name, *arguments in script]

    def upload(self, number):
        return self._told("PUT", *upload_of(VOLUMES[number]))

    def look(self, number):
        return self._told("GET", self._path(number))

    def delete(self, number):
        return self._told("DELETE", self._path(number))

    def click(self, number, index, **options):
        body = {"slice": index, "prompts": [{"box": ROD_BOX}], **options}
        return self._told("POST", f"{self._path(number)}/segment", body)

    def preview(self, number, index):
        return self.click(number, index, cached_only=True)

    def propagate(self, number, job):
        body = {"prompts": [{"slice": 5, "box": ROD_BOX}], "job": job}
        connection, reply = self._client.send("POST", f"{self._path(number)}/propagate", body)
        content = reply.read().decode()
        connection.close()
        return reply.status, [_untimed(line) for line in content.splitlines()]

    def cancel(self, job):
        return self._told("POST", f"/v1/jobs/{job}/cancel")

    def look_at_encoding(self, number):
        return self._told("GET", f"{self._path(number)}/encodings")

    def cancel_encoding(self, number):
        return self._told("DELETE", f"{self._path(number)}/encodings")

    def look_at_own(self):
        return self._client.ask("GET", "/v1/status")[1]["own"]

    def _told(self, *request):
        connection, reply = self._client.send(*request)
        content = reply.read().decode()
        connection.close()
        return reply.status, _untimed(content)

    @staticmethod
    def _path(number):
        return upload_of(VOLUMES[number])[0]


def _untimed(text):
    return text.partition('"seconds"')[0]


@pytest.fixture(scope="module")
def _numbers():
    return iter(range(10**6))


@pytest.fixture
def server(service, tmp_path):
    # Room for all users of all examples, since each example makes its own.
    with GroupServer(service, tmp_path, places=1000, embedding_bytes=2**38).running(service) as running:
        yield running


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(scripts=scripts)
def test_each_is_told_what_one_alone_would_be_told(server, _numbers, scripts):
    names = [f"user{next(_numbers)}" for _ in range(2 * len(scripts))]
    users = [Doing(server.add(name, **QUOTA)) for name in names]
    together = dict.fromkeys(range(len(scripts)))

    def do(which):
        together[which] = users[which].run(scripts[which])

    threads = [threading.Thread(target=do, args=[which]) for which in together]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    alone = [user.run(script) for user, script in zip(users[len(scripts) :], scripts, strict=True)]
    assert list(together.values()) == alone
    for name in names:
        server.revoke(name)


# The cases in which time would tell, one by one


def test_equal_voxels_of_another_are_encoded_again(server, watch):
    anna, ben = server.add("anna"), server.add("ben")
    path = anna.upload(rod())
    assert anna.click(path, 5)[1]["embedding"] == "computed"
    assert watch.encoded == [205]
    # Also uploading tells nothing: 201 is what a volume gets that is new.
    assert ben.upload(rod()) == path
    preview = ben.click(path, 5, cached_only=True)
    assert (preview[0], preview[1]["error"]["code"]) == (409, "not_encoded")
    # It is encoded for him while he draws, or when he asks.
    assert ben.click(path, 5)[0] == 200
    assert watch.encoded == [205, 205]


def test_what_another_has_is_as_unknown_as_what_nobody_has(server, watch):
    anna, ben = server.add("anna"), server.add("ben")
    ben.upload(other_rod(9))
    theirs = anna.upload(rod())
    nobodys = upload_of(other_rod(7))[0]
    watch.hold(206)
    stream = anna.propagate(theirs, job="annas")
    watch.wait_held()
    click = {"slice": 5, "prompts": [{"box": ROD_BOX}]}
    follow = {"prompts": [{"slice": 5, "box": ROD_BOX}]}
    for method, path, body in (
        ("GET", "{}", None),
        ("DELETE", "{}", None),
        ("POST", "{}/segment", click),
        ("POST", "{}/propagate", follow),
        ("POST", "{}/encodings", {"slice": 5}),
        ("PATCH", "{}/encodings", {"paused": True}),
        ("GET", "{}/encodings", None),
        ("DELETE", "{}/encodings", None),
    ):
        answers = [ben.ask(method, path.format(each), body) for each in (theirs, nobodys)]
        assert [status for status, _ in answers] == [404, 404]
        keys = [each.rpartition("/")[2][:12] for each in (theirs, nobodys)]
        messages = [answer["error"]["message"] for _, answer in answers]
        assert messages[0].replace(keys[0], keys[1]) == messages[1]
    assert [ben.ask("POST", f"/v1/jobs/{name}/cancel")[0] for name in ("annas", "nobodys")] == [404, 404]
    watch.release()
    events = stream.rest()
    assert events[-1]["event"] == "done"
    assert anna.ask("GET", theirs)[0] == 200


def test_jobs_of_the_same_name_are_each_users_own(server, watch):
    anna, ben = server.add("anna"), server.add("ben")
    path = anna.upload(rod())
    ben.upload(rod())
    watch.hold(205)
    theirs = anna.propagate(path, job="job")
    watch.wait_held()
    own = ben.propagate(path, job="job")
    assert ben.ask("POST", "/v1/jobs/job/cancel")[0] == 204
    assert own.rest() == [{"event": "cancelled", "slices": 0}]
    watch.release()
    assert theirs.rest()[-1]["event"] == "done"


def test_background_encoding_is_each_users_own(server, watch):
    anna, ben = server.add("anna"), server.add("ben")
    path = anna.upload(rod())
    ben.upload(rod())
    watch.hold(205)
    assert anna.ask("POST", f"{path}/encodings", {"slice": 5, "window": IDENTITY_WINDOW})[1]["state"] == "running"
    watch.wait_held()
    assert ben.ask("GET", f"{path}/encodings")[1]["state"] == "idle"
    assert ben.ask("DELETE", f"{path}/encodings")[0] == 204
    assert ben.ask("DELETE", path)[0] == 204
    assert anna.ask("GET", f"{path}/encodings")[1]["state"] == "running"
    watch.release()


@pytest.fixture
def small_server(service, tmp_path):
    """A server with room for two embeddings of each of four users."""
    with GroupServer(service, tmp_path, places=4, embedding_bytes=8 * EMBEDDING_BYTES).running(service) as running:
        yield running


def test_nobodys_volumes_or_embeddings_make_room_for_anothers(small_server):
    server = small_server
    anna = server.add("anna", volumes=2)
    paths = [anna.upload(VOLUMES[number]) for number in (0, 1)]
    for path in paths:
        anna.click(path, 5)
    for number in range(3):
        other = server.add(f"other{number}", **QUOTA)
        for volume in VOLUMES:
            path = other.upload(volume)
            for index in range(3, 8):
                other.click(path, index)
    assert [anna.click(path, 5)[1]["embedding"] for path in paths] == ["cached", "cached"]


def test_volume_of_one_user_is_no_others_after_a_wrong_upload(server):
    anna, ben = server.add("anna"), server.add("ben")
    path = anna.upload(rod())
    status, answer = ben.ask("PUT", path, npy(other_rod(3)))
    assert (status, answer["error"]["code"]) == (422, "key_mismatch")
    assert ben.ask("GET", path)[0] == 404
