"""The segments, and which of them receives results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import qt
import slicer
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from MedSAMSegLib.panel.frame.panelSection import PanelSection

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.panelSession import PanelSession


class SegmentsSection(PanelSection, VTKObservationMixin):
    """The table of segments with the buttons below it; one segment is always selected where there is one.

    :param ui: the panel's widgets by name.
    :param session: the :class:`PanelSession`.
    """

    def __init__(self, ui: Any, session: PanelSession) -> None:
        PanelSection.__init__(self, ui, session)
        VTKObservationMixin.__init__(self)
        self._isUpdating = False
        #: IDs of the segments as they were last seen.
        self._seenIDs: list[str] = []
        table = ui.segmentsTable
        table.setSelectionMode(qt.QAbstractItemView.SingleSelection)
        self.connect(ui.addSegmentButton, "clicked()", self._onAdd)
        self.connect(ui.removeSegmentButton, "clicked()", self._onRemove)
        self.connect(table, "selectionChanged(QItemSelection,QItemSelection)", self._onSelected)

    def forgetScene(self) -> None:
        """Let go of the segmentation."""
        self.removeObservers()
        self._show(None)

    def update(self) -> None:
        """Follow the chosen segmentation, and keep a segment selected."""
        parameters = self.session.parameters
        segmentation = parameters.segmentation
        self._observe(segmentation)
        self._show(segmentation)
        segmentIDs = _segmentIDs(segmentation)
        if parameters.segmentID not in segmentIDs:
            parameters.segmentID = _nearestLeft(parameters.segmentID, self._seenIDs, segmentIDs)
        self._seenIDs = segmentIDs
        self._select(parameters.segmentID)
        self.ui.addSegmentButton.enabled = self.session.hasUsableVolume
        self.ui.removeSegmentButton.enabled = bool(parameters.segmentID)

    def _show(self, segmentation):
        self._isUpdating = True
        if self.ui.segmentsTable.segmentationNode() is not segmentation:
            self.ui.segmentsTable.setSegmentationNode(segmentation)
            self._seenIDs = []
        self._isUpdating = False

    def _select(self, segmentID):
        selected = [segmentID] if segmentID else []
        if list(self.ui.segmentsTable.selectedSegmentIDs()) != selected:
            self._isUpdating = True
            self.ui.segmentsTable.setSelectedSegmentIDs(selected)
            self._isUpdating = False

    def _observe(self, segmentation):
        """Hear of segments that come and go, and of names, terms, voxels and surfaces that others change."""
        follow = self.session.changed.emit
        if segmentation is not None and self.hasObserver(segmentation.GetSegmentation(), _EVENTS[0], follow):
            return
        self.removeObservers()
        for event in _EVENTS if segmentation is not None else ():
            self.addObserver(segmentation.GetSegmentation(), event, follow)

    def _onAdd(self):
        with self.session.showingErrors():
            self.session.addSegment()

    def _onRemove(self):
        segmentation, segmentID = self.session.target[1:]
        segmentIDs = _segmentIDs(segmentation)
        row = segmentIDs.index(segmentID)
        name = segmentation.GetSegmentation().GetSegment(segmentID).GetName()
        with self.session.showingErrors():
            self.session.logic.removeSegment(segmentation, segmentID)
            # Select the segment that moves up to the row of the pointer; after the last one, the one before.
            remaining = _segmentIDs(segmentation)
            self.session.parameters.segmentID = remaining[min(row, len(remaining) - 1)] if remaining else ""
            self.session.showMessage(_("'{name}' and its boxes were removed.").format(name=name))

    def _onSelected(self, selected=None, deselected=None):
        segmentIDs = self.ui.segmentsTable.selectedSegmentIDs()
        if segmentIDs and not self._isUpdating and self.session.parameters is not None:
            self.session.parameters.segmentID = segmentIDs[0]


_EVENTS = (
    slicer.vtkSegmentation.SegmentAdded,
    slicer.vtkSegmentation.SegmentRemoved,
    slicer.vtkSegmentation.SegmentModified,
    slicer.vtkSegmentation.SegmentsOrderModified,
    slicer.vtkSegmentation.SourceRepresentationModified,
    slicer.vtkSegmentation.ContainedRepresentationNamesModified,
)


def _nearestLeft(goneID, seenIDs, segmentIDs):
    """:return: ID of the segment before one that is gone, such as by undo; of the first where there is none before."""
    before = seenIDs[: seenIDs.index(goneID)] if goneID in seenIDs else []
    return next((each for each in reversed(before) if each in segmentIDs), next(iter(segmentIDs), ""))


def _segmentIDs(segmentation):
    return list(segmentation.GetSegmentation().GetSegmentIDs()) if segmentation is not None else []
