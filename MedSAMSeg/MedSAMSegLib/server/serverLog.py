"""The one log file of the local server: kept small, and readable by its owner only."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
from pathlib import Path
from typing import IO

import slicer

FILE_NAME = "MedSAMSeg-server.log"

#: What the server says is a few lines a day; a megabyte holds years of it, or one runaway error.
LARGEST_BYTES = 1 << 20


class ServerLog:
    """A file to which servers append, with one older file beside it.

    Slicer's folder for temporary files is where Slicer keeps its own logs. Two Slicers at once write to the same file.
    What the server writes into it has no patient data: it never learns the names of volumes, files or people.

    :param path: the file; in Slicer's folder when not given.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = Path(path or Path(slicer.app.temporaryPath) / FILE_NAME)

    @property
    def olderPath(self) -> Path:
        """What the file was called before it grew too large."""
        return self.path.with_name(self.path.name + ".1")

    def open(self) -> IO[bytes]:
        """Return the file opened for appending, after making room in it.

        Where it cannot be written, what is written goes nowhere: that is no reason to do without a server.
        """
        self.rotate()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            return os.fdopen(descriptor, "ab", buffering=0)
        except OSError as error:
            logging.warning("The MedSAMSeg server's log '%s' cannot be written: %s", self.path, error.strerror)
            return Path(os.devnull).open("ab", buffering=0)

    def rotate(self) -> None:
        """Begin anew when the file has grown too large; may be called while a server writes to it.

        The file is emptied in place, because the server holds it open and goes on appending.
        """
        # A log is not worth an error: the disk may be full, or another Slicer may be doing the same.
        with contextlib.suppress(OSError):
            if self.path.stat().st_size > LARGEST_BYTES:
                shutil.copyfile(self.path, self.olderPath)
                self.olderPath.chmod(0o600)
                os.truncate(self.path, 0)

    def lastLine(self, start: int = 0) -> str:
        """Return the last line in the file, or a note when there is none.

        :param start: byte at which to begin, such as where a server began to write.
        """
        content = b""
        with contextlib.suppress(OSError), self.path.open("rb") as log:
            log.seek(start)
            content = log.read()
        lines = content.decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "(it said nothing)"
