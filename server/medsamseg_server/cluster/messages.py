"""What goes between the process that lets requests in and the replicas that carry them out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Request:
    """A request that was let in.

    Attributes:
        method: of HTTP.
        path: without the query.
        query: as it was sent.
        headers: names in lowercase, and values.
        caller: whose it is.
        body: all of it; empty where it comes in pieces.
        lease: the place that it is about in nnInteractive's protocol, or empty.
    """

    method: str
    path: str
    query: bytes = b""
    headers: Sequence[tuple[bytes, bytes]] = ()
    caller: str = ""
    body: bytes = b""
    lease: str = ""


@dataclass(frozen=True)
class Answer:
    """What a replica answers; ``body`` is empty where it comes in pieces."""

    status: int
    headers: Sequence[tuple[bytes, bytes]] = ()
    body: bytes = b""


class ReplicaLostError(Exception):
    """The replica died, or does not know what was begun on it."""


class Replicas(Protocol):
    """The replicas. What has the same home is carried out by the same one, as long as that lives."""

    async def call(self, home: str, method: str, *arguments: Any) -> Any:
        """Return what a method of ``replica.Replica`` returns on a home's replica; on any one for an empty home.

        Raises:
            ReplicaLostError: when it died of it, or of something else meanwhile.
        """

    async def call_all(self, method: str, *arguments: Any) -> list[Any]:
        """Return what a method returns on every replica that is there and answers."""

    def stream(self, home: str, request: Request) -> AsyncGenerator[Answer | bytes]:
        """Yield an answer without body, then the pieces of its body; closing it ends the work.

        Raises:
            ReplicaLostError: as ``call``.
        """

    async def copy_volume(self, key: str, home: str) -> None:
        """Copy a volume from its own home to another, if it is there."""
