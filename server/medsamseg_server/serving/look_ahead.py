"""Encoding what a box will need while it is still being dragged, so that its release finds it there."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from weakref import WeakKeyDictionary

from medsamseg_server.engine.engine import Engine
from medsamseg_server.engine.prompts import Prompt
from medsamseg_server.engine.slice_request import SliceRequest
from medsamseg_server.serving.scheduler import Outcome, Priority, Scheduler, Task
from medsamseg_server.volumes.volume import Volume

logger = logging.getLogger(__name__)


class LookAhead:
    """Encodes for the newest preview of each volume; what an older one would have needed is not begun any more.

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
        self._tasks: WeakKeyDictionary[Volume, Task] = WeakKeyDictionary()

    def want(self, request: SliceRequest, prompts: Sequence[Prompt]) -> None:
        """Encode what prompts, which have been checked, are decoded on, in place of what was wanted before."""
        if not self._engine.is_loaded(request.model):
            return
        self.drop(request.volume)

        def encode() -> Iterator[None]:
            self._engine.embed_for(request, prompts)
            yield

        self._tasks[request.volume] = self._scheduler.start(
            Priority.CLICK, encode(), lambda _: None, _note_failure, self._owner
        )

    def drop(self, volume: Volume) -> None:
        """Want nothing any more of a volume; what is being encoded is finished, and kept."""
        if (task := self._tasks.pop(volume, None)) is not None:
            self._scheduler.cancel(task)


def _note_failure(outcome: Outcome) -> None:
    # The box itself, once it is drawn, is told what is wrong.
    if outcome.error is not None:
        logger.info("Nothing was encoded ahead of a box: %s", outcome.error)
