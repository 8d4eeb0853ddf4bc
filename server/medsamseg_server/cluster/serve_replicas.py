"""The replicas of a Ray Serve deployment, reached through its handle."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from medsamseg_server.cluster.messages import Answer, ReplicaLostError, Request


class ServeReplicas:
    """See ``messages.Replicas``. Used on one event loop.

    Args:
        handle: of the deployment of ``replica.Replica``, which finds replicas by ``volume_router.VolumeRouter``.
    """

    def __init__(self, handle: Any) -> None:
        self._handle = handle
        self._ray = import_module("ray.exceptions")
        self._serve = import_module("ray.serve.exceptions")

    async def call(self, home: str, method: str, *arguments: Any) -> Any:
        """Return what a method returns on a home's replica; see ``messages.Replicas``."""
        with self._losses():
            return await self._method(home, method).remote(*arguments)

    async def call_all(self, method: str, *arguments: Any) -> list[Any]:
        """Return what a method returns on every replica that answers."""
        try:
            found = await self._handle.broadcast(method, *arguments).results_async(return_exceptions=True)
        except self._serve.DeploymentUnavailableError:
            return []
        return [each for each in found if not isinstance(each, BaseException)]

    async def stream(self, home: str, request: Request) -> AsyncGenerator[Answer | bytes]:
        """Yield the pieces of an answer; see ``messages.Replicas``."""
        pieces = self._handle.options(stream=True, multiplexed_model_id=home).stream.remote(request)
        try:
            with self._losses():
                async for piece in pieces:
                    yield piece
        finally:
            pieces.cancel()

    async def copy_volume(self, key: str, home: str) -> None:
        """Copy a volume from its own home to another; its voxels go from replica to replica."""
        with self._losses():
            await self._method(home, "adopt").remote(key, self._method(key, "lend").remote(key))

    def _method(self, home: str, method: str) -> Any:
        return self._handle.options(method_name=method, multiplexed_model_id=home)

    @contextmanager
    def _losses(self) -> Iterator[None]:
        """Turn the many ways in which Ray tells that a replica died into one."""
        try:
            yield
        except ReplicaLostError:
            raise
        except self._ray.RayTaskError:
            # The replica lives; its method raised.
            raise
        except (self._ray.RayError, self._serve.RayServeException) as error:
            raise ReplicaLostError from error
