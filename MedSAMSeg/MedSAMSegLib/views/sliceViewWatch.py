"""Tells when slice views come and go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt
import slicer
import vtk
from slicer.util import VTKObservationMixin


class SliceViewWatch(VTKObservationMixin):
    """Calls a function whenever the layout may have other slice views than before. ::

        watch = SliceViewWatch(onViewsChanged)
        watch.start()
        for sliceWidget in watch.sliceWidgets():
            ...

    :param onChange: called without arguments, from the event loop.
    """

    def __init__(self, onChange: Callable[[], None]) -> None:
        VTKObservationMixin.__init__(self)
        self._onChange = onChange
        self._isWatching = False
        # Slicer makes a view's widget while it tells others of the view's node: only afterwards is it there.
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.interval = 0

    def start(self) -> None:
        """Begin to watch."""
        layoutManager = slicer.app.layoutManager()
        if self._isWatching or layoutManager is None:
            return
        self._isWatching = True
        self._timer.connect("timeout()", self._onTimeout)
        layoutManager.connect("layoutChanged(int)", self._onLayoutChanged)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.NodeAddedEvent, self._onNode)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.NodeRemovedEvent, self._onNode)

    def stop(self) -> None:
        """Call nobody any more."""
        if not self._isWatching:
            return
        self._isWatching = False
        self._timer.stop()
        # Otherwise PythonQt would keep this object alive through its timer, and with it what it calls.
        self._timer.disconnect("timeout()", self._onTimeout)
        slicer.app.layoutManager().disconnect("layoutChanged(int)", self._onLayoutChanged)
        self.removeObservers()

    @staticmethod
    def sliceWidgets() -> dict[str, Any]:
        """:return: {layout name: qMRMLSliceWidget} of all slice views."""
        layoutManager = slicer.app.layoutManager()
        names = layoutManager.sliceViewNames() if layoutManager is not None else ()
        return {name: layoutManager.sliceWidget(name) for name in names}

    def _onLayoutChanged(self, _layout=None):
        self._timer.start()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _onNode(self, _caller, _event, node):
        if node.IsA("vtkMRMLSliceNode"):
            self._timer.start()

    def _onTimeout(self):
        if self._isWatching:
            self._onChange()
