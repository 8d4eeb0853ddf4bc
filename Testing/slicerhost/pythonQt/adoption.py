"""Objects that Qt made itself (a header, a view port), turned into objects of `qt`.

The Python class of such an object is exchanged. Shiboken must not see the exchange when it frees the object: it would
leave a dangling entry in its own table. So the object is kept, and gets its class back before it goes.
"""

import atexit
import functools

import shiboken6

# id -> (object, class that PySide gave it)
_adopted = {}


def adopt(instance, classFor):
    """Exchange the class of an object for `classFor(class)`, until the object is destroyed."""
    original = type(instance)
    # Before the exchange, while PySide still handles the object as its own.
    instance.destroyed.connect(functools.partial(_giveBack, id(instance)))
    instance.__class__ = classFor(original)
    _adopted[id(instance)] = instance, original


def isAdopted(instance):
    """:return: whether an object's class was exchanged."""
    return id(instance) in _adopted


def _giveBack(key, _destroyed=None):
    instance, original = _adopted.pop(key, (None, None))
    if instance is not None:
        instance.__class__ = original
        # Whoever still holds it: a later object at the same address must not be taken for this one.
        shiboken6.invalidate(instance)


@atexit.register
def _giveBackAll():
    for instance, original in _adopted.values():
        instance.__class__ = original
    _adopted.clear()
