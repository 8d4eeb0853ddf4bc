"""Encoding what a box will need while it is still being dragged, so that its release finds it there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from medsamseg_server.engine.engine import Engine
from medsamseg_server.engine.prompts import Prompt
from medsamseg_server.engine.slice_request import SliceRequest
from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.serving.scheduler import Outcome, Priority, Scheduler, Task
from medsamseg_server.volumes.volume import Volume

logger = logging.getLogger(__name__)

#: A box that has not moved on for so many seconds may be about to be released. While it moves on, what it passes is not
#: encoded: a box that is released at once would wait for that.
REST_SECONDS = 0.04


@dataclass
class _Wanted:
    """What is wanted of a volume: where, the timer until it is begun, and its task from then on."""

    place: tuple[Any, ...]
    timer: asyncio.TimerHandle
    task: Task | None = None


class LookAhead:
    """Encodes for the newest preview of each volume, once the box rests; used on the event loop alone.

    A close-up takes a tenth of a second, and people hold still about as long before they let go of a box.

    Args:
        engine: encodes; only with networks that are loaded.
        scheduler: of encoding.
        owner: who takes turns with other owners.
    """

    def __init__(self, engine: Engine, scheduler: Scheduler, owner: str) -> None:
        self._engine = engine
        self._scheduler = scheduler
        self._owner = owner
        self._wanted: WeakKeyDictionary[Volume, _Wanted] = WeakKeyDictionary()

    def want(self, request: SliceRequest, prompts: Sequence[Prompt]) -> None:
        """Encode what prompts, which have been checked, are decoded on, in place of what was wanted before."""
        framings = self._engine.framings_for(request, prompts)
        if framings is None:
            return
        place = (request.model, request.axis, request.index, *framings)
        before = self._wanted.get(request.volume)
        if before is not None and before.place == place:
            return
        self.drop(request.volume)
        timer = asyncio.get_running_loop().call_later(REST_SECONDS, self._begin, request, prompts)
        self._wanted[request.volume] = _Wanted(place, timer)

    def drop(self, volume: Volume) -> None:
        """Want nothing any more of a volume; what is being encoded is finished, and kept."""
        if (wanted := self._wanted.pop(volume, None)) is None:
            return
        wanted.timer.cancel()
        if wanted.task is not None:
            self._scheduler.cancel(wanted.task)

    def _begin(self, request: SliceRequest, prompts: Sequence[Prompt]) -> None:
        def encode() -> Iterator[None]:
            self._engine.embed_for(request, prompts)
            yield

        try:
            task = self._scheduler.start(Priority.CLICK, encode(), lambda _: None, _note_failure, self._owner)
        except MedSAMSegError:
            # The server is stopping.
            return
        self._wanted[request.volume].task = task


def _note_failure(outcome: Outcome) -> None:
    # The box itself, once it is drawn, is told what is wrong.
    if outcome.error is not None:
        logger.info("Nothing was encoded ahead of a box: %s", outcome.error)
