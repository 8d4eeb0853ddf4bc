"""`slicer.app.moduleManager()`."""

import slicer
from PySide6 import QtCore

from slicerhost.pythonQt import qt
from slicerhost.pythonQt.classes import standIn
from slicerhost.standIn import StandIn


@standIn
class qSlicerModuleManager(qt.QObject):
    """Stands in for qSlicerModuleManager."""

    moduleLoaded = QtCore.Signal(str)
    moduleAboutToBeUnloaded = QtCore.Signal(str)
    moduleUnloaded = QtCore.Signal(str)

    def module(self, name):
        """:return: a module, or None."""
        if name not in vars(slicer.moduleNames):
            return None
        return getattr(slicer.modules, name.lower())

    def factoryManager(self):
        """:return: what knows which modules are loaded."""
        return FactoryManager()


class FactoryManager(StandIn):
    """Which modules are loaded."""

    standsFor = "qSlicerModuleFactoryManager"

    def loadedModuleNames(self):
        """:return: their names."""
        return tuple(vars(slicer.moduleNames))

    def isLoaded(self, name):
        """:return: whether a module is."""
        return name in self.loadedModuleNames()
