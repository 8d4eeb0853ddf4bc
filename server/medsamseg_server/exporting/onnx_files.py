"""A network as `encoder.onnx` and `decoder.onnx`, checked against the network that they were made of."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.exporting.onnx_parts import (
    DECODER_INPUTS,
    DECODER_OUTPUTS,
    ENCODER_INPUTS,
    ENCODER_OUTPUTS,
    PromptedDecoder,
    make_encoder,
)
from medsamseg_server.models.networks import SamNetwork
from medsamseg_server.models.specification import EMBEDDING_CHANNELS, ModelSpecification, SamDecoder
from medsamseg_server.system.packages import require_packages
from medsamseg_server.system.safe_files import file_digest

#: The version of ONNX's operators. PyTorch's exporter makes no lower one; ONNX Runtime knows it since 1.14 (2023).
OPSET = 18
ENCODER_FILE, DECODER_FILE = "encoder.onnx", "decoder.onnx"

_PACKAGES = {"onnx": "onnx", "onnxruntime": "onnxruntime", "onnxscript": "onnxscript"}
#: Lowest IoU of masks of the exported network with those of the product.
_LEAST_IOU = 0.99
#: Largest difference of its logits from the product's, as a share of their range: a check also where no mask is found.
_MOST_DIFFERENCE = 0.01


def require_export_packages() -> None:
    """Raise ``export_not_installed`` unless everything that an export needs is there."""
    require_packages(_PACKAGES, "export", "Exporting", "export_not_installed")


def require_exportable(specification: ModelSpecification) -> None:
    """Raise ``export_unsupported`` unless the model is an encoder with SAM's decoder."""
    if type(specification.decoder) is not SamDecoder:
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "export_unsupported",
            f"{specification.title} has no encoder and decoder that could be exported "
            f"({type(specification.decoder).__name__}).",
            "Choose a model of the SAM family.",
        )


def export_network(network: SamNetwork, input_size: int, folder: Path) -> dict[str, Any]:
    """Write both parts into a folder, run them in ONNX Runtime, and return what is to be told of them.

    Args:
        network: in evaluation mode on the processor.
        input_size: side S of the encoder's input.
        folder: exists; files of these names in it are replaced.

    Returns:
        files with their checksums, opset, and how far they compute the same as the network.

    Raises:
        MedSAMSegError: ``export_differs`` when ONNX Runtime computes something else than PyTorch.
    """
    side = network.embedding_side
    embedding = torch.zeros(1, EMBEDDING_CHANNELS, side, side)
    # Two objects with three points are an example: both numbers may be others.
    prompts = (torch.zeros(2, 3, 2), torch.tensor([[2.0, 3.0, 1.0], [2.0, 3.0, -1.0]]))
    _write(
        make_encoder(network),
        (torch.zeros(1, 3, input_size, input_size),),
        folder / ENCODER_FILE,
        (ENCODER_INPUTS, ENCODER_OUTPUTS),
    )
    objects, points = torch.export.Dim("objects"), torch.export.Dim("points")
    _write(
        PromptedDecoder(network),
        (embedding, *prompts),
        folder / DECODER_FILE,
        (DECODER_INPUTS, DECODER_OUTPUTS),
        ({}, {0: objects, 1: points}, {0: objects, 1: points}),
    )
    return {
        "files": {
            "encoder": {"name": ENCODER_FILE, "sha256": file_digest(folder / ENCODER_FILE)},
            "decoder": {"name": DECODER_FILE, "sha256": file_digest(folder / DECODER_FILE)},
        },
        "opset": OPSET,
        "checked": _check(network, input_size, folder),
    }


def _write(
    module: nn.Module,
    examples: tuple[Tensor, ...],
    path: Path,
    names: tuple[Sequence[str], Sequence[str]],
    shapes: tuple[Any, ...] | None = None,
) -> None:
    with torch.no_grad(), _quiet():
        program = torch.onnx.export(
            module,
            examples,
            input_names=list(names[0]),
            output_names=list(names[1]),
            dynamic_shapes=shapes,
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
        assert program is not None
        # In one file, so that nothing of it is left behind when it is copied.
        program.save(str(path), external_data=False)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep to ourselves what the exporter says about packages that it does not find and sizes that become constants."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _check(network: SamNetwork, input_size: int, folder: Path) -> dict[str, Any]:
    """Return how far the files compute the same as the network, for an image of noise and three boxes."""
    import onnxruntime

    image = np.random.default_rng(0).random((1, 3, input_size, input_size), np.float32)
    boxes = input_size * np.array([[0.2, 0.3, 0.6, 0.7], [0.1, 0.1, 0.2, 0.25], [0.0, 0.0, 0.95, 0.9]], np.float32)
    with torch.inference_mode():
        expected = network.decode(network.encode(torch.from_numpy(image)), torch.from_numpy(boxes), None)[0].numpy()
    options = onnxruntime.SessionOptions()
    # Its notes about the graph are for those who make exporters.
    options.log_severity_level = 3
    encoder, decoder = (
        onnxruntime.InferenceSession(folder / name, options, providers=["CPUExecutionProvider"])
        for name in (ENCODER_FILE, DECODER_FILE)
    )
    (embedding,) = encoder.run(None, dict(zip(ENCODER_INPUTS, (image,), strict=True)))
    labels = np.tile(np.array([2, 3], np.float32), (len(boxes), 1))
    found = decoder.run(None, dict(zip(DECODER_INPUTS, (embedding, boxes.reshape(-1, 2, 2), labels), strict=True)))[0][
        :, 0
    ]
    overlap, difference = _lowest_iou(expected > 0, found > 0), float(np.abs(found - expected).max())
    if not (overlap >= _LEAST_IOU and difference <= _MOST_DIFFERENCE * np.ptp(expected)):
        raise MedSAMSegError(
            ErrorKind.INTERNAL,
            "export_differs",
            "The exported network computes something else than the one that it was made of "
            f"(IoU {overlap:.3f}, logits {difference:.3g} off).",
            "Nothing was kept. Please report it, with the versions that 'pip freeze' lists.",
        )
    return {
        "with": f"onnxruntime {version('onnxruntime')}",
        "largest_difference_of_logits": float(f"{difference:.3g}"),
        "lowest_iou": round(overlap, 4),
    }


def _lowest_iou(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    """Return the lowest IoU of masks (B, H, W); that of two empty ones is 1."""
    both = np.count_nonzero(first & second, axis=(1, 2))
    either = np.count_nonzero(first | second, axis=(1, 2))
    return float(np.min(np.where(either == 0, 1.0, both / np.maximum(either, 1))))
