"""A real server process whose network is a fake, so that it starts soon and answers at once.

Its masks are what the fake network gives; nothing is loaded, and the rest is the server as it is.
"""

import sys
from pathlib import Path

#: The words that run it; what a server is told otherwise goes behind them.
COMMAND = [sys.executable, str(Path(__file__))]


def main():
    """Run `medsamseg serve` with the fake network."""
    sys.path.insert(0, str(Path(__file__).with_name("server")))
    from server_fakes import FakePredictor

    from medsamseg_server.cli import main as runProgram
    from medsamseg_server.engine import engine
    from medsamseg_server.weights.store import ModelStore

    engine._load_predictor = lambda specification, *_: FakePredictor(specification)
    ModelStore.is_installed = lambda *_: True
    return runProgram(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
