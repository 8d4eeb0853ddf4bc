"""Compiled networks on disk, so that a network is converted once and then loads in a moment, without PyTorch."""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from medsamseg_server.system.plain_files import NotPlainFileError, plain_status, read_plain_file

logger = logging.getLogger(__name__)

_SUFFIX = ".network"
_TEMPORARY = ".part"
_DIGEST_BYTES = 32
# Far more than any network has.
_MOST_FILE_BYTES = 2**33
#: Bytes of all networks together; about four times a ViT-B.
DEFAULT_QUOTA = 2 * 10**9


class NetworkFiles:
    """A folder of files, each the checksum of the rest and the rest. Several processes may share it.

    A file gets its name only when it is whole; one that is damaged all the same is as good as missing. Nothing that
    goes wrong with the disk reaches the caller, and what is no plain file is never opened. The least recently used
    files go when there are too many.

    Args:
        folder: where; made when needed.
        quota: bytes of all files together.
    """

    def __init__(self, folder: Path, quota: int = DEFAULT_QUOTA) -> None:
        self._folder = folder
        self._quota = quota

    def read(self, key: str, parts: tuple[str, ...]) -> dict[str, bytes] | None:
        """Return the content of every part that was written under ``key``; None unless all are whole."""
        found = {}
        for part in parts:
            content = self._read(self._path(key, part))
            if content is None:
                return None
            found[part] = content
        return found

    def write(self, key: str, contents: Mapping[str, bytes]) -> None:
        """Keep the content of every part under ``key``; a failure is logged."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for part, content in contents.items():
                self._write(self._path(key, part), content)
            self._make_room(key)
        except OSError as error:
            logger.warning("The converted network cannot be kept in %s: %s.", self._folder, error)

    def _path(self, key: str, part: str) -> Path:
        return self._folder / f"{key}.{part}{_SUFFIX}"

    def _read(self, path: Path) -> bytes | None:
        try:
            whole = memoryview(read_plain_file(path, _MOST_FILE_BYTES))
            digest, content = whole[:_DIGEST_BYTES], whole[_DIGEST_BYTES:]
            if hashlib.sha256(content).digest() != digest:
                logger.warning("The converted network %s is damaged; it is made again.", path.name)
                return None
            os.utime(path, follow_symlinks=False)
        except FileNotFoundError:
            return None
        except OSError as error:
            logger.warning("The converted network %s cannot be read: %s.", path, error)
            return None
        return bytes(content)

    def _write(self, path: Path, content: bytes) -> None:
        temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}{_TEMPORARY}")
        try:
            with temporary.open("wb") as file:
                file.write(hashlib.sha256(content).digest())
                file.write(content)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)

    def _make_room(self, key: str) -> None:
        """Delete what was used longest ago until the quota is kept; what belongs to ``key`` stays."""
        entries = []
        for path in self._folder.iterdir():
            try:
                status = plain_status(path)
            except (FileNotFoundError, NotPlainFileError):
                continue  # another process was faster, or it is none of ours
            # Also what a process left that was ended while it wrote: nobody uses it, so its turn comes.
            entries.append((status.st_mtime, status.st_size, path))
        used = sum(size for _, size, _ in entries)
        for _, size, path in sorted(entries):
            if used <= self._quota:
                return
            if not path.name.startswith(key):
                path.unlink(missing_ok=True)
                used -= size
