"""Lets worker threads run while no Python code runs on the main thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import qt

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.connections import Connections

#: How often worker threads get Python's lock while something is under way …
BREATH_MILLISECONDS = 5

#: … and for how long in seconds, unless they give it back before.
BREATH_SECONDS = 0.001


class Breathing:
    """Gives Python's lock away now and then, for work that is looked at seldom. ::

        breathing = Breathing(connections)
        breathing.watch(lambda: upload is not None)
        …
        breathing.start()  # whenever something may have begun; it ends by itself

    Slicer's event loop is C++ and holds the lock also while it sleeps: a worker thread that needs it waits for the next
    callback in Python.

    :param connections: the :class:`Connections` of the panel.
    """

    def __init__(self, connections: Connections) -> None:
        self._watched = []
        self._timer = qt.QTimer()
        self._timer.interval = BREATH_MILLISECONDS
        connections.connect(self._timer, "timeout()", self._breathe)

    def watch(self, isUnderWay: Callable[[], bool]) -> None:
        """Breathe while something is under way.

        :param isUnderWay: called often, without arguments; returns whether worker threads have something to do.
        """
        self._watched.append(isUnderWay)

    def start(self) -> None:
        """Breathe until nothing is under way any more."""
        if not self._timer.active and self._isNeeded():
            self._timer.start()

    def stop(self) -> None:
        """Breathe no more, whatever is under way."""
        self._timer.stop()

    def close(self) -> None:
        """Breathe no more, and let go of what was watched."""
        self.stop()
        self._watched = []

    def _isNeeded(self):
        return any(isUnderWay() for isUnderWay in self._watched)

    def _breathe(self):
        if self._isNeeded():
            time.sleep(BREATH_SECONDS)
        else:
            self._timer.stop()
