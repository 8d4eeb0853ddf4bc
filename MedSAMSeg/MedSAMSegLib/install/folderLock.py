"""One Slicer at a time: a lock between processes that the system releases when its holder ends, however it ends."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from MedSAMSegLib.errors import UserError


@contextlib.contextmanager
def folderLock(path: Path) -> Iterator[None]:
    """Hold the lock that a file stands for; the file is made, and stays.

    :param path: the file; its folder must exist.
    :raises UserError: at once, when another Slicer holds it.
    """
    with Path(path).open("ab") as file:
        try:
            _lock(file)
        except OSError as error:
            raise UserError(
                "Another Slicer on this computer is installing or removing MedSAMSeg's server right now.",
                "Wait until it is done.",
                "install_running",
            ) from error
        yield


def _lock(file):
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
