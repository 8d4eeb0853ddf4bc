"""A lock between processes, released by the system when its holder ends, however it ends."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _try_lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


# What POSIX and Windows answer when somebody else holds the lock.
_HELD = {errno.EAGAIN, errno.EACCES, errno.EDEADLK}


class LockedElsewhereError(Exception):
    """Another process, or another part of this one, holds the lock."""


@contextmanager
def exclusive_lock(path: Path) -> Iterator[None]:
    """Hold the lock that the file ``path`` stands for; the file is made where it is missing, and stays.

    It stays because removing it would let a process that waits on the removed file and one that makes a new file
    hold "the same" lock at once. On a disk that knows no locks, such as some network shares, nothing is locked.

    Raises:
        LockedElsewhereError: at once, when the lock is held.
        OSError: when the file cannot be made.
    """
    with path.open("ab") as file:
        try:
            _try_lock(file)
        except OSError as error:
            if error.errno in _HELD:
                raise LockedElsewhereError(str(path)) from error
        yield
