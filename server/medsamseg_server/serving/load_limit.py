"""How much is served at the same time: what comes on top is asked to come again, so that the process lives on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import Message, Receive

#: Requests under way at once. A Slicer has a click, a preview, an upload, a propagation and a health check, no more.
DEFAULT_REQUESTS = 64
#: The same, of each of several users.
USER_REQUESTS = 16
#: A client that sends nothing of its body for so long has gone.
STALL_SECONDS = 60.0


class LoadLimit:
    """Counts the requests under way and the bytes of their uploads. Used on the event loop's thread only.

    Args:
        upload_bytes: bytes of all uploads under way; one of up to this size is always let in alone.
        requests: requests under way.
    """

    def __init__(self, upload_bytes: int, requests: int = DEFAULT_REQUESTS) -> None:
        self._free_bytes = upload_bytes
        self._free_requests = requests

    def has_room(self, upload_bytes: int) -> bool:
        """Tell whether a request with an upload of this length may begin now."""
        return self._free_requests > 0 and upload_bytes <= self._free_bytes

    @contextmanager
    def counted(self, upload_bytes: int) -> Iterator[None]:
        """Count a request while the block runs."""
        self._free_requests -= 1
        self._free_bytes -= upload_bytes
        try:
            yield
        finally:
            self._free_requests += 1
            self._free_bytes += upload_bytes


def with_stall_timeout(receive: Receive, seconds: float = STALL_SECONDS) -> Receive:
    """Return a ``receive`` that takes a client for gone when it stops in the middle of its body.

    Once the body is there, it waits as long as it takes: what comes then is the end of the connection.
    """
    is_complete = False

    async def receive_in_time() -> Message:
        nonlocal is_complete
        if is_complete:
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), seconds)
        except TimeoutError:
            return {"type": "http.disconnect"}
        is_complete = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    return receive_in_time
