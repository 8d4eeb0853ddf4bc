"""A run that takes what a worker thread gets from the server, and can be cancelled there."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from typing import Any

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.runs.eventStream import EventStream
from MedSAMSegLib.runs.run import Run


class StreamedRun(Run):
    """What long runs have in common; subclasses say what is asked of the server, and what is done with the answers.

    :param connect: function without arguments that returns the client; runs on the worker, may start the server.
    :param jobs: names of the server's jobs that are cancelled with the run.
    """

    def __init__(self, connect: Callable[..., Any], jobs: Sequence[str]) -> None:
        self._connect = connect
        self._jobs = tuple(jobs)
        self._client: Any = None
        self._isCancelled = threading.Event()
        self._isOver = False
        self._stream = EventStream(self._produce)

    @property
    def isOver(self) -> bool:
        """True when nothing more will be written."""
        return self._isOver

    def advance(self, wait: bool = False) -> bool:
        """Write what has arrived; return True while more is to come. Main thread only.

        :param wait: True to wait for the next event when none is there.
        :raises UserError: when the server fails, or what is written or looked at was removed; the run is over then, and
            what was done whole before is kept.
        """
        if self._isOver:
            return False
        try:
            for event in self._stream.take(wait):
                self._apply(event)
        except BaseException as error:
            self.close()
            told = self._told(error)
            if told is error:
                raise
            raise told from error
        if self._stream.hasEnded:
            self._arrive()
            self.close()
        return not self._isOver

    def cancel(self) -> None:
        """Stop after what is in work; what is done is kept. May be called from any thread, at any time."""
        if self._isCancelled.is_set():
            return
        self._isCancelled.set()
        if self._client:
            # The server answers only in between; nobody should wait for that.
            threading.Thread(target=self._cancelOnServer, name="MedSAMSegCancel", daemon=True).start()

    def close(self) -> None:
        """End the run now, and with it its undo step; what is done is kept. Main thread only."""
        if self._isOver:
            return
        self._isOver = True
        if not self._stream.hasEnded:
            self.cancel()
        self._end()

    def _produce(self):
        """Yield what :meth:`_apply` takes; runs on the worker thread."""
        self._client = self._connect()
        if not self._isCancelled.is_set():
            yield from self._events()

    def _streamed(self, upload, start):
        """Yield the server's events of one job; runs on the worker thread.

        :param upload: :class:`VolumeUpload` or :class:`JointUpload` of the voxels.
        :param start: function of a :class:`ServerClient` and the volume's key or keys there that starts one of the
            run's jobs and returns the iterator of its events.
        """
        events = upload.call(self._client, lambda key: start(self._client, key))
        if self._isCancelled.is_set():
            # cancel() may have come before the server knew the job.
            self._cancelOnServer()
        with contextlib.closing(events):
            yield from events

    def _cancelOnServer(self):
        # A server that is gone has nothing left to cancel; advance() tells the user about it.
        with contextlib.suppress(UserError):
            for job in self._jobs:
                self._client.cancel(job)

    def _events(self):
        """Yield what :meth:`_apply` takes, by :meth:`_streamed`; runs on the worker thread."""
        raise NotImplementedError

    def _apply(self, event):
        """Write one event. Main thread only."""
        raise NotImplementedError

    def _told(self, error):
        """:return: the error that the user is told of one that ended the run."""
        return error

    def _arrive(self):
        """Do what is due when all events have come, before the end."""

    def _end(self):
        """Do what is due at the end, however it came."""


def include(numbers: list[int], number: int) -> None:
    """Add a number to a list of them, unless it is there already."""
    if number not in numbers:
        numbers.append(number)
