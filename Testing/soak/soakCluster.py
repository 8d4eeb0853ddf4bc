"""kill -9 of replicas that serve and of workers of a batch, on a real Ray: right answers, and nothing lost."""

import contextlib
import csv
import math
import os
import random
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np
import psutil
import SimpleITK as sitk
from fake_cluster import PROGRAM, REPLICA
from server_process import RunningServer
from soakVolumes import BOX, WINDOW, makeVolume, rightMask

from medsamseg_server.cli import engine_options, main
from medsamseg_server.cluster.connection import connected
from medsamseg_server.errors import MedSAMSegError
from MedSAMSegLib.client.serverClient import ServerClient
from MedSAMSegLib.client.serverReplies import ServerError
from MedSAMSegLib.client.volumeUpload import VolumeUpload
from MedSAMSegLib.volumes.slicePrompt import SlicePrompt

SLICES = 12
PROMPT = 5
CLIENTS = 3
REPLICAS = 2
CASES = 40
#: Answers between two kills of replicas, so that there is work in between, not only uploads.
ANSWERS = 12
#: The name of a worker's process while it is at a case.
WORKER = "ray::_Carrier.carry"
TESTING = Path(__file__).resolve().parents[1]


class Cluster:
    """Kills replicas below clients that click and propagate, then workers below `medsamseg batch --ray`.

    :param home: folder of all data; ``MEDSAMSEG_HOME`` of replicas and workers.
    :param kills: how many, half of them of replicas.
    :param minutes: after so many no further process is killed, what is under way is finished, and what is left is told.
    """

    def __init__(self, home, kills=200, minutes=math.inf, seed=0):
        self._home = Path(home)
        self._kills = kills
        self._start, self._seconds = time.monotonic(), 60 * minutes
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        self._answered = 0
        self._over = threading.Event()
        self.counts = Counter()

    def run(self):
        """:return: dict of figures."""
        # The batch starts anew, whatever serving took.
        self._serve(self._kills // 2, until=self._seconds / 2)
        self._batch(self._kills - self._kills // 2, until=self._seconds)
        kills = self.counts["replica_kills"] + self.counts["batch_kills"]
        faults = dict.fromkeys(("wrong_masks", "lost_sessions", "lost_cases", "told_again_clicks"), 0)
        return {**faults, **self.counts, "worker_kills": kills, "kills_left": self._kills - kills}

    def _isTime(self, until):
        return time.monotonic() - self._start < until

    def _startServer(self, until):
        """:return: the server; on a busy computer Ray needs several attempts to start."""
        options = ("--replicas", str(REPLICAS), "--cpus-per-replica", "0.5", "--exit-with-stdin")
        while True:
            server = RunningServer(PROGRAM, *options, environment=[("MEDSAMSEG_HOME", str(self._home))])
            if server.ready["event"] == "ready":
                return server
            server.process.stdin.close()
            server.process.wait()
            self._count("starts_again")
            if server.ready["error"]["code"] != "cluster_unreachable" or not self._isTime(until):
                raise RuntimeError(server.ready["error"]["message"])

    def _serve(self, kills, until):
        server = self._startServer(until)
        try:
            url = f"http://127.0.0.1:{server.ready['port']}"
            clients = [
                threading.Thread(target=self._work, args=[number, ServerClient(url, server.ready["token"])])
                for number in range(CLIENTS)
            ]
            # Nobody reads what it says, which is not to make it wait.
            threading.Thread(target=server.process.stderr.read, daemon=True).start()
            for client in clients:
                client.start()
            for _kill in range(kills):
                self._kill(server.process.pid, REPLICA, "replica_kills", until)
            self._over.set()
            for client in clients:
                client.join()
        finally:
            self._over.set()
            server.process.stdin.close()
            server.process.wait()

    def _work(self, number, client):
        """Click and propagate as the panel does, until it is over; what it has to do again is counted."""
        chance = random.Random(number)
        volumes = [makeVolume(10 * number + each, SLICES) for each in range(2)]
        uploads = [VolumeUpload(volume) for volume in volumes]
        while not self._over.is_set():
            which = chance.randrange(len(volumes))
            act = self._propagate if chance.random() < 0.2 else self._click
            try:
                act(client, uploads[which], volumes[which], chance.randrange(SLICES))
                with self._lock:
                    self._answered += 1
            except ServerError as error:
                # Of a propagation in the middle of which its replica died, the end is told, and it is begun anew.
                told = "told_again" if act == self._propagate else "told_again_clicks"
                is_lost = error.code != "volume_unknown"
                self._count("lost_sessions" if is_lost else told)
                if is_lost:
                    self._count(f"error_{error.code}")

    def _click(self, client, upload, voxels, index):
        prompts = [SlicePrompt(0, index, BOX)]
        reply = upload.call(client, lambda key: client.segment(key, prompts, WINDOW))
        self._check(reply.masks[0], voxels[index])
        self._count("clicks")

    def _propagate(self, client, upload, voxels, _index):
        prompts = [SlicePrompt(0, PROMPT, BOX)]
        events = upload.call(client, lambda key: client.propagate(key, 0, prompts, window=WINDOW))
        kinds = Counter()
        for event in events:
            kinds[event.kind] += 1
            if event.kind == "slice":
                self._check(event.mask, voxels[event.fields["slice"]])
        self._count("propagations")
        self._count("lost_sessions", kinds["done"] != 1)

    def _check(self, mask, image):
        found = np.zeros(image.shape, bool)
        if not mask.isEmpty:
            height, width = mask.pixels.shape
            found[mask.y0 : mask.y0 + height, mask.x0 : mask.x0 + width] = mask.pixels
        self._count("wrong_masks", not np.array_equal(found, rightMask(image)))

    def _batch(self, kills, until):
        table, volumes = self._makeCases()
        with _environment(), self._connected(until):
            while self.counts["batch_kills"] < kills and self._isTime(until):
                self._over.clear()
                left = kills - self.counts["batch_kills"]
                killer = threading.Thread(target=self._killWorkers, args=[left, until])
                killer.start()
                status = main(["batch", str(table), "-o", str(self._home / "results"), "--ray", "--force", "--quiet"])
                self._over.set()
                killer.join()
                self._count("batches")
                self._checkCases(volumes, status)

    @contextlib.contextmanager
    def _connected(self, until):
        with contextlib.ExitStack() as stack:
            while True:
                try:
                    stack.enter_context(connected())
                    break
                except MedSAMSegError:
                    self._count("starts_again")
                    if not self._isTime(until):
                        raise
            yield

    def _makeCases(self):
        # Their objects are of 200 to 229: at brighter ones the network of the tests of `batch` fails.
        seeds = [50 * part + level for part in range(10) for level in range(30)][:CASES]
        volumes = {f"case{seed}": makeVolume(seed, SLICES) for seed in seeds}
        table = self._home / "cases.csv"
        with table.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["image", "box", "slice", "window"])
            for name, voxels in volumes.items():
                sitk.WriteImage(sitk.GetImageFromArray(voxels), str(self._home / f"{name}.nrrd"))
                writer.writerow([f"{name}.nrrd", ",".join(map(str, BOX)), PROMPT, WINDOW])
        return table, volumes

    def _checkCases(self, volumes, status):
        self._count("lost_cases", status != 0)
        for name, voxels in volumes.items():
            path = self._home / "results" / f"{name}.seg.nrrd"
            if not path.exists():
                self._count("lost_cases")
                continue
            found = sitk.GetArrayFromImage(sitk.ReadImage(str(path))) > 0
            expected = np.array([rightMask(image) for image in voxels])
            self._count("wrong_masks", not np.array_equal(found, expected))
            self._count("cases")

    def _killWorkers(self, most, until):
        for _kill in range(most):
            if not self._kill(os.getpid(), WORKER, "batch_kills", until):
                return

    def _kill(self, parent, name, what, until):
        """Kill one of the processes of a name, a moment after a few answers; False when it or the time is over."""
        answers = self._answered + ANSWERS if what == "replica_kills" else 0
        while not self._over.is_set() and self._isTime(until):
            victims = _processes(parent, name) if self._answered >= answers else []
            if victims:
                self._over.wait(self._chance.uniform(0, 0.3))
                with contextlib.suppress(psutil.NoSuchProcess):
                    self._chance.choice(victims).kill()
                    self._count(what)
                    return True
            time.sleep(0.05)
        return False

    def _count(self, name, number=1):
        with self._lock:
            self.counts[name] += int(number)


def _processes(parent, name):
    """:return: the processes below one, by what Ray calls them."""
    found = []
    for process in psutil.Process(parent).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if any(name in word for word in process.cmdline()[:1]):
                found.append(process)
    return found


@contextlib.contextmanager
def _environment():
    """Let workers find the network that stands for a real one, with which `batch` works meanwhile."""
    from batch_fakes import fake_engine

    own, path = engine_options.make_engine, os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = os.pathsep.join([*(str(TESTING / area) for area in ("cli", "server")), path])
    engine_options.make_engine = fake_engine
    try:
        yield
    finally:
        engine_options.make_engine, os.environ["PYTHONPATH"] = own, path
