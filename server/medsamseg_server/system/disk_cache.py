"""A folder of files that can be made again: checked when read, least recently used out, safe when programs share it."""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from medsamseg_server.system.plain_files import NotPlainFileError, plain_status, read_plain_file

logger = logging.getLogger(__name__)

T = TypeVar("T")

#: Bytes of the checksum before a file's content.
DIGEST_BYTES = 32
_TEMPORARY = ".part"
_ABANDONED_SECONDS = 3600.0


@dataclass(frozen=True, order=True)
class Entry:
    """A file of the cache.

    Attributes:
        used: when it was used last, in seconds since 1970.
        size: in bytes, with the checksum.
        path: where it is.
    """

    used: float
    size: int
    path: Path


class DiskCache:
    """Files by name in a folder, each the sha256 of the rest and the rest; the modification time is the last use.

    A file gets its name only when it is whole; one that is damaged all the same is dropped when it is read. What is no
    plain file is never opened. Nothing that goes wrong with the disk reaches the caller of ``has``, ``read`` and
    ``write``: a file that cannot be read is missing, one that cannot be written is not kept, and the first failure is
    logged. Any thread and several processes may use the folder.

    Args:
        folder: made when something is written.
        suffix: of the files.
        what: is kept there, for the log, such as "embedding cache".
        mode: of the folder that is made.
    """

    def __init__(self, folder: Path, suffix: str, what: str, mode: int = 0o777) -> None:
        self.folder = folder
        self._suffix = suffix
        self._what = what
        self._mode = mode
        self._warned = False

    def has(self, name: str, size: int | None = None) -> bool:
        """Return whether there is a file, with so many bytes where that is given, and count that as its use."""
        path = self._path(name)
        try:
            if size is not None and plain_status(path).st_size != size:
                return False
            os.utime(path, follow_symlinks=False)
        except (FileNotFoundError, NotPlainFileError):
            return False
        except OSError as error:
            self.warn("updated", error)
        return True

    def read(self, name: str, most_bytes: int, decode: Callable[[memoryview], T | None]) -> T | None:
        """Return what a file holds, or None; counts as its use.

        Args:
            name: as it was written.
            most_bytes: no file has more.
            decode: makes of a whole file's content what is returned; None for one that makes no sense.
        """
        path = self._path(name)
        try:
            found = checked(read_plain_file(path, most_bytes), most_bytes, decode)
        except FileNotFoundError:
            return None
        except NotPlainFileError:
            found = None
        except OSError as error:
            self.warn("read", error)
            return None
        try:
            if found is None:
                logger.warning("Dropped the damaged file %s of the %s; it is made again.", path.name, self._what)
                path.unlink(missing_ok=True)
            else:
                os.utime(path, follow_symlinks=False)
        except OSError as error:
            self.warn("updated", error)
        return found

    def write(self, name: str, content: bytes) -> bool:
        """Keep a content, in place of what has the name; return whether that worked."""
        temporary = self.folder / f"{name}.{secrets.token_hex(8)}{_TEMPORARY}"
        try:
            self.make_folder()
            try:
                with temporary.open("wb") as file:
                    file.write(hashlib.sha256(content).digest())
                    file.write(content)
                temporary.replace(self._path(name))
            finally:
                temporary.unlink(missing_ok=True)
        except OSError as error:
            self.warn("kept", error)
            return False
        return True

    def entries(self) -> list[Entry]:
        """Return every file, and remove what a program that crashed left half written.

        Raises:
            OSError: where the folder cannot be read.
        """
        found = []
        for path in self.folder.iterdir():
            try:
                status = plain_status(path)
                if path.suffix == self._suffix:
                    found.append(Entry(status.st_mtime, status.st_size, path))
                elif path.suffix == _TEMPORARY and time.time() - status.st_mtime > _ABANDONED_SECONDS:
                    path.unlink(missing_ok=True)
            except (FileNotFoundError, NotPlainFileError):
                continue  # another program was faster, or it is none of ours
        return found

    def make_room(self, quota: float, filled: float = 1.0, kept: Callable[[Path], bool] = lambda path: False) -> int:
        """Delete what was used longest ago where there is more than a quota; return how many bytes are left.

        Args:
            quota: bytes of all files together.
            filled: the part of the quota that is used afterwards, where something has to go.
            kept: says which files stay whatever happens.

        Raises:
            OSError: where the folder cannot be read.
        """
        entries = self.entries()
        used = sum(entry.size for entry in entries)
        if used <= quota:
            return used
        for entry in sorted(entries):
            if kept(entry.path):
                continue
            try:
                entry.path.unlink(missing_ok=True)
            except PermissionError:
                continue  # on Windows, another program is reading it
            used -= entry.size
            if used <= filled * quota:
                break
        return used

    def make_folder(self) -> None:
        """Make the folder where it is missing."""
        self.folder.mkdir(mode=self._mode, parents=True, exist_ok=True)

    def warn(self, action: str, error: OSError) -> None:
        """Log the first failure; ``action`` is what could not be done."""
        if not self._warned:
            self._warned = True
            logger.warning(
                "The %s in %s cannot be %s: %s. Work goes on without it.", self._what, self.folder, action, error
            )

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}{self._suffix}"


def checked(whole: bytes, most_bytes: int, decode: Callable[[memoryview], T | None]) -> T | None:
    """Return what the content of a whole file means, or None for one that is too long, damaged or senseless."""
    content = memoryview(whole)[DIGEST_BYTES:]
    # The checksum only tells that nothing has changed since somebody wrote it; the rest is for `decode` to see.
    if len(whole) > most_bytes or hashlib.sha256(content).digest() != whole[:DIGEST_BYTES]:
        return None
    return decode(content)
