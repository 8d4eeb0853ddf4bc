"""What a cluster costs on one computer: a click through a replica beside a server's, a batch with and without Ray."""

import contextlib
import csv
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import SimpleITK as sitk

from bench.contenders import quartiles
from bench.serverRows import MIDDLE, SAMPLE, SHAPE, WINDOW, Server, click, largeVolume
from medsamseg_server.cluster.connection import connected
from MedSAMSegLib.client.npyUpload import NpyUpload

CLICKS = 200
CASES, SLICES, ROUNDS = 40, 6, 2
CLUSTER = ("-m", "medsamseg_server", "cluster")
#: Round the tumor, on the slices of the sample CT as it is.
TUMOR = (54, 160, 101, 204)


def measureCluster(home, quick=False):
    """Return ({row: quartiles of seconds}, {ratio: value}) of clicks and of a batch.

    :param home: a folder with LiteMedSAM's weights.
    :param quick: a few of everything, to see whether it runs.
    """
    rows, ratios = _measureClicks(home, 3 if quick else CLICKS)
    with tempfile.TemporaryDirectory() as folder:
        found, more = _measureBatch(home, Path(folder), 2 if quick else CASES, 1 if quick else ROUNDS)
    return rows | found, ratios | more


def _measureClicks(home, count):
    """Click on a slice that is encoded, in turns directly and through a replica."""
    direct = Server(home, "litemedsam")
    cluster = Server(home, "litemedsam", CLUSTER, ("--replicas", "1"))
    try:
        npy = NpyUpload(largeVolume(3)[MIDDLE - 4 : MIDDLE + 4])
        uploads = [(server, server.client.uploadVolume(npy), []) for server in (direct, cluster)]
        for server, upload, _seconds in uploads:
            click(server, upload, 4)
        for _click in range(count):
            for server, upload, seconds in uploads:
                seconds.append(click(server, upload, 4))
    finally:
        direct.end()
        cluster.end()
    rows = {
        f"litemedsam click, {how}": quartiles(seconds)
        for how, (_, _, seconds) in zip(("one server", "cluster"), uploads, strict=True)
    }
    slow = [1000 * float(np.percentile(seconds, 95)) for _, _, seconds in uploads]
    found = {"click_p95_one_server": slow[0], "click_p95_cluster": slow[1], "click_p95_added": slow[1] - slow[0]}
    return rows, {f"{name}_ms": round(value, 1) for name, value in found.items()}


def _measureBatch(home, folder, cases, rounds):
    """Segment small scans in turns with two processes, and with two workers of a Ray that runs already."""
    table = _makeCases(folder, cases)
    os.environ["MEDSAMSEG_HOME"] = str(home)
    began = time.perf_counter()
    walls, works = {}, {}
    with connected() as ray:
        ways = {"two processes": (), "Ray": ("--ray", ray.get_runtime_context().gcs_address)}
        rows = {"Ray starts": quartiles([time.perf_counter() - began])}
        for _round in range(rounds):
            for how, options in ways.items():
                words = ["batch", table, "-o", folder / how, "--jobs", "2", "--force", "--quiet", *options]
                began = time.perf_counter()
                with _ProcessorTime() as processor:
                    subprocess.run([sys.executable, "-m", "medsamseg_server", *map(str, words)], check=True)
                walls.setdefault(how, []).append(time.perf_counter() - began)
                works.setdefault(how, []).append(processor.seconds)
    for how in ways:
        rows[f"batch of {cases}, {how}"] = quartiles(walls[how])
        rows[f"batch of {cases}, {how}, processor"] = quartiles(works[how])
    first, second = ways
    ratios = {
        "batch_ray_wall": min(walls[second]) / min(walls[first]),
        "batch_ray_processor": min(works[second]) / min(works[first]),
        "batch_ray_same_bytes": float(_areSame(folder / first, folder / second)),
    }
    return rows, {name: round(value, 3) for name, value in ratios.items()}


def _makeCases(folder, cases):
    """Write scans of a few slices round the tumor of the sample CT, each with noise of its own, and their table."""
    sample = sitk.GetArrayFromImage(sitk.ReadImage(str(SAMPLE))).astype(np.int16)
    middle = MIDDLE * len(sample) // SHAPE[0]
    part = sample[middle - SLICES // 2 : middle + SLICES - SLICES // 2]
    table = folder / "cases.csv"
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["image", "box", "slice", "window"])
        for number in range(cases):
            noise = np.random.default_rng(number).integers(-2, 3, part.shape, np.int16)
            sitk.WriteImage(sitk.GetImageFromArray(part + noise), str(folder / f"{number}.nrrd"))
            writer.writerow([f"{number}.nrrd", ",".join(map(str, TUMOR)), SLICES // 2, WINDOW])
    return table


def _areSame(first, second):
    """:return: whether two folders have the same segmentations and pictures, byte for byte."""
    names = [path.relative_to(first) for ending in ("*.nrrd", "*.png") for path in first.rglob(ending)]
    return bool(names) and all((second / name).read_bytes() == (first / name).read_bytes() for name in names)


class _ProcessorTime:
    """The processor time of this process and all below it during a ``with`` block, those that end included.

    :ivar seconds: what they have taken; of one that ended, what was seen a moment before.
    """

    def __enter__(self):
        self._over = threading.Event()
        self._before, self._taken = _processorTimes(), {}
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()
        self._taken |= _processorTimes()
        self.seconds = sum(taken - self._before.get(process, 0.0) for process, taken in self._taken.items())

    def _watch(self):
        while not self._over.wait(0.25):
            self._taken |= _processorTimes()


def _processorTimes():
    """:return: {(process ID, when it began): seconds} of this process and all below it."""
    own = psutil.Process()
    found = {}
    for process in (own, *own.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            found[process.pid, process.create_time()] = times.user + times.system
    return found
