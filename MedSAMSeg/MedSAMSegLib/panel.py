"""The panel: from volume to box to propagation, in the order of work. It holds no logic of its own."""

import contextlib

import qt
import slicer
import vtk
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from .boxDrawing import BoxDrawing
from .errors import UserError
from .parameters import MedSAMSegParameters

#: How often answers of the server are looked for while something is under way.
POLL_MILLISECONDS = 30

BOX_SHORTCUT = "B"


class Panel(VTKObservationMixin):
    """Connects the widgets of ``MedSAMSeg.ui`` with the logic and the scene.

    :param ui: the loaded widgets by name.
    :param logic: :class:`MedSAMSegLogic`.
    :param getParameterNode: returns the module's vtkMRMLScriptedModuleNode in the present scene.
    """

    def __init__(self, ui, logic, getParameterNode):
        VTKObservationMixin.__init__(self)
        self._ui = ui
        self._logic = logic
        self._getParameterNode = getParameterNode
        self._parameters = None
        self._guiTag = None
        self._boxRuns = []
        self._propagation = None
        self._shortcut = None
        self._drawing = BoxDrawing(self._onBox)
        self._timer = qt.QTimer()
        self._timer.interval = POLL_MILLISECONDS
        self._connectWidgets()
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self._onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self._onSceneEndClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndImportEvent, self._onSceneEndImport)
        self._useScene()

    def enter(self):
        """The module is shown: its shortcut works from now on."""
        self._chooseVolume()
        self._shortcut = qt.QShortcut(slicer.util.mainWindow() or self._ui.drawButton.window())
        self._shortcut.setKey(qt.QKeySequence(BOX_SHORTCUT))
        self._shortcut.connect("activated()", self._ui.drawButton.click)

    def exit(self):
        """Another module is shown: mouse and shortcut are given back; work under way goes on."""
        self._ui.drawButton.checked = False
        if self._shortcut is not None:
            self._shortcut.disconnect("activated()", self._ui.drawButton.click)
            self._shortcut.setParent(None)
            self._shortcut.deleteLater()
            self._shortcut = None

    def cleanup(self):
        """The panel goes: nothing calls it any more."""
        self.exit()
        self._dropWork()
        self._forgetScene()
        self.removeObservers()

    def _connectWidgets(self):
        ui = self._ui
        ui.segmentationSelector.connect("nodeAddedByUser(vtkMRMLNode*)", self._onSegmentationAdded)
        ui.addSegmentButton.connect("clicked()", self._onAddSegment)
        ui.segmentsTable.connect("selectionChanged(QItemSelection,QItemSelection)", self._onSegmentSelected)
        ui.drawButton.connect("toggled(bool)", self._onDrawToggled)
        ui.propagateButton.connect("clicked()", self._onPropagate)
        ui.cancelButton.connect("clicked()", self._onCancel)
        ui.undoButton.connect("clicked()", self._onUndo)
        ui.redoButton.connect("clicked()", self._onRedo)
        self._timer.connect("timeout()", self._advance)

    def _useScene(self):
        self._parameters = MedSAMSegParameters(self._getParameterNode())
        self._chooseVolume()
        self._guiTag = self._parameters.connectGui(self._ui)
        self.addObserver(self._parameters.parameterNode, vtk.vtkCommand.ModifiedEvent, self._onParametersModified)
        self._onParametersModified()

    def _chooseVolume(self):
        """Preselect what the user looks at."""
        if self._parameters.volume is None:
            self._parameters.volume = _volumeInViews()

    def _forgetScene(self):
        if self._parameters is not None:
            self.removeObserver(
                self._parameters.parameterNode, vtk.vtkCommand.ModifiedEvent, self._onParametersModified
            )
            self._parameters.disconnectGui(self._guiTag)
            self._parameters = None

    def _onSceneStartClose(self, caller, event):
        self._ui.drawButton.checked = False
        self._dropWork()
        self._forgetScene()

    def _onSceneEndClose(self, caller, event):
        self._useScene()

    def _onSceneEndImport(self, caller, event):
        # The nodes that the parameters refer to arrive after the parameters; now the widgets can show them.
        self._parameters.parameterNode.Modified()

    def _onParametersModified(self, caller=None, event=None):
        table = self._ui.segmentsTable
        if table.segmentationNode() is not self._parameters.segmentation:
            table.setSegmentationNode(self._parameters.segmentation)
        if not table.selectedSegmentIDs():
            table.setSelectedSegmentIDs([self._parameters.segmentID])
        self._updateButtons()

    def _onSegmentationAdded(self, node):
        # A node that the selector made has no geometry yet.
        if self._parameters.volume is not None:
            self._logic.adoptGeometry(node, self._parameters.volume)

    def _onAddSegment(self):
        with self._sayingErrors():
            self._addSegment()

    def _onSegmentSelected(self, selected=None, deselected=None):
        segmentIDs = self._ui.segmentsTable.selectedSegmentIDs()
        if segmentIDs and self._parameters is not None:
            self._parameters.segmentID = segmentIDs[0]

    def _addSegment(self):
        if self._parameters.segmentation is None:
            self._parameters.segmentation = self._logic.createSegmentation(self._parameters.volume)
        segmentation = self._parameters.segmentation.GetSegmentation()
        name = segmentation.GenerateUniqueSegmentID(_("Segment_1"))
        self._parameters.segmentID = self._logic.addSegment(self._parameters.segmentation, name.replace("_", " "))
        self._ui.segmentsTable.setSelectedSegmentIDs([self._parameters.segmentID])

    def _ensureSegment(self):
        segmentation = self._parameters.segmentation
        if segmentation is None or segmentation.GetSegmentation().GetSegment(self._parameters.segmentID) is None:
            self._addSegment()

    @property
    def _target(self):
        """(volume, segmentation, segment) that the user works on."""
        return self._parameters.volume, self._parameters.segmentation, self._parameters.segmentID

    def _onDrawToggled(self, isOn):
        if isOn:
            self._drawing.start()
            self._say(_("Press the left button at a corner of the object, drag to the opposite corner, release."))
        else:
            self._drawing.stop()

    def _onBox(self, cornerA, cornerB, sliceNode):
        with self._sayingErrors():
            self._ensureSegment()
            run = self._logic.startBox(
                *self._target,
                boxRAS=(cornerA, cornerB),
                view=sliceNode.GetLayoutName(),
                window=self._parameters.window,
            )
            self._boxRuns.append(run)
            self._say(_("Looking for the object in the box …"))
            self._timer.start()
            self._updateButtons()

    def _onPropagate(self):
        with self._sayingErrors():
            self._propagation = self._logic.startPropagation(
                *self._target, progress=self._onProgress, window=self._parameters.window
            )
            self._ui.progressBar.setRange(0, 0)
            self._say(_("Following the object through the volume …"))
            self._timer.start()
        self._updateButtons()

    def _onProgress(self, progress):
        self._ui.progressBar.setRange(0, progress.total)
        self._ui.progressBar.setValue(progress.done)
        self._say(_("Slice {index} is done.").format(index=progress.sliceIndex))

    def _onCancel(self):
        self._propagation.cancel()
        self._say(_("Stopping after this slice; what is done is kept."))

    def _onUndo(self):
        with self._sayingErrors():
            isDone = self._logic.undo(self._parameters.segmentation, self._parameters.volume)
            self._say(_("Undone.") if isDone else _("There is nothing to undo."))

    def _onRedo(self):
        with self._sayingErrors():
            isDone = self._logic.redo(self._parameters.segmentation, self._parameters.volume)
            self._say(_("Done again.") if isDone else _("There is nothing to redo."))

    def _advance(self):
        """Write what the server has answered since the last look; called by the timer."""
        for run in list(self._boxRuns):
            self._advanceBox(run)
        if self._propagation is not None:
            self._advancePropagation()
        if not self._boxRuns and self._propagation is None:
            self._timer.stop()
        self._updateButtons()

    def _advanceBox(self, run):
        isOver = True
        with self._sayingErrors():
            isOver = not run.advance()
            if run.result is not None:
                self._say(_sentenceOnBox(run.result))
        if isOver:
            self._boxRuns.remove(run)

    def _advancePropagation(self):
        isOver = True
        with self._sayingErrors():
            isOver = not self._propagation.advance()
            if isOver:
                self._say(_sentenceOnPropagation(self._propagation.result))
        if isOver:
            self._propagation = None

    def _dropWork(self):
        """Write nothing more: the nodes that the work is for are about to go."""
        self._timer.stop()
        for run in self._boxRuns:
            run.close()
        self._boxRuns = []
        if self._propagation is not None:
            self._propagation.close()
            self._propagation = None

    def _updateButtons(self):
        ui = self._ui
        hasVolume = self._parameters.volume is not None
        hasSegment = hasVolume and self._parameters.segmentation is not None
        isPropagating = self._propagation is not None
        ui.drawButton.enabled = hasVolume
        ui.addSegmentButton.enabled = hasVolume
        ui.propagateButton.enabled = hasSegment and not isPropagating
        ui.cancelButton.enabled = isPropagating
        ui.progressBar.visible = isPropagating
        ui.undoButton.enabled = hasSegment and not isPropagating
        ui.redoButton.enabled = hasSegment and not isPropagating
        if not hasVolume:
            self._say(_("Load a volume to begin."))

    @contextlib.contextmanager
    def _sayingErrors(self):
        """Show what the user can understand in the status line; let the rest be reported as a bug."""
        try:
            yield
        except UserError as error:
            self._say(str(error))

    def _say(self, sentence):
        self._ui.statusLabel.text = sentence


def _volumeInViews():
    """Return the volume that the first slice view with one shows, or None."""
    for node in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        volume = slicer.mrmlScene.GetNodeByID(node.GetBackgroundVolumeID() or "")
        if volume is not None:
            return volume
    return None


def _sentenceOnBox(result):
    if result.voxelCount == 0:
        return _("Nothing was found in the box. Draw it closer round the object, or choose another window.")
    if not result.changedSegment:
        return _("Nothing changed: the segment had these voxels already, or the masking settings protect them.")
    return _("Found {count} voxels on slice {index}.").format(count=result.voxelCount, index=result.prompt.sliceIndex)


def _sentenceOnPropagation(result):
    sentence = _("{count} slices.").format(count=len(result.slices))
    if result.wasCancelled:
        return _("Stopped.") + " " + sentence
    return " ".join([sentence, *(ending["message"] for ending in result.endings)])
