"""The wheel copies the functions of `slicer.util` into `slicer`; Slicer does not, and neither does the host."""

import types

import slicer
import slicer.util


def utilFunctionNames():
    """:return: names of the public functions and classes that live in `slicer.util`."""
    return {
        name
        for name, value in vars(slicer.util).items()
        if not name.startswith("_")
        and isinstance(value, (types.FunctionType, type))
        and value.__module__ == "slicer.util"
    }


def removeFromTopLevel():
    """Take the functions of `slicer.util` out of `slicer`, so that `slicer.getNode` fails as it does in Slicer."""
    for name in utilFunctionNames():
        if getattr(slicer, name, None) is getattr(slicer.util, name):
            delattr(slicer, name)
