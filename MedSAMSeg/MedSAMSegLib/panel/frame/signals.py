"""Signals between parts of the panel, in plain Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import qt

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.connections import Connections

#: How long a deferred signal waits. Slicer's views render what is new in the scene at most 2 ms after it came
#: (``ctkVTKAbstractView::scheduleRender``, 60 Hz by default), and pixels go before the widgets that follow.
DEFERRED_MILLISECONDS = 10
#: … where the server was asked and answers at any moment: following it before would keep its answer waiting, since
#: Python runs one thread at a time.
PATIENT_MILLISECONDS = 150


class Signal:
    """Calls its listeners when something happened. ::

    changed = Signal()
    changed.connect(listener)
    changed.emit()
    """

    def __init__(self) -> None:
        self._listeners = []

    def connect(self, listener: Callable[..., None]) -> None:
        """Call a function at every :meth:`emit` from now on.

        :param listener: takes the arguments of :meth:`emit`.
        """
        self._listeners.append(listener)

    def disconnect(self, listener: Callable[..., None]) -> None:
        """Undo :meth:`connect`; a function that is not connected is no error.

        :param listener: what was given to :meth:`connect`.
        """
        if listener in self._listeners:
            self._listeners.remove(listener)

    def emit(self, *arguments: Any) -> None:
        """Call every listener now.

        :param arguments: handed on.
        """
        for listener in list(self._listeners):
            listener(*arguments)


class DeferredSignal(Signal):
    """Calls its listeners once, soon after views were rendered, however often it was emitted until then.

    :param connections: the :class:`Connections` of the panel.
    """

    def __init__(self, connections: Connections) -> None:
        super().__init__()
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        connections.connect(self._timer, "timeout()", self.emitNow)

    def emit(self, *_whatHappened: Any) -> None:
        """Call every listener soon, without arguments; what observers are told does not matter to them."""
        self._callWithin(DEFERRED_MILLISECONDS)

    def emitPatiently(self) -> None:
        """Call every listener with the answer that is awaited, which emits again, or else in a while."""
        self._callWithin(PATIENT_MILLISECONDS)

    def emitNow(self) -> None:
        """Call every listener now; what was emitted before is covered by that."""
        self._timer.stop()
        super().emit()

    def _callWithin(self, milliseconds):
        # Whatever keeps emitting must not put it off for ever.
        if not self._timer.active or self._timer.interval > milliseconds:
            self._timer.interval = milliseconds
            self._timer.start()

    def stop(self) -> None:
        """Forget what was emitted and has not been handed on."""
        self._timer.stop()
