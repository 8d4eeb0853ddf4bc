"""Jobs whose events go to a client one by one, as the steps of a scheduler give them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Protocol, TypeVar

from medsamseg_server.serving.job_list import JobList
from medsamseg_server.serving.scheduler import Outcome, Priority, Scheduler, Task
from medsamseg_server.volumes.volume import Volume
from medsamseg_server.volumes.volume_store import VolumeStore

Event = TypeVar("Event")


class StreamedJob(Protocol[Event]):
    """A job whose events are streamed to a client."""

    name: str

    def note_delivered(self, event: Event) -> None:
        """Remember what the client got."""

    def closing_event(self, outcome: Outcome) -> Event | None:
        """Return the last event of a job whose client did not get it; None for one that ran to its end."""


class JobStreams:
    """Starts jobs, and holds their volumes while they are under way.

    Args:
        jobs: what is under way.
        volumes: the uploaded volumes.
        owner: as for ``Scheduler.start``.
    """

    def __init__(self, jobs: JobList, volumes: VolumeStore, owner: str) -> None:
        self._jobs = jobs
        self._volumes = volumes
        self._owner = owner

    def start(
        self,
        job: StreamedJob[Event],
        volumes: Sequence[Volume],
        scheduler: Scheduler,
        steps: Iterator[Event],
        deliver: Callable[[Event | None], None],
        paused: bool = False,
        at_end: Callable[[], object] = lambda: None,
    ) -> Task:
        """Queue a job.

        Args:
            job: the job.
            volumes: what it is about; kept until it ends.
            scheduler: runs its steps.
            steps: give its events.
            deliver: called with every event, with the closing one and then with None, however the job ends; on any
                thread; must be quick.
            paused: it begins when it is resumed.
            at_end: called before the closing event.

        Raises:
            MedSAMSegError: ``job_exists``, or as ``Scheduler.start``.
        """

        def on_step(event: Event) -> None:
            job.note_delivered(event)
            deliver(event)

        on_end = partial(self._end, job, volumes, deliver, at_end)

        def start() -> Task:
            task = scheduler.start(Priority.PROPAGATION, steps, on_step, on_end, self._owner, paused)
            for each in volumes:
                self._volumes.hold(each)
            return task

        return self._jobs.start(job.name, "propagation", start)

    def _end(
        self,
        job: StreamedJob[Event],
        volumes: Sequence[Volume],
        deliver: Callable[[Event | None], None],
        at_end: Callable[[], object],
        outcome: Outcome,
    ) -> None:
        self._jobs.remove(job.name)
        for each in volumes:
            self._volumes.release(each)
        at_end()
        closing = job.closing_event(outcome)
        if closing is not None:
            deliver(closing)
        deliver(None)
