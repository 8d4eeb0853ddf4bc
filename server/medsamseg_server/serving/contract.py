"""The types of the HTTP contract, version 1. OpenAPI is made from them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.propagation.fusing import Fusion
from medsamseg_server.serving.contract_types import Index, Reply, Request, SmallInteger
from medsamseg_server.serving.mask_contract import Mask
from medsamseg_server.serving.prompt_contract import SlicePrompt, only_of_kinds
from medsamseg_server.volumes.windows import IntensityRange

#: sha256 of a volume's ``.npy`` body.
VOLUME_KEY = r"^[0-9a-f]{64}$"
JobName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
#: Prompts of one request whose probabilities are told: maps are as large as slices.
MOST_PROBABILITIES = 16
Axis = Annotated[SmallInteger, Field(description="numpy's axis of the array (K, J, I): 0, 1 or 2")]
WindowText = Annotated[str, Field(max_length=80, description="auto, auto:NAME, a preset, percentile, or W,L")]
ModelName = Annotated[str | None, Field(max_length=80, description="null for the server's default model")]
FurtherKeys = Annotated[
    list[Annotated[str, Field(pattern=VOLUME_KEY)]],
    Field(max_length=15, description="further uploaded volumes of the same voxels, such as phases, asked as well"),
]
_Distance = Annotated[float, Field(gt=0, allow_inf_nan=False)]
FusionName = Annotated[Fusion, Field(description="how the probabilities of all volumes become one")]


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


class ErrorEvent(Reply):
    """Last event of a job that failed."""

    event: Literal["error"] = "error"
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
    license: str
    size_bytes: int | None
    proposes: bool = Field(description="it can find objects that nobody has pointed at")
    clicks: bool = Field(description="it has learned what box a click means")


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


#: Kinds of prompts of one slice.
_KINDS = ("box", "points", "meaning", "exclude", "exclude_mask")


class SegmentRequest(Request):
    """Prompts on one slice. With ``cached_only``, a slice not encoded yet is refused as ``not_encoded``, at once.

    So a box can be asked while it is dragged; meanwhile what it needs is encoded, unless its network is not loaded.

    With ``probabilities``, each mask comes with the map that is behind it; of ``MOST_PROBABILITIES`` prompts at most.

    Where ``spacing`` tells the distances of voxels along K, J and I in millimeters, masks of boxes come with the
    range of the sizes of the masks that voted for them.

    All prompts together have ``prompts.MOST_POINTS_TOGETHER`` points at most. They are asked on the
    volumes of ``also`` as well, whose shape (K, J, I) is that of the first; the answers are fused.
    """

    model: ModelName = None
    window: WindowText = "auto"
    axis: Axis = 0
    slice: Index
    prompts: Annotated[list[SlicePrompt], only_of_kinds(*_KINDS)] = Field(max_length=1000)
    cached_only: bool = False
    probabilities: bool = False
    spacing: tuple[_Distance, _Distance, _Distance] | None = None
    also: FurtherKeys = Field(default=[])
    fuse: FusionName = "mean"


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

    ``agreements`` say how far slightly different boxes gave the same mask, 0 to 1. ``doubts`` are sentences on masks in
    boxes that are likely to be wrong, null of others. ``window`` is that of the first prompt.
    """

    masks: list[Mask]
    windows: list[Window]
    agreements: list[float | None]
    doubts: list[str | None]
    embedding: Literal["cached", "computed"]
    seconds: Seconds
    model: str
    weights_sha256: str
    window: Window
