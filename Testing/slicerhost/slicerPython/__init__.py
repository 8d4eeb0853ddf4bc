"""Slicer's own Python layer (Base/Python/slicer), as far as modules use it: written anew, the same from outside.

`slicer.util` is the real one, from the wheel.
"""

import sys

import slicer

from slicerhost.slicerPython import i18n, parameterNodeWrapper, sampleData, scriptedLoadableModule

MODULES = {
    "ScriptedLoadableModule": scriptedLoadableModule,
    "i18n": i18n,
    "parameterNodeWrapper": parameterNodeWrapper,
}


def install():
    """Make `slicer.ScriptedLoadableModule`, `slicer.parameterNodeWrapper`, `slicer.i18n`, `SampleData` importable."""
    sys.modules["SampleData"] = sampleData
    for name, module in MODULES.items():
        sys.modules[f"slicer.{name}"] = module
        setattr(slicer, name, module)
