"""A scripted module's panel as the application holds it."""

import slicer
from PySide6 import QtCore

from slicerhost.mrmlWidgets.mrmlWidget import qSlicerWidget
from slicerhost.pythonQt import qt
from slicerhost.pythonQt.classes import standIn


@standIn
class qSlicerScriptedLoadableModuleWidget(qSlicerWidget):
    """Stands in for qSlicerScriptedLoadableModuleWidget: makes the Python widget and calls its life-cycle methods."""

    def __init__(self, module):
        super().__init__()
        self._module = module
        self._isEntered = False
        layout = qt.QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        self.setMRMLScene(slicer.mrmlScene)
        self._makePythonWidget()

    def _makePythonWidget(self):
        name = self._module.name
        widgetClass = getattr(self._module.pythonModule, f"{name}Widget")
        self._pythonWidget = widgetClass(self)
        setattr(slicer.modules, f"{name}Widget", self._pythonWidget)
        self._pythonWidget.setup()

    def self(self):
        """:return: the Python object."""
        return self._pythonWidget

    def _entered(self):
        return self._isEntered

    isEntered = QtCore.Property(bool, _entered)

    def enter(self):
        """The user opened the module."""
        self._isEntered = True
        self._callIfDefined("enter")

    def exit(self):
        """The user left the module."""
        self._isEntered = False
        self._callIfDefined("exit")

    def reload(self):
        """Make the Python widget again from the source as it is now."""
        wasEntered = self._isEntered
        self._makePythonWidget()
        if wasEntered:
            self.enter()

    def _callIfDefined(self, name):
        method = getattr(self._pythonWidget, name, None)
        if method is not None:
            method()
