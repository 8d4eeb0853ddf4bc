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
    from medsamseg_server.models.specification import ModelSpecification

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

    @property
    def specification(self) -> ModelSpecification:
        """The model's, as it sees slices."""
        return self._predictor.specification

    def compute(
        self, slices: Iterable[tuple[NDArray[np.uint8], int]], progress: Callable[[], None] = lambda: None
    ) -> None:
        """Compute what is missing, so that later calls are fast.

        Args:
            slices: gray levels (H, W) of slices and close-ups, each with the side of the encoder's input.
            progress: called after each.

        Raises:
            MedSAMSegError: of kind ``CANNOT_WRITE`` when the disk has too little space or refuses.
        """
        slices = list(slices)
        ensure_folder(self._folder)
        missing = [each for each in slices if not self._is_kept(*each)]
        shapes = [self.specification.at(size).embedding_shape for _, size in missing]
        ensure_free_space(self._folder, 2 * sum(map(math.prod, shapes)))
        for _ in range(len(slices) - len(missing)):
            progress()
        for gray, size in missing:
            self.get(gray, size)
            progress()

    def get(self, gray: NDArray[np.uint8], input_size: int | None = None) -> NDArray[np.float16]:
        """Return the embedding (256, G, G) of gray levels (H, W) of a slice or close-up.

        Args:
            gray: what the network sees.
            input_size: side of the encoder's input; None for that of a whole slice.
        """
        predictor = self._predictor.at(input_size or self.specification.input_size)
        prepared = predictor.prepare(gray)
        key = _key(predictor, prepared)
        found = self._cache.get(key, predictor.specification.embedding_shape)
        if found is None:
            embedding = predictor.encode_prepared(prepared)
            if not np.isfinite(embedding).all():
                raise MedSAMSegError(
                    ErrorKind.INTERNAL, "embedding_invalid", "The network's result for a slice is not a number."
                )
            limit = np.finfo(np.float16).max
            found = np.clip(embedding, -limit, limit).astype(np.float16)
            self._cache.put(key, found)
        return found

    def _is_kept(self, gray: NDArray[np.uint8], input_size: int) -> bool:
        predictor = self._predictor.at(input_size)
        return self._cache.has(_key(predictor, predictor.prepare(gray)), predictor.specification.embedding_shape)


def _key(predictor: Predictor, prepared: NDArray[np.float32]) -> str:
    return embedding_key(prepared, predictor.specification.name, predictor.weights_sha256, predictor.precision)
