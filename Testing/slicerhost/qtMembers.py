"""Whether a member that a source text uses exists in Slicer, and is used as PythonQt shows it."""

from PySide6 import QtCore

import slicerhost.ctkWidgets
import slicerhost.mrmlWidgets
import slicerhost.views.layoutManager  # noqa: F401  all stand-ins have to be known
from slicerhost.pythonQt import qt, qt5
from slicerhost.pythonQt.classes import STAND_INS
from slicerhost.pythonQt.properties import propertiesOf
from slicerhost.pythonQt.signals import hasSignal
from slicerhost.slicerHeaders import MEMBERS

KINDS = {
    "property": "a property",
    "constant property": "a constant property",
    "slot": "a slot",
    "invokable": "an invokable method",
    "method": "a method",
    "signal": "a signal",
}

#: How members of a kind may be used: a method that is not called is handed on, a signal that is called is emitted
#: (PythonQtSignal.cpp:60).
ALLOWED = {
    "property": {"get", "set"},
    "constant property": {"get"},
    "slot": {"call", "get"},
    "invokable": {"call", "get"},
    "method": {"call", "get"},
    "signal": {"connect", "call"},
}

#: The application is no widget; the class of Qt that it has its other members from.
APPLICATION = {"qSlicerApplication": "QApplication"}


def problemWith(use):
    """Return what is wrong with a use in a real Slicer, "" if nothing is.

    :param use: :class:`qtUses.Use`.
    """
    if not use.className:
        return f"of what class the sender of {use.member} is, is not said: name it in a docstring"
    name = f"{use.className}.{use.member}"
    kind = _kindInHeaders(use) or _kindInQt(use)
    if not kind:
        return f"{name} is neither in slicerHeaders.py nor in Qt 5"
    if use.how not in ALLOWED[kind]:
        return f"{name} is {KINDS[kind]}: '{use.how}' is not for it"
    return ""


def _kindInHeaders(use):
    entry = MEMBERS.get(use.className, {}).get(use.member)
    if entry is None:
        return ""
    kind = entry[1]
    # What the header has, the stand-in must have, too: otherwise no test has run it.
    cls = STAND_INS.get(use.className)
    if cls is None:
        return kind if use.className in APPLICATION else ""
    isThere = hasSignal(cls, use.member) if kind == "signal" else hasattr(cls, use.member)
    return kind if isThere else ""


def _kindInQt(use):
    cls = _classOfQt(use.className)
    if cls is None or qt5.lacks(cls, use.member):
        return ""
    isObject = issubclass(cls, QtCore.QObject)
    if use.how == "connect":
        return "signal" if isObject and hasSignal(cls, use.member) else ""
    qtProperty = propertiesOf(cls.qtClass).get(use.member) if isObject else None
    if qtProperty is not None:
        return "property" if qtProperty.isWritable else "constant property"
    member = getattr(cls, use.member, None)
    if isinstance(member, QtCore.Signal):
        return "signal"
    return "method" if callable(member) else ""


def _classOfQt(className):
    """:return: the class of `qt` itself that a widget has its other members from, or None."""
    standIn = STAND_INS.get(className)
    if standIn is not None:
        return next(base for base in standIn.__mro__ if base.__dict__.get("isCppClass") == "Qt")
    return getattr(qt, APPLICATION.get(className, className), None)
