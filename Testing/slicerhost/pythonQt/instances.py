"""How an object of `qt` behaves in Slicer, put over a PySide object.

- A property is an attribute: `button.text` is a str and `button.text()` fails.
- `connect("clicked(bool)", function)` takes the C++ signature; an unknown signal is an error.
- Keyword arguments are refused.
- An unknown attribute cannot be read, nor set, unless on an instance of a class written in Python.
- A destroyed object is false; reading from it, calling it and setting a property raise what PythonQt raises.
"""

import types

import shiboken6
from PySide6 import QtCore

from slicerhost.pythonQt import adoption, qt5, signals
from slicerhost.pythonQt.properties import propertyOf

# What nearly every method and property gives: certainly no object of Qt.
_PLAIN_VALUES = frozenset((type(None), bool, int, float, str, types.MethodType))


class Instance:
    """Goes before the PySide class in the bases of each class of `qt`."""

    def __getattribute__(self, name):
        # Asked more than ten thousand times for a panel that opens: few calls.
        if name[0] == "_":
            value = super().__getattribute__(name)
            if type(value) not in _PLAIN_VALUES and isinstance(value, QtCore.QObject) and not name.startswith("__"):
                _adopt(value)
            return value
        if not (_isValid(self) or _isAdopted(self)):
            raise ValueError(f"Trying to read property '{name}' from a destroyed {type(self).__name__} object")
        if name in _PYTHON_SIDE:
            # PySide answers some of these itself before Python looks at the class.
            return _PYTHON_SIDE[name].__get__(self, type(self))
        qtProperty = propertyOf(type(self), name)
        if qtProperty is not None:
            value = qtProperty.read(self)
            return value if type(value) in _PLAIN_VALUES else adopted(value)
        return _member(self, name)

    def __setattr__(self, name, value):
        if name.startswith("__"):
            return super().__setattr__(name, value)
        if not _isAlive(self):
            raise AttributeError(f"Trying to set property '{name}' on a destroyed {type(self).__name__} object")
        qtProperty = propertyOf(type(self), name)
        if qtProperty is not None:
            qtProperty.write(self, value)
        elif name == "name":
            QtCore.QObject.setObjectName(self, value)
        elif kind := _kindOfMember(type(self), name):
            raise AttributeError(f"{kind} '{name}' can not be overwritten on {type(self).__name__} object")
        elif _isFreeToSet(type(self), name):
            super().__setattr__(name, value)
        elif name in _dynamicPropertyNames(self):
            QtCore.QObject.setProperty(self, name, value)
        else:
            raise AttributeError(f"{type(self).__name__} has no property '{name}' to set, in Slicer either")

    def __bool__(self):
        return _isAlive(self)

    def connect(self, signature, *target):
        """Connect a signal to a callable, or to a slot of another object.

        :param signature: such as "clicked(bool)".
        :param target: a callable; or an object and the signature of its slot.
        """
        return signals.connect(self, signature, _callableOf(target))

    def disconnect(self, signature, *target):
        """Undo `connect` with the same arguments."""
        return signals.disconnect(self, signature, _callableOf(target))

    def className(self):
        """:return: the C++ class, also for instances of Python subclasses."""
        return next(cls.__name__ for cls in type(self).__mro__ if "isCppClass" in cls.__dict__)

    def delete(self):
        """Delete the object as soon as the event loop is back."""
        QtCore.QObject.deleteLater(self)

    @property
    def name(self):
        """Another word for `objectName`."""
        return QtCore.QObject.objectName(self)

    def children(self):
        """:return: the objects whose parent this one is."""
        return adopted(QtCore.QObject.children(self))

    def parent(self):
        """:return: the parent object, or None."""
        return adopted(QtCore.QObject.parent(self))

    def findChildren(self, cls=QtCore.QObject, name=None):
        """:return: descendants of a class (and with an object name, if given)."""
        found = adopted(QtCore.QObject.findChildren(self, QtCore.QObject))
        return [child for child in found if isinstance(child, cls) and (not name or child.objectName == name)]

    def findChild(self, cls=QtCore.QObject, name=None):
        """:return: the first of `findChildren`, or None."""
        return next(iter(self.findChildren(cls, name)), None)


_PYTHON_SIDE = {name: value for name, value in vars(Instance).items() if not name.startswith("_")}


class _Method:
    """A method of a PySide object that takes no keyword arguments and hands out objects of `qt`."""

    __slots__ = ("_className", "_function")

    def __init__(self, function, className):
        self._function = function
        self._className = className

    def __call__(self, *arguments, **keywords):
        if keywords:
            raise TypeError(
                f"{self._className}.{self._function.__name__}: PythonQt takes no keyword arguments {sorted(keywords)}"
            )
        if self.isOrphaned():
            raise ValueError(f"Trying to call '{self._function.__name__}' on a destroyed {self._className} object")
        return adopted(self._function(*arguments))

    def isOrphaned(self):
        """:return: whether the object whose method it is has been destroyed."""
        owner = self._function.__self__
        return isinstance(owner, Instance) and not _isAlive(owner)

    def __eq__(self, other):
        return isinstance(other, _Method) and self._function == other._function

    def __hash__(self):
        return hash(self._function)


def _member(instance, name):
    if qt5.lacks(type(instance), name):
        raise AttributeError(f"{type(instance).__name__} has no attribute named '{name}' before Qt 6")
    try:
        value = super(Instance, instance).__getattribute__(name)
    except AttributeError:
        return _dynamicPropertyOrChild(instance, name)
    if type(value) is types.BuiltinFunctionType:
        return _Method(value, type(instance).__name__)
    if isinstance(value, QtCore.SignalInstance):
        return signals.Signal(instance, signals.signatureOf(instance, name))
    return adopted(value)


def adopted(value):
    """:return: the value, with objects that Qt made itself turned into objects of `qt`."""
    if type(value) in _PLAIN_VALUES:
        return value
    if isinstance(value, QtCore.QObject):
        _adopt(value)
    elif type(value) in (list, tuple):
        for item in value:
            if isinstance(item, QtCore.QObject):
                _adopt(item)
    return value


def _adopt(instance):
    if not isinstance(instance, Instance):
        from slicerhost.pythonQt.classes import classFor

        adoption.adopt(instance, classFor)


_isValid, _isAdopted = shiboken6.isValid, adoption.isAdopted


def _isAlive(instance):
    # Shiboken takes adopted objects for ones whose constructor was not called, and so for invalid.
    return _isValid(instance) or _isAdopted(instance)


def _kindOfMember(cls, name):
    """:return: "Slot" or "Signal" where the C++ class has one of that name, which nothing can replace; or None."""
    if name.startswith("_"):
        return None
    cppClass = next(base for base in cls.__mro__ if "isCppClass" in base.__dict__)
    member = getattr(cppClass, name, None)
    if isinstance(member, QtCore.Signal):
        return "Signal"
    if isinstance(member, QtCore.Property):
        return None
    return "Slot" if callable(member) else None


def _isFreeToSet(cls, name):
    """A class written in Python takes any attribute; a stand-in its own state and its declared properties."""
    if "isCppClass" not in cls.__dict__:
        return True
    return cls.__dict__["isCppClass"] == "stand-in" and (name.startswith("_") or hasattr(cls, name))


def _dynamicPropertyNames(instance):
    return [name.data().decode() for name in QtCore.QObject.dynamicPropertyNames(instance)]


def _dynamicPropertyOrChild(instance, name):
    if name in _dynamicPropertyNames(instance):
        return QtCore.QObject.property(instance, name)
    for child in QtCore.QObject.children(instance):
        if QtCore.QObject.objectName(child) == name:
            return adopted(child)
    raise AttributeError(f"{type(instance).__name__} has no attribute named '{name}'")


def _callableOf(target):
    if len(target) == 1:
        return target[0]
    receiver, slot = target
    return getattr(receiver, slot.partition("(")[0])
