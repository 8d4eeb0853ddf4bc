"""The types of the HTTP contract for background encoding."""

from __future__ import annotations

from typing import Literal

from medsamseg_server.serving.contract import Axis, Error, ModelName, WindowText
from medsamseg_server.serving.contract_types import Index, Reply, Request


class EncodingsRequest(Request):
    """Encode the slices along an axis in the background, from ``slice`` outward.

    What the volume's job does already goes on, from ``slice`` outward; another window, axis or model replaces the job.
    """

    model: ModelName = None
    window: WindowText = "auto"
    axis: Axis = 0
    slice: Index


class EncodingsChange(Request):
    """Pause the volume's background job, or let it go on."""

    paused: bool


EncodingsState = Literal["idle", "running", "paused", "done", "cancelled", "failed"]


class EncodingsStatus(Reply):
    """How far the volume's latest background job is; ``idle`` when there was none.

    ``total`` slices around ``slice`` are encoded; the cache has no room for the ``left_out`` ones farther away.
    ``seconds_left`` is null until a slice has been encoded.
    """

    state: EncodingsState = "idle"
    done: int = 0
    total: int = 0
    left_out: int = 0
    seconds_left: float | None = None
    job: str | None = None
    axis: int | None = None
    slice: int | None = None
    model: str | None = None
    window: str | None = None
    error: Error | None = None
