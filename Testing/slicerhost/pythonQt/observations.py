"""What a stand-in observes in VTK, let go of when its widget is deleted, as qvtkConnect does in Slicer."""

import weakref

import shiboken6
import vtk
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
        self._add(observed, event, _whileAlive(method), 0.0)

    def addWithNode(self, observed, event, method, priority=0.0):
        """Call a method of the widget with (caller, event, node) when a scene reports an event about a node."""
        self._add(observed, event, vtk.calldata_type(vtk.VTK_OBJECT)(_whileAlive(method)), priority)

    def _add(self, observed, event, function, priority):
        self._entries.append((observed, observed.AddObserver(event, function, priority)))

    def clear(self, _destroyed=None):
        """Observe nothing any more."""
        for observed, tag in self._entries:
            observed.RemoveObserver(tag)
        self._entries = []


def _whileAlive(method):
    weakMethod = weakref.WeakMethod(method)

    def onEvent(*arguments):
        live = weakMethod()
        if live is not None and shiboken6.isValid(live.__self__):
            live(*arguments)

    return onEvent
