"""Networks on PyTorch: CUDA, Apple's Metal, or the processor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.models.networks import SamNetwork
from medsamseg_server.models.predictor import Predictor
from medsamseg_server.models.specialist import SpecialistNetwork, build_specialist
from medsamseg_server.models.specification import Decoder, ModelSpecification, SamDecoder, UNetParameters
from medsamseg_server.runtime.decoders import require_decoder
from medsamseg_server.runtime.fused_attention import with_fused_attention
from medsamseg_server.runtime.precision import choose_torch_precision
from medsamseg_server.weights.loading import load_network, load_weights

# Only CUDA's failure has a type of its own; the processor's (Linux, Windows) and Metal's are known by their words.
_OUT_OF_MEMORY = ("can't allocate memory", "not enough memory", "out of memory")

#: Devices by preference.
DEVICES = ("cuda", "mps", "cpu")


def select_device(device: str) -> str:
    """Return the device to compute on: ``cuda``, ``mps`` or ``cpu``.

    Args:
        device: one of these, or ``auto`` for the first that this computer has.

    Raises:
        MedSAMSegError: ``device_unknown``, or ``device_unavailable`` when this computer does not have it.
    """
    if device == "auto":
        return next(candidate for candidate in DEVICES if _is_available(candidate))
    if device not in DEVICES:
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "device_unknown",
            f"There is no device '{device}'.",
            f"Choose one of: auto, {', '.join(DEVICES)}.",
        )
    if not _is_available(device):
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "device_unavailable",
            f"The device '{device}' cannot be used: PyTorch {torch.__version__} finds none on this computer.",
            "Choose auto or cpu, or install the graphics driver and a PyTorch made for it.",
        )
    return device


def load_predictor(specification: ModelSpecification, weights_path: Path, device: str) -> Predictor:
    """Return a predictor with the weights of a file.

    Args:
        specification: the model.
        weights_path: its weights.
        device: ``auto``, ``cuda``, ``mps`` or ``cpu``.

    Raises:
        MedSAMSegError: ``decoder_unsupported``; as ``select_device`` and ``load_network``.
    """
    selected = select_device(device)
    require_decoder(specification, "torch")
    return _LOADERS[type(specification.decoder)](specification, weights_path, selected)


def _load_sam(specification: ModelSpecification, weights_path: Path, device: str) -> Predictor:
    network, weights_sha256 = load_network(specification, weights_path)
    network.image_encoder = with_fused_attention(network.image_encoder)

    def load_at(input_size: int) -> TorchRunner:
        return _make_runner(network.at(input_size), device, specification.at(input_size))

    return Predictor(specification, _make_runner(network, device, specification), weights_sha256, load_at)


def _load_specialist(specification: ModelSpecification, weights_path: Path, device: str) -> Predictor:
    network = build_specialist(specification)
    weights_sha256 = load_weights(network, specification, weights_path)
    return Predictor(specification, _make_runner(network, device, specification), weights_sha256)


_LOADERS: dict[type[Decoder], Callable[[ModelSpecification, Path, str], Predictor]] = {
    SamDecoder: _load_sam,
    UNetParameters: _load_specialist,
}


def _make_runner(
    network: SamNetwork | SpecialistNetwork, device: str, specification: ModelSpecification
) -> TorchRunner:
    runner = TorchRunner(network, device, choose_torch_precision(specification, device))
    if device != "cpu":
        _warm_up(runner, specification)
    return runner


def _warm_up(runner: TorchRunner, specification: ModelSpecification) -> None:
    """Let a graphics card compile and choose its kernels now and not at the first click."""
    size = specification.input_size
    embedding = runner.encode(np.zeros((3, size, size), np.float32))
    runner.decode(embedding, np.array([[0, 0, size / 2, size / 2]], np.float32), None)


class TorchRunner:
    """A network on a PyTorch device; see ``NetworkRunner``.

    Attributes:
        device: ``cuda``, ``mps`` or ``cpu``.
        precision: ``fp32``, or ``fp16`` where the encoder's products are of half floats; the decoder's never are.
    """

    def __init__(
        self, network: SamNetwork | SpecialistNetwork, device: str = "cpu", precision: Literal["fp32", "fp16"] = "fp32"
    ) -> None:
        self.device = device
        self.precision = precision
        with _memory_errors(device):
            self._network = network.eval().to(device)

    @torch.inference_mode()
    def encode(self, prepared: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the embedding (256, G, G) of an encoder input (3, S, S)."""
        autocast = torch.autocast(self.device, torch.float16, enabled=self.precision == "fp16")
        with _memory_errors(self.device), autocast:
            return _to_array(self._network.encode(self._to_tensor(prepared)[None])[0])

    @torch.inference_mode()
    def decode(
        self,
        embedding: NDArray[np.floating[Any]],
        boxes: NDArray[np.float32] | None,
        points: tuple[NDArray[np.float32], NDArray[np.float32]] | None,
        answer: int = 0,
        coarse_surroundings: bool = False,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the logits (B, 4 · G, 4 · G) and the predicted IoU (B,), exactly; see ``NetworkRunner.decode``."""
        with _memory_errors(self.device):
            asked = (
                self._to_tensor(embedding)[None],
                None if boxes is None else self._to_tensor(boxes),
                None if points is None else (self._to_tensor(points[0]), self._to_tensor(points[1])),
            )
            logits, scores = self._sam.decode(*asked, answer) if answer else self._network.decode(*asked)
            return _to_array(logits), _to_array(scores)

    @torch.inference_mode()
    def decode_alternatives(
        self,
        embedding: NDArray[np.floating[Any]],
        points: tuple[NDArray[np.float32], NDArray[np.float32]],
        least_score: float,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the logits (M, 4 · G, 4 · G) and the predicted IoU (B, 3); see ``NetworkRunner``."""
        with _memory_errors(self.device):
            logits, scores = self._sam.decode_alternatives(
                self._to_tensor(embedding)[None], (self._to_tensor(points[0]), self._to_tensor(points[1]))
            )
            return _to_array(logits[scores > least_score]), _to_array(scores)

    def release(self) -> None:
        """Give back the memory of intermediate results that PyTorch keeps on a graphics card."""
        if self.device == "cuda":
            torch.cuda.empty_cache()

    @property
    def _sam(self) -> SamNetwork:
        if not isinstance(self._network, SamNetwork):
            raise TypeError("A specialist gives one mask for a box, and none for a point.")
        return self._network

    def _to_tensor(self, array: NDArray[np.floating[Any]]) -> Tensor:
        # Copied: the caller's array may be read-only, which a tensor on the same memory could not be.
        return torch.tensor(array, dtype=torch.float32, device=self.device)


def _to_array(tensor: Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = tensor.float().cpu().numpy()
    return array


def _is_available(device: str) -> bool:
    if device == "cuda":
        return torch.cuda.is_available()
    if device == "mps":
        return torch.backends.mps.is_available()
    return True


@contextmanager
def _memory_errors(device: str) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        if not any(words in str(error) for words in _OUT_OF_MEMORY):
            raise
        raise MedSAMSegError(
            ErrorKind.INTERNAL,
            "device_out_of_memory",
            f"The memory of the device '{device}' is not enough for the network.",
            "Close other programs, or choose the model litemedsam, which needs least."
            if device == "cpu"
            else "Close other programs that use the graphics card, or use the device cpu.",
        ) from error
