"""Many clients, more volumes than fit: every answer right, the memory bounded, the process alive."""

import random
import threading
import time
from collections import Counter

import numpy as np
import psutil
from server_process import FAKE_PROGRAM, RunningServer
from soakVolumes import BOX, WINDOW, makeVolume, rightMask

from MedSAMSegLib.client.npyUpload import NpyUpload
from MedSAMSegLib.client.serverClient import ServerClient
from MedSAMSegLib.client.serverReplies import ServerError
from MedSAMSegLib.volumes.slicePrompt import SlicePrompt

#: After this part of the clicks everything has been used once; what grows from then on is a leak.
WARM = 0.2
MEBIBYTE = 2**20
#: A click that takes longer hangs: the slowest one waits for a few dozen others.
HANG_SECONDS = 60.0


class Load:
    """Clicks of several clients at once on one server.

    :param clients, clicks, volumes: how many.
    :param home: folder for the server's data.
    """

    def __init__(self, home, clients=10, clicks=10_000, volumes=20):
        self._clicks = clicks
        self._volumes = [makeVolume(seed) for seed in range(volumes)]
        # About a third of the volumes fit, a tenth of the embeddings.
        volumeGiB = sum(volume.nbytes for volume in self._volumes) / 3 / 2**30
        options = ["--volume-memory", f"{volumeGiB:.5f}", "--embedding-memory", "0.125", "--embedding-disk", "0.5"]
        self._options = [*options, "--upload-limit", f"{volumeGiB:.5f}"]
        self._home = home
        self._clients = clients
        self._lock = threading.Lock()
        self.counts = Counter()
        self._slowest = 0.0
        self._warmBytes = None

    def run(self):
        """:return: dict of figures."""
        server = RunningServer(FAKE_PROGRAM, *self._options, environment=[("MEDSAMSEG_HOME", str(self._home))])
        try:
            url = f"http://127.0.0.1:{server.ready['port']}"
            self._process = psutil.Process(server.process.pid)
            threads = [
                threading.Thread(target=self._click, args=(ServerClient(url, server.ready["token"], HANG_SECONDS), n))
                for n in range(self._clients)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self._tooLarge(ServerClient(url, server.ready["token"]))
            isAlive = server.process.poll() is None
            end = self._process.memory_info().rss
        finally:
            server.process.kill()
            server.process.communicate()
        growth = max(end - (self._warmBytes or end), 0) / MEBIBYTE
        return {
            **self.counts,
            "volumes": len(self._volumes),
            "server_died": int(not isAlive),
            "rss_growth_mb": round(growth, 1),
            "rss_mb": round(end / MEBIBYTE, 1),
            "slowest_click_s": round(self._slowest, 2),
        }

    def _click(self, client, seed):
        chance = random.Random(seed)
        while self._takeTurn():
            voxels = self._volumes[chance.randrange(len(self._volumes))]
            index = chance.randrange(len(voxels))
            start = time.monotonic()
            try:
                reply = self._ask(client, voxels, index)
            except ServerError as error:
                self._count("hangs" if time.monotonic() - start > HANG_SECONDS else f"error {error.code}")
                continue
            with self._lock:
                self._slowest = max(self._slowest, time.monotonic() - start)
            found = np.zeros(voxels.shape[1:], bool)
            mask = reply.masks[0]
            if not mask.isEmpty:
                height, width = mask.pixels.shape
                found[mask.y0 : mask.y0 + height, mask.x0 : mask.x0 + width] = mask.pixels
            self._count("wrong_masks", not np.array_equal(found, rightMask(voxels[index])))

    def _ask(self, client, voxels, index):
        """Ask as Slicer does: a volume that the server has dropped for others is sent again."""
        upload = NpyUpload(voxels)
        while True:
            try:
                return client.segment(upload.key, [SlicePrompt(0, index, BOX)], WINDOW)
            except ServerError as error:
                if error.code == "volume_unknown":
                    self._upload(client, upload)
                elif error.code != "server_busy":
                    raise

    def _upload(self, client, upload):
        try:
            client.uploadVolume(upload)
            self._count("uploads")
        except ServerError as error:
            if error.code != "server_busy":
                raise
            self._count("asked_to_come_again")

    def _tooLarge(self, client):
        """A volume that can never fit is refused in words."""
        try:
            client.uploadVolume(NpyUpload(np.zeros((600, 128, 128), np.int16)))
        except ServerError as error:
            self._count("refusals", error.code in ("body_too_large", "volume_too_large"))

    def _takeTurn(self):
        with self._lock:
            if self.counts["clicks"] == self._clicks:
                return False
            self.counts["clicks"] += 1
            if self._warmBytes is None and self.counts["clicks"] >= WARM * self._clicks:
                self._warmBytes = self._process.memory_info().rss
            return True

    def _count(self, name, number=1):
        with self._lock:
            self.counts[name] += int(number)
