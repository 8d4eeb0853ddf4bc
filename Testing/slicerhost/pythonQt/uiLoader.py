"""`qt.QUiLoader`: builds a .ui file from classes of `qt` and the stand-ins, and refuses what those do not have."""

import functools
from pathlib import Path

from PySide6 import QtCore, QtUiTools

from slicerhost.pythonQt import uiFile
from slicerhost.pythonQt.classes import STAND_INS, classFor, standIn
from slicerhost.pythonQt.instances import adopted
from slicerhost.pythonQt.properties import propertyNames
from slicerhost.pythonQt.qtModule import qt


@standIn
class QUiLoader(classFor(QtUiTools.QUiLoader)):
    """Stands in for QUiLoader, with the CTK and Slicer widgets that its plugins give it in Slicer."""

    def load(self, device, parent=None):
        """:return: the top widget of a .ui file.

        :raises ValueError: for an unknown widget class, property, signal or slot.
        """
        content, connections = _checked(Path(device.fileName()).read_bytes())
        # Widgets without a parent yet would be collected before the loader hands them on.
        self._created = []
        top = QtUiTools.QUiLoader.load(self, _bufferWith(content), parent)
        if connections:
            objects = {child.objectName: child for child in [top, *top.findChildren()]}
            for connection in connections:
                connection.make(objects)
        del self._created
        return adopted(top)

    def createWidget(self, className, parent=None, name=""):
        """Called by Qt for each widget of the file."""
        widget = _widgetClass(className)(*([parent] if parent is not None else []))
        QtCore.QObject.setObjectName(widget, name)
        self._created.append(widget)
        return widget


@functools.lru_cache(maxsize=16)
def _checked(content):
    """:return: the XML without its connections, as bytes, and those connections."""
    root = uiFile.parsed(content)
    uiFile.check(root, lambda className: propertyNames(_widgetClass(className)))
    connections = uiFile.takeConnections(root)
    return uiFile.text(root), connections


def _widgetClass(name):
    cls = STAND_INS.get(name)
    if cls is not None:
        return cls
    if name == "Line":
        return qt.QFrame
    try:
        return getattr(qt, name)
    except AttributeError:
        raise ValueError(
            f"The .ui file uses {name}, which the host does not have. If Slicer has it, write a stand-in for it"
        ) from None


def _bufferWith(text):
    buffer = QtCore.QBuffer()
    buffer.setData(text)
    buffer.open(QtCore.QIODevice.OpenModeFlag.ReadOnly)
    return buffer
