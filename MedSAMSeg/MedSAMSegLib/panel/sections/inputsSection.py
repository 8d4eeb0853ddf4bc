"""Volume, segmentation and window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import slicer
import vtk
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from MedSAMSegLib.panel.frame.errorMessages import inUsersLanguage
from MedSAMSegLib.panel.frame.panelSection import PanelSection
from MedSAMSegLib.panel.parts.choiceBox import ChoiceBox
from MedSAMSegLib.volumes.intensityWindows import AUTOMATIC, windowTitles
from MedSAMSegLib.volumes.nodeNames import nodeName
from MedSAMSegLib.volumes.segmentableVolumes import isColor
from MedSAMSegLib.volumes.volumeChecks import choosableVolumes, noteOn, whyUnusable

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.panelSession import PanelSession

#: Parameters that a widget shows as they are; Slicer keeps both the same.
BOUND_PARAMETERS = {
    "volume": "volumeSelector",
    "segmentation": "segmentationSelector",
    "nearestSlice": "nearestSliceCheckBox",
}


class InputsSection(PanelSection, VTKObservationMixin):
    """What is segmented, and where results go.

    :param ui: the panel's widgets by name.
    :param session: the :class:`PanelSession`.
    """

    def __init__(self, ui: Any, session: PanelSession) -> None:
        PanelSection.__init__(self, ui, session)
        VTKObservationMixin.__init__(self)
        self._guiTag = None
        self._lastNote: Any = None
        self._removedVolume = ""
        self._windowBox = ChoiceBox(session.connections, ui.windowComboBox, self._onWindowChosen)
        self.connect(ui.segmentationSelector, "nodeAddedByUser(vtkMRMLNode*)", self._onSegmentationAdded)

    def enter(self) -> None:
        """Preselect what the user looks at."""
        self._chooseVolume()

    def useScene(self) -> None:
        """Show the scene's settings."""
        self._chooseVolume()
        widgets = {name: getattr(self.ui, widgetName) for name, widgetName in BOUND_PARAMETERS.items()}
        self._guiTag = self.session.parameters.connectParametersToGui(widgets)
        self._lastNote = None
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.NodeAboutToBeRemovedEvent, self._onNodeAboutToBeRemoved)

    def forgetScene(self) -> None:
        """Let go of the settings."""
        self.session.parameters.disconnectGui(self._guiTag)
        self.removeObservers()

    def update(self) -> None:
        """Follow the volume: what its window is called, and whether it can be segmented."""
        parameters = self.session.parameters
        self._observe(parameters.volume)
        isWindowed = not self.session.hasUsableVolume or not isColor(parameters.volume)
        self.ui.windowLabel.visible = self.ui.windowComboBox.visible = isWindowed
        self._windowBox.setChoices(self._windowChoices())
        self._windowBox.show(parameters.window)
        self._note()

    def _windowChoices(self):
        titles = windowTitles()
        suggestion = self.session.suggestedWindow
        if suggestion in ("", AUTOMATIC):
            return titles
        meaning = dict(titles)[suggestion]
        return [(AUTOMATIC, _("Auto: {window}").format(window=meaning)), *titles[1:]]

    def _note(self):
        volume = self.session.parameters.volume
        if volume is None:
            note = inUsersLanguage(whyUnusableInViews()) or _whatToDoWithoutVolume()
        else:
            note = inUsersLanguage(whyUnusable(volume)) or noteOn(volume)
        removed, self._removedVolume = self._removedVolume, ""
        # Said once: later sentences are about what the user does.
        if removed and choosableVolumes():
            self._lastNote = note
            self.session.showSceneMessage(_messageOnRemoval(removed, volume, note))
        elif note != self._lastNote:
            self._lastNote = note
            self.session.showSceneMessage(note or _("Draw a box round an object to begin."))

    def _observe(self, volume):
        """Hear when the volume gets other voxels, such as the next frame of a sequence."""
        event = slicer.vtkMRMLVolumeNode.ImageDataModifiedEvent
        if volume is not None and self.hasObserver(volume, event, self._onVolumeChanged):
            return
        self.removeObservers(self._onVolumeChanged)
        if volume is not None:
            self.addObserver(volume, event, self._onVolumeChanged)

    def _onVolumeChanged(self, caller, event):
        self.session.changed.emit()

    def _onWindowChosen(self, window):
        self.session.parameters.window = window

    def _chooseVolume(self):
        parameters = self.session.parameters
        if parameters is not None and parameters.volume is None:
            parameters.volume = _usableVolumeInViews()

    def _onSegmentationAdded(self, node):
        # A node that the selector made has neither a name nor a geometry that tell where it belongs. Slicer 5.10 says
        # it twice; in between, it gives the node the name that the user may have typed.
        volume = self.session.parameters.volume
        if volume is not None and node.GetNodeReferenceID(node.GetReferenceImageGeometryReferenceRole()) is None:
            with self.session.showingErrors():
                self.session.logic.adoptGeometry(node, volume)
                node.SetName(slicer.mrmlScene.GenerateUniqueName(nodeName(f"{volume.GetName()} segmentation")))

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _onNodeAboutToBeRemoved(self, _caller, _event, node):
        # Before the selector hears of it, which would go on to another node: boxes would go there unasked, or be drawn
        # on a volume that nobody sees.
        parameters = self.session.parameters
        if node is parameters.volume:
            self._removedVolume = node.GetName()
            parameters.volume = _usableVolumeInViews(without=node)
        if node is parameters.segmentation:
            parameters.segmentation = None
            sentence = _("'{name}' was removed. The next box makes a new segmentation, unless you choose another one.")
            self.session.showMessage(sentence.format(name=node.GetName()))


def _usableVolumeInViews(without=None):
    volumes = (volume for volume in volumesInViews() if volume is not without)
    return next((volume for volume in volumes if not whyUnusable(volume)), None)


def _whatToDoWithoutVolume():
    return _("Choose a volume to go on.") if choosableVolumes() else _("Load a volume to begin.")


def _messageOnRemoval(name, volume, note):
    sentences = [_("'{name}' was removed.").format(name=name)]
    if volume is not None:
        sentences.append(_("Boxes are drawn on '{name}' now.").format(name=volume.GetName()))
    return " ".join([*sentences, *([note] if note else [])])


def volumesInViews() -> list[slicer.vtkMRMLScalarVolumeNode]:
    """Return the volumes that the user looks at: the active one first, then those of the views, front to back."""
    nodeIDs = [slicer.app.applicationLogic().GetSelectionNode().GetActiveVolumeID()]
    for node in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        nodeIDs += [node.GetBackgroundVolumeID(), node.GetForegroundVolumeID()]
    nodes = [slicer.mrmlScene.GetNodeByID(nodeID) for nodeID in nodeIDs if nodeID]
    return [node for node in nodes if node is not None and node.IsA("vtkMRMLScalarVolumeNode")]


def whyUnusableInViews() -> str:
    """Return why the volume that the user looks at cannot be segmented; "" where there is none."""
    volumes = volumesInViews()
    return whyUnusable(volumes[0]) if volumes else ""
