"""For all tests: what the shell that starts them may have left different."""

import os
import signal
from pathlib import Path

import pytest

from medsamseg_server.system import paths

# Weights come from where `make weights` puts them, also when pytest is called without make.
os.environ.setdefault("MEDSAMSEG_HOME", str(Path(__file__).resolve().parents[1] / ".medsamseg"))

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


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Keep the tests of a file together, unless they are of a group."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(str(item.path)))
