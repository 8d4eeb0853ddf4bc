"""kill -9 at random moments, in the real scene: what is in the segments, the cache and the next answer is right."""

import contextlib
import os
import random
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import fakeNetworkServer
import numpy as np
import slicer
from soakVolumes import BOX, WINDOW, makeVolume, rightMask, wrongCacheEntries

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.logic import MedSAMSegLogic
from MedSAMSegLib.server.serverProcess import ServerProcess
from slicerhost.host import Host

SLICES = 40
PROMPT = 20
#: The same few volumes again and again, so that old cache entries are met.
VOLUMES = 6
#: About how long each kind of work takes; the kill comes at any moment of it, or just after.
SECONDS = {"upload": 0.05, "encoding": 0.5, "propagation": 0.6, "clicks": 0.5}
HANG_SECONDS = 120.0


class Kills:
    """Kills servers while the module works with them.

    :param home: folder of all data; ``MEDSAMSEG_HOME`` of the servers.
    :param kills: how many.
    """

    def __init__(self, home, kills=200, seed=0):
        self._kills = kills
        self._chance = random.Random(seed)
        self._arrays = [makeVolume(seed, SLICES) for seed in range(VOLUMES)]
        self._cache = Path(home) / "embeddings"
        self._server = ServerProcess(fakeNetworkServer.COMMAND)
        self.counts = Counter(kills=0, wrong_masks=0, half_slices=0, cache_errors=0, hangs=0)

    def run(self):
        """:return: dict of figures."""
        host = Host.shared()
        with contextlib.closing(_Stopping(self._server)):
            while self.counts["kills"] < self._kills:
                phase = self._chance.choice(list(SECONDS))
                self._round(phase)
                host.clearScene()
        return dict(self.counts)

    def _round(self, phase):
        logic = MedSAMSegLogic(self._server)
        voxels = self._chance.choice(self._arrays)
        volume = slicer.util.addVolumeFromArray(voxels)
        segmentation = logic.createSegmentation(volume)
        segment = logic.addSegment(segmentation, "worked on")
        self._forgetHalf()
        start = time.monotonic()
        self._server.client()
        killer = threading.Timer(self._chance.uniform(0, SECONDS[phase]), self._kill, [self._server.pid, phase])
        killer.start()
        # What the user is told is the server's end; that it is told, and not raised as a bug, is part of the test.
        with contextlib.suppress(UserError):
            self._work(phase, logic, volume, segmentation, segment)
        killer.join()
        self._check(logic, volume, voxels, segmentation, segment)
        self.counts["hangs"] += time.monotonic() - start > HANG_SECONDS

    def _forgetHalf(self):
        """Remove every other cache entry, so that there is something to write when the kill comes."""
        for path in self._cache.glob("*.embedding"):
            if self._chance.random() < 0.5:
                path.unlink()

    def _work(self, phase, logic, volume, segmentation, segment):
        where = {"axis": 0, "box": BOX, "window": WINDOW}
        if phase == "upload":
            _advance(logic.startUpload(volume))
        elif phase == "encoding":
            _advance(logic.startUpload(volume))
            _advance(logic.startEncoding(volume, 0, PROMPT, WINDOW))
        elif phase == "propagation":
            logic.segmentBox(volume, segmentation, segment, slice=PROMPT, **where)
            logic.propagate(volume, segmentation, segment, window=WINDOW)
        else:
            for index in self._chance.sample(range(SLICES), 12):
                logic.segmentBox(volume, segmentation, segment, slice=index, **where)

    def _kill(self, pid, phase):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        self.counts["kills"] += 1
        self.counts[f"kills_{phase}"] += 1

    def _check(self, logic, volume, voxels, segmentation, segment):
        """The segment has whole slices only; a new server answers right, and keeps nothing wrong."""
        for image, mask in zip(voxels, _voxelsOf(segmentation, segment, volume), strict=True):
            self.counts["half_slices"] += bool(mask.any() and not np.array_equal(mask, rightMask(image)))
        other = logic.addSegment(segmentation, "afterwards")
        index = self._chance.randrange(SLICES)
        logic.segmentBox(volume, segmentation, other, axis=0, slice=index, box=BOX, window=WINDOW)
        found = _voxelsOf(segmentation, other, volume)
        expected = np.zeros(voxels.shape, bool)
        expected[index] = rightMask(voxels[index])
        self.counts["wrong_masks"] += not np.array_equal(found, expected)
        if self.counts["kills"] % 20 == 0 or self.counts["kills"] >= self._kills:
            self.counts["cache_errors"] += wrongCacheEntries(self._cache, self._arrays)
            self.counts["cache_entries_checked"] += len(list(self._cache.glob("*.embedding")))


class _Stopping:
    def __init__(self, server):
        self._server = server

    def close(self):
        self._server.stop()


def _advance(run):
    with contextlib.closing(run):
        end = time.monotonic() + HANG_SECONDS
        while run.advance():
            if time.monotonic() > end:
                raise TimeoutError
            time.sleep(0.002)


def _voxelsOf(segmentation, segment, volume):
    return slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segment, volume) > 0
