"""Slicer's event loop: it runs in C++ and holds Python's lock (the GIL), also while it sleeps.

Neither Slicer nor CTK lets go of it (no PyEval_SaveThread, no PythonQt::setEnableThreadSupport in 5.10 and 5.12), so
other threads of Python get on only while a callback in Python runs. PySide6 lets go of it in its own `processEvents`;
here Qt's function is called past PySide6.
"""

import contextlib
import ctypes
from pathlib import Path

import PySide6
from PySide6 import QtCore

_LIBRARY = Path(PySide6.__file__).parent / "Qt" / "lib" / "libQt6Core.so.6"
#: `QCoreApplication::processEvents(QFlags<QEventLoop::ProcessEventsFlag>)` in the names of Linux' compilers.
_NAME = "_ZN16QCoreApplication13processEventsE6QFlagsIN10QEventLoop17ProcessEventsFlagEE"

# Of a PyDLL, functions are called without letting go of the lock; of a CDLL, as PySide6 calls them.
_libraries = {True: ctypes.PyDLL(str(_LIBRARY)), False: ctypes.CDLL(str(_LIBRARY))}
_holdsLock = True


def turn(wait=False):
    """Handle the events that there are.

    :param wait: True to sleep until there is one.
    """
    flags = QtCore.QEventLoop.ProcessEventsFlag
    process = getattr(_libraries[_holdsLock], _NAME)
    process((flags.WaitForMoreEvents if wait else flags.AllEvents).value)


@contextlib.contextmanager
def lettingGoOfTheLock():
    """Let other threads get on while the loop sleeps, as Slicer does not: for comparisons only."""
    global _holdsLock
    _holdsLock = False
    try:
        yield
    finally:
        _holdsLock = True
