"""Removes the boxes of segments, segmentations and volumes that were removed."""

import weakref

import slicer
import vtk


class OrphanedBoxes:
    """Watches the scene for as long as it lives.

    :param store: BoxPromptStore.
    :param points: PointPrompts.
    """

    def __init__(self, store, points):
        self._store = store
        self._points = points
        self._tags = []
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
        self._observe(scene, scene.NodeAddedEvent, onNodeAdded)
        self._observe(scene, scene.NodeRemovedEvent, onNodeRemoved)
        for segmentation in slicer.util.getNodesByClass("vtkMRMLSegmentationNode"):
            self.watch(segmentation)
        weakref.finalize(self, _stopObserving, self._tags)

    def watch(self, segmentation):
        """Remove the boxes of segments that are removed from a segmentation."""
        self._observe(segmentation, slicer.vtkSegmentation.SegmentRemoved, self._removeOrphans)

    def unwatch(self, segmentation):
        """Let go of a segmentation that was removed."""
        for thing, tag in [known for known in self._tags if known[0] is segmentation]:
            thing.RemoveObserver(tag)
            self._tags.remove((thing, tag))

    def removeNow(self):
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
            self._points.removeOrphans()
        finally:
            self._isRemoving = False

    def _observe(self, thing, event, handler):
        self._tags.append((thing, thing.AddObserver(event, handler)))


def _stopObserving(tags):
    for thing, tag in tags:
        thing.RemoveObserver(tag)
