"""Widgets that know a scene."""

from types import MappingProxyType

from PySide6 import QtCore

from slicerhost.pythonQt import qt
from slicerhost.pythonQt.classes import standIn
from slicerhost.pythonQt.observations import Observations


class SceneObserver:
    """Keeps a scene and observes it; comes before a Qt class in the bases of a stand-in."""

    _scene = None
    _sceneObservations = None
    _observedSceneEvents = ()

    def mrmlScene(self):
        """:return: the scene, None before it is set."""
        return self._scene

    def setMRMLScene(self, scene):
        """Observe another scene, or none."""
        if scene is self._scene:
            return
        self._scene = scene
        self._sceneObservations = self._sceneObservations or Observations(self)
        self._sceneObservations.clear()
        if scene is not None:
            self._observeScene()
        self._onSceneSet()

    def _observeScene(self):
        for event in self._observedSceneEvents:
            self._sceneObservations.add(self._scene, event, self._onScene)

    def _ignoreScene(self):
        if self._sceneObservations is not None:
            self._sceneObservations.clear()

    def _onScene(self, _caller, _event):
        self._onSceneSet()

    def _onSceneSet(self):
        """A stand-in shows the new state of the scene here."""


@standIn
class qMRMLWidget(SceneObserver, qt.QWidget):
    """Stands in for qMRMLWidget: hands its scene on by `mrmlSceneChanged`, mostly by connections in the .ui file."""

    cppSignatures = MappingProxyType({"mrmlSceneChanged(vtkMRMLScene*)": "mrmlSceneChanged(PyObject)"})
    mrmlSceneChanged = QtCore.Signal(object)

    def _onSceneSet(self):
        self.mrmlSceneChanged(self._scene)


@standIn
class qSlicerWidget(qMRMLWidget):
    """Stands in for qSlicerWidget."""
