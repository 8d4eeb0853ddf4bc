"""`medsamseg cluster serve --replicas 1-2` on a real Ray of this computer: one more under load, one less after it."""

import http.client
import json
import os
import threading

import pytest
from fake_cluster import PROGRAM
from live_client import Connection
from server_fakes import IDENTITY_WINDOW, ROD_BOX, rod
from server_process import RunningServer
from test_ray_serve import replicas
from waiting import waitUntil

#: Ray takes many seconds to start, and more than that on a busy computer.
pytestmark = pytest.mark.full

#: More than the two for each replica from which on Serve starts another one.
WAITING = 5
#: Ray counts the load every ten seconds, over half a minute, and starts a replica of its own pace.
PATIENCE = 400


@pytest.fixture
def cluster(tmp_path):
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "lite_medsam.pth").write_bytes(b"the fake network needs none")
    options = ("--replicas", "1-2", "--cpus-per-replica", "0.5", "--idle-minutes", "0.05", "--exit-with-stdin")
    server = RunningServer(PROGRAM, *options, environment=[("MEDSAMSEG_HOME", str(tmp_path))])
    with server.process:
        yield server
        server.process.stdin.close()


def click(ready, path, index, statuses):
    connection = http.client.HTTPConnection("127.0.0.1", ready["port"], timeout=2 * PATIENCE)
    body = json.dumps({"window": IDENTITY_WINDOW, "slice": index, "prompts": [{"box": ROD_BOX}]})
    headers = {"Authorization": f"Bearer {ready['token']}", "Content-Type": "application/json"}
    connection.request("POST", f"{path}/segment", body, headers)
    statuses.append(connection.getresponse().status)
    connection.close()


def test_replicas_follow_the_load(cluster, tmp_path):
    assert cluster.ready["event"] == "ready", cluster.ready
    client = Connection(cluster.ready["port"], cluster.ready["token"])
    first = client.upload(rod())
    assert len(replicas(cluster)) == 1
    # While there is this pipe, the network waits.
    hold = tmp_path / "hold"
    os.mkfifo(hold)
    statuses = []
    clicks = [
        threading.Thread(target=click, args=[cluster.ready, first, 2 + each, statuses]) for each in range(WAITING)
    ]
    for each in clicks:
        each.start()
    waitUntil(lambda: len(replicas(cluster)) == 2, PATIENCE)
    writer = os.open(hold, os.O_RDWR)
    hold.unlink()
    os.close(writer)
    for each in clicks:
        each.join()
    assert statuses == [200] * WAITING
    waitUntil(lambda: len(replicas(cluster)) == 1, PATIENCE)
    # The one that went may have had the volume, which costs one upload.
    if client.click(first, 5)[0] == 404:
        client.upload(rod())
    assert client.click(first, 5)[0] == 200
    client.close()
