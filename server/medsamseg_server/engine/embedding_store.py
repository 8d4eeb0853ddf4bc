"""Embeddings in an object store: by the same keys and with the same content as in a folder, and without a quota."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.embedding_format import MOST_ENTRY_BYTES, SUFFIX, decode, encode, entry_bytes
from medsamseg_server.system.object_cache import ObjectCache
from medsamseg_server.system.places import StoreUrl

#: A store is as large as its owner lets it be.
_ROOM = 2**62


class EmbeddingStore:
    """Embeddings by key; see ``ObjectCache``. Any thread may use it.

    Args:
        place: where.

    Raises:
        MedSAMSegError: as ``StoreUrl.open``.
    """

    def __init__(self, place: StoreUrl) -> None:
        self._objects = ObjectCache(place, SUFFIX, "embedding store")

    @property
    def room(self) -> int:
        """Bytes of embeddings that fit."""
        return _ROOM

    def has(self, key: str, shape: tuple[int, ...] | None = None) -> bool:
        """Return whether there is an entry, with a size that fits ``shape``."""
        return self._objects.has(key, None if shape is None else entry_bytes(shape))

    def read(self, key: str, shape: tuple[int, ...] | None = None) -> NDArray[np.float16] | None:
        """Return an entry, or None; also None for one of another ``shape``, where that is given."""
        return self._objects.read(key, MOST_ENTRY_BYTES, lambda content: decode(content, shape))

    def write(self, key: str, embedding: NDArray[np.float16]) -> None:
        """Keep an entry."""
        self._objects.write(key, encode(embedding))
