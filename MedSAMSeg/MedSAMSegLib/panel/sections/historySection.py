"""Undo, redo, and the way to the Segment Editor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import tr as _

from MedSAMSegLib.panel.frame.panelSection import PanelSection

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.panelSession import PanelSession


class HistorySection(PanelSection):
    """The buttons below the work.

    :param ui: the panel's widgets by name.
    :param session: the :class:`PanelSession`.
    """

    def __init__(self, ui: Any, session: PanelSession) -> None:
        super().__init__(ui, session)
        self.connect(ui.undoButton, "clicked()", self._onUndo)
        self.connect(ui.redoButton, "clicked()", self._onRedo)
        self.connect(ui.segmentEditorButton, "clicked()", self._onSegmentEditor)

    def update(self) -> None:
        """Buttons are on when pressing them does something."""
        volume, segmentation, _segmentID = self.session.target
        hasBoth = volume is not None and segmentation is not None
        self.ui.undoButton.enabled = hasBoth and self.session.logic.canUndo(segmentation, volume)
        self.ui.redoButton.enabled = hasBoth and self.session.logic.canRedo(segmentation, volume)
        self.ui.segmentEditorButton.enabled = self.session.hasSegment and slicer.util.mainWindow() is not None

    def _onUndo(self):
        volume, segmentation, _segmentID = self.session.target
        with self.session.showingErrors():
            isDone = self.session.logic.undo(segmentation, volume)
            self.session.showMessage(_("Undone.") if isDone else _("There is nothing to undo."))

    def _onRedo(self):
        volume, segmentation, _segmentID = self.session.target
        with self.session.showingErrors():
            isDone = self.session.logic.redo(segmentation, volume)
            self.session.showMessage(_("Done again.") if isDone else _("There is nothing to redo."))

    def _onSegmentEditor(self):
        volume, segmentation, segmentID = self.session.target
        node = _segmentEditorNode()
        node.SetAndObserveSegmentationNode(segmentation)
        node.SetAndObserveSourceVolumeNode(volume)
        node.SetSelectedSegmentID(segmentID)
        slicer.util.selectModule("SegmentEditor")


def _segmentEditorNode():
    """Return the node in which the Segment Editor module keeps its settings, made as that module makes it."""
    tag, className = "SegmentEditor", "vtkMRMLSegmentEditorNode"
    node = slicer.mrmlScene.GetSingletonNode(tag, className)
    if node is None:
        node = slicer.mrmlScene.CreateNodeByClass(className)
        node.UnRegister(None)
        node.SetSingletonTag(tag)
        node = slicer.mrmlScene.AddNode(node)
    return node
