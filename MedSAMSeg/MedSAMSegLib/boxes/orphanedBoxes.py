"""Removes the boxes of segments, segmentations and volumes that were removed, and the stacks of volumes."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

import slicer
import vtk

from MedSAMSegLib.boxes.sceneObservations import SceneObservations
from MedSAMSegLib.volumes.obliqueStack import removeOrphanedStacks

if TYPE_CHECKING:
    from MedSAMSegLib.boxes.boxMarks import BoxMarks
    from MedSAMSegLib.boxes.boxStore import BoxPromptStore


class OrphanedBoxes:
    """Watches the scene for as long as it lives.

    :param store: BoxPromptStore.
    :param marks: BoxMarks.
    """

    def __init__(self, store: BoxPromptStore, marks: BoxMarks) -> None:
        self._store = store
        self._marks = marks
        self._observations = SceneObservations(self)
        # Removing a box is told to this object like everything that is removed.
        self._isRemoving = False
        # The scene would keep its observers alive for ever, and with them every logic.
        reference = weakref.ref(self)
        self._removeOrphans = lambda _caller, _event: reference() and reference().removeNow()

        @vtk.calldata_type(vtk.VTK_OBJECT)
        def onNodeAdded(_caller, _event, node):
            if reference() and node.IsA("vtkMRMLSegmentationNode"):
                reference().watch(node)

        @vtk.calldata_type(vtk.VTK_OBJECT)
        def onNodeRemoved(_caller, _event, node):
            if reference() and node.IsA("vtkMRMLDisplayableNode"):
                reference().unwatch(node)
                reference().removeNow()

        scene = slicer.mrmlScene
        self._observations.add(scene, scene.NodeAddedEvent, onNodeAdded)
        self._observations.add(scene, scene.NodeRemovedEvent, onNodeRemoved)
        for segmentation in slicer.util.getNodesByClass("vtkMRMLSegmentationNode"):
            self.watch(segmentation)

    def watch(self, segmentation: slicer.vtkMRMLSegmentationNode) -> None:
        """Remove the boxes of segments that are removed from a segmentation."""
        self._observations.add(segmentation, slicer.vtkSegmentation.SegmentRemoved, self._removeOrphans)

    def unwatch(self, segmentation: slicer.vtkMRMLSegmentationNode) -> None:
        """Let go of a segmentation that was removed."""
        self._observations.drop(segmentation)

    def removeNow(self) -> None:
        """Remove the boxes that belong to nothing any more; while a scene is closed or loaded, nothing is decided."""
        scene = slicer.mrmlScene
        isUnsettled = scene.IsClosing() or scene.IsImporting() or scene.IsBatchProcessing()
        if isUnsettled or self._isRemoving:
            return
        self._isRemoving = True
        try:
            for node in slicer.util.getNodesByClass("vtkMRMLMarkupsROINode"):
                if self._store.isBox(node) and self._store.isOrphan(node):
                    self._store.remove(node)
            self._marks.removeOrphans()
            removeOrphanedStacks()
        finally:
            self._isRemoving = False
