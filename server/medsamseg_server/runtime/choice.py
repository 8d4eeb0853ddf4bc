"""Which runtime a network gets: PyTorch on a graphics card, OpenVINO on the processor."""

from __future__ import annotations

import ctypes
import importlib.util
import logging
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.runtime.decoders import can_run
from medsamseg_server.system.allocator import keep_freed_memory

if TYPE_CHECKING:
    from medsamseg_server.models.predictor import Predictor
    from medsamseg_server.models.specification import ModelSpecification

logger = logging.getLogger(__name__)

#: What ``--runtime`` takes.
RUNTIMES = ("auto", "torch", "openvino")

# The drivers' libraries; without one, PyTorch finds no graphics card either.
_DRIVERS = ("nvcuda.dll",) if sys.platform == "win32" else ("libcuda.so.1", "libamdhip64.so")


def load_predictor(
    specification: ModelSpecification, weights_path: Path, device: str = "auto", runtime: str = "auto"
) -> Predictor:
    """Return a predictor with the weights of a file, on the runtime that is asked for or best.

    Args:
        specification: the model.
        weights_path: its weights.
        device: ``auto``, ``cuda``, ``mps`` or ``cpu``.
        runtime: ``auto``, ``torch`` or ``openvino``.

    Raises:
        MedSAMSegError: ``runtime_unknown``, ``runtime_unavailable``, ``decoder_unsupported``; as
            ``torch_runtime.load_predictor``.
    """
    check_runtime(runtime, device)
    if not can_run(specification, "openvino"):
        return _load_with_torch(specification, weights_path, device)
    if runtime == "openvino":
        return _load_with_openvino(specification, weights_path)
    if runtime == "auto" and choose_device(device) == "cpu" and is_openvino_installed():
        try:
            return _load_with_openvino(specification, weights_path)
        except MedSAMSegError:
            raise
        except Exception as error:
            # A network that cannot be converted here is slow, which is better than not there.
            logger.warning(
                "%s cannot run with OpenVINO, so it runs with PyTorch, which is slower: %s: %s",
                specification.title,
                type(error).__name__,
                error,
            )
    return _load_with_torch(specification, weights_path, device)


def check_runtime(runtime: str, device: str) -> None:
    """Raise ``runtime_unknown`` or ``runtime_unavailable`` unless the runtime can be used on the device."""
    if runtime not in RUNTIMES:
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "runtime_unknown",
            f"There is no runtime '{runtime}'.",
            f"Choose one of: {', '.join(RUNTIMES)}.",
        )
    if runtime != "openvino":
        return
    if device not in ("auto", "cpu"):
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "runtime_unavailable",
            f"OpenVINO computes on the processor here, not on the device '{device}'.",
            "Choose the device cpu, or the runtime torch.",
        )
    if not is_openvino_installed():
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "runtime_unavailable",
            "OpenVINO is not installed.",
            "Install it with: pip install openvino. Or choose the runtime torch.",
        )


def is_openvino_installed() -> bool:
    """Return whether OpenVINO can be imported, without doing it."""
    return importlib.util.find_spec("openvino") is not None


def choose_device(device: str) -> str:
    """Return the device that ``device`` means, and load PyTorch only where the answer may be another than ``cpu``.

    Raises:
        MedSAMSegError: as ``torch_runtime.select_device``.
    """
    if device == "cpu" or (device == "auto" and not _may_have_accelerator()):
        return "cpu"
    from medsamseg_server.runtime.torch_runtime import select_device

    return select_device(device)


def _may_have_accelerator() -> bool:
    if sys.platform == "darwin":
        return True
    if metadata.version("torch").endswith("+cpu"):
        return False
    return any(_can_load(library) for library in _DRIVERS)


def _can_load(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _load_with_torch(specification: ModelSpecification, weights_path: Path, device: str) -> Predictor:
    from medsamseg_server.runtime import torch_runtime

    keep_freed_memory()
    predictor = torch_runtime.load_predictor(specification, weights_path, device)
    logger.info("%s runs with PyTorch on %s, in %s.", specification.title, predictor.device, predictor.precision)
    return predictor


def _load_with_openvino(specification: ModelSpecification, weights_path: Path) -> Predictor:
    from medsamseg_server.runtime import openvino_runtime

    return openvino_runtime.load_predictor(specification, weights_path)
