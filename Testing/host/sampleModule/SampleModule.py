"""A small module in Slicer's idiom, for the tests of the host: places a box and fills it above a threshold."""

import enum
from typing import Annotated

import numpy as np
import qt
import slicer
import vtk
from slicer import vtkMRMLMarkupsROINode, vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.parameterNodeWrapper import Choice, Default, WithinRange, parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin


class SampleModule(ScriptedLoadableModule):
    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("Sample")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]


class Direction(enum.Enum):
    FORWARD = 1
    BACKWARD = 2


@parameterNodeWrapper
class SampleParameterNode:
    inputVolume: vtkMRMLScalarVolumeNode
    segmentation: vtkMRMLSegmentationNode
    box: vtkMRMLMarkupsROINode
    threshold: Annotated[float, WithinRange(-1000, 3000)] = 40
    slices: Annotated[int, WithinRange(1, 99), Default(7)]
    invert: bool = False
    label: str = "Object"
    window: Annotated[str, Choice(["auto", "lung"])] = "auto"
    direction: Direction = Direction.FORWARD


class SampleModuleWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.calls = []
        self.parameterNode = None

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/SampleModule.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = SampleModuleLogic()
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose)
        self.ui.placeButton.connect("clicked(bool)", self.onPlace)
        self.ui.applyButton.connect("clicked()", self.onApply)
        self.shortcut = qt.QShortcut(qt.QKeySequence("B"), self.parent)
        self.shortcut.connect("activated()", self.ui.placeButton.click)
        self.initializeParameterNode()

    def cleanup(self):
        self.calls.append("cleanup")
        self.removeObservers()

    def enter(self):
        self.calls.append("enter")
        self.initializeParameterNode()

    def exit(self):
        self.calls.append("exit")

    def onSceneStartClose(self, caller, event):
        self.setParameterNode(None)

    def onSceneEndClose(self, caller, event):
        if self.parent.isEntered:
            self.initializeParameterNode()

    def initializeParameterNode(self):
        parameterNode = self.logic.getParameterNode()
        if not parameterNode.inputVolume:
            # As in Slicer's template of a module: a selector without a choice stays without one.
            parameterNode.inputVolume = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLScalarVolumeNode")
        self.setParameterNode(parameterNode)

    def setParameterNode(self, parameterNode):
        if self.parameterNode:
            self.parameterNode.disconnectGui(self.guiTag)
            self.removeObserver(self.parameterNode, vtk.vtkCommand.ModifiedEvent, self.checkCanApply)
        self.parameterNode = parameterNode
        if parameterNode:
            self.guiTag = parameterNode.connectGui(self.ui)
            self.addObserver(parameterNode, vtk.vtkCommand.ModifiedEvent, self.checkCanApply)
            self.checkCanApply()

    def checkCanApply(self, caller=None, event=None):
        box = self.parameterNode.box
        canApply = bool(self.parameterNode.inputVolume and box and box.GetNumberOfDefinedControlPoints())
        self.ui.applyButton.enabled = canApply
        self.ui.applyButton.toolTip = _("Fill the box") if canApply else _("Place a box first")
        self.ui.segmentsTable.setSegmentationNode(self.parameterNode.segmentation)

    def onPlace(self):
        box = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode", "Box")
        box.CreateDefaultDisplayNodes()
        self.parameterNode.box = box
        slicer.modules.markups.logic().SetActiveList(box)
        self.addObserver(box, slicer.vtkMRMLMarkupsNode.PointPositionDefinedEvent, self.checkCanApply)
        interactionNode = slicer.app.applicationLogic().GetInteractionNode()
        interactionNode.SetPlaceModePersistence(0)
        interactionNode.SetCurrentInteractionMode(interactionNode.Place)
        self.ui.statusLabel.text = _("Click two corners in a slice view")

    def onApply(self):
        with slicer.util.tryWithErrorDisplay(_("Failed to compute results."), waitCursor=True):
            if not self.parameterNode.segmentation:
                self.parameterNode.segmentation = self.logic.createSegmentation(self.parameterNode.inputVolume)
            count = self.logic.fill(
                self.parameterNode.inputVolume,
                self.parameterNode.segmentation,
                self.parameterNode.box,
                self.parameterNode.threshold,
            )
            self.ui.statusLabel.text = _("{count} voxels").format(count=count)


class SampleModuleLogic(ScriptedLoadableModuleLogic):
    def getParameterNode(self):
        return SampleParameterNode(super().getParameterNode())

    def createSegmentation(self, volumeNode):
        segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Segmentation")
        segmentation.CreateDefaultDisplayNodes()
        segmentation.SetReferenceImageGeometryParameterFromVolumeNode(volumeNode)
        return segmentation

    def fill(self, volumeNode, segmentation, box, threshold):
        bounds = np.zeros(6)
        box.GetRASBounds(bounds)
        voxels = slicer.util.arrayFromVolume(volumeNode)
        ijkToRAS = vtk.vtkMatrix4x4()
        volumeNode.GetIJKToRASMatrix(ijkToRAS)
        k, j, i = np.indices(voxels.shape)
        ijk = np.stack([i, j, k, np.ones_like(i)], axis=-1)
        ras = (ijk @ slicer.util.arrayFromVTKMatrix(ijkToRAS).T)[..., :3]
        inside = np.all((ras >= bounds[::2]) & (ras <= bounds[1::2]), axis=-1)
        mask = (inside & (voxels >= threshold)).astype(np.uint8)
        segmentID = segmentation.GetSegmentation().AddEmptySegment("", "Object", (1.0, 0.0, 0.0))
        slicer.util.updateSegmentBinaryLabelmapFromArray(mask, segmentation, segmentID, volumeNode)
        return int(mask.sum())


class SampleModuleTest(ScriptedLoadableModuleTest):
    def runTest(self):
        slicer.mrmlScene.Clear()
        self.delayDisplay("The sample's test ran")
