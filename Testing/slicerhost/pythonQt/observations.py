"""What a stand-in observes in VTK, let go of when its widget is deleted, as qvtkConnect does in Slicer."""

import weakref

import shiboken6
from PySide6 import QtCore


class Observations:
    """The VTK observers of one widget; they do not keep it alive.

    :param owner: the widget.
    """

    def __init__(self, owner):
        self._entries = []
        QtCore.QObject.__getattribute__(owner, "destroyed").connect(self.clear)

    def add(self, observed, event, method):
        """Call a method of the widget with (caller, event) when a VTK object reports an event."""
        weakMethod = weakref.WeakMethod(method)

        def onEvent(caller, eventName):
            live = weakMethod()
            if live is not None and shiboken6.isValid(live.__self__):
                live(caller, eventName)

        self._entries.append((observed, observed.AddObserver(event, onEvent)))

    def clear(self, _destroyed=None):
        """Observe nothing any more."""
        for observed, tag in self._entries:
            observed.RemoveObserver(tag)
        self._entries = []
