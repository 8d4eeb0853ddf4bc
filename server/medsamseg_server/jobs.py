"""A propagation as steps for the scheduler."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator

from medsamseg_server import api
from medsamseg_server.engine import Engine
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.masks import SliceMask
from medsamseg_server.prompts import check_box
from medsamseg_server.propagation import DirectionEnded, EngineSlices, Propagation
from medsamseg_server.scheduler import Outcome
from medsamseg_server.volumes import Volume

logger = logging.getLogger(__name__)


class PropagationJob:
    """One propagation request; everything that can be told to be wrong with it is checked on construction.

    Raises:
        MedSAMSegError: ``prompt_duplicate``; as ``api.DrawnMask.to_slice_mask``, ``propagation.Propagation``,
            ``prompts.check_box``, ``Volume.window`` and ``Engine.check_model``.
    """

    def __init__(self, name: str, engine: Engine, volume: Volume, request: api.PropagateRequest) -> None:
        self.name = name
        self._engine = engine
        self._volume = volume
        self._window = request.window
        self._axis = request.axis
        self._delivered = 0
        self._complete = False
        slices = Counter(prompt.slice for prompt in request.prompts)
        for index, count in slices.items():
            if count > 1:
                message = f"Slice {index} has {count} boxes; a propagation follows one object, with one box per slice."
                raise MedSAMSegError(
                    ErrorKind.INVALID_INPUT, "prompt_duplicate", message, "Send one request per object."
                )
        boxes = {prompt.slice: prompt.box for prompt in request.prompts}
        self._propagation = Propagation(
            volume.shape,
            request.axis,
            boxes,
            request.first,
            request.last,
            request.direction,
            spacing=request.spacing,
            locked=request.locked,
            masks=_drawn_masks(volume, request),
        )
        for box in boxes.values():
            check_box(box, self._propagation.image_size)
        volume.window(request.window)
        self._model = engine.check_model(request.model)

    def steps(self) -> Iterator[api.PropagationEvent]:
        """Yield the events; one slice at most is computed per ``next``."""
        predictor = self._engine.predictor(self._model)
        yield api.StartEvent(
            job=self.name,
            slices_total=self._propagation.slices_total,
            model=self._model,
            weights_sha256=predictor.weights_sha256,
            window=api.Window.of(self._volume.window(self._window)),
        )
        slices = EngineSlices(self._engine, self._volume, self._axis, self._window, self._model)
        done = 0
        for item in self._propagation.run(slices):
            if isinstance(item, DirectionEnded):
                yield api.EndedEvent(
                    direction=item.direction, slice=item.index, reason=item.reason, message=item.message
                )
            else:
                done += 1
                yield api.SliceEvent.of(item, done)
        seconds = api.Seconds.of(slices.encode_seconds, slices.decode_seconds)
        yield api.DoneEvent(slices=done, seconds=seconds)

    def note_delivered(self, event: api.PropagationEvent) -> None:
        """Remember what the client got; what is in work when a job is cancelled is dropped."""
        if isinstance(event, api.SliceEvent):
            self._delivered = event.done
        self._complete = isinstance(event, api.DoneEvent)

    def closing_event(self, outcome: Outcome) -> api.PropagationEvent | None:
        """Return the last event of a job whose client did not get it; None for one that ran to its end."""
        if self._complete:
            return None
        if outcome.kind == "cancelled":
            return api.CancelledEvent(slices=self._delivered)
        return api.ErrorEvent(error=error_reply(outcome.error)) if outcome.error else None


def _drawn_masks(volume: Volume, request: api.PropagateRequest) -> dict[int, SliceMask]:
    drawn = {prompt.slice: prompt.mask for prompt in request.prompts if prompt.mask is not None}
    masks: dict[int, SliceMask] = {}
    for index, mask in drawn.items():
        height, width = volume.slice(request.axis, index).shape
        masks[index] = mask.to_slice_mask((height, width))
    return masks


def error_reply(error: Exception) -> api.Error:
    """Return what a client may know of an error: nothing of an unexpected one but that it happened."""
    if isinstance(error, MedSAMSegError):
        return api.Error.of(error)
    hint = "The server's log has the details; please report them."
    return api.Error(code="internal", message="Something unexpected went wrong on the server.", hint=hint)
