"""Embeddings on disk: one file each, within a quota, safe when programs share the folder or break off."""

from __future__ import annotations

import shutil
import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.embedding_format import MOST_ENTRY_BYTES, SUFFIX, decode, encode, entry_bytes
from medsamseg_server.system.disk_cache import DIGEST_BYTES, DiskCache, Entry
from medsamseg_server.system.plain_files import read_plain_file

#: Quota where the user has set none: 5,120 of the largest embeddings.
DEFAULT_QUOTA = 10 * 2**30

#: A file with the quota that the user has set, in bytes.
_QUOTA_NAME = "quota"
_MOST_QUOTA_DIGITS = 20
# Another server may write to the same folder, so the sizes are counted afresh now and then.
_WRITES_BETWEEN_COUNTS = 64
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

    A file of the ``DiskCache`` holds the number of dimensions, the shape and the values. What has another shape than is
    asked for, or values that are no numbers, is dropped like what is damaged.

    Args:
        folder: made when something is written.
        quota: bytes; None for what ``set_quota`` has left in the folder, or ``DEFAULT_QUOTA``.
    """

    def __init__(self, folder: Path, quota: int | None = None) -> None:
        self.folder = folder
        # The embeddings show a patient's image to whoever has the same network, so the folder is the user's own.
        self._files = DiskCache(folder, SUFFIX, "embedding cache", mode=0o700)
        self.quota = self._kept_quota() if quota is None else quota
        self._used = 0
        self._writes_left = 0
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

    def has(self, key: str, shape: tuple[int, ...] | None = None) -> bool:
        """Return whether there is an entry, with a size that fits ``shape``, and count that as its use."""
        return self._files.has(key, None if shape is None else entry_bytes(shape))

    def read(self, key: str, shape: tuple[int, ...] | None = None) -> NDArray[np.float16] | None:
        """Return an entry, or None; also None for one of another ``shape``, where that is given."""
        return self._files.read(key, MOST_ENTRY_BYTES, lambda content: decode(content, shape))

    def write(self, key: str, embedding: NDArray[np.float16]) -> None:
        """Keep an entry, unless it is larger than the quota."""
        content = encode(embedding)
        size = DIGEST_BYTES + len(content)
        if size > self.quota or not self._files.write(key, content):
            return
        try:
            with self._lock:
                self._make_room(size)
        except OSError as error:
            self._files.warn("kept within its quota", error)

    def set_quota(self, quota: int) -> None:
        """Set the quota for this and all later programs, and delete what is above it.

        Raises:
            OSError: when it cannot be written down.
        """
        self._files.make_folder()
        temporary = self.folder / f"{uuid.uuid4().hex}.part"
        temporary.write_text(str(quota), encoding="ascii")
        temporary.replace(self.folder / _QUOTA_NAME)
        self.quota = quota
        with self._lock:
            self._writes_left = 0
            self._make_room(0)

    def use(self) -> FolderUse:
        """Return how much there is."""
        try:
            return _use(self._files.entries())
        except FileNotFoundError:
            return _use([])
        except OSError as error:
            self._files.warn("read", error)
            return _use([])

    def clear(self, unused_since: float | None = None) -> FolderUse:
        """Delete the entries, or those not used since a time in seconds since 1970; return what was there of them.

        Raises:
            OSError: when one cannot be deleted.
        """
        if not self.folder.is_dir():
            return _use([])
        dropped = [entry for entry in self._files.entries() if unused_since is None or entry.used < unused_since]
        for entry in dropped:
            entry.path.unlink(missing_ok=True)
        return _use(dropped)

    def _kept_quota(self) -> int:
        try:
            quota = int(read_plain_file(self.folder / _QUOTA_NAME, _MOST_QUOTA_DIGITS).decode("ascii"))
        except (OSError, ValueError):
            return DEFAULT_QUOTA
        return quota if 0 <= quota < 2**63 else DEFAULT_QUOTA

    def _make_room(self, added: int) -> None:
        """Delete the least recently used entries once the quota is passed."""
        self._used += added
        self._writes_left -= 1
        if self._used <= self.quota and self._writes_left > 0:
            return
        self._writes_left = _WRITES_BETWEEN_COUNTS
        self._used = self._files.make_room(self.quota, _FILLED_AFTER_DROPPING)


def _use(entries: Sequence[Entry]) -> FolderUse:
    times = [entry.used for entry in entries]
    size = sum(entry.size for entry in entries)
    return FolderUse(len(entries), size, min(times, default=None), max(times, default=None))
