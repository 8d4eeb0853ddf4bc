"""How fast this computer could be: the operations of a network over the measured rate of matrix products."""

import time

import torch
from torch.utils.flop_counter import FlopCounterMode

from medsamseg_server.models.networks import build_network
from medsamseg_server.models.specification import get_specification

SIDE = 2048
RUNS = 5


def matrixRate(precision):
    """Return the operations per second of a product of two large matrices.

    :param precision: ``fp32`` or ``bf16``.
    """
    matrix = torch.rand(SIDE, SIDE).to({"fp32": torch.float32, "bf16": torch.bfloat16}[precision])
    seconds = []
    for _ in range(RUNS + 1):
        started = time.perf_counter()
        matrix @ matrix
        seconds.append(time.perf_counter() - started)
    return 2 * SIDE**3 / min(seconds[1:])


def encoderOperations(model):
    """Return the operations of a model's encoder, counted without computing them."""
    specification = get_specification(model)
    with torch.device("meta"):
        encoder = build_network(specification).image_encoder
        image = torch.empty(1, 3, specification.input_size, specification.input_size)
        with FlopCounterMode(display=False) as counter, torch.inference_mode():
            encoder(image)
    return counter.get_total_flops()
