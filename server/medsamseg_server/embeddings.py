"""The cache of image embeddings: in memory and on disk, keyed by exactly what the encoder saw."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
import uuid
from collections import OrderedDict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

logger = logging.getLogger(__name__)

Embedding = NDArray[np.float16]

DEFAULT_MEMORY_BYTES = 2**30
DEFAULT_DISK_BYTES = 4 * 2**30


def embedding_key(prepared: NDArray[np.float32], model: str, weights_sha256: str, precision: str) -> str:
    """Return the cache key of an embedding: sha256 over the exact encoder input, the network and its precision.

    A changed window, an edited voxel, other weights or another precision therefore never meet a stale embedding.
    """
    digest = hashlib.sha256(f"{model}|{weights_sha256}|{precision}|{prepared.shape}|{prepared.dtype.str}|".encode())
    digest.update(np.ascontiguousarray(prepared).data)
    return digest.hexdigest()


class EmbeddingCache:
    """Embeddings by key, least recently used out, in memory and, where a folder is given, on disk.

    Nothing that goes wrong with the disk reaches the caller: an entry that cannot be read is a miss, one that cannot be
    written is kept in memory only, and the first failure is logged.

    Args:
        memory_bytes: budget of the embeddings kept in memory.
        folder: where to keep them on disk; None for memory only. Several servers may share it.
        disk_bytes: quota of the folder; 0 for memory only.
    """

    def __init__(
        self,
        memory_bytes: int = DEFAULT_MEMORY_BYTES,
        folder: Path | None = None,
        disk_bytes: int = DEFAULT_DISK_BYTES,
    ) -> None:
        self._memory_bytes = memory_bytes
        self._memory: OrderedDict[str, Embedding] = OrderedDict()
        self._used = 0
        self._lock = threading.Lock()
        self._disk = _DiskFolder(folder, disk_bytes) if folder is not None and disk_bytes > 0 else None

    def get(self, key: str) -> Embedding | None:
        """Return the embedding under ``key``, or None. The array is shared: it is read-only."""
        with self._lock:
            found = self._memory.get(key)
            if found is not None:
                self._memory.move_to_end(key)
                return found
        found = self._disk.read(key) if self._disk else None
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


class _DiskFolder:
    """One file per embedding: sha256 of the rest, number of dimensions, shape, values.

    A file's modification time is its last use.
    """

    _SUFFIX = ".embedding"
    _TEMPORARY = ".part"
    _DIGEST_BYTES = 32
    # Another server may write to the same folder, so the sizes are counted afresh now and then.
    _WRITES_BETWEEN_COUNTS = 64
    _ABANDONED_SECONDS = 3600.0

    def __init__(self, folder: Path, quota: int) -> None:
        self._folder = folder
        self._quota = quota
        self._used = 0
        self._writes_left = 0
        self._warned = False

    def read(self, key: str) -> Embedding | None:
        path = self._path(key)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            self._warn("read", error)
            return None
        embedding = self._decode(content)
        try:
            if embedding is None:
                logger.warning("Dropped the damaged cache entry %s; it is computed again.", path.name)
                path.unlink(missing_ok=True)
            else:
                os.utime(path)
        except OSError as error:
            self._warn("updated", error)
        return embedding

    def write(self, key: str, embedding: Embedding) -> None:
        content = self._encode(embedding)
        if len(content) > self._quota:
            return
        temporary = self._folder / f"{key}.{uuid.uuid4().hex}{self._TEMPORARY}"
        try:
            # The embeddings show a patient's image to whoever has the same network, so the folder is the user's own.
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                temporary.write_bytes(content)
                temporary.replace(self._path(key))
            finally:
                temporary.unlink(missing_ok=True)
            self._make_room(len(content))
        except OSError as error:
            self._warn("written", error)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}{self._SUFFIX}"

    def _encode(self, embedding: Embedding) -> bytes:
        shape = np.asarray((embedding.ndim, *embedding.shape), "<u4").tobytes()
        payload = shape + np.ascontiguousarray(embedding, dtype="<f2").tobytes()
        return hashlib.sha256(payload).digest() + payload

    def _decode(self, content: bytes) -> Embedding | None:
        digest, payload = content[: self._DIGEST_BYTES], content[self._DIGEST_BYTES :]
        if hashlib.sha256(payload).digest() != digest:
            return None
        dimensions = int(np.frombuffer(payload, "<u4", 1)[0])
        shape = np.frombuffer(payload, "<u4", dimensions, offset=4)
        values = np.frombuffer(payload, "<f2", offset=4 + 4 * dimensions)
        return values.reshape(shape).astype(np.float16, copy=False)

    def _make_room(self, added: int) -> None:
        """Delete the least recently used entries once the quota is passed, down to nine tenths of it."""
        self._used += added
        self._writes_left -= 1
        if self._used <= self._quota and self._writes_left > 0:
            return
        self._writes_left = self._WRITES_BETWEEN_COUNTS
        entries = self._entries()
        self._used = sum(size for _, size, _ in entries)
        if self._used <= self._quota:
            return
        for _, size, path in sorted(entries):
            path.unlink(missing_ok=True)
            self._used -= size
            if self._used <= 0.9 * self._quota:
                break

    def _entries(self) -> list[tuple[float, int, Path]]:
        """Return (last use, size, path) of every entry, and remove what a crashed server left half written."""
        entries = []
        for path in self._folder.iterdir():
            try:
                status = path.stat()
                if path.suffix == self._SUFFIX:
                    entries.append((status.st_mtime, status.st_size, path))
                elif path.suffix == self._TEMPORARY and time.time() - status.st_mtime > self._ABANDONED_SECONDS:
                    path.unlink(missing_ok=True)
            except FileNotFoundError:
                continue  # another server was faster
        return entries

    def _warn(self, action: str, error: OSError) -> None:
        if not self._warned:
            self._warned = True
            logger.warning(
                "The embedding cache in %s cannot be %s: %s. Work goes on without it.", self._folder, action, error
            )
