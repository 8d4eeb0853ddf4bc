"""Boxes that are dragged by their handles are segmented again where they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import slicer
from slicer.util import VTKObservationMixin

from MedSAMSegLib.panel.parts.draggedBox import DraggedBox

if TYPE_CHECKING:
    from MedSAMSegLib.logicBoxes import BoxEntry
    from MedSAMSegLib.panel.frame.panelSession import PanelSession

_HANDLES = (
    slicer.vtkMRMLMarkupsDisplayNode.ComponentScaleHandle,
    slicer.vtkMRMLMarkupsDisplayNode.ComponentTranslationHandle,
)


class BoxHandles(VTKObservationMixin):
    """Lets the boxes of the chosen segment be dragged.

    :param session: the :class:`PanelSession`.
    :param onResult: called with the BoxResult of a box that was dragged and let go.
    """

    def __init__(self, session: PanelSession, onResult: Callable[..., None]) -> None:
        VTKObservationMixin.__init__(self)
        self._session = session
        self._onResult = onResult
        self._boxes = {}
        self._stirred = set()

    def show(self, entries: Sequence[BoxEntry], segmentID: str) -> None:
        """Let the boxes of one segment be dragged, and no other.

        :param entries: all BoxEntries of the volume and segmentation.
        :param segmentID: ID of the segment.
        """
        editable = {entry.node for entry in entries if entry.segmentID == segmentID}
        for entry in entries:
            self._session.logic.setBoxEditable(entry.node, entry.node in editable)
        for node in [node for node in self._boxes if node not in editable]:
            self._forget(node)
        for node in editable - self._boxes.keys():
            self._follow(node)
        stirred, self._stirred = self._stirred & editable, set()
        for node in stirred:
            self._boxes[node].follow()

    def letGo(self) -> None:
        """End a drag that is under way: that the button is released will not be heard."""
        for box in self._boxes.values():
            if box.isHeld:
                box.isHeld = False
                box.follow()

    def hide(self) -> None:
        """Keep all boxes where they are."""
        for node in list(self._boxes):
            if node.GetScene() is not None:
                self._session.logic.setBoxEditable(node, False)
            self._forget(node)

    def isUnderPointer(self) -> bool:
        """:return: whether a handle of a box is under the pointer."""
        displayNodes = [node.GetDisplayNode() for node in self._boxes if node.GetScene() is not None]
        return any(display is not None and display.GetActiveComponentType() in _HANDLES for display in displayNodes)

    def _follow(self, node):
        self._boxes[node] = DraggedBox(node, self._session, self._onResult)
        self.addObserver(node, node.PointStartInteractionEvent, self._onStart)
        self.addObserver(node, node.PointModifiedEvent, self._onMoved)
        self.addObserver(node, node.PointEndInteractionEvent, self._onEnd)

    def _forget(self, node):
        del self._boxes[node]
        self.removeObserver(node, node.PointStartInteractionEvent, self._onStart)
        self.removeObserver(node, node.PointModifiedEvent, self._onMoved)
        self.removeObserver(node, node.PointEndInteractionEvent, self._onEnd)

    def _onStart(self, node, _event):
        if node in self._boxes:
            self._boxes[node].isHeld = True

    def _onMoved(self, node, _event):
        if node not in self._boxes:
            return
        if self._boxes[node].isHeld:
            self._boxes[node].follow()
        else:
            # A box that follows its volume moves as well, in several steps; where it ends is looked at later.
            self._stirred.add(node)
            self._session.changed.emit()

    def _onEnd(self, node, _event):
        if node in self._boxes:
            self._boxes[node].isHeld = False
            self._boxes[node].follow()
