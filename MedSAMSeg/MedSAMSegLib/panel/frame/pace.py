"""Limits how often something slow is repeated, so that it does not hold up the views."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import qt

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.connections import Connections

#: The pause after a measurement, in times of its duration: views must go on while a propagation writes.
PAUSE_FACTOR = 10


class Pace:
    """Says when it is time to measure again.

    :param connections: the :class:`Connections` of the panel.
    :param again: called without arguments when a pause is over in which somebody wanted to measure.
    """

    def __init__(self, connections: Connections, again: Callable[[], None]) -> None:
        self._next = 0.0
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        connections.connect(self._timer, "timeout()", again)

    @property
    def isDue(self) -> bool:
        """Whether the pause is over; if not, `again` is called when it is."""
        left = self._next - time.monotonic()
        if left > 0:
            self._timer.start(round(1000 * left) + 1)
        return left <= 0

    @contextlib.contextmanager
    def measuring(self) -> Iterator[None]:
        """Measure inside the `with` block, whose duration sets the pause after it."""
        start = time.monotonic()
        try:
            yield
        finally:
            end = time.monotonic()
            self._next = end + PAUSE_FACTOR * (end - start)

    def skipPause(self) -> None:
        """The user waits for the next one."""
        self._next = 0.0

    def stop(self) -> None:
        """Call nobody any more."""
        self._timer.stop()
