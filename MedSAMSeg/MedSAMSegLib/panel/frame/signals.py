"""Signals between parts of the panel, in plain Python."""

import qt

#: How long a deferred signal waits. Slicer's views render what is new in the scene at most 2 ms after it came
#: (``ctkVTKAbstractView::scheduleRender``, 60 Hz by default), and pixels go before the widgets that follow.
DEFERRED_MILLISECONDS = 10


class Signal:
    """Calls its listeners when something happened. ::

    changed = Signal()
    changed.connect(listener)
    changed.emit()
    """

    def __init__(self):
        self._listeners = []

    def connect(self, listener):
        """Call a function at every :meth:`emit` from now on.

        :param listener: takes the arguments of :meth:`emit`.
        """
        self._listeners.append(listener)

    def disconnect(self, listener):
        """Undo :meth:`connect`; a function that is not connected is no error.

        :param listener: what was given to :meth:`connect`.
        """
        if listener in self._listeners:
            self._listeners.remove(listener)

    def emit(self, *arguments):
        """Call every listener now.

        :param arguments: handed on.
        """
        for listener in list(self._listeners):
            listener(*arguments)


class DeferredSignal(Signal):
    """Calls its listeners once, soon after views were rendered, however often it was emitted until then.

    :param connections: the :class:`Connections` of the panel.
    """

    def __init__(self, connections):
        super().__init__()
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.interval = DEFERRED_MILLISECONDS
        connections.connect(self._timer, "timeout()", self.emitNow)

    def emit(self, *_whatHappened):
        """Call every listener soon, without arguments; what observers are told does not matter to them."""
        # Whatever keeps emitting must not put it off for ever.
        if not self._timer.active:
            self._timer.start()

    def emitNow(self):
        """Call every listener now; what was emitted before is covered by that."""
        self._timer.stop()
        super().emit()

    def stop(self):
        """Forget what was emitted and has not been handed on."""
        self._timer.stop()
