"""Where the time of a network goes on the processor, by kind of operation, as OpenVINO counts it."""

from collections import defaultdict

import numpy as np
import openvino

from medsamseg_server.runtime.openvino_networks import compile_parts
from medsamseg_server.runtime.openvino_runtime import OpenVinoRunner
from medsamseg_server.weights.catalog import get_specification
from medsamseg_server.weights.loading import load_network

RUNS = 3
#: Kinds of operations that are listed of each part.
KINDS = 10


def profile(model, weights, precision):
    """Return lines of text: milliseconds of each kind of operation in one encoding and in decoding one box.

    :param model: name of the model.
    :param weights: its weights' file.
    :param precision: of MedSAMSeg's network.
    """
    specification = get_specification(model)
    network, _digest = load_network(specification, weights)
    core = openvino.Core()
    core.set_property("CPU", {"PERF_COUNT": True})
    size = specification.input_size
    runner = OpenVinoRunner(compile_parts(core, network, size, precision), precision)
    box = np.array([[50, 60, 120, 140]], np.float32) * (size / 256)
    for _ in range(RUNS):
        embedding = runner.encode(np.random.default_rng(0).random((3, size, size), np.float32))
        runner.decode(embedding, box, None)
    requests = {"encoder": runner._encoder, "decoder": runner._decoder, "upscaling": runner._upscaling}
    lines = [f"{model}, {precision}"]
    for part, request in requests.items():
        lines += _partLines(part, request)
    return lines


def _partLines(part, request):
    milliseconds = defaultdict(float)
    for operation in request.profiling_info:
        milliseconds[operation.node_type, operation.exec_type] += operation.real_time.total_seconds() * 1000
    ordered = sorted(milliseconds.items(), key=lambda entry: -entry[1])
    lines = [f"  {part}: {sum(milliseconds.values()):.1f} ms"]
    return lines + [f"    {time:8.2f}  {kind} ({how})" for (kind, how), time in ordered[:KINDS]]
