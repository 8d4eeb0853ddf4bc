"""`slicer.parameterNodeWrapper`: a parameter node as a class with typed attributes that a panel connects to.

Behaves, stores values and fails as Slicer 5.12's package of that name does, for these types: int, float, str, bool,
pathlib.Path, enums, nodes. Others (lists, packs, unions, ranges) raise: the host does not know them.
"""

from slicerhost.slicerPython.parameterNodeWrapper.connectors import Decimals, SingleStep
from slicerhost.slicerPython.parameterNodeWrapper.validators import (
    Choice,
    Exclude,
    Maximum,
    Minimum,
    Validator,
    WithinRange,
)
from slicerhost.slicerPython.parameterNodeWrapper.wrapper import Default, isParameterNodeWrapper, parameterNodeWrapper

__all__ = [
    "Choice",
    "Decimals",
    "Default",
    "Exclude",
    "Maximum",
    "Minimum",
    "SingleStep",
    "Validator",
    "WithinRange",
    "isParameterNodeWrapper",
    "parameterNodeWrapper",
]
