"""A request's body that can be sent from its start again, after the replica that had a part of it died."""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
from collections.abc import AsyncGenerator

logger = logging.getLogger(__name__)

#: Size of the pieces in which an upload goes to its replica.
PIECE_BYTES = 4 * 2**20


class KeptBody:
    """A body in pieces; more than two of them are kept in a file without a name, so that no whole volume is in memory.

    Where the file cannot be written, the body can be sent once only.

    Args:
        body: the parts as they arrive.
    """

    def __init__(self, body: AsyncGenerator[bytes]) -> None:
        self._arriving = _in_pieces(body)
        self._file = tempfile.SpooledTemporaryFile(2 * PIECE_BYTES)  # noqa: SIM115 - ends with `close`
        self._ends: list[int] = []
        self._is_whole = False
        self._is_kept = True

    @property
    def is_kept(self) -> bool:
        """Whether it can be sent from its start again."""
        return self._is_kept

    async def pieces(self) -> AsyncGenerator[tuple[bytes, bool]]:
        """Yield the body from its start, in pieces of about ``PIECE_BYTES``, each with whether it is the last one."""
        start = 0
        for number in range(len(self._ends)):
            end = self._ends[number]
            yield await asyncio.to_thread(self._read, start, end), self._is_whole and number == len(self._ends) - 1
            start = end
        async for piece, is_last in self._arriving:
            self._is_whole = is_last
            await asyncio.to_thread(self._keep, piece)
            yield piece, is_last

    async def discard_rest(self) -> None:
        """Let the rest arrive: a client sends its whole body before it reads the reply."""
        async for _ in self._arriving:
            pass

    def close(self) -> None:
        """Forget what is kept."""
        self._file.close()

    def _keep(self, piece: bytes) -> None:
        if not self._is_kept:
            return
        try:
            self._file.seek(0, os.SEEK_END)
            self._file.write(piece)
        except OSError as error:
            self._is_kept = False
            logger.warning("An upload cannot be begun again where its replica dies: %s", error)
            return
        self._ends.append((self._ends[-1] if self._ends else 0) + len(piece))

    def _read(self, start: int, end: int) -> bytes:
        self._file.seek(start)
        return self._file.read(end - start)


async def _in_pieces(body: AsyncGenerator[bytes]) -> AsyncGenerator[tuple[bytes, bool]]:
    waiting = bytearray()
    async for part in body:
        waiting += part
        # The end of the body is an empty part of its own.
        if len(waiting) >= PIECE_BYTES and part:
            yield bytes(waiting), False
            waiting.clear()
    yield bytes(waiting), True
