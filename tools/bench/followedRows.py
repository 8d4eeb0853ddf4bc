"""A tumor through twelve slices from one box beside micro-sam, from the voxels to the masks of all slices.

micro-sam is measured where `MICRO_SAM_PYTHON` in the environment names a Python that it is installed for.
"""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from bench.askedProcess import AskedProcess
from bench.builds import Build
from bench.buildServer import BuildServer
from bench.contenders import inTurns, quartiles, ratio
from bench.serverRows import BOX, MIDDLE, largeVolume

#: Name of the variable.
MICRO_SAM_PYTHON = "MEDSAMSEG_MICRO_SAM_PYTHON"
WORKER = Path(__file__).with_name("microSamWorker.py")
#: Whose weights micro-sam has, too; and MedSAMSeg's default.
MODELS = ("mobilesam", "litemedsam")
SLICES, ROUNDS = 12, 3
#: What the gray levels of micro-sam's slices show, in HU: the lung window.
_LOWEST, _HIGHEST = -1350, 150


class _MicroSam(AskedProcess):
    name = "micro-sam"

    def __init__(self, python, weights, voxels, folder):
        gray = (np.clip(voxels, _LOWEST, _HIGHEST) - _LOWEST) * 255.0 / (_HIGHEST - _LOWEST)
        place = folder / "slices.npy"
        np.save(place, gray.astype(np.uint8))
        box = ",".join(map(str, BOX))
        command = [python, str(WORKER), str(weights), str(place), str(SLICES // 2), box]
        super().__init__(command, "micro-sam", stderr=subprocess.DEVNULL)

    def ask(self, task):
        (seconds,) = self.numbers(task)
        return seconds


class _Followed:
    """A server of this build, which is asked over HTTP and has seen none of the slices."""

    def __init__(self, build, model):
        self.name = f"medsamseg, {model}"
        self._server = BuildServer(build, model)
        self._seed = 0

    def ask(self, task):
        self._seed += 1
        voxels = _slices(self._seed)
        began = time.perf_counter()
        self._server.propagate(self._server.upload(voxels), SLICES // 2, BOX, 0, SLICES - 1)
        return time.perf_counter() - began

    def end(self):
        self._server.end()


def measureFollowed(python, store, folder, quick=False):
    """Return ({row: quartiles of seconds}, {ratio: micro-sam over a model}).

    :param python: micro-sam's.
    :param store: ModelStore with both models.
    :param folder: for the server's data and micro-sam's slices.
    :param quick: one round, to see whether everything runs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    build = Build("new", sys.executable, folder)
    build.takeWeights(store.folder)
    contenders = [_MicroSam(python, store.path(MODELS[0]), _slices(0), folder)]
    try:
        contenders += [_Followed(build, model) for model in MODELS]
        seconds = inTurns(contenders, "follow", 1 if quick else ROUNDS)
    finally:
        for contender in contenders:
            contender.end()
    rows = {f"tumor on {SLICES} slices, {name}": quartiles(values) for name, values in seconds.items()}
    ratios = {
        f"propagation_vs_micro_sam, {model}": ratio(seconds, "micro-sam", f"medsamseg, {model}") for model in MODELS
    }
    return rows, ratios


def _slices(seed):
    return largeVolume(seed, range(MIDDLE - SLICES // 2, MIDDLE - SLICES // 2 + SLICES))
