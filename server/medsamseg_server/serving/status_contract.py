"""The types of the HTTP contract for the server's state: what a user has, and how busy the server is."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from medsamseg_server.serving.contract_types import Reply


class JobStatus(Reply):
    """One of the caller's jobs."""

    job: str
    kind: Literal["propagation", "encoding"]
    paused: bool


class VolumeUse(Reply):
    """One of the caller's volumes."""

    key: str
    size_bytes: int


class OwnStatus(Reply):
    """What the caller has; ``most_…`` is null where there is no quota."""

    volumes: list[VolumeUse]
    jobs: list[JobStatus]
    memory_bytes: int
    most_volumes: int | None = None
    most_memory_bytes: int | None = None
    most_jobs: int | None = None


class Places(Reply):
    """How many users are at work, and how many can be."""

    taken: int
    most: int


class Queue(Reply):
    """How much there is of each kind of work, of all users together."""

    clicks: int
    propagations: int
    encodings: int


class Status(Reply):
    """What the caller has, and how busy the server is; of others there are numbers only."""

    own: OwnStatus
    places: Places | None = Field(default=None, description="null where one token lets everybody in")
    queue: Queue
