"""The jobs of one service that are under way, by name."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.serving.scheduler import Task

JobKind = Literal["propagation", "encoding"]


@dataclass(frozen=True)
class Job:
    """A job under way; searches for proposals count as propagations."""

    name: str
    kind: JobKind
    task: Task


class JobList:
    """Propagations, searches and background encodings of one owner, waiting ones included. Safe from any thread.

    Args:
        most: so many may be under way at the same time; None for any number.
    """

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self._has_ended = False
        self._jobs: dict[str, Job] = {}
        self._lock = threading.RLock()

    @property
    def has_ended(self) -> bool:
        """Whether ``end`` was called."""
        return self._has_ended

    @property
    def is_at_work(self) -> bool:
        """Whether a job is under way that is not paused."""
        return any(not job.task.paused for job in self.under_way())

    def under_way(self) -> list[Job]:
        """Return the jobs that have neither ended nor been cancelled."""
        with self._lock:
            return [job for job in self._jobs.values() if not job.task.cancelled]

    def task_of(self, name: str) -> Task | None:
        """Return the task of a job that is under way; None when there is none of this name."""
        with self._lock:
            job = self._jobs.get(name)
            return None if job is None or job.task.cancelled else job.task

    def start(self, name: str, kind: JobKind, start: Callable[[], Task]) -> Task:
        """Start a job.

        Args:
            name: of the job.
            kind: what it does.
            start: queues its task, which calls ``remove`` when it ends.

        Raises:
            MedSAMSegError: ``job_exists``; ``quota_jobs`` when there are too many; ``volume_unknown`` after ``end``.
        """
        # The lock is held until the task is known, because it may end before `start` returns.
        with self._lock:
            if name in self._jobs:
                message = f"A job named '{name}' is running already."
                raise MedSAMSegError(ErrorKind.INVALID_INPUT, "job_exists", message, "Choose another name.")
            self._check_may_start()
            task = start()
            self._jobs[name] = Job(name, kind, task)
            return task

    def remove(self, name: str) -> None:
        """Take out a job that has ended."""
        with self._lock:
            self._jobs.pop(name, None)

    def cancel(self, name: str) -> None:
        """Stop a job.

        Raises:
            MedSAMSegError: ``job_unknown`` when there is none of this name, or it has ended.
        """
        with self._lock:
            job = self._jobs.get(name)
        if job is None:
            raise MedSAMSegError(ErrorKind.NOT_FOUND, "job_unknown", f"There is no job '{name[:64]}' (any more).")
        job.task.scheduler.cancel(job.task)

    def end(self) -> None:
        """Cancel all jobs and accept no more."""
        with self._lock:
            self._has_ended = True
            tasks = [job.task for job in self._jobs.values()]
        for task in tasks:
            task.scheduler.cancel(task)

    def _check_may_start(self) -> None:
        if self._has_ended:
            message = "What the server had of yours is forgotten, since nothing was done for a while."
            raise MedSAMSegError(ErrorKind.NOT_FOUND, "volume_unknown", message, "Upload the volume again.")
        count = len(self.under_way())
        if self._most is not None and count >= self._most:
            message = f"{count} of your {self._most} jobs are under way."
            hint = "Wait until one is done or cancel one, or ask who runs the server for more jobs."
            raise MedSAMSegError(ErrorKind.QUOTA_REACHED, "quota_jobs", message, hint)
