"""`medsamseg` with MobileSAM installed and the fake network in its place: `python proposing_server.py serve …`."""

import sys

from server_fakes import FakePredictor, bright_objects

from medsamseg_server.cli import main
from medsamseg_server.engine import engine
from medsamseg_server.weights.store import ModelStore

if __name__ == "__main__":
    FakePredictor.alternatives = bright_objects
    engine._load_predictor = lambda specification, *_: FakePredictor(specification)
    path = ModelStore().final_path("mobilesam")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"the fake network needs none")
    sys.exit(main(sys.argv[1:]))
