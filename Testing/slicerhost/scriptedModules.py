"""What a scripted module's file imports from Slicer's Python layer, and how Slicer makes its objects."""

import importlib.util
import sys
import types
import unittest
from pathlib import Path

import slicer

from slicerhost.standIn import StandIn


class ModuleDescription(StandIn):
    """The `parent` that Slicer hands to a module class: title, categories, texts."""

    standsFor = "qSlicerScriptedLoadableModule"

    def __init__(self, path):
        self.path = str(path)
        self.title = ""
        self.categories = []
        self.dependencies = []
        self.contributors = []
        self.helpText = ""
        self.acknowledgementText = ""
        self.hidden = False
        self.widgetRepresentationCreationEnabled = True


class ScriptedLoadableModule:
    """Base of module classes."""

    def __init__(self, parent):
        self.parent = parent
        self.moduleName = type(self).__name__


class ScriptedLoadableModuleTest(unittest.TestCase):
    """Base of a module's self-test; "Reload & Test" in Slicer calls its `runTest`."""

    def runTest(self):
        """Run all tests; modules override it."""


def install():
    """Make `slicer.ScriptedLoadableModule` and `slicer.i18n` importable."""
    _addModule(
        "slicer.ScriptedLoadableModule",
        ScriptedLoadableModule=ScriptedLoadableModule,
        ScriptedLoadableModuleTest=ScriptedLoadableModuleTest,
    )
    _addModule("slicer.i18n", tr=lambda text: text, translate=lambda context, text: text)


def load(path):
    """Load a scripted module's file as Slicer does, and make its module object.

    :param path: the module's .py file; its folder has to be importable already.
    :return: (Python module, module object).
    """
    path = Path(path)
    specification = importlib.util.spec_from_file_location(path.stem, path)
    pythonModule = importlib.util.module_from_spec(specification)
    sys.modules[path.stem] = pythonModule
    specification.loader.exec_module(pythonModule)
    return pythonModule, getattr(pythonModule, path.stem)(ModuleDescription(path))


def _addModule(name, **content):
    module = types.ModuleType(name)
    vars(module).update(content)
    sys.modules[name] = module
    setattr(slicer, name.rpartition(".")[2], module)
