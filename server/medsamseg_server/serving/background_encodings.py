"""The background encoding that each volume of a service may have."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from functools import partial

from medsamseg_server.engine.engine import Engine
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.serving.encoding_contract import EncodingsRequest, EncodingsStatus
from medsamseg_server.serving.encoding_job import EncodingJob
from medsamseg_server.serving.job_list import JobList
from medsamseg_server.serving.scheduler import Outcome, Priority, Scheduler, Task
from medsamseg_server.volumes.volume import Volume
from medsamseg_server.volumes.volume_store import VolumeStore

# Ended jobs whose state can still be asked for.
_REMEMBERED = 64


class BackgroundEncodings:
    """Starts, pauses and cancels the encoding of volumes, one job a volume. Safe to call from any thread.

    Args:
        engine: encodes.
        volumes: the uploaded volumes.
        scheduler: of encoding.
        jobs: where the jobs are listed.
        owner: whose jobs they are.
    """

    def __init__(self, engine: Engine, volumes: VolumeStore, scheduler: Scheduler, jobs: JobList, owner: str) -> None:
        self._engine = engine
        self._volumes = volumes
        self._scheduler = scheduler
        self._jobs = jobs
        self._owner = owner
        self._latest: OrderedDict[str, EncodingJob] = OrderedDict()
        self._lock = threading.RLock()

    def start(self, key: str, volume: Volume, request: EncodingsRequest) -> EncodingsStatus:
        """Encode a volume in the background, in place of what it may have; the same job goes on from another slice.

        Args:
            key: the volume's.
            volume: the volume.
            request: what to encode.

        Raises:
            MedSAMSegError: as ``EncodingJob`` and ``JobList.start``.
        """
        with self._lock:
            job, task = self._find(key)
            if job and task and job.continues_as(volume, request):
                job.center_on(request.slice)
                # What is asked for last is what the user looks at.
                self._scheduler.prefer(task)
                return job.status
            job = EncodingJob(secrets.token_hex(8), self._engine, volume, request)
            self.cancel(key)
            self._queue(key, job)
        return job.status

    def pause(self, key: str, paused: bool) -> EncodingsStatus:
        """Pause a volume's background encoding, or let it go on.

        Args:
            key: the volume's.
            paused: False to let it go on.

        Raises:
            MedSAMSegError: ``job_unknown`` when it has none, or that has ended.
        """
        with self._lock:
            job, task = self._find(key)
            if job is None or task is None:
                message = "The volume is not being encoded in the background."
                raise MedSAMSegError(ErrorKind.NOT_FOUND, "job_unknown", message, "Start that first.")
            (self._scheduler.pause if paused else self._scheduler.resume)(task)
            job.note_paused(paused)
        return job.status

    def status(self, key: str) -> EncodingsStatus:
        """Return how far a volume's background encoding is."""
        with self._lock:
            job = self._latest.get(key)
        return job.status if job else EncodingsStatus()

    def cancel(self, key: str) -> None:
        """Stop a volume's background encoding, if it has one."""
        with self._lock:
            _, task = self._find(key)
        if task is not None:
            self._scheduler.cancel(task)

    def _queue(self, key: str, job: EncodingJob) -> None:
        def on_end(outcome: Outcome) -> None:
            self._jobs.remove(job.name)
            job.end(outcome)

        def start() -> Task:
            steps = job.steps(partial(self._volumes.peek, key))
            return self._scheduler.start(Priority.BACKGROUND, steps, lambda _: None, on_end, self._owner)

        self._jobs.start(job.name, "encoding", start)
        self._latest[key] = job
        self._latest.move_to_end(key)
        while len(self._latest) > _REMEMBERED:
            self._latest.popitem(last=False)

    def _find(self, key: str) -> tuple[EncodingJob | None, Task | None]:
        """Return a volume's latest job, and its task unless that has ended or is about to."""
        job = self._latest.get(key)
        return job, self._jobs.task_of(job.name) if job else None
