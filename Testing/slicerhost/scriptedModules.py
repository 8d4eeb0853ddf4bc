"""Scripted modules as Slicer makes them: the file is loaded, the module object made, the panel on demand."""

import importlib.util
import sys
from pathlib import Path

import slicer

from slicerhost import slicerPython
from slicerhost.standIn import StandIn


class ModuleDescription(StandIn):
    """The `parent` that Slicer hands to a module class, and what `slicer.modules.<name>` is afterwards."""

    standsFor = "qSlicerScriptedLoadableModule"

    def __init__(self, path):
        self.path = str(path)
        self.name = Path(path).stem
        self.title = ""
        self.categories = []
        self.dependencies = []
        self.contributors = []
        self.helpText = ""
        self.acknowledgementText = ""
        self.hidden = False
        self.widgetRepresentationCreationEnabled = True
        self._widget = None

    @property
    def pythonModule(self):
        """The Python module of the file."""
        return sys.modules[self.name]

    def logic(self):
        """:return: None: scripted modules have their logic in Python."""
        return

    def widgetRepresentation(self):
        """:return: the module's panel, made at the first call; None if the module has none."""
        if self._widget is None and self.widgetRepresentationCreationEnabled:
            self._widget = self.createNewWidgetRepresentation()
        return self._widget

    def createNewWidgetRepresentation(self):
        """:return: another panel of the module."""
        return slicer.qSlicerScriptedLoadableModuleWidget(self)


def install():
    """Make Slicer's Python layer importable."""
    slicerPython.install()


def load(path):
    """Load a scripted module's file as Slicer does, and make its module object.

    :param path: the module's .py file; its folder is made importable.
    :return: (Python module, module object).
    """
    path = Path(path)
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    specification = importlib.util.spec_from_file_location(path.stem, path)
    pythonModule = importlib.util.module_from_spec(specification)
    sys.modules[path.stem] = pythonModule
    specification.loader.exec_module(pythonModule)
    description = ModuleDescription(path)
    moduleObject = getattr(pythonModule, path.stem)(description)
    _register(description, moduleObject)
    return pythonModule, moduleObject


def _register(description, moduleObject):
    name = description.name
    setattr(slicer.modules, name.lower(), description)
    setattr(slicer.modules, f"{name}Instance", moduleObject)
    setattr(slicer.moduleNames, name, name)
