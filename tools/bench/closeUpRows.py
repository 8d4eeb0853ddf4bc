"""Close-ups against whole slices: first clicks, and a tumor of twenty slices from one box, over HTTP.

The product's server takes turns with one that encodes whole slices; neither keeps embeddings on disk.
"""

import time
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from bench.contenders import quartiles, ratio
from bench.serverRows import SAMPLE, Server
from MedSAMSegLib.client.npyUpload import NpyUpload
from MedSAMSegLib.volumes.slicePrompt import SlicePrompt

MODEL = "litemedsam"
#: What Python runs as ``medsamseg``, by contender.
PROGRAMS = {
    "whole slice": (str(Path(__file__).with_name("wholeSliceServer.py")),),
    "close-up": ("-m", "medsamseg_server"),
}
#: Round the tumor of the sample CT where slices are twice as large: 96 of 512 pixels.
BOX, WITH_BOX = (108, 320, 203, 409), 24
FIRST, LAST = 14, 33
#: Distances of those slices, rows and columns in millimeters.
SPACING = (2.5, 0.575, 0.575)
#: Each with servers that have seen nothing.
ROUNDS = 3
CLICKS_A_ROUND = 5


def measureCloseUps(home, quick=False):
    """Return ({row: quartiles of seconds}, {ratio: close-up over whole slice}).

    *cold lesion* is the first thing that a server is asked for once its networks are loaded; *lesion* a later one. Rows
    named *processor* are the processor time of all threads, which says more than the clock where others are at work.

    :param home: a folder with the model's weights, in which converted networks are kept.
    :param quick: one round, to see whether everything runs.
    """
    seconds = {}
    for number in range(1 if quick else ROUNDS):
        servers = {name: Server(home, MODEL, program, ("--embedding-disk", "0")) for name, program in PROGRAMS.items()}
        try:
            for server in servers.values():
                _click(server, _upload(server, 0), WITH_BOX)  # loads the networks
            _measureRound(servers, number, seconds)
        finally:
            for server in servers.values():
                server.end()
    rows, ratios = {}, {}
    for task, each in seconds.items():
        for contender, values in each.items():
            rows[f"{task}, {contender}"] = quartiles(values)
        ratios[f"{task}, close-up over whole slice"] = ratio(each, "close-up", "whole slice")
    return rows, ratios


def _measureRound(servers, number, seconds):
    """Add each server's seconds to {task: {contender: [seconds]}}; every image is seen for the first time."""
    clicks = [("click", _click, index) for index in range(CLICKS_A_ROUND)]
    for task, run, index in (("cold lesion", _propagate, WITH_BOX), *clicks, ("lesion", _propagate, WITH_BOX)):
        seed = 10 * (number + 1) + ["cold lesion", "click", "lesion"].index(task)
        for contender, server in servers.items():
            upload = _upload(server, seed)
            before, began = server.processorSeconds(), time.perf_counter()
            run(server, upload, index)
            took = {task: time.perf_counter() - began, f"{task}, processor": server.processorSeconds() - before}
            for name, value in took.items():
                seconds.setdefault(name, {}).setdefault(contender, []).append(value)


def _upload(server, seed):
    """Return the upload of the sample CT with slices twice as large, and noise of its own."""
    large = sitk.GetArrayFromImage(sitk.ReadImage(str(SAMPLE))).astype(np.int16).repeat(2, axis=1).repeat(2, axis=2)
    noise = np.random.default_rng(seed).integers(-2, 3, large.shape, np.int16)
    return server.client.uploadVolume(NpyUpload(large + noise))


def _click(server, upload, index):
    """Ask for the mask in the box on a slice."""
    server.client.segment(upload.key, [SlicePrompt(0, index, BOX)])


def _propagate(server, upload, index):
    """Follow what is in the box through the range."""
    prompts = [SlicePrompt(0, index, BOX)]
    for _event in server.client.propagate(upload.key, 0, prompts, FIRST, LAST, spacing=SPACING):
        pass
