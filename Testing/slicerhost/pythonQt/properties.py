"""Qt's properties as PythonQt shows them: attributes, not pairs of methods."""

import functools

from PySide6 import QtCore

from slicerhost.pythonQt import qt5

# Properties of Qt that PythonQt does not show: the name is taken by a static function (see README.md of the host).
LEFT_OUT = {"QTimer": {"singleShot"}, **qt5.METHODS}


@functools.cache
def propertiesOf(qtClass):
    """:return: name -> _Property, for the properties that a PySide class has in C++."""
    metaObject = qtClass.staticMetaObject
    leftOut = {name for base in qtClass.__mro__ for name in LEFT_OUT.get(base.__name__, ())}
    names = {metaObject.property(index).name() for index in range(metaObject.propertyCount())} - leftOut
    return {name: _Property(qtClass, name, metaObject) for name in names if not qt5.lacks(qtClass, name)}


_properties = {}


def propertyOf(cls, name):
    """:return: _Property of a class of `qt` or a stand-in, or None."""
    # Asked for every attribute: one look into a dictionary that is there.
    try:
        return _properties[cls].get(name)
    except KeyError:
        return _properties.setdefault(cls, propertiesOf(cls.qtClass)).get(name)


@functools.cache
def propertyNames(cls):
    """:return: names of all properties of a class of `qt` or a stand-in."""
    declared = {
        name for base in cls.__mro__ for name, value in vars(base).items() if isinstance(value, QtCore.Property)
    }
    return declared | set(propertiesOf(cls.qtClass))


class _Property:
    def __init__(self, qtClass, name, metaObject):
        capitalized = name[0].upper() + name[1:]
        self._name = name
        self._getter = _firstCallable(qtClass, name, f"is{capitalized}", f"has{capitalized}")
        self._setter = _firstCallable(qtClass, f"set{capitalized}")
        self.isWritable = metaObject.property(metaObject.indexOfProperty(name)).isWritable()

    def read(self, instance):
        if self._getter is not None:
            return self._getter(instance)
        return QtCore.QObject.property(instance, self._name)

    def write(self, instance, value):
        if not self.isWritable:
            raise AttributeError(f"Property '{self._name}' of {type(instance).__name__} is not writable")
        if self._setter is not None:
            self._setter(instance, value)
        elif not QtCore.QObject.setProperty(instance, self._name, value):
            raise ValueError(f"Property '{self._name}' of {type(instance).__name__} cannot be set to {value!r}")


def _firstCallable(qtClass, *names):
    return next((getattr(qtClass, name) for name in names if callable(getattr(qtClass, name, None))), None)
