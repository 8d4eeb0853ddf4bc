"""A search for proposals in a process of its own, as `worker.py`.

Usage: proposalWorker.py CONTENDER MODEL WEIGHTS PRECISION. Prints a line when it is ready, then answers each line
``propose N`` (N points along a side) with the seconds that it took.
"""

import sys
import time
from pathlib import Path

import numpy as np
import skimage.data

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Testing" / "models"))

from automatic_masks import generate
from measure_proposals import make_engine, propose

from medsamseg_server.weights.catalog import get_specification
from medsamseg_server.weights.loading import load_network


def main():
    """Serve."""
    name, model, weights, _precision = sys.argv[1:]
    if name == "medsamseg":
        engine = make_engine(model, Path(weights))
    else:
        network, _digest = load_network(get_specification(model), Path(weights))
    print("ready", flush=True)
    for number, line in enumerate(sys.stdin):
        points = int(line.split()[1])
        # One pixel differs, so that no embedding is known.
        pixels = np.ascontiguousarray(skimage.data.coffee())
        pixels[0, 0] = number
        started = time.perf_counter()
        propose(engine, pixels, points) if name == "medsamseg" else generate(network, pixels, points_per_side=points)
        print(time.perf_counter() - started, flush=True)


if __name__ == "__main__":
    main()
