"""Networks as OpenVINO computes them: converted from PyTorch once, compiled for this processor, and kept."""

from __future__ import annotations

import hashlib
import io
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openvino

from medsamseg_server.models.specification import ModelSpecification
from medsamseg_server.runtime.network_files import NetworkFiles

if TYPE_CHECKING:
    from medsamseg_server.models.networks import SamNetwork

logger = logging.getLogger(__name__)

DEVICE = "CPU"
# Counts up whenever the same weights are to be converted differently, so that older conversions are not used.
_CONVERSION_VERSION = 8
# A decoder that is told which positions it sees has one input more.
_INPUTS_AND_OUTPUTS = {"encoder": (1, 1), "prompts": (2, 1), "decoder": (4, 3), "upscaling": (3, 1)}
PARTS = tuple(_INPUTS_AND_OUTPUTS)
# With so few cores, one left free would be half of the machine.
_TOO_FEW_CORES = 2


def compile_parts(
    core: openvino.Core, network: SamNetwork, input_size: int, precision: str, coarse: bool = False
) -> dict[str, openvino.CompiledModel]:
    """Return the parts of a network, converted and made for this processor, as ``OpenVinoRunner`` takes them.

    Args:
        core: OpenVINO.
        network: in evaluation mode on the processor.
        input_size: side S of the encoder's input.
        precision: ``fp32``, ``mixed`` or ``bf16``.
        coarse: as of ``convert_network``.
    """
    # PyTorch takes a second and 300 MB, which a network that has been converted before does without.
    from medsamseg_server.runtime.openvino_conversion import convert_network

    models = convert_network(network, input_size, precision != "fp32", coarse)
    return {part: core.compile_model(model, DEVICE, _settings(part, precision)) for part, model in models.items()}


def convert(
    core: openvino.Core, specification: ModelSpecification, weights_path: Path, precision: str
) -> tuple[dict[str, openvino.CompiledModel], str]:
    """Return the parts of a network with the weights of a file, and the file's SHA-256; raises as ``load_network``."""
    # Here because it imports PyTorch; see `compile_parts`.
    from medsamseg_server.weights.loading import load_network

    network, weights_sha256 = load_network(specification, weights_path)
    is_coarse = specification.coarse_surroundings
    return compile_parts(core, network, specification.input_size, precision, is_coarse), weights_sha256


def import_parts(
    core: openvino.Core, files: NetworkFiles, key: str, precision: str, specification: ModelSpecification
) -> dict[str, openvino.CompiledModel] | None:
    """Return the parts that were kept under a key; None where there are none that can be used."""
    contents = files.read(key, PARTS)
    if contents is None:
        return None
    try:
        networks = {
            part: core.import_model(io.BytesIO(content), DEVICE, _settings(part, precision))
            for part, content in contents.items()
        }
        _check_parts(networks, specification)
        return networks
    except (RuntimeError, ValueError) as error:
        logger.warning("The converted network %s cannot be used and is made again: %s", key, error)
        return None


def _check_parts(networks: dict[str, openvino.CompiledModel], specification: ModelSpecification) -> None:
    """Raise ``ValueError`` unless each part takes and gives what it should: a whole file may be another network's."""
    for part, counts in _INPUTS_AND_OUTPUTS.items():
        found = len(networks[part].inputs), len(networks[part].outputs)
        inputs = counts[0] + (part == "decoder" and specification.coarse_surroundings)
        if found != (inputs, counts[1]):
            raise ValueError(f"the {part} has {found} inputs and outputs instead of {(inputs, counts[1])}")
    input_size = specification.input_size
    shape = list(networks["encoder"].input(0).shape)
    if shape != [1, 3, input_size, input_size]:
        raise ValueError(f"the encoder's input is {shape}")


def export(network: openvino.CompiledModel) -> bytes:
    """Return a part as bytes, which ``import_parts`` takes."""
    stream = io.BytesIO()
    network.export_model(stream)
    return stream.getvalue()


def _settings(part: str, precision: str) -> dict[str, Any]:
    return {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": _number_type(part, precision),
        # Bound to its core, a thread would wait for whatever else runs there: Slicer, or another server.
        "ENABLE_CPU_PINNING": False,
        "ENABLE_HYPER_THREADING": False,
        **_thread_settings(),
    }


def _number_type(part: str, precision: str) -> str:
    # Positions of prompts are angles of many turns, which half a float cannot tell apart. A mixed encoder says itself
    # what it rounds.
    if precision == "fp32" or part == "prompts" or (part == "encoder" and precision == "mixed"):
        return "f32"
    return "bf16"


def _thread_settings() -> dict[str, int]:
    """Leave one core to Slicer where there are several; OpenVINO itself takes no more than the physical cores.

    ``OMP_NUM_THREADS``, which PyTorch goes by and Ray sets for each of its workers, holds here, too.
    """
    if (told := os.environ.get("OMP_NUM_THREADS", "")).isdecimal() and int(told) > 0:
        return {"INFERENCE_NUM_THREADS": int(told)}
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return {} if cores <= _TOO_FEW_CORES else {"INFERENCE_NUM_THREADS": cores - 1}


def network_key(
    core: openvino.Core, specification: ModelSpecification, weights_sha256: str | None, precision: str
) -> str:
    """Return a name for a network on this processor: anything that changes its arithmetic changes the name.

    What is done round it does not: models that differ in that alone share a network.
    """
    facts = (
        specification.encoder,
        specification.decoder,
        specification.input_size,
        specification.coarse_surroundings,
        weights_sha256,
        precision,
        _CONVERSION_VERSION,
        openvino.__version__,
        core.get_property(DEVICE, "FULL_DEVICE_NAME"),
        sorted(core.get_property(DEVICE, "OPTIMIZATION_CAPABILITIES")),
    )
    return f"{specification.encoder.kind}-{hashlib.sha256(repr(facts).encode()).hexdigest()[:32]}"
