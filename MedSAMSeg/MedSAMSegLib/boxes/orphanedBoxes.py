"""Removes the boxes of segments, segmentations and volumes that were removed, and the stacks of volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import slicer

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
        # True while boxes are removed here, which this object is notified of as well.
        self._isRemoving = False
        scene = slicer.mrmlScene
        self._observations.addForNodes(scene.NodeAddedEvent, "vtkMRMLSegmentationNode", self.watch)
        self._observations.addForNodes(scene.NodeRemovedEvent, "vtkMRMLDisplayableNode", self._onNodeRemoved)
        for segmentation in slicer.util.getNodesByClass("vtkMRMLSegmentationNode"):
            self.watch(segmentation)

    def watch(self, segmentation: slicer.vtkMRMLSegmentationNode) -> None:
        """Remove the boxes of segments that are removed from a segmentation."""
        self._observations.add(segmentation, slicer.vtkSegmentation.SegmentRemoved, self._onSegmentRemoved)

    def unwatch(self, segmentation: slicer.vtkMRMLSegmentationNode) -> None:
        """Let go of a segmentation that was removed."""
        self._observations.drop(segmentation)

    def _onNodeRemoved(self, node):
        self.unwatch(node)
        self.removeNow()

    def _onSegmentRemoved(self, _segmentation):
        self.removeNow()

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
