"""The classes of `qt`: each PySide class with `Instance` before it."""

import functools
import weakref

from PySide6 import QtCore

from slicerhost.pythonQt import popUps, signals
from slicerhost.pythonQt.instances import Instance

# Class name -> stand-in, for all of CTK's and Slicer's widgets that have been imported.
STAND_INS = {}

# All timers of `qt` that are alive.
TIMERS = weakref.WeakSet()


class ClassOfQt(type(QtCore.QObject)):
    """Metaclass of the classes of `qt`."""

    def __call__(cls, *arguments, **keywords):
        if keywords and "isCppClass" in cls.__dict__:
            raise TypeError(f"{cls.__name__}: PythonQt takes no keyword arguments {sorted(keywords)}")
        return super().__call__(*arguments, **keywords)

    def __instancecheck__(cls, instance):
        return cls.__subclasscheck__(type(instance))

    def __subclasscheck__(cls, other):
        # qt.QPushButton does not derive from qt.QWidget in Python, only what is below them does.
        if cls.__dict__.get("isCppClass") == "Qt":
            return issubclass(other, cls.qtClass)
        return type.__subclasscheck__(cls, other)


@functools.cache
def classFor(qtClass):
    """:return: the class of `qt` for a PySide class."""
    # Without PySide's docstring: it is made when it is asked for, from all signatures, which takes a third of a second.
    namespace = {"isCppClass": "Qt", "qtClass": qtClass, "__module__": "qt"}
    namespace.update(popUps.refusalsFor(qtClass))
    if qtClass is QtCore.QTimer:
        namespace.update(singleShot=staticmethod(_singleShot), __init__=_initTimer)
    return ClassOfQt(qtClass.__name__, (Instance, qtClass), namespace)


def standIn(cls):
    """Class decorator: the class stands in for a C++ class of CTK or Slicer, and is as strict as one.

    Its public members are those of the real class; what it needs for itself starts with an underscore.
    """
    cls.isCppClass = "stand-in"
    STAND_INS[cls.__name__] = cls
    return cls


def forwarded(valueType, inner, name):
    """A property of a stand-in that is a property of a widget inside it, and its setter. In the class body::

        decimals, setDecimals = forwarded(int, "_spinBox", "decimals")

    :param inner: attribute that holds the inner widget.
    """
    capitalized = name[0].upper() + name[1:]

    def read(self):
        return QtCore.QObject.property(getattr(self, inner), name)

    def write(self, value):
        getattr(getattr(self, inner), f"set{capitalized}")(valueType(value))

    return QtCore.Property(valueType, read, write), write


def _singleShot(milliseconds, function):
    QtCore.QTimer.singleShot(milliseconds, signals.slotFor(function))


def _initTimer(self, *arguments):
    super(classFor(QtCore.QTimer), self).__init__(*arguments)
    TIMERS.add(self)
