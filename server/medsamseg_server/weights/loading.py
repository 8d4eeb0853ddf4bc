"""From a weights file to a network, strictly: every tensor has its place, and every place gets its tensor."""

from __future__ import annotations

import pickle
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.models.networks import SamNetwork, build_network
from medsamseg_server.models.specification import ModelSpecification
from medsamseg_server.weights.checksums import file_digest, recognize
from medsamseg_server.weights.hugging_face_keys import HUGGING_FACE_ENCODER, official_name
from medsamseg_server.weights.registry import PublishedFile, get_checkpoint

_ZIP_START = b"PK\x03\x04"
# Which of these torch raises depends on where the bytes stop making sense.
_LOADING_ERRORS = (
    pickle.UnpicklingError,
    struct.error,
    EOFError,
    RuntimeError,
    ValueError,
    KeyError,
    IndexError,
    AttributeError,
    TypeError,
    AssertionError,
)
# Training scripts, MedSAM's among them, store the weights beside the optimizer's state under one of these names.
_WRAPPERS = ("model", "state_dict")
# What DistributedDataParallel puts before every name.
_PARALLEL_PREFIX = "module."


def load_network(specification: ModelSpecification, path: Path) -> tuple[SamNetwork, str]:
    """Return the model's network with the weights of a file, in evaluation mode on the CPU, and the file's SHA-256.

    The file has the tensor names of the authors' checkpoints or of the transformers library. No code in it is run.

    Raises:
        MedSAMSegError: ``weights_unreadable``, ``weights_truncated`` or ``weights_wrong_architecture``.
    """
    network = build_network(specification)
    return network, load_weights(network, specification, path)


def load_weights(network: nn.Module, specification: ModelSpecification, path: Path) -> str:
    """Put the weights of a file into the network of ``specification``, and return the file's SHA-256.

    Raises:
        MedSAMSegError: as ``load_network``.
    """
    state = _official_state(specification, _read_tensors(specification, path))
    _check_architecture(specification, path, state, network.state_dict())
    network.load_state_dict(state, strict=True)
    return file_digest(path)


def _read_tensors(specification: ModelSpecification, path: Path) -> dict[str, Tensor]:
    try:
        loaded = _read_file(specification, path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise _failure(specification, "weights_unreadable", f"{path} cannot be read: {reason}.") from error
    for wrapper in _WRAPPERS:
        if isinstance(loaded, Mapping) and isinstance(loaded.get(wrapper), Mapping):
            loaded = loaded[wrapper]
    if not isinstance(loaded, Mapping) or not all(
        isinstance(name, str) and isinstance(tensor, Tensor) for name, tensor in loaded.items()
    ):
        raise _failure(specification, "weights_unreadable", f"{path} holds something else than named tensors.")
    return dict(loaded)


def _read_file(specification: ModelSpecification, path: Path) -> Any:
    with path.open("rb") as file:
        is_zip = file.read(len(_ZIP_START)) == _ZIP_START
    if path.stat().st_size == 0:
        raise _failure(specification, "weights_truncated", f"{path} is empty.")
    if is_zip and not _has_zip_end(path):
        raise _failure(specification, "weights_truncated", f"{path} is incomplete: its end is missing.")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except _LOADING_ERRORS as error:
        message = f"{path} is damaged, or no PyTorch file with tensors and nothing else, so it was not loaded."
        raise _failure(specification, "weights_unreadable", message) from error


def _has_zip_end(path: Path) -> bool:
    try:
        return zipfile.is_zipfile(path)
    except zipfile.BadZipFile:
        return False


def _official_state(specification: ModelSpecification, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors that the network uses under the names of the authors' checkpoints."""
    if all(name.startswith(_PARALLEL_PREFIX) for name in state):
        state = {name.removeprefix(_PARALLEL_PREFIX): tensor for name, tensor in state.items()}
    if any(name.startswith(HUGGING_FACE_ENCODER) for name in state):
        state = {official_name(name): tensor for name, tensor in state.items()}
    return {name: tensor for name, tensor in state.items() if not name.startswith(specification.unused_weights)}


def _check_architecture(
    specification: ModelSpecification, path: Path, found: Mapping[str, Tensor], expected: Mapping[str, Tensor]
) -> None:
    missing = [name for name in expected if name not in found]
    surplus = [name for name in found if name not in expected]
    reshaped = [name for name in expected if name in found and found[name].shape != expected[name].shape]
    if not (missing or surplus or reshaped):
        return
    differences = [
        f"{len(names)} {what} (first: {names[0]})"
        for names, what in ((missing, "missing"), (surplus, "too many"), (reshaped, "of another shape"))
        if names
    ]
    recognized = recognize(path)
    what_it_is = (
        f"{path} holds the weights of {recognized[0].title}, not" if recognized else f"{path} does not hold those"
    )
    raise _failure(
        specification,
        "weights_wrong_architecture",
        f"{what_it_is} of {specification.title}. Of its tensors, {', '.join(differences)}.",
    )


def _failure(specification: ModelSpecification, code: str, message: str) -> MedSAMSegError:
    files = get_checkpoint(specification.name).files
    expected = " or ".join(_describe(published) for published in files)
    remedy = (
        f"Get it with: medsamseg models remove {specification.name}; medsamseg models download {specification.name}"
        if files[0].sources
        else "It was trained here: train it again."
    )
    return MedSAMSegError(ErrorKind.UNREADABLE, code, message, f"{specification.title} needs {expected}. {remedy}")


def _describe(published: PublishedFile) -> str:
    size = f"{published.size_bytes:,} bytes, " if published.size_bytes is not None else ""
    return f"{published.file_name} ({size}{published.algorithm} {published.digest})"
