"""Requests carried out by an application in this process, without a socket."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope

from medsamseg_server.cluster.messages import Answer, Request
from medsamseg_server.serving.load_limit import with_stall_timeout

logger = logging.getLogger(__name__)

#: Pieces of an upload that wait for the application at a time.
_WAITING_PIECES = 2


async def ask(app: ASGIApp, request: Request) -> Answer:
    """Return the whole answer to a request that has its body."""
    return await _answer(app, request, _whole_body(request))


async def stream(app: ASGIApp, request: Request) -> AsyncGenerator[Answer | bytes]:
    """Yield an answer without body, then the pieces of its body as they come; closing it is a client that goes."""
    messages: asyncio.Queue[Message | None] = asyncio.Queue()

    async def run() -> None:
        try:
            await app(_scope(request), _whole_body(request), messages.put)
        except Exception:
            logger.exception("A request failed.")
        finally:
            messages.put_nowait(None)

    task = asyncio.create_task(run())
    try:
        while (message := await messages.get()) is not None:
            if message["type"] == "http.response.start":
                yield Answer(message["status"], tuple(message["headers"]))
            elif message.get("body"):
                yield bytes(message["body"])
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


class Upload:
    """A request whose body comes in pieces.

    Args:
        app: what carries it out.
        request: without its body.
    """

    def __init__(self, app: ASGIApp, request: Request) -> None:
        self._pieces: asyncio.Queue[Message] = asyncio.Queue(_WAITING_PIECES)
        self._answer = asyncio.create_task(_answer(app, request, with_stall_timeout(self._pieces.get)))

    async def feed(self, piece: bytes, is_last: bool) -> None:
        """Give a piece of the body, once there is room for it; one that nobody waits for is dropped."""
        waiting = asyncio.create_task(
            self._pieces.put({"type": "http.request", "body": piece, "more_body": not is_last})
        )
        await asyncio.wait({waiting, self._answer}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()

    async def finish(self) -> Answer:
        """Return the answer."""
        return await self._answer

    def abort(self) -> None:
        """End it: nobody waits for the answer."""
        self._answer.cancel()


async def _answer(app: ASGIApp, request: Request, receive: Receive) -> Answer:
    status, headers, body = 500, (), bytearray()

    async def send(message: Message) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status, headers = message["status"], tuple(message["headers"])
        else:
            body.extend(message.get("body", b""))

    try:
        await app(_scope(request), receive, send)
    except Exception:
        # It has answered, and raises what it did not expect for whoever keeps the log.
        logger.exception("A request failed.")
    return Answer(status, headers, bytes(body))


def _scope(request: Request) -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": request.path,
        "raw_path": request.path.encode(),
        "query_string": request.query,
        "root_path": "",
        "headers": list(request.headers),
        "client": None,
        "server": None,
        "state": {"caller": request.caller, "lease": request.lease},
    }


def _whole_body(request: Request) -> Receive:
    """Return the ``receive`` of a client that sends its body at once, and stays until it has the answer."""
    is_sent = False

    async def receive() -> Message:
        nonlocal is_sent
        if is_sent:
            await asyncio.Event().wait()
        is_sent = True
        return {"type": "http.request", "body": request.body, "more_body": False}

    return receive
