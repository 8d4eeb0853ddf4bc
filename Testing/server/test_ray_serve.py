"""`medsamseg cluster serve` on a real Ray of this computer, as its clients see it, and replicas that are killed."""

import os
import signal

import numpy as np
import psutil
import pytest
from fake_cluster import PROGRAM, REPLICA
from live_client import Connection
from server_fakes import IDENTITY_WINDOW, ROD_BOX, npy, rod
from server_process import RunningServer
from waiting import waitUntil

from MedSAMSegLib.client.serverClient import ServerClient
from MedSAMSegLib.client.volumeUpload import VolumeUpload
from MedSAMSegLib.volumes.slicePrompt import SlicePrompt

#: Ray takes many seconds to start, and more than that on a busy computer.
pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The data folder of all tests here, whose server they share."""
    made = tmp_path_factory.mktemp("home")
    (made / "weights").mkdir()
    (made / "weights" / "lite_medsam.pth").write_bytes(b"the fake network needs none")
    return made


@pytest.fixture(scope="module")
def cluster(folder):
    options = ("--replicas", "2", "--cpus-per-replica", "0.5", "--exit-with-stdin")
    server = RunningServer(PROGRAM, *options, environment=[("MEDSAMSEG_HOME", str(folder))])
    with server.process:
        yield server
        server.process.stdin.close()


@pytest.fixture
def client(cluster):
    assert cluster.ready["event"] == "ready", cluster.ready
    made = Connection(cluster.ready["port"], cluster.ready["token"])
    yield made
    made.close()


@pytest.fixture
def hold(folder):
    """Makes the network wait; returns what lets it go on."""
    pipe = folder / "hold"
    os.mkfifo(pipe)

    def release():
        # A reader that comes later finds no pipe.
        writer = os.open(pipe, os.O_RDWR)
        pipe.unlink()
        os.close(writer)

    yield release
    if pipe.exists():
        release()


def replicas(cluster):
    family = psutil.Process(cluster.process.pid).children(recursive=True)
    return [each for each in family if is_replica(each)]


def is_replica(process):
    try:
        return process.name().startswith(REPLICA[:15]) and REPLICA in " ".join(process.cmdline())
    # It ends while it is looked at.
    except psutil.NoSuchProcess:
        return False


def kill(processes):
    for each in processes:
        each.send_signal(signal.SIGKILL)
        each.wait()


def test_two_volumes_are_on_two_replicas(cluster, client):
    paths = [client.upload(rod() + level) for level in (1, 2)]
    assert [client.click(path, 5)[1]["masks"][0]["voxels"] for path in paths] == [100, 100]
    kill(replicas(cluster)[:1])
    # One of them went with it, and is sent again.
    assert sorted(client.ask("GET", path)[0] for path in paths) == [200, 404]
    for level in (1, 2):
        client.ask("PUT", paths[level - 1], npy(rod() + level))
    assert [client.click(path, 5)[0] for path in paths] == [200, 200]
    waitUntil(lambda: len(replicas(cluster)) == 2)


def test_a_propagation_streams_and_is_cancelled_by_name(client, hold):
    path = client.upload(rod() + 3)
    stream = client.propagate(path, job="mine")
    assert stream.next()["event"] == "start"
    assert [job["job"] for job in client.ask("GET", "/v1/status")[1]["own"]["jobs"]] == ["mine"]
    assert client.ask("POST", "/v1/jobs/mine/cancel")[0] == 204
    hold()
    assert stream.rest()[-1]["event"] == "cancelled"


def test_a_client_that_goes_ends_its_propagation(client, hold):
    path = client.upload(rod() + 4)
    stream = client.propagate(path)
    assert stream.next()["event"] == "start"
    stream.close()
    hold()
    waitUntil(lambda: client.ask("GET", "/v1/status")[1]["own"]["jobs"] == [])
    events = client.propagate(path).rest()
    assert (events[0]["event"], events[-1]["event"]) == ("start", "done")


def test_the_client_of_the_panel_sends_again_what_a_killed_replica_had(cluster):
    ready = cluster.ready
    client = ServerClient(f"http://127.0.0.1:{ready['port']}", ready["token"])
    uploads = [VolumeUpload(rod() + level) for level in (5, 6)]

    def click(upload):
        prompt = SlicePrompt(0, 5, ROD_BOX)
        reply = upload.call(client, lambda key: client.segment(key, [prompt], IDENTITY_WINDOW))
        return int(np.count_nonzero(reply.masks[0].pixels))

    assert [click(upload) for upload in uploads] == [100, 100]
    kill(replicas(cluster))
    assert [click(upload) for upload in uploads] == [100, 100]


def test_a_replica_that_is_killed_in_the_middle_is_told_to_who_waits(cluster, client, hold):
    path = client.upload(rod() + 7)
    stream = client.propagate(path)
    assert stream.next()["event"] == "start"
    kill(replicas(cluster))
    last = stream.rest()[-1]
    assert (last["event"], last["error"]["code"]) == ("error", "volume_unknown")
    hold()
    assert client.upload(rod() + 7) == path
    assert client.click(path, 5)[0] == 200
