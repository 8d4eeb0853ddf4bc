"""A search for the objects of a slice as steps for the scheduler."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future

from medsamseg_server.engine.engine import Engine
from medsamseg_server.engine.proposals import require_proposer
from medsamseg_server.engine.slice_embeddings import Embedded
from medsamseg_server.engine.slice_request import SliceRequest
from medsamseg_server.serving import contract
from medsamseg_server.serving.propagation_job import error_reply
from medsamseg_server.serving.proposal_contract import (
    ProposalEvent,
    ProposalsEvent,
    ProposalsRequest,
    SearchCancelledEvent,
    SearchDoneEvent,
    SearchProgressEvent,
    SearchStartEvent,
)
from medsamseg_server.serving.scheduler import Outcome
from medsamseg_server.volumes.volume import Volume
from medsamseg_server.weights.catalog import get_specification
from medsamseg_server.weights.registry import DEFAULT_PROPOSER


class ProposalJob:
    """One search; everything that can be told to be wrong with it is checked on construction.

    Raises:
        MedSAMSegError: ``proposal_option``, ``model_cannot_propose``, or as ``Volume.slice``, ``Volume.window`` and
            ``Engine.check_model``.
    """

    def __init__(self, name: str, engine: Engine, volume: Volume, request: ProposalsRequest) -> None:
        self.name = name
        self._engine = engine
        self._options = request.to_options()
        self._options.check()
        model = request.model or DEFAULT_PROPOSER
        require_proposer(get_specification(model))
        engine.check_model(model)
        self._request = SliceRequest(volume, request.axis, request.slice, request.window, model)
        _ = self._request.image_size, self._request.intensities
        self._complete = False

    def find(self) -> Embedded | None:
        """Return the slice's embedding where it is known, on any thread."""
        return self._engine.find(self._request)

    def embed(self) -> Embedded:
        """Return the slice's embedding, encoded where it is not known; raises as ``Engine.embed``."""
        return self._engine.embed(self._request)

    def steps(self, embedding: Future[Embedded]) -> Iterator[ProposalsEvent]:
        """Yield the events; a few points are asked per ``next``.

        Args:
            embedding: done when the first step is taken.
        """
        embedded = embedding.result()
        search = self._engine.search_proposals(embedded, self._options)
        predictor = embedded.predictor
        yield SearchStartEvent(
            job=self.name,
            points_total=search.points_total,
            model=predictor.specification.name,
            weights_sha256=predictor.weights_sha256,
            window=contract.Window.of(embedded.framing.window),
        )
        for points in search.steps():
            yield SearchProgressEvent(points=points)
        proposals = search.proposals()
        for proposal in proposals:
            yield ProposalEvent.of(proposal)
        seconds = contract.Seconds.of(0.0 if embedded.was_cached else embedded.seconds, search.seconds)
        yield SearchDoneEvent(proposals=len(proposals), seconds=seconds)

    def note_delivered(self, event: ProposalsEvent) -> None:
        """Remember whether the client got the last event."""
        self._complete = isinstance(event, SearchDoneEvent)

    def closing_event(self, outcome: Outcome) -> ProposalsEvent | None:
        """Return the last event of a job whose client did not get it; None for one that ran to its end."""
        if self._complete:
            return None
        if outcome.kind == "cancelled":
            return SearchCancelledEvent()
        return contract.ErrorEvent(error=error_reply(outcome.error)) if outcome.error else None
