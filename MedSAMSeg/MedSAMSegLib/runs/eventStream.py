"""Carries the events of a worker thread to the main thread, where alone MRML may be touched."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

#: When no event has arrived, worker threads get this much time to run.
BREATH_SECONDS = 0.001


class EventStream:
    """Runs an iterator on a thread of its own; the main thread takes what has arrived.

    :param produce: function without arguments that returns the iterator; it runs on the worker thread.
    """

    _END = object()

    def __init__(self, produce: Callable[..., Any]) -> None:
        self._produce = produce
        self._queue: queue.SimpleQueue = queue.SimpleQueue()
        self._hasEnded = False
        threading.Thread(target=self._run, name="MedSAMSegWorker", daemon=True).start()

    @property
    def hasEnded(self) -> bool:
        """True when the last event was taken."""
        return self._hasEnded

    def take(self, wait: bool) -> Iterator[Any]:
        """Yield the events that have arrived and were not taken yet.

        :param wait: True to wait for the next event when none is there.
        :raises Exception: what the worker raised, after all its events were taken.
        """
        while not self._hasEnded:
            try:
                # Slicer's main thread holds Python's lock while it waits for events: workers get ahead only while it is
                # given away, as here for a moment that nobody notices.
                item = self._queue.get(timeout=None if wait else BREATH_SECONDS)
            except queue.Empty:
                return
            wait = False
            if item is self._END or isinstance(item, Exception):
                self._hasEnded = True
                if isinstance(item, Exception):
                    raise item
                return
            yield item

    def _run(self):
        try:
            for event in self._produce():
                self._queue.put(event)
            self._queue.put(self._END)
        except Exception as error:
            # Handed over to the main thread, which raises it.
            self._queue.put(error)
