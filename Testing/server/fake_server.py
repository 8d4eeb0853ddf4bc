"""`medsamseg serve` with the fake network, as a program: `python fake_server.py [--no-encoder] [options of serve]`.

With `--no-encoder` the network cannot encode, so that every answer comes from embeddings that were there.
"""

import sys

from server_fakes import FakePredictor

from medsamseg_server import engine
from medsamseg_server.cli import main


class OnlyDecoder(FakePredictor):
    def encode_prepared(self, prepared):
        raise RuntimeError("this server has no encoder")


if __name__ == "__main__":
    options = sys.argv[1:]
    predictor = FakePredictor
    if "--no-encoder" in options:
        options.remove("--no-encoder")
        predictor = OnlyDecoder
    engine._load_predictor = lambda specification, *_: predictor(specification)
    sys.exit(main(["serve", *options]))
