"""What the server can do, without HTTP: volumes, clicks, propagations and background encoding."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial

from medsamseg_server.engine.answers import SliceSegmentation
from medsamseg_server.engine.embedding_cache import EmbeddingCache
from medsamseg_server.engine.engine import Engine
from medsamseg_server.engine.prompts import Prompt
from medsamseg_server.engine.slice_embeddings import Embedded
from medsamseg_server.engine.slice_request import SliceRequest
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.propagation.fusing import Phases, fuse_answers
from medsamseg_server.serving import contract
from medsamseg_server.serving.answers_ahead import AnswersAhead
from medsamseg_server.serving.background_encodings import BackgroundEncodings
from medsamseg_server.serving.click_contract import ClickReply, ClickRequest
from medsamseg_server.serving.job_list import JobList
from medsamseg_server.serving.job_streams import JobStreams
from medsamseg_server.serving.look_ahead import LookAhead
from medsamseg_server.serving.propagation_contract import PropagateRequest, PropagationEvent
from medsamseg_server.serving.propagation_job import PropagationJob
from medsamseg_server.serving.proposal_contract import ProposalsEvent, ProposalsRequest
from medsamseg_server.serving.proposal_job import ProposalJob
from medsamseg_server.serving.scheduler import Priority, Scheduler
from medsamseg_server.serving.status_contract import Queue
from medsamseg_server.volumes.volume import Volume
from medsamseg_server.volumes.volume_store import VolumeStore
from medsamseg_server.weights.catalog import get_specification
from medsamseg_server.weights.click_heads import find_click_head, has_click_head

logger = logging.getLogger(__name__)

#: Takes a propagation's events as they happen, then None.
Deliver = Callable[[PropagationEvent | None], None]
#: … and those of a search for proposals.
DeliverProposals = Callable[[ProposalsEvent | None], None]


class Service:
    """The engine behind its schedulers, and the volumes and jobs under way. Safe to call from any thread.

    Args:
        engine: loads and encodes on one thread only, and decodes clicks on another.
        volumes: the uploaded volumes.
        schedulers: of encoding and of decoding; its own by default.
        owner: who takes turns with other owners on the same schedulers.
        most_jobs: propagations and background encodings at the same time, waiting ones included; None for any number.
    """

    def __init__(
        self,
        engine: Engine,
        volumes: VolumeStore | None = None,
        schedulers: tuple[Scheduler, Scheduler] | None = None,
        owner: str = "",
        most_jobs: int | None = None,
    ) -> None:
        self.engine = engine
        self.volumes = volumes or VolumeStore()
        self._encoding, self._decoding = schedulers or (
            Scheduler("encoding", yields=True, when_quiet=engine.tidy),
            Scheduler("decoding"),
        )
        self._owner = owner
        #: What is under way.
        self.jobs = JobList(most_jobs)
        self._streams = JobStreams(self.jobs, self.volumes, owner)
        #: What is encoded in the background.
        self.encodings = BackgroundEncodings(engine, self.volumes, self._encoding, self.jobs, owner)
        self._ahead = LookAhead(engine, self._encoding, owner)
        self._answers = AnswersAhead(self._answer_in_full)

    def for_user(self, owner: str, volumes: VolumeStore, cache: EmbeddingCache, most_jobs: int) -> Service:
        """Return a service with volumes, embeddings and jobs of its own, computed on the same threads as this one's.

        What it has cannot be reached through any other, whatever keys and names are asked for. Stopping or closing this
        one ends it as well.

        Args:
            owner: as in the constructor, like what follows.
            volumes: the user's own.
            cache: keeps the user's embeddings.
            most_jobs: at the same time.
        """
        schedulers = (self._encoding, self._decoding)
        return Service(self.engine.with_cache(cache), volumes, schedulers, owner, most_jobs)

    def queue(self) -> Queue:
        """Return how much is under way on the threads that compute, for all users."""
        return _by_work(self._encoding.under_way() + self._decoding.under_way())

    def steps_done(self) -> Queue:
        """Return how many steps of each kind were begun since the start, for all users."""
        return _by_work(self._encoding.steps_done() + self._decoding.steps_done())

    def preload(self) -> Future[object]:
        """Load the default model in the background where its weights are installed; a failure is logged."""

        def load() -> object:
            if not self.engine.store.is_installed(self.engine.default_model):
                return None
            try:
                return self.engine.predictor()
            except MedSAMSegError as error:
                logger.warning("The model %s cannot be loaded: %s", self.engine.default_model, error)
                raise

        return self._encoding.submit(Priority.CLICK, load)

    def models(self) -> contract.Models:
        """Return the known models."""
        return contract.Models(
            models=[
                contract.ModelInfo(
                    name=stored.checkpoint.model,
                    title=stored.checkpoint.title,
                    installed=stored.path is not None,
                    default=stored.checkpoint.model == self.engine.default_model,
                    license=stored.checkpoint.license,
                    size_bytes=stored.checkpoint.size_bytes,
                    proposes=get_specification(stored.checkpoint.model).proposes,
                    clicks=has_click_head(stored.checkpoint.model),
                )
                for stored in self.engine.store.list()
            ]
        )

    async def segment(self, volume: Volume, request: contract.SegmentRequest) -> SliceSegmentation:
        """Answer a click: at once where its slice is encoded, whatever is being encoded meanwhile.

        Raises:
            MedSAMSegError: ``not_encoded`` when only a known embedding was asked for, ``probabilities_too_many``,
                ``volume_unknown`` or ``phases_differ`` of further volumes, or as ``Engine.segment``.
        """
        if request.probabilities and len(request.prompts) > contract.MOST_PROBABILITIES:
            message = f"Probabilities of {len(request.prompts)} prompts were asked for."
            hint = f"Ask for those of {contract.MOST_PROBABILITIES} prompts at most at once."
            raise MedSAMSegError(ErrorKind.INVALID_INPUT, "probabilities_too_many", message, hint)
        image_size = partial(volume.slice_size, request.axis, request.slice)
        prompts = [prompt.to_prompt(image_size) for prompt in request.prompts]
        if not request.also:
            return await self._answer(volume, request, prompts, request.probabilities)
        phases = self._phases(volume, request)
        answers = [await self._answer(each, request, prompts, True) for each in (volume, *phases.also)]
        fuse = partial(fuse_answers, answers, phases.fusion, image_size(), request.probabilities)
        return await asyncio.to_thread(fuse)

    async def _answer(
        self, volume: Volume, request: contract.SegmentRequest, prompts: Sequence[Prompt], with_probabilities: bool
    ) -> SliceSegmentation:
        """Return what prompts show on a slice of one volume; see ``segment``."""
        asked = SliceRequest(volume, request.axis, request.slice, request.window, request.model)
        if request.cached_only:
            return await self._preview(asked, prompts, with_probabilities)
        self._ahead.drop(volume)
        ready = await self._answers.take(asked, prompts, with_probabilities)
        return ready or await self._answer_in_full(asked, prompts, with_probabilities)

    async def _preview(
        self, asked: SliceRequest, prompts: Sequence[Prompt], with_probabilities: bool
    ) -> SliceSegmentation:
        """Answer from embeddings that are there, so that it comes at once, and begin what the release will need."""
        embedded = await asyncio.to_thread(self._find, asked, prompts)
        if embedded is None:
            self._ahead.want(asked, prompts)
            embedded = await asyncio.to_thread(self.engine.find_for, asked, prompts, or_ahead=True)
        else:
            self._ahead.drop(asked.volume)
        if self.engine.is_loaded(asked.model):
            self._answers.want(asked, prompts)
        if embedded is None:
            message = f"Slice {asked.index} is not encoded yet."
            raise MedSAMSegError(ErrorKind.NOT_ENCODED, "not_encoded", message, "Ask again without cached_only.")
        return await self._decode(embedded, prompts, True, with_probabilities)

    async def _answer_in_full(
        self, asked: SliceRequest, prompts: Sequence[Prompt], with_probabilities: bool = True
    ) -> SliceSegmentation:
        # Finding an embedding takes the prepared pixels of the slice; other clicks must not wait for these.
        embedded = await asyncio.to_thread(self._find, asked, prompts)
        if embedded is None:
            encoding = self._encoding.submit(Priority.CLICK, lambda: self.engine.embed_for(asked, prompts), self._owner)
            embedded = await asyncio.wrap_future(encoding)
        return await self._decode(embedded, prompts, False, with_probabilities)

    def _find(self, asked: SliceRequest, prompts: Sequence[Prompt]) -> list[Embedded] | None:
        self.engine.check(asked, prompts)
        return self.engine.find_for(asked, prompts)

    async def _decode(
        self, embedded: Sequence[Embedded], prompts: Sequence[Prompt], quick: bool, with_probabilities: bool
    ) -> SliceSegmentation:
        decode = partial(self.engine.decode, embedded, prompts, quick, with_probabilities)
        return await asyncio.wrap_future(self._decoding.submit(Priority.CLICK, decode, self._owner))

    async def click(self, volume: Volume, request: ClickRequest) -> ClickReply:
        """Return the box round the object at a point. It waits for the step of a background job that is under way.

        Raises:
            MedSAMSegError: as ``Engine.box_for_click``.
        """
        model = request.model or self.engine.default_model
        asked = SliceRequest(volume, request.axis, request.slice, request.window, model)

        def check() -> None:
            self.engine.check(asked, [Prompt(points=((*request.point, 1),))])
            find_click_head(model)

        await asyncio.to_thread(check)
        find = partial(self.engine.box_for_click, asked, request.point)
        found = await asyncio.wrap_future(self._encoding.submit(Priority.CLICK, find, self._owner))
        return ClickReply.of(found, model)

    def propagate(self, volume: Volume, request: PropagateRequest, deliver: Deliver) -> Callable[[], None]:
        """Check and queue a propagation; return what cancels it, which does nothing once it has ended.

        Args:
            volume: the volume.
            request: what to do.
            deliver: called with every event, then once with None; on any thread; must be quick.

        Raises:
            MedSAMSegError: ``job_exists``, ``volume_unknown`` or ``phases_differ`` of further volumes, or as
                ``PropagationJob``.
        """
        phases = self._phases(volume, request)
        job = PropagationJob(request.job or secrets.token_hex(8), self.engine, volume, request, phases)
        task = self._streams.start(job, (volume, *phases.also), self._encoding, job.steps(), deliver)
        return partial(self._encoding.cancel, task)

    def propose(self, volume: Volume, request: ProposalsRequest, deliver: DeliverProposals) -> Callable[[], None]:
        """Check and queue a search for the objects of a slice; return what cancels it; as ``propagate``.

        The slice is encoded where slices are encoded, and its points are asked where clicks are decoded, a few at a
        time: a click goes between two of these steps.

        Raises:
            MedSAMSegError: ``job_exists``, or as ``ProposalJob``.
        """
        job = ProposalJob(request.job or secrets.token_hex(8), self.engine, volume, request)
        embedding: Future[Embedded] = Future()

        # A search that was cancelled before needs no embedding any more.
        task = self._streams.start(
            job, (volume,), self._decoding, job.steps(embedding), deliver, paused=True, at_end=embedding.cancel
        )
        embedding.add_done_callback(lambda _: self._decoding.resume(task))
        self._embed_for(job, embedding)
        return partial(self._decoding.cancel, task)

    def _phases(self, volume: Volume, request: contract.SegmentRequest | PropagateRequest) -> Phases:
        """Return the further volumes that a request names, which are the caller's own and fit the first."""
        phases = Phases(tuple(map(self.volumes.get, request.also)), request.fuse)
        phases.check(volume)
        return phases

    def _embed_for(self, job: ProposalJob, embedding: Future[Embedded]) -> None:
        """Give the embedding of a job's slice to a future: at once where it is known, else when it is encoded."""

        def embed() -> None:
            if embedding.set_running_or_notify_cancel():
                try:
                    embedding.set_result(job.embed())
                except Exception as error:
                    embedding.set_exception(error)

        known = job.find()
        if known is None:
            self._encoding.submit(Priority.PROPAGATION, embed, self._owner)
        elif embedding.set_running_or_notify_cancel():
            embedding.set_result(known)

    def stop(self) -> None:
        """Cancel everything and accept no more work; returns at once."""
        self._encoding.stop()
        self._decoding.stop()

    def close(self, timeout: float | None = None) -> bool:
        """Stop, and wait for the steps that are being computed; return False when one took ``timeout`` seconds."""
        return all([self._encoding.close(timeout), self._decoding.close(timeout)])


def _by_work(numbers: Counter[Priority]) -> Queue:
    return Queue(
        clicks=numbers[Priority.CLICK],
        propagations=numbers[Priority.PROPAGATION],
        encodings=numbers[Priority.BACKGROUND],
    )
