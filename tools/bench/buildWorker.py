"""A build's network in a process of its own, by what every build has.

Usage: buildWorker.py MODEL. Prints a line when it is ready, then runs what each line of standard input asks for,
``encode`` or ``decode B`` (B boxes on a whole slice), and answers with its seconds and its seconds of the processor.
"""

import inspect
import sys
import time

import numpy as np

from medsamseg_server.runtime.choice import load_predictor

try:
    from medsamseg_server.weights.catalog import get_specification
    from medsamseg_server.weights.store import ModelStore
except ImportError:
    from medsamseg_server.models.specification import get_specification
    from medsamseg_server.models.store import ModelStore

BOX = (50, 60, 120, 140)


def main():
    """Serve."""
    specification = get_specification(sys.argv[1])
    predictor = load_predictor(specification, ModelStore().path(sys.argv[1]), "cpu", "openvino")
    runner, size = predictor._runner, specification.input_size
    prepared = np.random.default_rng(0).random((3, size, size), np.float32)
    embedding = predictor.encode_prepared(prepared).astype(np.float16)
    # As boxes are asked in the product, where a build knows that.
    asked = inspect.signature(runner.decode).parameters
    options = {"coarse_surroundings": True} if "coarse_surroundings" in asked else {}
    print("ready", flush=True)
    for line in sys.stdin:
        what, *count = line.split()
        boxes = np.tile(np.array(BOX, np.float32) * (size / 256), (int(count[0]) if count else 1, 1))
        began, worked = time.perf_counter(), time.process_time()
        if what == "encode":
            predictor.encode_prepared(prepared)
        else:
            runner.decode(embedding, boxes, None, **options)
        print(time.perf_counter() - began, time.process_time() - worked, flush=True)


if __name__ == "__main__":
    main()
