"""`slicer.app` as far as logic code and `slicer.util` use it; the layer with windows adds to it."""

import os

from slicerhost.coreIO import CoreIOManager
from slicerhost.standIn import StandIn


class ProcessEnvironment(StandIn):
    """What `slicer.app.startupEnvironment()` returns: the environment before Slicer changed it."""

    standsFor = "QProcessEnvironment"

    def keys(self):
        """:return: names of the variables."""
        return list(os.environ)

    def value(self, name):
        """:return: value of one variable, "" where it is not set."""
        return os.environ.get(name, "")


class Application(StandIn):
    """`slicer.app`. Qt properties are plain attributes here, as PythonQt shows them."""

    standsFor = "qSlicerApplication (slicer.app)"

    def __init__(self, scene, applicationLogic, temporaryPath):
        self.majorVersion = 5
        self.minorVersion = 12
        self.applicationName = "Slicer"
        self.applicationVersion = "5.12.4-host"
        self.temporaryPath = temporaryPath
        self._scene = scene
        self._applicationLogic = applicationLogic
        self._coreIOManager = CoreIOManager(scene)

    def mrmlScene(self):
        """:return: the scene."""
        return self._scene

    def applicationLogic(self):
        """:return: the real vtkSlicerApplicationLogic."""
        return self._applicationLogic

    def coreIOManager(self):
        """:return: what loads and saves."""
        return self._coreIOManager

    def ioManager(self):
        """:return: the same object as coreIOManager()."""
        return self._coreIOManager

    def startupEnvironment(self):
        """:return: the environment for programs that are not Slicer's own."""
        return ProcessEnvironment()

    def translate(self, _context, text):
        """:return: the text: without windows there are no translations."""
        return text

    def testingEnabled(self):
        """:return: True, as under `Slicer --testing`."""
        return True

    def layoutManager(self):
        """:return: None, as in Slicer started with --no-main-window."""
        return None

    def processEvents(self):
        """Nothing to process: there is no event loop."""

    def pauseRender(self):
        """Nothing renders."""

    def resumeRender(self):
        """Nothing renders."""
