"""A job's events as the body of a reply."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send


class JobStream(StreamingResponse):
    """A job's events, one JSON object per line. However the response ends, the job does not outlive it."""

    def __init__(self, events: asyncio.Queue[Any], cancel: Callable[[], None]) -> None:
        super().__init__(self._lines(events), media_type="application/x-ndjson")
        self._cancel = cancel

    @classmethod
    async def of(cls, start: Callable[[Callable[[Any], None]], Callable[[], None]]) -> JobStream:
        """Return the stream of a job; ``start`` takes what its events are given to, and returns what cancels it."""
        loop = asyncio.get_running_loop()
        events: asyncio.Queue[Any] = asyncio.Queue()

        def deliver(event: Any) -> None:
            loop.call_soon_threadsafe(events.put_nowait, event)

        return cls(events, await run_in_threadpool(start, deliver))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events; cancel the job where the client has gone."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._cancel()

    @staticmethod
    async def _lines(events: asyncio.Queue[Any]) -> AsyncIterator[str]:
        while (event := await events.get()) is not None:
            yield event.model_dump_json() + "\n"
