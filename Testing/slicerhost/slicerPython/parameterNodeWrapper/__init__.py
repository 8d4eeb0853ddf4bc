"""`slicer.parameterNodeWrapper`: a parameter node as a class with typed attributes that a panel connects to.

Behaves, stores values and fails as the package of that name does in Slicer 5.12, or 5.10 where `slicerVersion` says so,
for these types: int, float, str, bool, pathlib.Path, enums, nodes. Others (lists, packs, unions, ranges) raise: the
host does not know them.
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
