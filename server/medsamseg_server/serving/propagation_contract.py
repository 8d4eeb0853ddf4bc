"""The types of the HTTP contract for propagation: what is followed through a volume, and the events that tell of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from medsamseg_server.engine.prompts import Box
from medsamseg_server.propagation import DEFAULT_METHOD
from medsamseg_server.propagation.events import SliceResult, SliceSeen
from medsamseg_server.propagation.trust import doubt
from medsamseg_server.serving.contract import (
    Axis,
    ErrorEvent,
    FurtherKeys,
    FusionName,
    JobName,
    ModelName,
    Seconds,
    Window,
    WindowText,
)
from medsamseg_server.serving.contract_types import Index, Reply, Request
from medsamseg_server.serving.mask_contract import Mask, MaskRange
from medsamseg_server.serving.prompt_contract import DrawnMask, PropagationPrompt, only_of_kinds

MethodName = Annotated[str, Field(max_length=40, description="how to follow an object; one of propagation.METHODS")]


#: Kinds of prompts of a propagation.
_KINDS = ("box", "mask", "exclude")


class ExcludedSlice(Request):
    """What is not the object on a slice, whether that has a prompt or not."""

    slice: Index
    mask: DrawnMask


class _Followed(Request):
    """Boxes of one object on some slices; ``first`` and ``last`` say where it ends, inclusive.

    It is at most ``reach`` slices from the outermost boxes, and may end before. ``locked`` slices are not computed,
    and no propagation pass crosses them. The n-th boxes ``exclude`` of all prompts are round one thing, which is
    followed and taken away on every slice; ``exclude_masks`` are taken away where they are.
    """

    prompts: Annotated[list[PropagationPrompt], only_of_kinds(*_KINDS)] = Field(default=[], max_length=10_000)
    first: Index | None = None
    last: Index | None = None
    reach: Annotated[Index, Field(ge=0)] | None = None
    locked: list[Index] = Field(default=[], max_length=100_000)
    exclude_masks: list[ExcludedSlice] = Field(default=[], max_length=100_000)


class PropagateObject(_Followed):
    """One of several objects."""

    id: Annotated[str, Field(min_length=1, max_length=200)]


class PropagateRequest(_Followed):
    """What to follow through a volume: one object, or several ``objects`` instead, each with its own boxes and bounds.

    ``spacing`` is that of the voxels along K, J and I in millimeters. Unless several objects ``may_overlap``, each
    voxel belongs to one of them: a slice that was reported comes again when a later object takes voxels from it.
    ``method`` is one of ``propagation.METHODS``; frames of a film want ``film``. With ``probabilities``, masks come
    with the map that is behind them; there is none where motion alone or a person decided. With ``ranges``, they come
    with the range of the sizes of the masks that voted for them, in that spacing. With 3 ``planes``, objects are then
    looked at across the two other axes as well, and their slices come again as all three see them. Without an end given
    by ``last`` or ``first``, slices from which on an object widened come again once its end was found.
    ``also`` and ``fuse`` are as in ``SegmentRequest``.
    """

    model: ModelName = None
    window: WindowText = "auto"
    axis: Axis = 0
    direction: Literal["both", "forward", "backward"] = "both"
    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)
    objects: list[PropagateObject] = Field(default=[], max_length=1000)
    may_overlap: bool = True
    method: MethodName = DEFAULT_METHOD
    planes: Literal[1, 3] = 1
    job: JobName | None = None
    probabilities: bool = False
    ranges: bool = False
    also: FurtherKeys = Field(default=[])
    fuse: FusionName = "mean"


class StartEvent(Reply):
    """First event of a propagation. ``slices_total`` is an upper bound.

    ``windows`` are those that the network sees the objects in, in their order; ``window`` is that of the first.
    ``notes`` are sentences on what is done otherwise than asked for.
    """

    event: Literal["start"] = "start"
    job: str
    slices_total: int
    model: str
    weights_sha256: str
    window: Window
    windows: list[Window]
    notes: list[str]


class SliceEvent(Reply):
    """The object on one slice, and the box it was found with; ``done`` counts the slices of all objects so far.

    ``object`` is the ID of one of several. ``confidence``, 0 to 1, is made of the named ``confidence_parts``; null
    where the method does not know. ``doubt`` is a sentence on a mask in a box of the user that is likely to be wrong:
    all that follows from the box follows from it. Null on other slices.
    """

    event: Literal["slice"] = "slice"
    object: str | None = None
    slice: int
    direction: Literal["prompt", "forward", "backward"]
    mask: Mask
    box: Box
    done: int
    provenance: Literal["box", "propagated", "interpolated"]
    confidence: float | None
    confidence_parts: dict[str, float]
    doubt: str | None = None

    @classmethod
    def of(cls, result: SliceResult, done: int, name: str | None = None, sizes: MaskRange | None = None) -> SliceEvent:
        """Return the event's form of a slice's result.

        Args:
            result: what was found.
            done: slices of all objects so far.
            name: of one of several objects.
            sizes: the range of the mask's sizes, where that was asked for.
        """
        confidence = result.confidence
        return cls(
            object=name,
            slice=result.index,
            direction=result.direction,
            mask=Mask.of(result.mask, sizes),
            box=result.box,
            done=done,
            provenance=result.provenance,
            confidence=None if confidence is None else round(confidence.value, 4),
            confidence_parts={} if confidence is None else {k: round(v, 4) for k, v in confidence.parts.items()},
            doubt=doubt(result),
        )


class PlaneEvent(Reply):
    """A slice across another axis was looked at, ``done`` of ``total`` of this object.

    When all are done, the slices that were reported come again.
    """

    event: Literal["plane"] = "plane"
    object: str | None = None
    axis: int
    slice: int
    done: int
    total: int

    @classmethod
    def of(cls, seen: SliceSeen, name: str | None = None) -> PlaneEvent:
        """Return the event's form of a slice that was looked at; ``name`` is that of one of several objects."""
        return cls(object=name, axis=seen.axis, slice=seen.index, done=seen.done, total=seen.total)


class EndedEvent(Reply):
    """One pass away from a box ended after ``slice``; the reasons are those of ``propagation.DirectionEnded``."""

    event: Literal["ended"] = "ended"
    object: str | None = None
    direction: Literal["forward", "backward"]
    slice: int
    reason: str
    message: str


class DoneEvent(Reply):
    """Last event of a propagation that ran to its end."""

    event: Literal["done"] = "done"
    slices: int
    seconds: Seconds


class CancelledEvent(Reply):
    """Last event of a cancelled propagation."""

    event: Literal["cancelled"] = "cancelled"
    slices: int


PropagationEvent = StartEvent | SliceEvent | PlaneEvent | EndedEvent | DoneEvent | CancelledEvent | ErrorEvent
