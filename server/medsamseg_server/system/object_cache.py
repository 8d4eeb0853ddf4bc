"""Objects in a store that can be made again: checked when read, written whole, without a quota."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from medsamseg_server.system.disk_cache import checked
from medsamseg_server.system.places import StoreUrl

logger = logging.getLogger(__name__)

T = TypeVar("T")


class ObjectCache:
    """Objects by name below a URL, with the same content as the files of ``DiskCache``.

    Each is written by one call, which object stores carry out whole or not at all; where a store leaves half of one,
    its checksum tells, and it is dropped when it is read. Stores note no use, so that nothing is dropped for want of
    room: what is old goes by the store's own rules. Nothing that goes wrong reaches the caller; the first failure is
    logged. Any thread and several processes may use the place.

    Args:
        place: where.
        suffix: of the objects' names.
        what: is kept there, for the log, such as "embedding cache".

    Raises:
        MedSAMSegError: as ``StoreUrl.open``.
    """

    def __init__(self, place: StoreUrl, suffix: str, what: str) -> None:
        self._place = place
        self._files, self._folder = place.open()
        self._suffix = suffix
        self._what = what
        self._warned = False

    def has(self, name: str, size: int | None = None) -> bool:
        """Return whether there is an object, with so many bytes where that is given."""
        try:
            found = self._files.info(self._path(name))["size"]
        except FileNotFoundError:
            return False
        except Exception as error:
            self._warn("read", error)
            return False
        # Some stores tell no size.
        return found is None or size in (None, found)

    def read(self, name: str, most_bytes: int, decode: Callable[[memoryview], T | None]) -> T | None:
        """Return what an object holds, or None; see ``DiskCache.read``."""
        path = self._path(name)
        try:
            found = checked(self._files.cat_file(path, start=0, end=most_bytes + 1), most_bytes, decode)
        except FileNotFoundError:
            return None
        except Exception as error:
            self._warn("read", error)
            return None
        if found is None:
            logger.warning("Dropped the damaged object %s of the %s; it is made again.", name, self._what)
            with suppress(Exception):
                self._files.rm_file(path)
        return found

    def write(self, name: str, content: bytes) -> bool:
        """Keep a content, in place of what has the name; return whether that worked."""
        try:
            self._files.pipe_file(self._path(name), hashlib.sha256(content).digest() + content)
        # Each kind of store raises exceptions of its own, here and above.
        except Exception as error:
            self._warn("kept", error)
            return False
        return True

    def _warn(self, action: str, error: Exception) -> None:
        if not self._warned:
            self._warned = True
            logger.warning(
                "The %s in %s cannot be %s: %s. Work goes on without it.", self._what, self._place, action, error
            )

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name}{self._suffix}"
