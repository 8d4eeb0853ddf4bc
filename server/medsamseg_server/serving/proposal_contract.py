"""The types of the HTTP contract for proposals: objects of a slice that nobody has pointed at."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from medsamseg_server.engine.proposals import MOST_POINTS_PER_SIDE, Proposal, ProposalOptions
from medsamseg_server.serving.contract import (
    Axis,
    ErrorEvent,
    JobName,
    ModelName,
    Seconds,
    Window,
    WindowText,
)
from medsamseg_server.serving.contract_types import Index, Reply, Request
from medsamseg_server.serving.mask_contract import Mask

_USUAL = ProposalOptions()
_Share = Annotated[float, Field(ge=0, le=1)]


class ProposalsRequest(Request):
    """Propose the objects of a slice; what is asked and kept is that of ``proposals.ProposalOptions``.

    ``model`` is one that can propose; null for the usual one.
    """

    model: ModelName = None
    window: WindowText = "auto"
    axis: Axis = 0
    slice: Index
    points_per_side: Annotated[int, Field(ge=1, le=MOST_POINTS_PER_SIDE)] = _USUAL.points_per_side
    least_quality: _Share = _USUAL.least_quality
    least_stability: _Share = _USUAL.least_stability
    stability_offset: Annotated[float, Field(ge=0, le=100)] = _USUAL.stability_offset
    most_overlap: _Share = _USUAL.most_overlap
    job: JobName | None = None

    def to_options(self) -> ProposalOptions:
        """Return the engine's form of what is asked and kept."""
        return ProposalOptions(
            self.points_per_side, self.least_quality, self.least_stability, self.stability_offset, self.most_overlap
        )


class SearchStartEvent(Reply):
    """First event of a search, once the slice is encoded."""

    event: Literal["start"] = "start"
    job: str
    points_total: int
    model: str
    weights_sha256: str
    window: Window


class SearchProgressEvent(Reply):
    """So many points have been asked."""

    event: Literal["progress"] = "progress"
    points: int


class ProposalEvent(Reply):
    """An object; the best comes first. ``quality`` is the predicted IoU, ``point`` the x, y that led to it."""

    event: Literal["proposal"] = "proposal"
    mask: Mask
    quality: float
    stability: float
    point: tuple[float, float]

    @classmethod
    def of(cls, proposal: Proposal) -> ProposalEvent:
        """Return the event's form of a proposal."""
        quality, stability = round(proposal.quality, 6), round(proposal.stability, 6)
        return cls(mask=Mask.of(proposal.mask), quality=quality, stability=stability, point=proposal.point)


class SearchDoneEvent(Reply):
    """Last event of a search that ran to its end."""

    event: Literal["done"] = "done"
    proposals: int
    seconds: Seconds


class SearchCancelledEvent(Reply):
    """Last event of a cancelled search, of which nothing is kept."""

    event: Literal["cancelled"] = "cancelled"


ProposalsEvent = (
    SearchStartEvent | SearchProgressEvent | ProposalEvent | SearchDoneEvent | SearchCancelledEvent | ErrorEvent
)
