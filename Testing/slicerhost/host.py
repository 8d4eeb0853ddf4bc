"""The host: sets up what SlicerApp-real sets up before the first module runs."""

import atexit
import functools
import shutil
import tempfile
from pathlib import Path
from types import MappingProxyType

import slicer
import slicer.util
import vtk

from slicerhost.application import Application
from slicerhost.bundleIO import BundleIO
from slicerhost.messages import Messages
from slicerhost.moduleLogics import ModuleNames, Modules
from slicerhost.segmentColors import addSegmentColors
from slicerhost.sliceViews import SliceViews
from slicerhost.utilNames import removeFromTopLevel


class Host:
    """The scene and everything around it; afterwards `slicer.mrmlScene`, `slicer.app` and `slicer.modules` exist.

    One per process: `slicer` is global, as in Slicer. `Host.shared()` gives the same one again.

    :param temporaryFolder: for the bundle cache and `slicer.app.temporaryPath`; if not given, one that goes with the
        process.
    """

    def __init__(self, temporaryFolder=None):
        self.temporaryFolder = Path(temporaryFolder or tempfile.mkdtemp(prefix="slicerhost-"))
        self._leavesFolder = temporaryFolder is not None
        atexit.register(self.removeOwnFolder)
        self.messages = Messages()
        removeFromTopLevel()
        self.scene = slicer.vtkMRMLScene()
        self._addCrosshair()
        self.applicationLogic = self._createApplicationLogic()
        slicer.mrmlScene = self.scene
        slicer.app = Application(self.scene, self.applicationLogic, str(self.temporaryFolder))
        slicer.modules = Modules(self.scene, self.applicationLogic)
        slicer.moduleNames = ModuleNames()
        self.sliceViews = SliceViews(self.scene, self.applicationLogic)
        self._timeOfClearScene = None
        self._bundleIO = BundleIO(self.scene, self.applicationLogic, self.temporaryFolder)
        self.keepPresentNodes()

    @staticmethod
    @functools.cache
    def shared():
        """:return: the one host of this process, made when first asked for."""
        return Host()

    @property
    def vtkErrors(self):
        """VTK errors, and exceptions raised inside VTK observers, since the last `clearScene`."""
        return self.messages.errors

    def keepPresentNodes(self):
        """Let `clearScene` keep what is in the scene now."""
        self._permanentNodeIDs = {node.GetID() for node in self._allNodes()}

    def clearScene(self, viewSizes=MappingProxyType({})):
        """Close the scene as Slicer does, then drop what would outlive it: singletons that a test added.

        Parameter nodes of modules that are loaded stay: their panels go on with them.

        :param viewSizes: (width, height) of slice views that have a window, by name.
        """
        self.scene.Clear(False)
        for node in self._allNodes():
            isKept = node.GetID() in self._permanentNodeIDs or node.GetSingletonTag() in vars(slicer.moduleNames)
            if not isKept and node.GetScene():
                self.scene.RemoveNode(node)
        self.sliceViews.reset(viewSizes)
        self.messages.clear()
        self.rememberAsClear()

    def clearSceneIfTouched(self):
        """`clearScene`, unless not one object of VTK has been modified since the last time."""
        # Each modification of any object takes the next number; this look took one itself.
        if self._timeOfClearScene is None or _timeOfVTK() > self._timeOfClearScene + 1:
            self.clearScene()
        self.rememberAsClear()

    def rememberAsClear(self):
        """The scene is clear now; what views have done since `clearScene` in order to show that is no change."""
        self._timeOfClearScene = _timeOfVTK()

    def removeOwnFolder(self):
        """The process is about to end: remove its folder for temporary files, unless that was given."""
        if not self._leavesFolder:
            shutil.rmtree(self.temporaryFolder, ignore_errors=True)

    def _allNodes(self):
        return [self.scene.GetNthNode(index) for index in range(self.scene.GetNumberOfNodes())]

    def _addCrosshair(self):
        # Slicer has one crosshair node; the displayable managers and the wheel's markups expect it.
        crosshairNode = slicer.vtkMRMLCrosshairNode()
        crosshairNode.SetCrosshairName("default")
        self.scene.AddNode(crosshairNode)

    def _createApplicationLogic(self):
        applicationLogic = slicer.vtkSlicerApplicationLogic()
        applicationLogic.SetMRMLScene(self.scene)
        applicationLogic.SetTemporaryPath(str(self.temporaryFolder))
        applicationLogic.GetColorLogic().SetMRMLScene(self.scene)
        applicationLogic.GetColorLogic().AddDefaultColorNodes()
        addSegmentColors(self.scene)
        applicationLogic.SetSliceLogics(vtk.vtkCollection())
        applicationLogic.SetViewLogics(vtk.vtkCollection())
        return applicationLogic


def _timeOfVTK():
    stamp = vtk.vtkTimeStamp()
    stamp.Modified()
    return stamp.GetMTime()
