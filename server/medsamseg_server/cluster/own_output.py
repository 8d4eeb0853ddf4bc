"""Standard output without what Ray prints there: it is read by programs, or by nobody."""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
from collections.abc import Iterator
from typing import Any, TextIO, cast

logger = logging.getLogger(__name__)

#: How the names of Ray's threads begin.
_RAY = "ray_"


class _OwnOutput:
    """A stream to which Ray's threads do not write; what they would have written goes to the log."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, on any thread but Ray's."""
        if not threading.current_thread().name.startswith(_RAY):
            return self._stream.write(text)
        if text.strip():
            logger.info("%s", text.strip())
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def own_output() -> Iterator[None]:
    """Keep Ray's threads from standard output during a ``with`` block.

    Ray prints there that a worker died, also where it is told to print nothing. That would damage what ``--json``
    prints, and block Ray once nobody reads what comes after a server's ready line.
    """
    with contextlib.redirect_stdout(cast("TextIO", _OwnOutput(sys.stdout))):
        yield
