"""Answering a box in full while it is still being dragged, so that its release finds the answer there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary, ref

from medsamseg_server.engine.answers import SliceSegmentation
from medsamseg_server.engine.prompts import Prompt
from medsamseg_server.engine.slice_request import SliceRequest
from medsamseg_server.serving.look_ahead import REST_SECONDS
from medsamseg_server.volumes.volume import Volume

logger = logging.getLogger(__name__)

# A box is released soon, or was dropped. Later, a model of the same name may have other weights.
_KEPT_SECONDS = 30.0

Answer: TypeAlias = Callable[[SliceRequest, Sequence[Prompt]], Awaitable[SliceSegmentation]]


@dataclass
class _Wanted:
    """What was previewed last in a volume, and the task of its answer, which may not have begun yet."""

    asked: tuple[Any, ...]
    task: asyncio.Task[SliceSegmentation] | None = None
    has_begun: bool = False


class AnswersAhead:
    """Answers the newest preview of each volume in full, once the box rests; used on the event loop alone.

    A preview asks the network once; the answer asks it several times, which takes most of the time from release to
    mask. People hold still about twice as long before they let go of a box.

    Args:
        answer: computes an answer with its probabilities, encoding the slice if need be.
    """

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._wanted: WeakKeyDictionary[Volume, _Wanted] = WeakKeyDictionary()

    def want(self, request: SliceRequest, prompts: Sequence[Prompt]) -> None:
        """Answer prompts, which have been checked, in place of what was wanted of the volume before."""
        asked = _what(request, prompts)
        if (before := self._wanted.get(request.volume)) is not None and before.asked == asked:
            return
        self._drop(request.volume)
        wanted = _Wanted(asked)
        wanted.task = asyncio.get_running_loop().create_task(self._answer_at_rest(wanted, request, prompts))
        wanted.task.add_done_callback(_note_failure)
        self._wanted[request.volume] = wanted

    async def take(
        self, request: SliceRequest, prompts: Sequence[Prompt], with_probabilities: bool
    ) -> SliceSegmentation | None:
        """Return the answer where exactly this was wanted, and the box has rested; want nothing more of the volume.

        What failed ahead is no answer: what it lacked, such as memory or an embedding, may be there now.
        """
        wanted = self._wanted.get(request.volume)
        if wanted is None or wanted.task is None or not wanted.has_begun or wanted.asked != _what(request, prompts):
            self._drop(request.volume)
            return None
        del self._wanted[request.volume]
        try:
            answer = await wanted.task
        except Exception:
            return None
        return answer if with_probabilities else _without_probabilities(answer)

    def _drop(self, volume: Volume) -> None:
        wanted = self._wanted.pop(volume, None)
        if wanted is not None and wanted.task is not None:
            wanted.task.cancel()

    async def _answer_at_rest(
        self, wanted: _Wanted, request: SliceRequest, prompts: Sequence[Prompt]
    ) -> SliceSegmentation:
        await asyncio.sleep(REST_SECONDS)
        wanted.has_begun = True
        answer = await self._answer(request, prompts)
        asyncio.get_running_loop().call_later(_KEPT_SECONDS, self._forget, ref(request.volume), wanted)
        return answer

    def _forget(self, volume: ref[Volume], wanted: _Wanted) -> None:
        if (kept := volume()) is not None and self._wanted.get(kept) is wanted:
            del self._wanted[kept]


def _what(request: SliceRequest, prompts: Sequence[Prompt]) -> tuple[Any, ...]:
    """Return what two requests on the same volume have in common when they have the same answer."""
    return (request.model, request.axis, request.index, request.window, *prompts)


def _without_probabilities(answer: SliceSegmentation) -> SliceSegmentation:
    return replace(answer, masks=[replace(mask, probability=None) for mask in answer.masks])


def _note_failure(task: asyncio.Task[SliceSegmentation]) -> None:
    # The box itself, once it is drawn, is told what is wrong.
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.info("A box was not answered ahead of its release: %s", error)
