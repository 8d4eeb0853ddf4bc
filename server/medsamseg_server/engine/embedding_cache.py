"""The cache of image embeddings: in memory and on disk, keyed by exactly what the encoder saw."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.embedding_folder import EmbeddingFolder
from medsamseg_server.engine.embedding_store import EmbeddingStore
from medsamseg_server.system.places import Place, StoreUrl

Embedding = NDArray[np.float16]

#: 128 embeddings of 2 MB, the largest that there are. What is read from disk instead takes a few milliseconds.
DEFAULT_MEMORY_BYTES = 2**28


def embedding_key(prepared: NDArray[np.float32], model: str, weights_sha256: str, precision: str) -> str:
    """Return the cache key of an embedding: sha256 over the exact encoder input, the network and its precision.

    A changed window, an edited voxel, other weights or another precision therefore never meet a stale embedding.

    >>> prepared = np.zeros((1, 3, 4, 4), np.float32)
    >>> before = embedding_key(prepared, "litemedsam", "79d8…", "mixed")
    >>> prepared[0, 0, 0, 0] = 1e-6
    >>> embedding_key(prepared, "litemedsam", "79d8…", "mixed") == before
    False
    """
    digest = hashlib.sha256(f"{model}|{weights_sha256}|{precision}|{prepared.shape}|{prepared.dtype.str}|".encode())
    digest.update(np.ascontiguousarray(prepared).data)
    return digest.hexdigest()


class EmbeddingCache:
    """Embeddings by key, least recently used out, in memory and, where a folder is given, on disk.

    Any thread may use it. Trouble with the disk never reaches the caller; see ``EmbeddingFolder``, ``EmbeddingStore``.

    Args:
        memory_bytes: budget of the embeddings kept in memory.
        folder: where to keep them beside; None for memory only. Several servers may share it.
        disk_bytes: quota of a folder, a store has none; 0 for memory only; None for the folder's own, see
            ``EmbeddingFolder``.

    Raises:
        MedSAMSegError: as ``EmbeddingStore``.
    """

    def __init__(
        self,
        memory_bytes: int = DEFAULT_MEMORY_BYTES,
        folder: Place | None = None,
        disk_bytes: int | None = None,
    ) -> None:
        self._memory_bytes = memory_bytes
        self._memory: OrderedDict[str, Embedding] = OrderedDict()
        self._used = 0
        self._lock = threading.Lock()
        self._disk = _kept_at(folder, disk_bytes) if folder is not None and disk_bytes != 0 else None

    @property
    def room(self) -> int:
        """Bytes of embeddings that can be kept at once, in memory or on disk."""
        return max(self._memory_bytes, self._disk.room if self._disk else 0)

    def has(self, key: str, shape: tuple[int, ...] | None = None) -> bool:
        """Return whether ``get`` would find an embedding, unless it is damaged; counts as a use of it."""
        with self._lock:
            if key in self._memory:
                self._memory.move_to_end(key)
                return True
        return self._disk is not None and self._disk.has(key, shape)

    def get(self, key: str, shape: tuple[int, ...] | None = None) -> Embedding | None:
        """Return the embedding under ``key``, or None. The array is shared: it is read-only.

        Args:
            key: as it was put.
            shape: what it must have, because what is on disk may come from anywhere; None for any.
        """
        with self._lock:
            found = self._memory.get(key)
            if found is not None:
                self._memory.move_to_end(key)
                return found
        found = self._disk.read(key, shape) if self._disk else None
        if found is not None:
            self._remember(key, found)
        return found

    def put(self, key: str, embedding: Embedding) -> None:
        """Keep an embedding (any shape, float16). It must not be changed by the caller afterwards."""
        embedding.flags.writeable = False
        self._remember(key, embedding)
        if self._disk:
            self._disk.write(key, embedding)

    def _remember(self, key: str, embedding: Embedding) -> None:
        with self._lock:
            replaced = self._memory.pop(key, None)
            self._used += embedding.nbytes - (replaced.nbytes if replaced is not None else 0)
            self._memory[key] = embedding
            while self._used > self._memory_bytes and self._memory:
                self._used -= self._memory.popitem(last=False)[1].nbytes


def _kept_at(place: Place, quota: int | None) -> EmbeddingFolder | EmbeddingStore:
    return EmbeddingStore(place) if isinstance(place, StoreUrl) else EmbeddingFolder(place, quota)
