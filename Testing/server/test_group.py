"""One server for a group: who is let in, what each may use, and who has a place."""

import hashlib

import numpy as np
import pytest
from group_server import GroupServer
from live_client import Connection
from server_fakes import ROD_BOX, TOKEN, npy, rod

from medsamseg_server.serving.load_limit import USER_REQUESTS

#: The bytes of the rod's voxels.
ROD_BYTES = rod().nbytes
MEBIBYTE = 2**20


@pytest.fixture
def start(service, tmp_path):
    """Called, starts a server for a group."""
    running = []

    def start_server(**shares):
        server = GroupServer(service, tmp_path, **shares).running(service)
        running.append(server)
        return server.__enter__()

    yield start_server
    for server in running:
        server.__exit__(None, None, None)


@pytest.fixture
def server(start):
    return start()


def blank(slices):
    """A volume of 1/16 MiB a slice."""
    return np.zeros((slices, 256, 256), np.uint8)


def upload_of(array):
    body = npy(array)
    return f"/v1/volumes/{hashlib.sha256(body).hexdigest()}", body


def other_rod(number):
    """A volume like the rod with other voxels."""
    volume = rod()
    volume[0, 1, 1] = number
    return volume


def propagated(client, path, **options):
    return client.propagate(path, **options).rest()[-1]["event"]


def refusal(answer):
    status, body = answer
    return status, body["error"]["code"], f"{body['error']['message']} {body['error']['hint']}"


# Who is let in


def test_user_is_let_in_by_the_own_token_alone(server):
    anna = server.add("anna")
    assert anna.ask("GET", "/v1/health")[0] == 200
    for wrong in ("", TOKEN, anna.token[:-1], anna.token + "x", hashlib.sha256(anna.token.encode()).hexdigest()):
        assert Connection(server.port, wrong).ask("GET", "/v1/health")[0] == 401


def test_every_hash_is_compared_in_constant_time(server, monkeypatch):
    anna = server.add("anna")
    server.add("ben")
    compared = []
    monkeypatch.setattr(
        "medsamseg_server.serving.group.known_users.hmac.compare_digest", lambda *pair: compared.append(pair) or False
    )
    assert anna.ask("GET", "/v1/health")[0] == 401
    assert len(compared) == 3
    assert all(anna.token not in pair for pair in compared)


def test_added_user_is_let_in_by_a_server_that_runs(server):
    anna = server.add("anna")
    assert anna.ask("GET", "/v1/health")[0] == 200
    assert server.add("ben").ask("GET", "/v1/health")[0] == 200


def test_revoked_user_is_out_at_once_and_the_others_stay(server):
    anna, ben = server.add("anna"), server.add("ben")
    path = anna.upload(rod())
    ben.upload(rod())
    server.revoke("anna")
    assert refusal(anna.click(path, 5))[:2] == (401, "unauthorized")
    assert ben.click(path, 5)[0] == 200
    again = server.add("anna")
    assert again.ask("GET", path)[0] == 404


def test_propagation_of_a_revoked_user_ends(server, watch):
    anna = server.add("anna")
    watch.hold(206)
    stream = anna.propagate(anna.upload(rod()))
    watch.wait_held()
    server.revoke("anna")
    server.group.refresh()
    watch.release()
    assert stream.rest()[-1]["event"] == "cancelled"


def test_watching_ends_the_propagation_of_a_revoked_user_though_nobody_asks(server, watch):
    anna, ben = server.add("anna"), server.add("ben")
    server.group.watch()
    watch.hold(205)
    other = ben.propagate(ben.upload(rod()))
    watch.wait_held()
    stream = anna.propagate(anna.upload(rod()))
    server.revoke("anna")
    # It ends while the network stands still: nothing but the watch can have ended it.
    assert stream.rest() == [{"event": "cancelled", "slices": 0}]
    watch.release()
    assert other.rest()[-1]["event"] == "done"
    server.group.stop()


@pytest.mark.parametrize("harm", ["damaged", "open", "missing"])
def test_nobody_is_let_in_while_the_file_cannot_be_used(server, harm):
    anna = server.add("anna")
    path = anna.upload(rod())
    content = server.file.read_bytes()
    if harm == "missing":
        server.file.unlink()
    else:
        server.file.write_bytes(b"{" if harm == "damaged" else content)
        server.file.chmod(0o644 if harm == "open" else 0o600)
    status, code, text = refusal(anna.ask("GET", path))
    assert (status, code) == (503, "users_file_unusable")
    assert "Ask who runs the server." in text
    assert anna.token not in text
    server.file.write_bytes(content)
    server.file.chmod(0o600)
    # Nothing that was there is lost.
    assert anna.ask("GET", path)[0] == 200


# Quotas


def test_volume_beyond_the_memory_is_refused_with_the_figures(server):
    anna = server.add("anna", memory=MEBIBYTE)
    what_to_do = "Crop the volume, or ask who runs the server for more memory."
    # Before it is read, and where its header says how large it is.
    assert refusal(anna.ask("PUT", *upload_of(blank(slices=32)))) == (
        413,
        "quota_memory",
        f"The body of 2.0 MiB is longer than the 1.1 MiB of your quota. {what_to_do}",
    )
    assert refusal(anna.ask("PUT", *upload_of(np.zeros((17, 250, 256), np.uint8)))) == (
        413,
        "quota_memory",
        f"The volume takes 1.0 MiB, and you may keep 1.0 MiB on this server. {what_to_do}",
    )
    assert anna.upload(blank(slices=16))


def test_own_volumes_unused_for_longest_make_room(server):
    anna = server.add("anna", volumes=2)
    first, second = anna.upload(other_rod(1)), anna.upload(other_rod(2))
    assert anna.ask("GET", first)[0] == 200
    third = anna.upload(other_rod(3))
    assert [anna.ask("GET", path)[0] for path in (first, second, third)] == [200, 404, 200]


def test_memory_makes_room_too(server):
    anna = server.add("anna", memory=2 * ROD_BYTES)
    paths = [anna.upload(other_rod(number)) for number in (1, 2, 3)]
    assert [anna.ask("GET", path)[0] for path in paths] == [404, 200, 200]


@pytest.mark.parametrize(
    ("quota", "code", "said"),
    [
        ({"volumes": 1}, "quota_volumes", "You may keep 1 volumes on this server, and 1 are in use."),
        (
            {"memory": MEBIBYTE},
            "quota_memory",
            "The volume takes 1.0 MiB; you may keep 1.0 MiB on this server, and 0.0 MiB are in use.",
        ),
    ],
)
def test_volume_that_a_job_works_on_does_not_go(server, watch, quota, code, said):
    anna = server.add("anna", **quota)
    path = anna.upload(rod())
    watch.hold(205)
    stream = anna.propagate(path)
    watch.wait_held()
    # Neither is it forgotten, nor can its memory be taken twice by deleting it.
    assert anna.ask("DELETE", path)[0] == 204
    status, found, text = refusal(anna.ask("PUT", *upload_of(blank(slices=16))))
    assert (status, found) == (429, code)
    assert text.startswith(said)
    assert "Wait until a job is done or cancel one" in text
    watch.release()
    assert stream.rest()[-1]["event"] == "done"
    assert anna.upload(blank(slices=16))


def test_jobs_beyond_the_quota_are_refused_with_the_figures(server, watch):
    anna, ben = server.add("anna", jobs=2), server.add("ben")
    path = anna.upload(rod())
    watch.hold(205)
    streams = [anna.propagate(path)]
    watch.wait_held()
    streams.append(anna.propagate(path))
    request = {"prompts": [{"slice": 5, "box": ROD_BOX}]}
    for more in (("propagate", request), ("encodings", {"slice": 3})):
        status, code, text = refusal(anna.ask("POST", f"{path}/{more[0]}", more[1]))
        assert (status, code) == (429, "quota_jobs")
        assert text.startswith("2 of your 2 jobs are under way. Wait until one is done or cancel one")
    ben.upload(rod())
    streams.append(ben.propagate(path))
    watch.release()
    assert [stream.rest()[-1]["event"] for stream in streams] == ["done"] * 3
    assert propagated(anna, path) == "done"


def test_many_requests_of_one_user_keep_nobody_else_waiting(server, watch):
    anna, ben = server.add("anna", jobs=100), server.add("ben")
    path = anna.upload(rod())
    watch.hold(205)
    streams = [anna.propagate(path) for _ in range(USER_REQUESTS)]
    assert refusal(anna.ask("GET", path))[:2] == (429, "server_busy")
    assert ben.upload(rod()) == path
    streams.append(ben.propagate(path))
    watch.release()
    assert [stream.rest()[-1]["event"] for stream in streams] == ["done"] * len(streams)


# Places


def test_full_server_says_so_with_the_figures(start):
    server = start(places=2)
    anna, ben, cleo = (server.add(name) for name in ("anna", "ben", "cleo"))
    anna.upload(rod())
    ben.upload(rod())
    path, body = upload_of(rod())
    status, code, text = refusal(cleo.ask("PUT", path, body))
    assert (status, code) == (503, "places_taken")
    assert text == (
        "2 of 2 places and 0.0 of 4.0 GiB of memory are taken. "
        "Try again in 2 min, or ask who runs the server for more places or memory."
    )
    # Without a place, one may still look.
    assert cleo.ask("GET", "/v1/health")[0] == 200
    assert refusal(cleo.ask("GET", path))[:2] == (404, "volume_unknown")


def test_place_reserves_the_whole_quota(start):
    server = start(volume_bytes=3 * 2**20)
    anna, ben = server.add("anna", memory=2 * 2**20), server.add("ben", memory=2 * 2**20)
    anna.upload(rod())
    assert refusal(ben.ask("PUT", *upload_of(rod())))[:2] == (503, "places_taken")
    assert server.add("cleo", memory=2**20).upload(rod())


def test_oldest_idle_user_makes_room_and_only_has_to_upload_again(start, watch):
    server = start(places=2)
    anna, ben, cleo = (server.add(name) for name in ("anna", "ben", "cleo"))
    path = anna.upload(rod())
    ben.upload(rod())
    server.clock.time += 60
    anna.click(path, 5)
    server.clock.time += 90
    cleo.upload(rod())
    assert [each.ask("GET", path)[0] for each in (anna, ben, cleo)] == [200, 404, 200]
    server.clock.time += 150
    ben.upload(rod())
    assert ben.click(path, 5)[1]["embedding"] == "computed"


def test_user_whose_job_runs_keeps_the_place(start, watch):
    server = start(places=1)
    anna, ben = server.add("anna"), server.add("ben")
    path = anna.upload(rod())
    watch.hold(205)
    stream = anna.propagate(path)
    watch.wait_held()
    server.clock.time += 10_000
    assert refusal(ben.ask("PUT", *upload_of(rod())))[:2] == (503, "places_taken")
    watch.release()
    assert stream.rest()[-1]["event"] == "done"
    server.clock.time += 10_000
    assert ben.upload(rod())


# Embeddings


def test_embeddings_on_disk_are_the_users_own_and_go_with_the_user(start, service):
    server = start(places=1, embedding_bytes=0, embedding_disk_bytes=2**30)
    anna, ben = server.add("anna"), server.add("ben")
    path = anna.upload(rod())
    assert anna.click(path, 5)[1]["embedding"] == "computed"
    assert anna.click(path, 5)[1]["embedding"] == "cached"
    assert len(list(server.embeddings.glob("*/*.embedding"))) == 1
    server.clock.time += 200
    ben.upload(rod())
    assert ben.click(path, 5)[1]["embedding"] == "computed"
    server.clock.time += 200
    anna.upload(rod())
    assert anna.click(path, 5)[1]["embedding"] == "cached"
    server.revoke("anna")
    server.group.refresh()
    assert len(list(server.embeddings.glob("*/*.embedding"))) == 1
