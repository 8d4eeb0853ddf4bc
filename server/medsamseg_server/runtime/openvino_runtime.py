"""Networks on the processor with OpenVINO, several times as fast as PyTorch there."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openvino
from numpy.typing import NDArray

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.models.point_slots import count_slots
from medsamseg_server.models.predictor import Predictor
from medsamseg_server.models.specification import ModelSpecification
from medsamseg_server.runtime.decoders import require_decoder
from medsamseg_server.runtime.deferred_runner import DeferredRunner
from medsamseg_server.runtime.mask_windows import MaskWindows
from medsamseg_server.runtime.network_files import NetworkFiles
from medsamseg_server.runtime.openvino_networks import DEVICE, PARTS, convert, export, import_parts, network_key
from medsamseg_server.runtime.precision import choose_precision
from medsamseg_server.runtime.seen_positions import SeenPositions, side_seen
from medsamseg_server.system import paths
from medsamseg_server.system.allocator import give_back_freed_memory
from medsamseg_server.system.safe_files import file_digest

logger = logging.getLogger(__name__)

# Kinds of tokens as in `optimized_decoder`, which imports PyTorch.
_FIRST_CORNER, _SECOND_CORNER, _FILLER, _ABSENT = 2, 3, -1, -2
# Inputs of a decoder that sees all positions.
_EXACT_INPUTS = 4
# SAM's answers to a prompt that may mean several things.
_ALTERNATIVES = (1, 2, 3)


def load_predictor(
    specification: ModelSpecification,
    weights_path: Path,
    precision: str | None = None,
    files: NetworkFiles | None = None,
) -> Predictor:
    """Return a predictor with the weights of a file, on the processor.

    The first time, the network is converted, for which PyTorch is loaded; then it comes from ``files``. Where a model
    has close-ups, the network of whole slices is then loaded when it is first needed.

    Args:
        specification: a model of the SAM family.
        weights_path: its weights.
        precision: ``fp32``, ``mixed`` or ``bf16``; by default what is right for the model on this processor.
        files: where converted networks are kept; by default in the user's data folder.

    Raises:
        MedSAMSegError: ``decoder_unsupported``, or as ``loading.load_network``.
    """
    require_decoder(specification, "openvino")
    core = openvino.Core()
    if precision is None:
        precision = choose_precision(specification, "BF16" in core.get_property(DEVICE, "OPTIMIZATION_CAPABILITIES"))
    files = files or NetworkFiles(paths.networks_folder())
    known_sha256 = _digest(weights_path)

    def load(seen: ModelSpecification) -> tuple[OpenVinoRunner, str]:
        return _load_runner(core, seen, weights_path, known_sha256, precision, files)

    def load_at(input_size: int) -> OpenVinoRunner:
        return load(specification.at(input_size))[0]

    if specification.close_up_size is not None and known_sha256 is not None:
        key = network_key(core, specification, known_sha256, precision)
        if files.has(key, PARTS):
            # Most slices are seen in close-ups. The network of whole ones takes a fifth of a second, and memory.
            deferred = DeferredRunner(precision, lambda: load(specification)[0])
            return Predictor(specification, deferred, known_sha256, load_at)
    runner, weights_sha256 = load(specification)
    return Predictor(specification, runner, weights_sha256, load_at)


def _load_runner(
    core: openvino.Core,
    specification: ModelSpecification,
    weights_path: Path,
    weights_sha256: str | None,
    precision: str,
    files: NetworkFiles,
) -> tuple[OpenVinoRunner, str]:
    """Return a network with the weights of a file, and the file's SHA-256, which is given where it could be read."""
    started = time.perf_counter()
    networks = None
    key = network_key(core, specification, weights_sha256, precision)
    if weights_sha256 is not None:
        networks = import_parts(core, files, key, precision, specification)
    origin = "kept from before"
    if networks is None:
        origin = "converted now"
        networks, weights_sha256 = convert(core, specification, weights_path, precision)
        key = network_key(core, specification, weights_sha256, precision)
        files.write(key, {part: export(network) for part, network in networks.items()})
    runner = OpenVinoRunner(networks, precision)
    # Reading and compiling leave about 50 MB behind.
    give_back_freed_memory()
    logger.info(
        "%s runs with OpenVINO %s on the processor, in %s, with %d threads, on images of %d pixels (%s, %.1f s).",
        specification.title,
        openvino.__version__.partition("-")[0],
        precision,
        runner.threads,
        specification.input_size,
        origin,
        time.perf_counter() - started,
    )
    assert weights_sha256 is not None
    return runner, weights_sha256


class OpenVinoRunner:
    """A network compiled for the processor; see ``NetworkRunner``.

    One thread may encode while another one decodes.

    Args:
        networks: the parts of a network, as ``openvino_conversion.convert_network`` makes them, compiled.
        precision: that of their arithmetic.

    Attributes:
        device: ``cpu``.
        precision: ``fp32``, ``mixed`` or ``bf16``.
        threads: how many the encoder computes with.
    """

    device = "cpu"

    def __init__(self, networks: dict[str, openvino.CompiledModel], precision: str) -> None:
        self.precision = precision
        self._networks = tuple(networks.values())
        self.threads = int(networks["encoder"].get_property("INFERENCE_NUM_THREADS"))
        self._encoder, self._prompts, self._decoder, self._upscaling = (
            networks[part].create_infer_request() for part in PARTS
        )
        self._input_size = int(networks["encoder"].input(0).shape[-1])
        self._embedding_shape = tuple(networks["decoder"].input(0).shape)
        self._can_be_coarse = len(networks["decoder"].inputs) > _EXACT_INPUTS

    def encode(self, prepared: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the embedding (256, G, G) of an encoder input (3, S, S)."""
        _run(self._encoder, {0: np.ascontiguousarray(prepared)[None]})
        embedding: NDArray[np.float32] = _output(self._encoder, 0)[0]
        return embedding

    def decode(
        self,
        embedding: NDArray[np.floating[Any]],
        boxes: NDArray[np.float32] | None,
        points: tuple[NDArray[np.float32], NDArray[np.float32]] | None,
        answer: int = 0,
        coarse_surroundings: bool = False,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the logits (B, 4 · G, 4 · G) and the predicted IoU (B,); see ``NetworkRunner.decode``.

        Logits far from an object's box are ``OUTSIDE`` unless the object goes on there; then it is decoded as if
        ``coarse_surroundings`` were not set.
        """
        is_coarse = coarse_surroundings and self._can_be_coarse
        if is_coarse and boxes is not None and points is None and not answer:
            return self._decode_coarsely(embedding, boxes)
        kernels, scores = self._decode(embedding, boxes, points, (answer,))
        count, side = len(scores), self._embedding_shape[-1]
        # What a box may mean besides its object may lie far beyond it.
        near = None if answer else boxes
        windows = MaskWindows.whole(count, side) if near is None else MaskWindows.around(near, self._input_size, side)
        seen = SeenPositions.all(count, side)
        planes = windows.planes(self._upscale(kernels, windows, np.arange(count), seen)[..., 0])
        logits, leaving = windows.place(planes), windows.leaving(planes)
        if len(leaving):
            whole = MaskWindows.whole(len(leaving), side)
            logits[leaving] = whole.planes(self._upscale(kernels, whole, leaving, seen)[..., 0])
        return logits, scores[:, answer]

    def _decode_coarsely(
        self, embedding: NDArray[np.floating[Any]], boxes: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return as ``decode``, each object with means beyond its surroundings, as if it were alone."""
        grid_side = self._embedding_shape[-1]
        logits = np.empty((len(boxes), *MaskWindows.plane_shape(grid_side)), np.float32)
        scores = np.empty(len(boxes), np.float32)
        each = [MaskWindows.around(box[None], self._input_size, grid_side) for box in boxes]
        sides = np.array([side_seen(windows) for windows in each])
        for side in np.unique(sides):
            alike = np.flatnonzero(sides == side)
            windows = MaskWindows.around(boxes[alike], self._input_size, grid_side)
            seen = SeenPositions.around(windows, int(side))
            kernels, found = self._decode(embedding, boxes[alike], None, (0,), seen)
            planes = windows.planes(self._upscale(kernels, windows, np.arange(len(alike)), seen)[..., 0])
            logits[alike], scores[alike] = windows.place(planes), found[:, 0]
            if len(leaving := alike[windows.leaving(planes)]):
                logits[leaving], scores[leaving] = self.decode(embedding, boxes[leaving], None)
        return logits, scores

    def decode_alternatives(
        self,
        embedding: NDArray[np.floating[Any]],
        points: tuple[NDArray[np.float32], NDArray[np.float32]],
        least_score: float,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the logits (M, 4 · G, 4 · G) and the predicted IoU (B, 3); see ``NetworkRunner``."""
        kernels, scores = self._decode(embedding, None, points, _ALTERNATIVES)
        scores = scores[:, 1:]
        chosen = scores > least_score
        # What is judged badly is not upscaled, which takes longer than all the rest.
        objects = np.flatnonzero(chosen.any(axis=1))
        side = self._embedding_shape[-1]
        if not len(objects):
            return np.empty((0, *MaskWindows.plane_shape(side)), np.float32), scores
        whole, seen = MaskWindows.whole(len(objects), side), SeenPositions.all(len(scores), side)
        logits = np.moveaxis(self._upscale(kernels, whole, objects, seen), -1, 1)[chosen[objects]]
        return whole.planes(logits), scores

    def release(self) -> None:
        """Give back the memory of intermediate results, 230 MB of LiteMedSAM; the next call takes it again."""
        for network in self._networks:
            network.release_memory()

    def _decode(
        self,
        embedding: NDArray[np.floating[Any]],
        boxes: NDArray[np.float32] | None,
        points: tuple[NDArray[np.float32], NDArray[np.float32]] | None,
        answers: Sequence[int],
        seen: SeenPositions | None = None,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the kernels (B, K, 32) of K answers and the IoU (B, 4) of all; the images stay where they are.

        Objects see all positions unless told.
        """
        image = np.ascontiguousarray(embedding, np.float32).reshape(self._embedding_shape)
        positions, kinds = _prompts(boxes, points)
        _run(self._prompts, {0: positions, 1: kinds})
        tokens, wanted = _output(self._prompts, 0), np.array(answers, np.int32)
        inputs: dict[int, NDArray[Any]] = {0: image, 1: tokens, 2: kinds, 3: wanted}
        if self._can_be_coarse:
            inputs[4] = (seen or SeenPositions.all(1, self._embedding_shape[-1])).rows
        _run(self._decoder, inputs)
        return _output(self._decoder, 1), _output(self._decoder, 2)

    def _upscale(
        self,
        kernels: NDArray[np.float32],
        windows: MaskWindows,
        objects: NDArray[np.int64],
        seen: SeenPositions,
    ) -> NDArray[np.float32]:
        """Return the logits (L, P, 16, K) of L of the objects at the P positions of their windows."""
        rows = seen.rows_of(windows, objects)
        count = rows.shape[1]
        # The last position again and again: the network is compiled anew for each number that it meets.
        rows = np.pad(rows, ((0, 0), (0, _positions_computed(count) - count)), mode="edge")
        self._upscaling.set_input_tensor(0, self._decoder.get_output_tensor(0))
        _run(self._upscaling, {1: np.ascontiguousarray(kernels[objects]), 2: rows})
        return _output(self._upscaling, 0)[:, :count]


def _positions_computed(count: int) -> int:
    """Return for how many positions the upscaling is computed: of four numbers from a power of two to the next."""
    step = 1 << max(0, count.bit_length() - 3)
    return -(-count // step) * step


def _prompts(
    boxes: NDArray[np.float32] | None, points: tuple[NDArray[np.float32], NDArray[np.float32]] | None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return positions (B, n, 2) and kinds (B, n) in SAM's order: points, a filler where there is no box, corners.

    After them come absent tokens: the network is compiled anew, and keeps more memory, for every n that it meets. A
    single point and its filler are as many as the corners of a box, for which it is compiled anyway.
    """
    positions: list[NDArray[np.float32]] = []
    kinds: list[NDArray[np.float32]] = []
    if points is not None:
        positions.append(points[0])
        kinds.append(points[1])
        if boxes is None:
            positions.append(np.zeros((len(points[0]), 1, 2), np.float32))
            kinds.append(np.full((len(points[0]), 1), _FILLER, np.float32))
    if boxes is not None:
        positions.append(boxes.reshape(-1, 2, 2))
        kinds.append(np.tile(np.array([_FIRST_CORNER, _SECOND_CORNER], np.float32), (len(boxes), 1)))
    if points is not None:
        objects, count = points[1].shape
        is_single = boxes is None and count == 1
        absent = 0 if is_single else count_slots(count) - count + (boxes is None)
        positions.append(np.zeros((objects, absent, 2), np.float32))
        kinds.append(np.full((objects, absent), _ABSENT, np.float32))
    return np.concatenate(positions, axis=1, dtype=np.float32), np.concatenate(kinds, axis=1, dtype=np.float32)


def _run(request: openvino.InferRequest, inputs: dict[int, NDArray[Any]]) -> None:
    try:
        request.infer(inputs, share_inputs=True)
    except RuntimeError as error:
        if "alloc" not in str(error):
            raise
        raise MedSAMSegError(
            ErrorKind.INTERNAL,
            "device_out_of_memory",
            "The memory of the device 'cpu' is not enough for the network.",
            "Close other programs, or choose the model litemedsam, which needs least.",
        ) from error


def _output(request: openvino.InferRequest, number: int) -> NDArray[np.float32]:
    """Return a copy; the request's own memory, which the next run overwrites, is never handed out."""
    return np.array(request.get_output_tensor(number).data)


def _digest(weights_path: Path) -> str | None:
    """Return the file's SHA-256; None when it cannot be read, which loading it will explain."""
    try:
        return file_digest(weights_path)
    except OSError:
        return None
