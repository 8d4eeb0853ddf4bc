"""Signals as PythonQt connects them: by C++ signature, to callables that take as many arguments as they like."""

import functools
import inspect
import sys

from PySide6 import QtCore

from slicerhost import slicerVersion
from slicerhost.pythonQt import qt5

# id of a sender -> [(signal, function, what Qt calls)]. Held from outside until the sender is destroyed: as in
# PythonQt, garbage collection cannot see that a sender and what it is connected to know only each other.
_connections = {}


# (class, name of a signal) -> C++ signature
_signatures = {}


class Signal:
    """What `button.clicked` gives: something to connect to, to disconnect from, and to call in order to emit."""

    def __init__(self, owner, signature):
        self._owner = owner
        self._signature = signature

    def connect(self, function):
        """Call a function whenever the signal is emitted."""
        return connect(self._owner, self._signature, function)

    def disconnect(self, function):
        """Undo `connect`."""
        return disconnect(self._owner, self._signature, function)

    def __call__(self, *arguments):
        """Emit the signal."""
        name = self._signature.partition("(")[0]
        QtCore.QObject.__getattribute__(self._owner, name).emit(*arguments)


def signatureOf(owner, name):
    """:return: C++ signature of the first signal with a name; None if the object has no such signal."""
    for signature in declaredSignatures(type(owner)):
        if signature.partition("(")[0] == name:
            return signature
    key = type(owner), name
    if key not in _signatures:
        _signatures[key] = _signatureIn(QtCore.QObject.metaObject(owner), name)
    return _signatures[key]


def _signatureIn(metaObject, name):
    for index in range(metaObject.methodCount()):
        method = metaObject.method(index)
        if method.methodType() == QtCore.QMetaMethod.MethodType.Signal and method.name().data().decode() == name:
            return method.methodSignature().data().decode()
    return None


@functools.cache
def declaredSignatures(cls):
    """:return: C++ signature -> PySide signature, where a stand-in's differ (MRML types are unknown to PySide)."""
    merged = {}
    for base in reversed(cls.__mro__):
        merged.update(base.__dict__.get("cppSignatures", {}))
    return merged


def connect(owner, signature, function):
    """:raises ValueError: if the object has no signal of that signature."""
    if not callable(function):
        raise TypeError(f"Cannot connect {signature} to {function!r}: it is not callable")
    macro = QtCore.SIGNAL(_existing(owner, signature))
    slot = slotFor(function)
    QtCore.QObject.connect(owner, macro, slot)
    _connectionsOf(owner).append((macro, function, slot))
    return True


def disconnect(owner, signature, function):
    """:return: whether there was such a connection."""
    macro = QtCore.SIGNAL(_existing(owner, signature))
    connections = _connectionsOf(owner)
    for connection in connections:
        if connection[0] == macro and connection[1] == function:
            QtCore.QObject.disconnect(owner, macro, connection[2])
            connections.remove(connection)
            return True
    return False


def hasSignal(cls, signature):
    """:return: whether a class of `qt`, or a stand-in, has a signal of a C++ signature."""
    normalized = _normalized(signature)
    name = normalized.partition("(")[0]
    since = getattr(cls, "signalsSince", {}).get(name, slicerVersion.OLDEST)
    if not slicerVersion.isAtLeast(since) or qt5.lacks(cls, name):
        return False
    # PySide may not be asked for the meta-object of a class that is written in Python.
    declared = getattr(vars(_declaringClass(cls, name)).get(name), "signatures", ())
    return _pySideSignature(cls, normalized) in declared or cls.qtClass.staticMetaObject.indexOfSignal(normalized) >= 0


def _declaringClass(cls, name):
    return next((base for base in cls.__mro__ if name in vars(base)), cls)


def _pySideSignature(cls, signature):
    return declaredSignatures(cls).get(signature, signature)


def _existing(owner, signature):
    resolved = _resolved(type(owner), signature, slicerVersion.current())
    if resolved is None:
        raise ValueError(f"{type(owner).__name__} has no signal {signature!r}")
    return resolved


@functools.cache
def _resolved(cls, signature, _version):
    return _pySideSignature(cls, _normalized(signature)) if hasSignal(cls, signature) else None


@functools.cache
def _normalized(signature):
    return QtCore.QMetaObject.normalizedSignature(signature).data().decode()


def _connectionsOf(owner):
    if id(owner) not in _connections:
        _connections[id(owner)] = []
        QtCore.QObject.__getattribute__(owner, "destroyed").connect(functools.partial(_forget, id(owner)))
    return _connections[id(owner)]


def _forget(key, _destroyed=None):
    _connections.pop(key, None)


def slotFor(function):
    """:return: what Qt calls instead of a function: hands over the arguments it takes, reports its exceptions."""
    accepted = _numberOfArguments(function)

    def slot(*arguments):
        # Qt drops connections to what was destroyed.
        if getattr(function, "isOrphaned", lambda: False)():
            return
        try:
            function(*arguments[:accepted])
        except Exception:
            # PythonQt prints and goes on; the host's hook collects it, and the test fails.
            sys.excepthook(*sys.exc_info())

    return slot


def _numberOfArguments(function):
    # PythonQt counts the arguments of functions and methods; to anything else it passes all that the signal has.
    plainFunction = function.__func__ if inspect.ismethod(function) else function
    if not inspect.isfunction(plainFunction) or plainFunction.__code__.co_flags & inspect.CO_VARARGS:
        return None
    return plainFunction.__code__.co_argcount - (1 if inspect.ismethod(function) else 0)
