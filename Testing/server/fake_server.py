"""`medsamseg serve` with the fake network, as a program: `python fake_server.py [options of serve]`."""

import sys

from server_fakes import FakePredictor

from medsamseg_server import engine
from medsamseg_server.cli import main

if __name__ == "__main__":
    engine._load_predictor = lambda specification, *_: FakePredictor(specification)
    sys.exit(main(["serve", *sys.argv[1:]]))
