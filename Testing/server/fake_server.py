"""`medsamseg serve` with the fake network, as a program: `python fake_server.py [--no-encoder | --endless-load] …`.

The other options are those of `serve`. With `--no-encoder` the network cannot encode, so that every answer comes from
embeddings that were there. With `--endless-load` it is never ready: it says so on standard error, and loads on.
"""

import sys
import threading

from server_fakes import FakePredictor

from medsamseg_server.cli import main
from medsamseg_server.engine import engine


class OnlyDecoder(FakePredictor):
    def encode_prepared(self, prepared):
        raise RuntimeError("this server has no encoder")


def load_endlessly(specification):
    print("loading", file=sys.stderr, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    options = sys.argv[1:]
    predictor = FakePredictor
    if "--no-encoder" in options:
        options.remove("--no-encoder")
        predictor = OnlyDecoder
    if "--endless-load" in options:
        options.remove("--endless-load")
        predictor = load_endlessly
    engine._load_predictor = lambda specification, *_: predictor(specification)
    sys.exit(main(["serve", *options]))
