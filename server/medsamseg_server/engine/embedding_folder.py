"""Embeddings on disk: one file each, within a quota, safe when programs share the folder or break off."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

logger = logging.getLogger(__name__)

#: Quota where the user has set none: embeddings of 5,120 slices.
DEFAULT_QUOTA = 10 * 2**30

_SUFFIX = ".embedding"
#: A file with the quota that the user has set, in bytes.
_QUOTA_NAME = "quota"
_TEMPORARY = ".part"
_DIGEST_BYTES = 32
# Another server may write to the same folder, so the sizes are counted afresh now and then.
_WRITES_BETWEEN_COUNTS = 64
_ABANDONED_SECONDS = 3600.0
#: When the quota is passed, entries go until this part of it is used.
_FILLED_AFTER_DROPPING = 0.9
#: Space that is left to the computer's other programs.
_LEFT_FREE_BYTES = 2 * 2**30


@dataclass(frozen=True)
class FolderUse:
    """What a folder holds.

    Attributes:
        entries: number of embeddings.
        size: their bytes.
        first_use: when the one that would go next was used last, in seconds since 1970; None when there is none.
        last_use: when any was used last; None when there is none.
    """

    entries: int
    size: int
    first_use: float | None
    last_use: float | None


class EmbeddingFolder:
    """Embeddings by key in a folder; those unused for longest go when the quota is passed. Any thread may use it.

    A file holds the sha256 of the rest, the number of dimensions, the shape and the values; its modification time is
    its last use. It gets its name when it is whole, and what is damaged all the same is dropped when it is read.

    Nothing that goes wrong with the disk reaches the caller: an entry that cannot be read is a miss, one that cannot be
    written is not kept, and the first failure is logged.

    Args:
        folder: made when something is written.
        quota: bytes; None for what ``set_quota`` has left in the folder, or ``DEFAULT_QUOTA``.
    """

    def __init__(self, folder: Path, quota: int | None = None) -> None:
        self.folder = folder
        self.quota = self._kept_quota() if quota is None else quota
        self._used = 0
        self._writes_left = 0
        self._warned = False
        self._lock = threading.Lock()

    @property
    def room(self) -> int:
        """Bytes of embeddings that fit before one of them has to go, counting what may be dropped for them."""
        existing = next(parent for parent in (self.folder, *self.folder.absolute().parents) if parent.exists())
        try:
            free = shutil.disk_usage(existing).free - _LEFT_FREE_BYTES
        except OSError:
            return 0
        return max(min(int(_FILLED_AFTER_DROPPING * self.quota), self.use().size + free), 0)

    def has(self, key: str) -> bool:
        """Return whether there is an entry, and count that as its use."""
        try:
            os.utime(self._path(key))
        except FileNotFoundError:
            return False
        except OSError as error:
            self._warn("updated", error)
        return True

    def read(self, key: str) -> NDArray[np.float16] | None:
        """Return an entry, or None."""
        path = self._path(key)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            self._warn("read", error)
            return None
        embedding = _decode(content)
        try:
            if embedding is None:
                logger.warning("Dropped the damaged cache entry %s; it is computed again.", path.name)
                path.unlink(missing_ok=True)
            else:
                os.utime(path)
        except OSError as error:
            self._warn("updated", error)
        return embedding

    def write(self, key: str, embedding: NDArray[np.float16]) -> None:
        """Keep an entry, unless it is larger than the quota."""
        content = _encode(embedding)
        if len(content) > self.quota:
            return
        temporary = self.folder / f"{key}.{uuid.uuid4().hex}{_TEMPORARY}"
        try:
            # The embeddings show a patient's image to whoever has the same network, so the folder is the user's own.
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                temporary.write_bytes(content)
                temporary.replace(self._path(key))
            finally:
                temporary.unlink(missing_ok=True)
            with self._lock:
                self._make_room(len(content))
        except OSError as error:
            self._warn("written", error)

    def set_quota(self, quota: int) -> None:
        """Set the quota for this and all later programs, and delete what is above it.

        Raises:
            OSError: when it cannot be written down.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.folder / _QUOTA_NAME).write_text(str(quota), encoding="ascii")
        self.quota = quota
        with self._lock:
            self._writes_left = 0
            self._make_room(0)

    def use(self) -> FolderUse:
        """Return how much there is."""
        try:
            entries = self._entries()
        except FileNotFoundError:
            entries = []
        except OSError as error:
            self._warn("read", error)
            entries = []
        times = [used for used, _, _ in entries]
        size = sum(size for _, size, _ in entries)
        return FolderUse(len(entries), size, min(times, default=None), max(times, default=None))

    def clear(self, unused_since: float | None = None) -> FolderUse:
        """Delete the entries, or those not used since a time in seconds since 1970; return what was there of them.

        Raises:
            OSError: when one cannot be deleted.
        """
        if not self.folder.is_dir():
            return FolderUse(0, 0, None, None)
        dropped = [entry for entry in self._entries() if unused_since is None or entry[0] < unused_since]
        for _, _, path in dropped:
            path.unlink(missing_ok=True)
        times = [used for used, _, _ in dropped]
        size = sum(size for _, size, _ in dropped)
        return FolderUse(len(dropped), size, min(times, default=None), max(times, default=None))

    def _kept_quota(self) -> int:
        try:
            quota = int((self.folder / _QUOTA_NAME).read_text(encoding="ascii"))
        except (OSError, ValueError):
            return DEFAULT_QUOTA
        return quota if quota >= 0 else DEFAULT_QUOTA

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}{_SUFFIX}"

    def _make_room(self, added: int) -> None:
        """Delete the least recently used entries once the quota is passed."""
        self._used += added
        self._writes_left -= 1
        if self._used <= self.quota and self._writes_left > 0:
            return
        self._writes_left = _WRITES_BETWEEN_COUNTS
        entries = self._entries()
        self._used = sum(size for _, size, _ in entries)
        if self._used <= self.quota:
            return
        for _, size, path in sorted(entries):
            try:
                path.unlink(missing_ok=True)
            except PermissionError:
                continue  # on Windows, another server is reading it
            self._used -= size
            if self._used <= _FILLED_AFTER_DROPPING * self.quota:
                break

    def _entries(self) -> list[tuple[float, int, Path]]:
        """Return (last use, size, path) of every entry, and remove what a crashed server left half written."""
        entries = []
        for path in self.folder.iterdir():
            try:
                status = path.stat()
                if path.suffix == _SUFFIX:
                    entries.append((status.st_mtime, status.st_size, path))
                elif path.suffix == _TEMPORARY and time.time() - status.st_mtime > _ABANDONED_SECONDS:
                    path.unlink(missing_ok=True)
            except FileNotFoundError:
                continue  # another server was faster
        return entries

    def _warn(self, action: str, error: OSError) -> None:
        if not self._warned:
            self._warned = True
            logger.warning(
                "The embedding cache in %s cannot be %s: %s. Work goes on without it.", self.folder, action, error
            )


def _encode(embedding: NDArray[np.float16]) -> bytes:
    shape = np.asarray((embedding.ndim, *embedding.shape), "<u4").tobytes()
    payload = shape + np.ascontiguousarray(embedding, dtype="<f2").tobytes()
    return hashlib.sha256(payload).digest() + payload


def _decode(content: bytes) -> NDArray[np.float16] | None:
    payload = memoryview(content)[_DIGEST_BYTES:]
    if hashlib.sha256(payload).digest() != content[:_DIGEST_BYTES]:
        return None
    dimensions = int(np.frombuffer(payload, "<u4", 1)[0])
    shape = np.frombuffer(payload, "<u4", dimensions, offset=4)
    values = np.frombuffer(payload, "<f2", offset=4 + 4 * dimensions)
    return values.reshape(shape).astype(np.float16, copy=False)
