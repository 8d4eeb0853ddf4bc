"""Embeddings of the slices that are trained on: each computed once, by the product's own runtime, and kept on disk."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.embedding_cache import EmbeddingCache, embedding_key
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.system.safe_files import ensure_folder, ensure_free_space

if TYPE_CHECKING:
    from medsamseg_server.models.predictor import Predictor

# What is used again soon; the system keeps the rest of the files in memory as far as there is any.
_MEMORY_BYTES = 2**28
# Nothing may be dropped during training.
_NO_QUOTA = 2**62


class EmbeddingsOnDisk:
    """Embeddings of slices, float16, in a folder.

    Args:
        predictor: computes them.
        folder: keeps them; may be shared by runs, as every one lies under the hash of what the encoder saw.
    """

    def __init__(self, predictor: Predictor, folder: Path) -> None:
        self._predictor = predictor
        self._folder = folder
        self._cache = EmbeddingCache(_MEMORY_BYTES, folder, _NO_QUOTA)

    def compute(self, slices: Iterable[NDArray[np.uint8]], progress: Callable[[], None] = lambda: None) -> None:
        """Compute what is missing, so that later calls are fast.

        Args:
            slices: gray levels (H, W) of each.
            progress: called after each slice.

        Raises:
            MedSAMSegError: of kind ``CANNOT_WRITE`` when the disk has too little space or refuses.
        """
        slices = list(slices)
        ensure_folder(self._folder)
        missing = [gray for gray in slices if not self._is_kept(gray)]
        ensure_free_space(self._folder, len(missing) * 2 * math.prod(self._predictor.specification.embedding_shape))
        for _ in range(len(slices) - len(missing)):
            progress()
        for gray in missing:
            self.get(gray)
            progress()

    def get(self, gray: NDArray[np.uint8]) -> NDArray[np.float16]:
        """Return the embedding (256, 64, 64) of a slice (H, W) of gray levels."""
        prepared = self._predictor.prepare(gray)
        key = self._key(prepared)
        found = self._cache.get(key, self._predictor.specification.embedding_shape)
        if found is None:
            embedding = self._predictor.encode_prepared(prepared)
            if not np.isfinite(embedding).all():
                raise MedSAMSegError(
                    ErrorKind.INTERNAL, "embedding_invalid", "The network's result for a slice is not a number."
                )
            limit = np.finfo(np.float16).max
            found = np.clip(embedding, -limit, limit).astype(np.float16)
            self._cache.put(key, found)
        return found

    def _is_kept(self, gray: NDArray[np.uint8]) -> bool:
        key = self._key(self._predictor.prepare(gray))
        return self._cache.has(key, self._predictor.specification.embedding_shape)

    def _key(self, prepared: NDArray[np.float32]) -> str:
        predictor = self._predictor
        return embedding_key(prepared, predictor.specification.name, predictor.weights_sha256, predictor.precision)
