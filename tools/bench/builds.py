"""Two builds of MedSAMSeg beside each other: this one, and an older one with a Python of its own."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from bench.askedProcess import AskedProcess

WORKER = Path(__file__).with_name("buildWorker.py")


class Build:
    """A build that is installed for a Python.

    :param name: ``old`` or ``new``.
    :param python: the interpreter; the build's sources are where its ``medsamseg_server`` is.
    :param folder: for its weights and caches, which is emptied of encoded slices.
    """

    def __init__(self, name, python, folder):
        self.name = name
        self.python = str(python)
        self.home = folder / name
        self.forgetSlices()
        print_where = "import medsamseg_server; print(medsamseg_server.__file__)"
        found = subprocess.run([self.python, "-c", print_where], check=True, capture_output=True, text=True)
        self.root = Path(found.stdout.strip()).parents[2]

    def takeWeights(self, source):
        """Have the weights of another folder as well, without copying them."""
        target = self.home / "weights"
        target.mkdir(parents=True, exist_ok=True)
        for weights in Path(source).iterdir():
            if not (target / weights.name).exists():
                os.link(weights, target / weights.name)

    def forgetSlices(self):
        """Remove every slice that it has encoded."""
        shutil.rmtree(self.home / "embeddings", ignore_errors=True)

    @property
    def environment(self):
        """Environment of its processes: its own folder, and none of the other build's modules."""
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return {**inherited, "MEDSAMSEG_HOME": str(self.home), "MEDSAMSEG_PYTHON": self.python}


class NetworkProcess(AskedProcess):
    """A build's network in a process of its own; see `buildWorker.py`.

    :param build: the Build.
    :param model: name of the model.
    """

    def __init__(self, build, model):
        command = [build.python, str(WORKER), model]
        name = f"The build's Python {build.python}"
        super().__init__(command, name, stderr=subprocess.DEVNULL, env=build.environment)

    def ask(self, task):
        """Return (seconds, processor seconds) of one run of ``task``."""
        seconds, processor = self.numbers(task)
        return seconds, processor


def runToEnd(build, arguments):
    """Run a command of a build's Python; return (seconds, processor seconds, peak memory in MB).

    :param build: the Build.
    :param arguments: after the interpreter.
    """
    began = time.perf_counter()
    process = subprocess.Popen(
        [build.python, *arguments], env=build.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(arguments)} ended with {process.returncode} in the {build.name} build.")
    peak = usage.ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)
    return time.perf_counter() - began, usage.ru_utime + usage.ru_stime, peak
