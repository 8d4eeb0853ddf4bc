"""What a propagation tells while it goes: the object on a slice, and why a way ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from medsamseg_server.engine.masks import SliceMask
from medsamseg_server.engine.prompts import Box

Way = Literal["forward", "backward"]
Reason = Literal["range", "reach", "volume", "prompt", "locked", "empty", "shrunk", "grown", "jumped", "changed"]
#: How a slice's mask came about: the box is the user's, the mask was followed from one side, or from both.
Provenance = Literal["box", "propagated", "interpolated"]


@dataclass(frozen=True)
class Confidence:
    """How far a slice's mask can be trusted, from signs that need no reference.

    Attributes:
        value: 0 (look at this slice) to 1.
        parts: the signs it is made of, by name, each 0 to 1.
    """

    value: float
    parts: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class SliceResult:
    """The object on one slice.

    Attributes:
        index: slice index.
        direction: ``prompt`` on a slice with a box of the user, otherwise the way the propagation went.
        box: the box that the network was given.
        mask: the object; never empty except on a prompted slice.
        provenance: how the mask came about.
        confidence: how far it can be trusted; None where the method does not say.
    """

    index: int
    direction: Literal["prompt", "forward", "backward"]
    box: Box
    mask: SliceMask
    provenance: Provenance = "propagated"
    confidence: Confidence | None = None


@dataclass(frozen=True)
class DirectionEnded:
    """Why a pass away from a prompt stopped.

    Attributes:
        direction: the way it went.
        index: last slice with the object.
        reason: ``range`` (the limit asked for), ``reach`` (the object can be no farther), ``volume`` (its last slice),
            ``prompt`` (it met the pass from, or the mask of, the next prompt), ``locked`` (a slice that must not be
            written), ``empty`` (nothing found on the next slice), ``shrunk``, ``grown``, ``jumped`` or ``changed``
            (what was found there is not the same object).
        message: the same as a sentence for the user.
    """

    direction: Way
    index: int
    reason: Reason
    message: str

    @classmethod
    def after(cls, direction: Way, index: int, reason: Reason) -> DirectionEnded:
        """Return the event with its sentence."""
        return cls(direction, index, reason, _SENTENCES[reason].format(index))


@dataclass(frozen=True)
class SliceSeen:
    """A slice across another axis was looked at, to see the object from there; what comes of it is told at the end.

    Attributes:
        axis: the other array axis.
        index: slice index along it.
        done: number of such slices so far.
        total: of how many.
    """

    axis: int
    index: int
    done: int
    total: int


Event = SliceResult | DirectionEnded | SliceSeen

_SENTENCES: dict[Reason, str] = {
    "range": "Stopped at slice {}, the end of the range.",
    "reach": "Stopped at slice {}, the farthest that the object can be from its lines or boxes.",
    "volume": "Stopped at slice {}, the end of the volume.",
    "prompt": "Stopped at slice {}, where it met the next box.",
    "locked": "Stopped at slice {}: the next slice is locked.",
    "empty": "Stopped after slice {}: nothing was found on the next slice.",
    "shrunk": "Stopped after slice {}: on the next slice only a small part of the object would be left.",
    "grown": "Stopped after slice {}: on the next slice the object would suddenly be much larger.",
    "jumped": "Stopped after slice {}: on the next slice the object would be in another place.",
    "changed": "Stopped after slice {}: on the next slice there is something of another brightness.",
}
