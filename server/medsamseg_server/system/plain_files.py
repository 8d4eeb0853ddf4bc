"""Reading files in folders where anything may lie: what is no plain file is never opened, because that could block.

A named pipe is opened when somebody writes to it, a device does what it likes, and a link leads anywhere.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

# Where a plain file has been replaced since it was looked at, opening does not wait and follows no link.
_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)


class NotPlainFileError(OSError):
    """A folder, a link, a named pipe, or anything else that is no plain file."""


def plain_status(path: Path) -> os.stat_result:
    """Return the status of a plain file.

    Raises:
        NotPlainFileError: when it is none.
        OSError: when the system refuses; ``FileNotFoundError`` when there is nothing.
    """
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise NotPlainFileError(f"{path.name} is no plain file")
    return status


def read_plain_file(path: Path, most_bytes: int) -> bytes:
    """Return the content of a plain file, or the first ``most_bytes`` and one more of a longer one.

    Raises:
        OSError: as ``plain_status``.
    """
    plain_status(path)
    with os.fdopen(os.open(path, _FLAGS), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise NotPlainFileError(f"{path.name} is no plain file")
        return file.read(most_bytes + 1)
