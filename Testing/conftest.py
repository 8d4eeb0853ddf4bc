"""For all tests: what the shell that starts them may have left different."""

import os
import signal
from pathlib import Path

from medsamseg_server.system import paths

# Weights come from where `make weights` puts them, also when pytest is called without make.
os.environ.setdefault("MEDSAMSEG_HOME", str(Path(__file__).resolve().parents[1] / ".medsamseg"))

# Programs that a shell runs in the background ignore Ctrl+C, and so would the processes that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Converting a network takes seconds: tests with a home of their own share what was converted for the others.
SHARED_NETWORKS = paths.networks_folder()
paths.networks_folder = lambda: SHARED_NETWORKS
