"""The server as a process: start, first click, clicks idle and under load, propagation, upload, memory."""

import json
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from bench.contenders import quartiles
from MedSAMSegLib.client.npyUpload import NpyUpload
from MedSAMSegLib.client.serverClient import ServerClient
from MedSAMSegLib.volumes.slicePrompt import SlicePrompt

SAMPLE = Path(__file__).resolve().parents[2] / "MedSAMSeg" / "Resources" / "SampleData" / "RiderChestCT.nrrd"
SHAPE = (300, 512, 512)
#: Around the tumor of the sample CT, which the large volume repeats twice as large.
BOX = (108, 320, 203, 409)
MIDDLE = 147
WINDOW = "1500,-600"
#: Clicks of each kind, by model, and slices that they go round on.
CLICKS = {"litemedsam": (40, 8), "medsam": (20, 1)}
PROPAGATED = 100


class Server:
    """A server process and its client.

    :param home: the folder of weights and caches.
    :param model: the default model.
    :param program: what Python runs as ``medsamseg``.
    :param more: further options of ``serve``.
    """

    def __init__(self, home, model, program=("-m", "medsamseg_server"), more=()):
        self.started = time.perf_counter()
        token = secrets.token_urlsafe(16)
        options = ["--token-from", "stdin", "--exit-with-stdin", "--model", model, *more]
        self._process = subprocess.Popen(
            [sys.executable, *program, "serve", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "MEDSAMSEG_HOME": str(home)},
        )
        self._process.stdin.write(token.encode() + b"\n")
        self._process.stdin.flush()
        ready = json.loads(self._process.stdout.readline())
        self.secondsToReady = time.perf_counter() - self.started
        self.client = ServerClient(f"http://{ready['host']}:{ready['port']}", token)

    def peakMemory(self):
        """Return the largest resident size in MB; None where the system does not tell."""
        status = Path(f"/proc/{self._process.pid}/status")
        if not status.exists():
            return None
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(fields["VmHWM"].split()[0]) / 1024

    def processorSeconds(self):
        """Return the processor time that it has taken, of all its threads together."""
        processor = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(processor[11]) + int(processor[12])) / os.sysconf("SC_CLK_TCK")

    def end(self):
        """End the process."""
        self._process.stdin.close()
        self._process.wait()


def largeVolume(seed, chosen=range(SHAPE[0])):
    """Return the sample CT's anatomy at 512 × 512 × 300, with noise of its own so that nothing was encoded before.

    :param seed: of the noise.
    :param chosen: the slices that are wanted.
    """
    sample = sitk.GetArrayFromImage(sitk.ReadImage(str(SAMPLE))).astype(np.int16)
    large = sample[np.array(chosen) * len(sample) // SHAPE[0]].repeat(2, axis=1).repeat(2, axis=2)
    return large + np.random.default_rng(seed).integers(-2, 3, large.shape, np.int16)


def measureServer(home, model, quick=False):
    """Return ({row: quartiles of seconds}, click_ms, first_click_s, peak memory in MB) of a model's server.

    :param home: a folder with the model's weights, and with nothing encoded.
    :param model: name of the model.
    :param quick: a few clicks of each kind, to see whether everything runs.
    """
    rows, firstClicks = {}, {}
    for start in ("cold", "warm"):
        server = Server(home, model)
        try:
            rows[f"{model} server ready, {start}"] = quartiles([server.secondsToReady])
            small = NpyUpload(largeVolume(hash((model, start)) % 1000)[:8])
            upload = server.client.uploadVolume(small)
            click(server, upload, 4)
            firstClicks[start] = time.perf_counter() - server.started
            rows[f"{model} start to first mask, {start}"] = quartiles([firstClicks[start]])
            if start == "warm":
                found, clicks = measureClicks(server, model, quick)
                rows |= found
            peak = server.peakMemory()
        finally:
            server.end()
    return rows, clicks, firstClicks["warm"], peak


def measureClicks(server, model, quick):
    """Return ({row: quartiles of seconds}, click_ms) of a running server."""
    count, slices = (2, 1) if quick else CLICKS[model]
    npy = NpyUpload(largeVolume(len(model)))
    began = time.perf_counter()
    upload = server.client.uploadVolume(npy)
    rows = {f"upload 512×512×300, {model}": quartiles([time.perf_counter() - began])}
    indices = [MIDDLE + number for number in range(slices)]
    rows[f"{model} click, slice not encoded"] = quartiles([click(server, upload, index) for index in indices])
    idle = [click(server, upload, indices[number % slices]) for number in range(count)]
    job = server.client.startEncoding(upload.key, 0, MIDDLE + slices, WINDOW)
    try:
        load = [click(server, upload, indices[number % slices]) for number in range(count)]
    finally:
        server.client.cancel(job.job)
    rows |= {f"{model} click, idle": quartiles(idle), f"{model} click, under load": quartiles(load)}
    if model == "litemedsam":
        began = time.perf_counter()
        propagated = 2 if quick else PROPAGATED
        first = MIDDLE - propagated // 2
        last = first + propagated - 1
        for _event in server.client.propagate(upload.key, 0, [SlicePrompt(0, MIDDLE, BOX)], first, last, window=WINDOW):
            pass
        rows[f"{model} propagation, {propagated} slices"] = quartiles([time.perf_counter() - began])
    percentiles = {
        "idle_p50": np.percentile(idle, 50),
        "idle_p95": np.percentile(idle, 95),
        "load_p95": np.percentile(load, 95),
    }
    return rows, {name: round(1000 * float(value), 1) for name, value in percentiles.items()}


def click(server, upload, index):
    """Return the seconds from a box to its mask, over HTTP."""
    began = time.perf_counter()
    server.client.segment(upload.key, [SlicePrompt(0, index, BOX)], WINDOW)
    return time.perf_counter() - began
