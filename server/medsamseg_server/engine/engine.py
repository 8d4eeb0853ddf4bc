"""From a volume and prompts on a slice to masks: windowing, the embedding cache, and the network.

The command line calls this directly. The server calls ``find``, ``decode`` and ``check_prompts`` on any thread, and
everything else on its one encoding thread.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.embedding_cache import Embedding, EmbeddingCache, embedding_key
from medsamseg_server.engine.masks import SliceMask
from medsamseg_server.engine.prompts import Prompt, check_prompts
from medsamseg_server.engine.slice_keys import SliceKeys
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.models.point_slots import count_tokens
from medsamseg_server.volumes.volume import Volume
from medsamseg_server.volumes.windows import IntensityRange
from medsamseg_server.weights.catalog import get_specification
from medsamseg_server.weights.registry import DEFAULT_MODEL

if TYPE_CHECKING:
    from medsamseg_server.models.predictor import Predictor
    from medsamseg_server.models.specification import ModelSpecification
    from medsamseg_server.weights.store import ModelStore

#: (specification, weights file, "auto" | "cuda" | "mps" | "cpu") to a predictor.
LoadPredictor: TypeAlias = "Callable[[ModelSpecification, Path, str], Predictor]"

#: Loaded networks; a third one replaces the one unused for longest.
_LOADED_AT_ONCE = 2
# Bounds of the decoder's memory: objects, tokens and mask pixels of one batch, unless one object alone has more.
_DECODED_AT_ONCE = 16
_TOKENS_AT_ONCE = _DECODED_AT_ONCE * count_tokens(0)
_PIXELS_AT_ONCE = 2**24


@dataclass(frozen=True)
class Embedded:
    """A slice's embedding.

    Attributes:
        embedding: float16, shared with the cache and read-only.
        image_size: (H, W) of the slice.
        was_cached: no encoder ran.
        seconds: time spent, preparation included.
        window: the intensities that the network saw.
        predictor: the network.
    """

    embedding: Embedding
    image_size: tuple[int, int]
    was_cached: bool
    seconds: float
    window: IntensityRange
    predictor: Predictor


@dataclass(frozen=True)
class SliceSegmentation:
    """The answer for one slice: a mask per prompt, and how it came about.

    Attributes:
        masks: in the order of the prompts.
        was_cached: the embedding was known.
        encode_seconds: time for the embedding.
        decode_seconds: time for the masks.
        model: name of the network.
        weights_sha256: which weights it had.
        window: the intensities it saw.
    """

    masks: list[SliceMask]
    was_cached: bool
    encode_seconds: float
    decode_seconds: float
    model: str
    weights_sha256: str
    window: IntensityRange


class Engine:
    """Segments slices with any of the models.

    A network is asked to encode and to decode at the same time, each by one thread at most.

    Args:
        store: where the weights are.
        cache: embeddings; by default some memory and no disk.
        device: ``auto``, ``cuda``, ``mps`` or ``cpu``.
        default_model: the model when a request names none.
        load_predictor: loads a network; that of ``runtime.choice`` unless a test brings its own.
        runtime: ``auto``, ``torch`` or ``openvino``.
    """

    def __init__(
        self,
        store: ModelStore,
        cache: EmbeddingCache | None = None,
        device: str = "auto",
        default_model: str = DEFAULT_MODEL,
        load_predictor: LoadPredictor | None = None,
        runtime: str = "auto",
    ) -> None:
        self.store = store
        self.default_model = default_model
        self.device = device
        self._cache = cache or EmbeddingCache()
        self._load_predictor = load_predictor or (
            lambda specification, weights, device: _load_predictor(specification, weights, device, runtime)
        )
        self._predictors: OrderedDict[str, Predictor] = OrderedDict()
        self._keys = SliceKeys()
        self._decoding = threading.Lock()

    def is_loaded(self, model: str | None = None) -> bool:
        """Return whether the model's network is in memory."""
        return (model or self.default_model) in self._predictors

    def check_model(self, model: str | None = None) -> str:
        """Return the model's name; raise ``model_unknown`` or ``model_missing`` if it cannot be used. Loads nothing."""
        name = model or self.default_model
        self.store.path(name)
        return name

    def predictor(self, model: str | None = None) -> Predictor:
        """Return the model's predictor, loaded on first use.

        Raises:
            MedSAMSegError: ``model_unknown``, ``model_missing``, or what is wrong with its file.
        """
        name = model or self.default_model
        predictor = self._predictors.get(name)
        if predictor is None:
            specification = get_specification(name)
            predictor = self._load_predictor(specification, self.store.path(name), self.device)
            self.device = predictor.device
            while len(self._predictors) >= _LOADED_AT_ONCE:
                self._predictors.popitem(last=False)
            self._predictors[name] = predictor
        # Never out of the dictionary for a moment: other threads ask whether the model is loaded.
        self._predictors.move_to_end(name)
        return predictor

    def embed(self, volume: Volume, axis: int, index: int, window: str = "auto", model: str | None = None) -> Embedded:
        """Return the embedding of a slice, from the cache where the encoder's exact input is known.

        Raises:
            MedSAMSegError: ``axis_invalid``, ``slice_out_of_range``, ``window_invalid``, or as ``predictor``.
        """
        embedded = self._look_up(self.predictor(model), volume, axis, index, window, encodes=True)
        assert embedded is not None
        return embedded

    def find(
        self, volume: Volume, axis: int, index: int, window: str = "auto", model: str | None = None
    ) -> Embedded | None:
        """Return the embedding of a slice where it is known; encodes nothing and loads no network.

        Raises:
            MedSAMSegError: ``axis_invalid``, ``slice_out_of_range`` or ``window_invalid``.
        """
        predictor = self._predictors.get(model or self.default_model)
        return None if predictor is None else self._look_up(predictor, volume, axis, index, window, encodes=False)

    def segment(
        self,
        volume: Volume,
        axis: int,
        index: int,
        prompts: Sequence[Prompt],
        window: str = "auto",
        model: str | None = None,
    ) -> SliceSegmentation:
        """Return one mask per prompt on a slice.

        Raises:
            MedSAMSegError: as ``check_prompts`` and ``embed``.
        """
        self.check_prompts(volume, axis, index, prompts)
        return self.decode(self.embed(volume, axis, index, window, model), prompts)

    def check_prompts(self, volume: Volume, axis: int, index: int, prompts: Sequence[Prompt]) -> None:
        """Check the prompts for a slice.

        Raises:
            MedSAMSegError: ``axis_invalid``, ``slice_out_of_range``, ``prompt_missing``, ``prompt_empty``,
                ``box_not_finite``, ``box_reversed``, ``box_empty``, ``box_outside_image``, ``points_too_many`` or
                ``point_outside_image``.
        """
        check_prompts(prompts, volume.slice_size(axis, index))

    def decode(self, embedded: Embedded, prompts: Sequence[Prompt]) -> SliceSegmentation:
        """Return one mask per prompt, which have been checked, on an embedded slice."""
        started = time.perf_counter()
        with self._decoding:
            masks = _decode(embedded.predictor, embedded, prompts)
        return SliceSegmentation(
            masks,
            embedded.was_cached,
            embedded.seconds,
            time.perf_counter() - started,
            embedded.predictor.specification.name,
            embedded.predictor.weights_sha256,
            embedded.window,
        )

    def encode_ahead(
        self, volume: Volume, axis: int, index: int, window: str = "auto", model: str | None = None
    ) -> bool:
        """Make sure that a slice's embedding is in the cache; return whether it had to be encoded. As ``embed``."""
        predictor = self.predictor(model)
        key, prepared = self._key(predictor, volume, axis, index, window)
        if self._cache.has(key, predictor.specification.embedding_shape):
            return False
        self._encode(predictor, key, _prepare(predictor, volume, axis, index, window) if prepared is None else prepared)
        return True

    @property
    def room_ahead(self) -> int:
        """Number of slices that the cache can keep at once."""
        return self._cache.room

    def _look_up(
        self, predictor: Predictor, volume: Volume, axis: int, index: int, window: str, encodes: bool
    ) -> Embedded | None:
        """Return a slice's embedding, encoded where it is not known, or None where it may not be."""
        started = time.perf_counter()
        key, prepared = self._key(predictor, volume, axis, index, window)
        embedding = self._cache.get(key, predictor.specification.embedding_shape)
        was_cached = embedding is not None
        if embedding is None:
            if not encodes:
                return None
            if prepared is None:
                prepared = _prepare(predictor, volume, axis, index, window)
            embedding = self._encode(predictor, key, prepared)
        image_size = volume.slice_size(axis, index)
        seconds = time.perf_counter() - started
        return Embedded(embedding, image_size, was_cached, seconds, volume.window(window), predictor)

    def _encode(self, predictor: Predictor, key: str, prepared: NDArray[np.float32]) -> Embedding:
        # Rounded before its first use, so that a later click on the cached embedding gives the identical mask.
        embedding = _to_half(predictor.encode_prepared(prepared))
        self._cache.put(key, embedding)
        return embedding

    def _key(
        self, predictor: Predictor, volume: Volume, axis: int, index: int, window: str
    ) -> tuple[str, NDArray[np.float32] | None]:
        """Return the cache key of a slice's embedding, and the encoder's input where that had to be made for it."""
        intensities = volume.window(window)
        network = (predictor.specification.name, predictor.weights_sha256, predictor.precision)
        place = (axis, index, intensities.lower, intensities.upper, *network)
        key = self._keys.find(volume, place)
        if key is not None:
            return key, None
        prepared = _prepare(predictor, volume, axis, index, window)
        key = embedding_key(prepared, *network)
        self._keys.remember(volume, place, key)
        return key, prepared


def _decode(predictor: Predictor, embedded: Embedded, prompts: Sequence[Prompt]) -> list[SliceMask]:
    """Decode prompts of one kind (with a box or not, number of points) in batches; masks in prompt order."""
    kinds: dict[tuple[bool, int], list[int]] = {}
    for number, prompt in enumerate(prompts):
        kinds.setdefault((prompt.box is not None, len(prompt.points)), []).append(number)
    masks: dict[int, SliceMask] = {}
    for (has_box, point_count), numbers in kinds.items():
        at_once = _batch_size(point_count, embedded.image_size)
        for start in range(0, len(numbers), at_once):
            batch = numbers[start : start + at_once]
            boxes = np.array([prompts[number].box for number in batch], np.float32) if has_box else None
            points = labels = None
            if point_count:
                triples = np.array([prompts[number].points for number in batch], np.float32)
                points, labels = triples[..., :2], triples[..., 2].astype(np.int32)
            prediction = predictor.decode(embedded.embedding, embedded.image_size, boxes, points, labels)
            for number, mask, score in zip(batch, prediction.masks, prediction.scores, strict=True):
                masks[number] = SliceMask.from_mask(mask, float(score))
    return [masks[number] for number in range(len(prompts))]


def _batch_size(point_count: int, image_size: tuple[int, int]) -> int:
    """Return how many prompts of so many points are decoded at once on a slice of ``image_size`` (H, W)."""
    height, width = image_size
    bounds = (_DECODED_AT_ONCE, _TOKENS_AT_ONCE // count_tokens(point_count), _PIXELS_AT_ONCE // (height * width))
    return max(min(bounds), 1)


def _prepare(predictor: Predictor, volume: Volume, axis: int, index: int, window: str) -> NDArray[np.float32]:
    return predictor.prepare(volume.window(window).apply(volume.slice(axis, index)))


def _to_half(embedding: NDArray[np.float32]) -> Embedding:
    if not np.isfinite(embedding).all():
        raise MedSAMSegError(
            ErrorKind.INTERNAL,
            "embedding_invalid",
            "The network's result for this slice is not a number.",
            "Try another window or model; the weights may be damaged: remove and download them again.",
        )
    limit = np.finfo(np.float16).max
    return np.clip(embedding, -limit, limit).astype(np.float16)


def _load_predictor(specification: ModelSpecification, weights: Path, device: str, runtime: str) -> Predictor:
    from medsamseg_server.runtime.choice import load_predictor

    return load_predictor(specification, weights, device, runtime)
