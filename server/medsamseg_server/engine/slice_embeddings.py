"""Embeddings of slices and close-ups: from the cache where the encoder's exact input is known, or encoded."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.embedding_cache import Embedding, EmbeddingCache, embedding_key
from medsamseg_server.engine.slice_keys import SliceKeys
from medsamseg_server.engine.slice_request import Framing, SliceRequest
from medsamseg_server.errors import ErrorKind, MedSAMSegError

if TYPE_CHECKING:
    from medsamseg_server.models.predictor import Predictor

# SAM's masks are so many times as large as its embeddings.
_MASK_SCALE = 4


@dataclass(frozen=True)
class Embedded:
    """The embedding of a slice, or of a close-up.

    Attributes:
        embedding: float16, shared with the cache and read-only.
        framing: what the network saw.
        was_cached: no encoder ran.
        seconds: time spent, preparation included.
        predictor: the network, for the size of this view.
    """

    embedding: Embedding
    framing: Framing
    was_cached: bool
    seconds: float
    predictor: Predictor

    @property
    def mask_side(self) -> int:
        """Side of the masks that the network makes."""
        return _MASK_SCALE * int(self.embedding.shape[-1])

    @property
    def mask_pixel(self) -> float:
        """Size of a pixel of the masks that the network makes, in pixels of the slice."""
        return max(self.framing.view.shape) / self.mask_side


class SliceEmbeddings:
    """The cache, and what fills it.

    Args:
        cache: where embeddings are kept.
    """

    def __init__(self, cache: EmbeddingCache) -> None:
        self.cache = cache
        self._keys = SliceKeys()

    def find(self, predictor: Predictor, request: SliceRequest, framing: Framing) -> Embedded | None:
        """Return an embedding where it is known; encodes nothing."""
        started = time.perf_counter()
        predictor = predictor.at(framing.view.input_size)
        key, prepared = self._key(predictor, request, framing)
        embedding = self.cache.get(key, predictor.specification.embedding_shape)
        if embedding is None:
            if prepared is not None:
                request.keep(framing, prepared)
            return None
        return Embedded(embedding, framing, True, time.perf_counter() - started, predictor)

    def embed(self, predictor: Predictor, request: SliceRequest, framing: Framing) -> Embedded:
        """Return an embedding, encoded where it is not known."""
        started = time.perf_counter()
        predictor = predictor.at(framing.view.input_size)
        key, prepared = self._key(predictor, request, framing)
        embedding = self.cache.get(key, predictor.specification.embedding_shape)
        was_cached = embedding is not None
        if embedding is None:
            embedding = self._encode(predictor, key, _prepare(predictor, request, framing, prepared))
        return Embedded(embedding, framing, was_cached, time.perf_counter() - started, predictor)

    def fill(self, predictor: Predictor, request: SliceRequest, framing: Framing) -> bool:
        """Make sure that an embedding is in the cache; return whether it had to be encoded."""
        predictor = predictor.at(framing.view.input_size)
        key, prepared = self._key(predictor, request, framing)
        if self.cache.has(key, predictor.specification.embedding_shape):
            return False
        self._encode(predictor, key, _prepare(predictor, request, framing, prepared))
        return True

    def _encode(self, predictor: Predictor, key: str, prepared: NDArray[np.float32]) -> Embedding:
        # Rounded before its first use, so that a later click on the cached embedding gives the identical mask.
        embedding = _to_half(predictor.encode_prepared(prepared))
        self.cache.put(key, embedding)
        return embedding

    def _key(
        self, predictor: Predictor, request: SliceRequest, framing: Framing
    ) -> tuple[str, NDArray[np.float32] | None]:
        """Return the cache key of an embedding, and the encoder's input where that had to be made for it."""
        network = (predictor.specification.name, predictor.weights_sha256, predictor.precision)
        window = framing.window
        what = (request.axis, request.index, framing.view, window.lower, window.upper, *network)
        key = self._keys.find(request.volume, what)
        if key is not None:
            return key, None
        prepared = predictor.prepare(request.input(framing))
        key = embedding_key(prepared, *network)
        self._keys.remember(request.volume, what, key)
        return key, prepared


def _prepare(
    predictor: Predictor, request: SliceRequest, framing: Framing, prepared: NDArray[np.float32] | None
) -> NDArray[np.float32]:
    """Return the exact encoder input: ``prepared``, or what was made to look for the embedding, or a new one."""
    if prepared is None:
        prepared = request.take(framing)
    return predictor.prepare(request.input(framing)) if prepared is None else prepared


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
