"""For all tests: what the shell that starts them may have left different."""

import os
import signal
import sys
from pathlib import Path

import pytest

from medsamseg_server.system import paths

# Weights come from where `make weights` puts them, also when pytest is called without make.
os.environ.setdefault("MEDSAMSEG_HOME", str(Path(__file__).resolve().parents[1] / ".medsamseg"))

# Bytecode is kept: otherwise each of some hundred programs that the tests start compiles the sources anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Programs that a shell runs in the background ignore Ctrl+C, and so would the processes that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Converting a network takes seconds: tests with a home of their own share what was converted for the others.
SHARED_NETWORKS = paths.networks_folder()
paths.networks_folder = lambda: SHARED_NETWORKS


def _stayOnOwnProcessors():
    """One of several processes that run tests takes its share of the processors, and so do PyTorch and OpenVINO in it
    and the programs that it starts: threads of all for all would only take turns."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    count = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if not worker.startswith("gw") or not hasattr(os, "sched_setaffinity"):
        return
    processors = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, set(processors[int(worker[2:]) % count :: count]) or set(processors))


_stayOnOwnProcessors()


#: Measured in seconds: one after the other, in one process.
LOOK_AT_THE_CLOCK = (
    "Testing/host/test_waiting.py",
    "Testing/soak/test_soak.py",
    "Testing/widget/test_responsiveness.py",
)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Keep the tests of a file together, so that what they share is made once, and files that look at the clock."""
    from xdist.scheduler import LoadScopeScheduling

    class FileScheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file = nodeid.partition("::")[0]
            return "clock" if file in LOOK_AT_THE_CLOCK else file

    return FileScheduling(config, log)
