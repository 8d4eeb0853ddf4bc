"""A replica: the server's application with volumes of its own, asked by method calls instead of HTTP."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.cluster import asgi
from medsamseg_server.cluster.messages import Answer, ReplicaLostError, Request
from medsamseg_server.engine.loaded_networks import LoadPredictor
from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.serving.app import make_app, nninteractive_routes
from medsamseg_server.serving.serve_options import ServeOptions
from medsamseg_server.volumes.volume import Volume

#: What ``Volume`` is made of.
Lent = tuple[NDArray[Any], str, tuple[str, ...]]


class Replica:
    """Answers requests that were let in elsewhere. Used on one event loop.

    Args:
        options: what it computes with, and for whom; the address in them is not used.
        load_predictor: as ``serving.process.serve``.
    """

    def __init__(self, options: ServeOptions, load_predictor: LoadPredictor | None = None) -> None:
        self._service = options.make_service(load_predictor)
        self._group = options.make_group(self._service)
        self._app = make_app(self._service, options.upload_bytes, self._group)
        if options.nninteractive_sessions:
            nninteractive_routes().add_to(self._app, options.nninteractive_sessions)
        self._uploads: dict[str, asgi.Upload] = {}
        self._service.preload()

    async def ask(self, request: Request) -> Answer:
        """Return the answer to a request."""
        return await asgi.ask(self._app, request)

    async def stream(self, request: Request) -> AsyncGenerator[Answer | bytes]:
        """Yield an answer without body, then the pieces of its body; closing it ends the work."""
        async for piece in asgi.stream(self._app, request):
            yield piece

    async def begin_upload(self, request: Request) -> str:
        """Begin a request whose body comes in pieces; return its name."""
        name = secrets.token_hex(8)
        self._uploads[name] = asgi.Upload(self._app, request)
        return name

    async def feed_upload(self, name: str, piece: bytes, is_last: bool) -> None:
        """Take a piece of the body.

        Raises:
            ReplicaLostError: when it was begun on another replica.
        """
        if name not in self._uploads:
            raise ReplicaLostError
        await self._uploads[name].feed(piece, is_last)

    async def finish_upload(self, name: str) -> Answer:
        """Return the answer; all pieces have been taken.

        Raises:
            ReplicaLostError: as ``feed_upload``.
        """
        if name not in self._uploads:
            raise ReplicaLostError
        return await self._uploads.pop(name).finish()

    async def abort_upload(self, name: str) -> None:
        """End a request whose client has gone."""
        if upload := self._uploads.pop(name, None):
            upload.abort()

    async def missing(self, keys: Sequence[str]) -> list[str]:
        """Return those of these volumes that are not here."""
        return [key for key in keys if key not in self._service.volumes.sizes()]

    async def lend(self, key: str) -> Lent | None:
        """Return what a volume is made of; None where it is not here."""
        try:
            volume = self._service.volumes.get(key)
        except MedSAMSegError:
            return None
        return volume.array, volume.dtype, volume.notes

    async def adopt(self, key: str, lent: Lent | None) -> None:
        """Keep a copy of what another replica lends."""
        if lent is not None:
            array, dtype, notes = lent
            # What comes over the network lies in memory that all share.
            own = np.array(array)
            own.setflags(write=False)
            self._service.volumes.put(key, Volume(own, dtype, notes))

    async def stop(self) -> None:
        """Cancel everything and accept no more work."""
        self._service.stop()
        if self._group is not None:
            self._group.stop()
