"""`medsamseg cluster serve` with the fake network, as a program: `python fake_cluster.py …` with its options.

While there is a pipe `hold` in `MEDSAMSEG_HOME`, the network waits there, until somebody has written to it.
"""

import functools
import os
import sys
from pathlib import Path

from server_fakes import FakePredictor, Watch

from medsamseg_server.cli import main
from medsamseg_server.cluster import serving
from medsamseg_server.system import paths

PROGRAM = [sys.executable, str(Path(__file__))]
#: Names of the processes of replicas, as Ray gives them.
REPLICA = "ray::ServeReplica"


class Held(Watch):
    """Waits at every image while there is a pipe."""

    def encoding(self, prepared):
        pipe = Path(os.environ[paths.HOME_VARIABLE], "hold")
        if pipe.exists():
            pipe.read_bytes()


def load(specification, *_):
    """Return the network; called in each replica."""
    return FakePredictor(specification, Held())


if __name__ == "__main__":
    # Where the replicas find the fakes.
    os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    serving.serve_on_cluster = functools.partial(serving.serve_on_cluster, load_predictor=load)
    sys.exit(main(["cluster", "serve", *sys.argv[1:]]))
