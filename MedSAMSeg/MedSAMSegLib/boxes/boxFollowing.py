"""Boxes belong to voxels: their markups follow the volume when a transform is put on, taken off or hardened."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import slicer
import vtk

from MedSAMSegLib.boxes.sceneObservations import SceneObservations
from MedSAMSegLib.boxes.storedBox import storedPrompt
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.nodeNames import repairName

if TYPE_CHECKING:
    from MedSAMSegLib.boxes.boxMarks import BoxMarks
    from MedSAMSegLib.boxes.boxStore import BoxPromptStore

_MOVED = slicer.vtkMRMLTransformableNode.TransformModifiedEvent


class BoxFollowing:
    """Watches the volumes of boxes for as long as it lives.

    :param store: BoxPromptStore.
    :param marks: BoxMarks.
    """

    def __init__(self, store: BoxPromptStore, marks: BoxMarks) -> None:
        self._store = store
        self._marks = marks
        self._observations = SceneObservations(self)
        scene = slicer.mrmlScene
        self._observations.addForNodes(scene.NodeAddedEvent, "vtkMRMLMarkupsROINode", self.followBox)
        self._observations.addForNodes(scene.NodeRemovedEvent, "vtkMRMLVolumeNode", self.unwatch)
        for event in (scene.EndImportEvent, scene.EndBatchProcessEvent):
            self._observations.add(scene, event, self._onManyNodes)
        self.followAll()

    def _onManyNodes(self, _scene):
        self.followAll()

    def followAll(self) -> None:
        """Bring all boxes of the scene to their voxels."""
        for node in slicer.util.getNodesByClass("vtkMRMLMarkupsROINode"):
            if self._store.isBox(node):
                self.followBox(node)

    def followVolume(self, volumeNode: slicer.vtkMRMLScalarVolumeNode) -> None:
        """Bring the boxes on a volume to their voxels."""
        for node in slicer.util.getNodesByClass("vtkMRMLMarkupsROINode"):
            if self._store.isBox(node) and self._store.source(node) is volumeNode:
                self.followBox(node)

    def followBox(self, node: slicer.vtkMRMLMarkupsROINode) -> None:
        """Bring a box to its voxels, from now on whenever they move; its volume may come into the scene after it.

        :param node: ROI markup; one that is no box has no volume.
        """
        source = self._store.source(node)
        scene = slicer.mrmlScene
        if source is None or scene.IsImporting() or scene.IsClosing() or scene.IsBatchProcessing():
            return
        self._observations.watch(source, (_MOVED, vtk.vtkCommand.ModifiedEvent), self.followVolume)
        if node is self._store.beingAdded:
            # It has just been laid out where it belongs.
            return
        for named in (node, *self._marks.nodes(node)):
            repairName(named)
        self._store.showWithFrame(node)
        try:
            if self._store.follow(node):
                self._marks.follow(node, self._store.volume(node), storedPrompt(node))
        except UserError as error:
            # The volume is where no box can be used; that is reported when somebody tries to use one.
            logging.debug("MedSAMSeg: a box could not follow its volume: %s", error)

    def unwatch(self, volumeNode: slicer.vtkMRMLScalarVolumeNode) -> None:
        """Let go of a volume that was removed."""
        self._observations.drop(volumeNode)
