"""A propagation as steps for the scheduler."""

from __future__ import annotations

import functools
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from medsamseg_server.engine.engine import Engine
from medsamseg_server.engine.prompts import check_prompts
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.propagation import DirectionEnded, Propagation, SliceSeen
from medsamseg_server.propagation.fusing import NO_PHASES, Phases, make_slices
from medsamseg_server.propagation.several_objects import FollowedObject, follow
from medsamseg_server.serving import contract
from medsamseg_server.serving.mask_contract import MaskRange
from medsamseg_server.serving.propagation_contract import (
    CancelledEvent,
    DoneEvent,
    EndedEvent,
    PlaneEvent,
    PropagateObject,
    PropagateRequest,
    PropagationEvent,
    SliceEvent,
    StartEvent,
)
from medsamseg_server.serving.scheduler import Outcome
from medsamseg_server.volumes.volume import Volume

logger = logging.getLogger(__name__)

_Wanted: TypeAlias = PropagateRequest | PropagateObject
#: Stands for the name of the only object of a request; an ID is never empty.
_ALONE = ""


class PropagationJob:
    """One propagation request; everything that can be told to be wrong with it is checked on construction.

    Args:
        name: of the job.
        engine: what segments.
        volume: the volume.
        request: what to follow.
        phases: the further volumes that the request names; checked.

    Raises:
        MedSAMSegError: ``prompt_duplicate``, ``object_duplicate`` or ``objects_and_prompts``; as
            ``SlicePrompt.to_prompt``, ``propagation.Propagation``, ``prompts.check_prompts``, ``Volume.window`` and
            ``Engine.check_model``.
    """

    def __init__(
        self, name: str, engine: Engine, volume: Volume, request: PropagateRequest, phases: Phases = NO_PHASES
    ) -> None:
        self.name = name
        self._engine = engine
        self._volume = volume
        self._phases = phases
        self._window = request.window
        self._axis = request.axis
        self._with_probabilities = request.probabilities
        self._spacing = request.spacing if request.ranges else None
        self._delivered = 0
        self._complete = False
        self._may_overlap = request.may_overlap
        self._objects = dict(self._propagation(each, request) for each in _objects_of(request))
        volume.window(request.window)
        self._model = engine.check_model(request.model)

    def _propagation(self, wanted: _Wanted, request: PropagateRequest) -> tuple[str, Propagation]:
        slices = Counter(prompt.slice for prompt in wanted.prompts)
        for index, count in slices.items():
            if count > 1:
                message = f"Slice {index} has {count} boxes of one object; a propagation takes one box per slice."
                raise _invalid("prompt_duplicate", message, "Send several objects.")
        size = functools.partial(self._volume.slice_size, request.axis)
        prompts = {each.slice: each.to_prompt(functools.partial(size, each.slice)) for each in wanted.prompts}
        propagation = Propagation(
            self._volume.shape,
            request.axis,
            prompts,
            wanted.first,
            wanted.last,
            request.direction,
            spacing=request.spacing,
            locked=wanted.locked,
            reach=wanted.reach,
            method=request.method,
            exclude_masks={each.slice: each.mask.to_slice_mask(size(each.slice)) for each in wanted.exclude_masks},
            planes=request.planes,
        )
        check_prompts(list(prompts.values()), propagation.image_size)
        return wanted.id if isinstance(wanted, PropagateObject) else _ALONE, propagation

    def steps(self) -> Iterator[PropagationEvent]:
        """Yield the events; one slice of an object, and of what it excludes, is computed per ``next``."""
        predictor = self._engine.predictor(self._model)
        source = make_slices(
            self._engine, self._volume, self._axis, self._window, self._model, self._with_probabilities, self._phases
        )
        followed = [FollowedObject.of(name, each, source) for name, each in self._objects.items()]
        windows = [contract.Window.of(self._volume.window(each.source.window)) for each in followed]
        yield StartEvent(
            job=self.name,
            slices_total=sum(each.slices_total for each in self._objects.values()),
            model=self._model,
            weights_sha256=predictor.weights_sha256,
            window=windows[0],
            windows=windows,
            notes=list(dict.fromkeys(note for each in self._objects.values() for note in each.notes)),
        )
        done: set[tuple[str, int]] = set()
        for name, item in follow(followed, self._may_overlap):
            told = None if name == _ALONE else name
            if isinstance(item, DirectionEnded):
                yield EndedEvent(
                    object=told, direction=item.direction, slice=item.index, reason=item.reason, message=item.message
                )
            elif isinstance(item, SliceSeen):
                yield PlaneEvent.of(item, told)
            else:
                done.add((name, item.index))
                yield SliceEvent.of(item, len(done), told, MaskRange.of(item.mask, self._axis, self._spacing))
        seconds = contract.Seconds.of(source.encode_seconds, source.decode_seconds)
        yield DoneEvent(slices=len(done), seconds=seconds)

    def note_delivered(self, event: PropagationEvent) -> None:
        """Remember what the client got; what is in work when a job is cancelled is dropped."""
        if isinstance(event, SliceEvent):
            self._delivered = event.done
        self._complete = isinstance(event, DoneEvent)

    def closing_event(self, outcome: Outcome) -> PropagationEvent | None:
        """Return the last event of a job whose client did not get it; None for one that ran to its end."""
        if self._complete:
            return None
        if outcome.kind == "cancelled":
            return CancelledEvent(slices=self._delivered)
        return contract.ErrorEvent(error=error_reply(outcome.error)) if outcome.error else None


def error_reply(error: Exception) -> contract.Error:
    """Return what a client may know of an error: nothing of an unexpected one but that it happened."""
    if isinstance(error, MedSAMSegError):
        return contract.Error.of(error)
    hint = "The server's log has the details; please report them."
    return contract.Error(code="internal", message="Something unexpected went wrong on the server.", hint=hint)


def _objects_of(request: PropagateRequest) -> Sequence[_Wanted]:
    """Return the objects that a request is about, itself if it is about one."""
    if not request.objects:
        return [request]
    own = (request.first, request.last, request.reach)
    if request.prompts or request.locked or any(each is not None for each in own):
        message = "A request with several objects has boxes, bounds or locked slices of its own as well."
        raise _invalid("objects_and_prompts", message, "Put them into the objects.")
    for name, count in Counter(each.id for each in request.objects).items():
        if count > 1:
            raise _invalid("object_duplicate", f"{count} objects have the ID '{name}'.", "Give each its own.")
    return request.objects


def _invalid(code: str, message: str, hint: str) -> MedSAMSegError:
    return MedSAMSegError(ErrorKind.INVALID_INPUT, code, message, hint)
