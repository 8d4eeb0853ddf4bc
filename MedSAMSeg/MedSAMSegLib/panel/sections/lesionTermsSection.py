"""What a lesion is: chosen in Slicer's own window for terminology, by a double-click as in Slicer's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import qt
from slicer.i18n import tr as _

from MedSAMSegLib.panel.frame.panelSection import PanelSection

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.panelSession import PanelSession


class LesionTermsSection(PanelSection):
    """A double-click into the table of lesions.

    :param ui: the panel's widgets by name.
    :param session: the :class:`PanelSession`.
    """

    def __init__(self, ui: Any, session: PanelSession) -> None:
        super().__init__(ui, session)
        self.connect(ui.lesionsTable, "cellDoubleClicked(int,int)", self._onDoubleClicked)

    def _onDoubleClicked(self, row, _column):
        segments = self.ui.segmentsTable
        if not segments.useTerminologySelector:
            self.session.showMessage(
                _(
                    "Slicer's window for terms is switched off. Right-click the table of segments, and choose 'Use"
                    " standard terminology for name and color selection'."
                )
            )
            return
        segmentID = self.ui.lesionsTable.item(row, 0).data(qt.Qt.UserRole)
        table = segments.tableWidget()
        # Slicer opens its window, and stores what was chosen, when this signal comes from the color of a segment; from
        # Python there is no other way to that window (qSlicerTerminologySelectorDialog).
        table.doubleClicked(table.model().index(segments.rowForSegmentID(segmentID), segments.model().colorColumn))
        self.session.changed.emitNow()
