"""The table of lesions, handed on: as a CSV file, and as a table node in the scene."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from MedSAMSegLib.panel.frame.panelSection import PanelSection
from MedSAMSegLib.panel.parts.savedFile import saveFile

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.panelSession import PanelSession


class LesionTableSection(PanelSection):
    """The two buttons below the lesions.

    :param ui: the panel's widgets by name.
    :param session: the :class:`PanelSession`.
    """

    def __init__(self, ui: Any, session: PanelSession) -> None:
        super().__init__(ui, session)
        self.connect(ui.saveLesionsButton, "clicked()", self._onSave)
        self.connect(ui.tabulateLesionsButton, "clicked()", self._onTabulate)

    def update(self) -> None:
        """There is something to hand on as soon as there is a segment."""
        for button in (self.ui.saveLesionsButton, self.ui.tabulateLesionsButton):
            button.enabled = self.session.hasSegment and self.session.hasUsableVolume

    def _onSave(self):
        volume, segmentation, _segmentID = self.session.target
        with self.session.showingErrors():
            path = saveFile(
                self.ui.saveLesionsButton,
                _("Save the lesions"),
                f"{segmentation.GetName()}.csv",
                lambda path: self.session.logic.exportLesions(segmentation, volume, path),
            )
            if path:
                self.session.showMessage(_("The lesions are in {path}.").format(path=path))

    def _onTabulate(self):
        volume, segmentation, _segmentID = self.session.target
        with self.session.showingErrors():
            table = self.session.logic.lesionTable(segmentation, volume)
            self.session.showMessage(
                _("The lesions are in the table {name} of the scene.").format(name=table.GetName())
            )
