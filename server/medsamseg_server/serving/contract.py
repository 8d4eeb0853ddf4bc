"""The types of the HTTP contract, version 1. OpenAPI is made from them."""

from __future__ import annotations

import base64
import math
import zlib
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from medsamseg_server.engine.masks import Extent, SliceMask
from medsamseg_server.engine.probabilities import ProbabilityMap
from medsamseg_server.engine.prompts import Box
from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.propagation import DEFAULT_METHOD
from medsamseg_server.propagation.events import SliceResult
from medsamseg_server.propagation.trust import doubt
from medsamseg_server.serving.contract_types import Index, Reply, Request, SmallInteger
from medsamseg_server.serving.prompt_contract import DrawnMask, PropagationPrompt, SlicePrompt, only_of_kinds
from medsamseg_server.volumes.probability_levels import to_levels
from medsamseg_server.volumes.windows import IntensityRange

#: sha256 of a volume's ``.npy`` body.
VOLUME_KEY = r"^[0-9a-f]{64}$"
MethodName = Annotated[str, Field(max_length=40, description="how to follow an object; one of propagation.METHODS")]
JobName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
#: Prompts of one request whose probabilities are told: maps are as large as slices.
MOST_PROBABILITIES = 16
Axis = Annotated[SmallInteger, Field(description="numpy's axis of the array (K, J, I): 0, 1 or 2")]
WindowText = Annotated[str, Field(max_length=80, description="auto, auto:NAME, a preset, percentile, or W,L")]
ModelName = Annotated[str | None, Field(max_length=80, description="null for the server's default model")]


class Error(Reply):
    """What went wrong and what to do about it."""

    code: str
    message: str
    hint: str

    @classmethod
    def of(cls, error: MedSAMSegError) -> Error:
        """Return the reply's form of an error."""
        return cls(code=error.code, message=error.message, hint=error.hint)


class ErrorReply(Reply):
    """Body of every reply that is not a success."""

    error: Error


class Window(Reply):
    """Intensities that become black and white; ``name`` says what was resolved."""

    name: str
    lower: float
    upper: float

    @classmethod
    def of(cls, window: IntensityRange) -> Window:
        """Return the reply's form of a window."""
        return cls(name=window.name, lower=window.lower, upper=window.upper)


class Health(Reply):
    """The server's state. ``protocol`` is the version of this contract."""

    version: str
    protocol: int
    default_model: str
    model_installed: bool
    model_loaded: bool
    device: str
    pid: int


class ModelInfo(Reply):
    """A model the server knows."""

    name: str
    title: str
    installed: bool
    default: bool
    licence: str
    size_bytes: int | None


class Models(Reply):
    """All models."""

    models: list[ModelInfo]


class VolumeInfo(Reply):
    """An uploaded volume; ``window`` is what ``auto`` means for it, ``notes`` what was changed on arrival."""

    key: str
    shape: tuple[int, int, int]
    dtype: str
    window: Window
    notes: list[str]


class Probability(Reply):
    """How likely each pixel is the object's, in 8 bits.

    ``extent`` is the rectangle with levels above 0, as that of ``Mask``, or null when there is none; ``levels`` the
    base64 of its zlib-compressed bytes, row by row. A level v stands for probabilities above v / 256, up to (v + 1) /
    256: 128 and more are the mask of the threshold 0.5.
    """

    extent: Extent | None
    levels: str

    @classmethod
    def of(cls, probability: ProbabilityMap) -> Probability:
        """Return the reply's form of a map."""
        levels = to_levels(probability.values)
        extent = SliceMask.from_mask(levels > 0, 0.0).extent
        if extent is None:
            return cls(extent=None, levels="")
        x0, y0, x1, y1 = extent
        packed = zlib.compress(np.ascontiguousarray(levels[y0 : y1 + 1, x0 : x1 + 1]).tobytes(), 1)
        x, y = probability.x0, probability.y0
        return cls(extent=(x0 + x, y0 + y, x1 + x, y1 + y), levels=base64.b64encode(packed).decode("ascii"))


class Mask(Reply):
    """A binary mask on a slice.

    ``extent`` is x0, y0, x1, y1, inclusive, or null when the mask is empty; ``bits`` the base64 of ``numpy.packbits``
    of the extent's pixels in row-major order; ``score`` the network's own estimate of the mask's IoU. ``probability``
    is null unless it was asked for.
    """

    extent: Extent | None
    bits: str
    score: float
    voxels: int
    probability: Probability | None = None

    @classmethod
    def of(cls, mask: SliceMask) -> Mask:
        """Return the reply's form of a mask."""
        # JSON has no NaN; an untrained score may be one.
        score = mask.score if math.isfinite(mask.score) else 0.0
        bits = base64.b64encode(np.packbits(mask.pixels).tobytes()).decode("ascii")
        likely = None if mask.probability is None else Probability.of(mask.probability)
        return cls(extent=mask.extent, bits=bits, score=round(score, 6), voxels=mask.voxels, probability=likely)


class SegmentRequest(Request):
    """Prompts on one slice. With ``cached_only``, a slice not encoded yet is refused as ``not_encoded``, at once.

    With ``probabilities``, each mask comes with the map that is behind it; of ``MOST_PROBABILITIES`` prompts at most.

    All prompts together have ``prompts.MOST_POINTS_TOGETHER`` points at most.
    """

    model: ModelName = None
    window: WindowText = "auto"
    axis: Axis = 0
    slice: Index
    prompts: Annotated[list[SlicePrompt], only_of_kinds("box", "points", "exclude", "exclude_mask")] = Field(
        max_length=1000
    )
    cached_only: bool = False
    probabilities: bool = False


class Seconds(Reply):
    """Time spent on the inference thread."""

    encode: float
    decode: float

    @classmethod
    def of(cls, encode: float, decode: float) -> Seconds:
        """Return the times, rounded to a tenth of a millisecond."""
        return cls(encode=round(encode, 4), decode=round(decode, 4))


class SegmentReply(Reply):
    """One mask per prompt, in the prompts' order, with the window that the network saw it in.

    ``agreements`` say how far slightly different boxes gave the same mask, 0 to 1: below 0.9 a mask is worth a look.
    ``window`` is that of the first prompt.
    """

    masks: list[Mask]
    windows: list[Window]
    agreements: list[float | None]
    embedding: Literal["cached", "computed"]
    seconds: Seconds
    model: str
    weights_sha256: str
    window: Window


class ExcludedSlice(Request):
    """What is not the object on a slice, whether that has a prompt or not."""

    slice: Index
    mask: DrawnMask


class _Followed(Request):
    """Boxes of one object on some slices; ``first`` and ``last`` say where it ends, inclusive.

    It is at most ``reach`` slices from the outermost boxes, and may end before. ``locked`` slices are not computed,
    and no walk passes them. The n-th boxes ``exclude`` of all prompts are round one thing, which is followed and taken
    away on every slice; ``exclude_masks`` are taken away where they are.
    """

    prompts: Annotated[list[PropagationPrompt], only_of_kinds("box", "mask", "exclude")] = Field(
        default=[], max_length=10_000
    )
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
    ``method`` is one of ``propagation.METHODS``; frames of a film want ``film``.
    """

    model: ModelName = None
    window: WindowText = "auto"
    axis: Axis = 0
    direction: Literal["both", "forward", "backward"] = "both"
    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)
    objects: list[PropagateObject] = Field(default=[], max_length=1000)
    may_overlap: bool = True
    method: MethodName = DEFAULT_METHOD
    job: JobName | None = None


class StartEvent(Reply):
    """First event of a propagation. ``slices_total`` is an upper bound.

    ``windows`` are those that the network sees the objects in, in their order; ``window`` is that of the first.
    """

    event: Literal["start"] = "start"
    job: str
    slices_total: int
    model: str
    weights_sha256: str
    window: Window
    windows: list[Window]


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
    def of(cls, result: SliceResult, done: int, name: str | None = None) -> SliceEvent:
        """Return the event's form of a slice's result; ``name`` is that of one of several objects."""
        confidence = result.confidence
        return cls(
            object=name,
            slice=result.index,
            direction=result.direction,
            mask=Mask.of(result.mask),
            box=result.box,
            done=done,
            provenance=result.provenance,
            confidence=None if confidence is None else round(confidence.value, 4),
            confidence_parts={} if confidence is None else {k: round(v, 4) for k, v in confidence.parts.items()},
            doubt=doubt(result),
        )


class EndedEvent(Reply):
    """One walk away from a box ended after ``slice``; the reasons are those of ``propagation.DirectionEnded``."""

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


class ErrorEvent(Reply):
    """Last event of a propagation that failed."""

    event: Literal["error"] = "error"
    error: Error


PropagationEvent = StartEvent | SliceEvent | EndedEvent | DoneEvent | CancelledEvent | ErrorEvent


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
