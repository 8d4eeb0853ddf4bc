"""Where the access token comes from: never the command line, where other users of the computer could read it."""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable

from medsamseg_server.errors import ErrorKind, MedSAMSegError

_LONGEST_LINE = 4096
_TOKEN = re.compile(r"[!-~]{1,512}")


class StandardInput:
    """Standard input, read without Python's buffer, whose lock a blocked thread would hold when the process ends."""

    def __init__(self) -> None:
        try:
            self._descriptor: int | None = sys.stdin.fileno()
        except (AttributeError, OSError, ValueError):
            self._descriptor = None

    def read_line(self) -> bytes:
        """Return the first line without its end; what there is when it has none."""
        line = b""
        while len(line) < _LONGEST_LINE and (character := self._read(1)) not in (b"", b"\n"):
            line += character
        return line.rstrip(b"\r")

    def when_closed(self, call: Callable[[], None]) -> None:
        """Call ``call``, on another thread, once standard input ends. What arrives before is ignored."""

        def watch() -> None:
            while self._read(4096):
                pass
            call()

        threading.Thread(target=watch, name="stdin", daemon=True).start()

    def _read(self, size: int) -> bytes:
        try:
            return b"" if self._descriptor is None else os.read(self._descriptor, size)
        except OSError:
            return b""


def read_token(source: str | None, stdin: StandardInput) -> str | None:
    """Return the access token from ``env:NAME`` or ``stdin``; None when no source is given.

    Raises:
        MedSAMSegError: ``token_source_invalid``, ``token_missing`` or ``token_invalid``.
    """
    if source is None:
        return None
    if source == "stdin":
        where, token = "the first line of standard input", stdin.read_line().decode("utf-8", "replace")
    elif source.startswith("env:") and len(source) > len("env:"):
        # Taken out, so that no process started from here inherits it.
        where, token = f"the environment variable {source[4:]}", os.environ.pop(source[4:], "")
    else:
        message = f"'{source}' is no place to read the access token from."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "token_source_invalid", message, "Use env:NAME or stdin.")
    if not token:
        message = f"There is no access token: {where} is empty."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "token_missing", message, "Put the token there.")
    if not _TOKEN.fullmatch(token):
        message = f"The access token from {where} is not usable."
        hint = "Use up to 512 letters, digits and punctuation marks, no spaces."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "token_invalid", message, hint)
    return token
