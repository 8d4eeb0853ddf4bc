"""The module `qt`: what PythonQt has of QtCore, QtGui, QtWidgets and QtUiTools, found when asked for."""

import types

from PySide6 import QtCore, QtGui, QtWidgets

from slicerhost.pythonQt.classes import classFor

_PLACES = (QtCore, QtGui, QtWidgets)


class QtModule(types.ModuleType):
    """`qt`. Only names of Qt itself: PySide's own (`Signal`, `Slot`, `Property`) do not exist in Slicer."""

    def __getattr__(self, name):
        if name == "QUiLoader":
            from slicerhost.pythonQt.uiLoader import QUiLoader

            value = QUiLoader
        else:
            value = _find(name)
        setattr(self, name, value)
        return value


def _find(name):
    if name == "Qt" or (name.startswith("Q") and name[1:2].isupper()):
        for place in _PLACES:
            value = getattr(place, name, None)
            if isinstance(value, type):
                return classFor(value) if issubclass(value, QtCore.QObject) else value
    raise AttributeError(f"qt has no '{name}' in Slicer")


qt = QtModule("qt", "Qt, as PythonQt shows it.")
