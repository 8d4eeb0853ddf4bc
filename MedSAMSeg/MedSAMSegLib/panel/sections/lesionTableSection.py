"""The table of lesions, handed on: as a CSV file, and as a table node in the scene."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import qt
from slicer.i18n import tr as _

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.panel.frame.panelSection import PanelSection

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
        path = qt.QFileDialog.getSaveFileName(
            self.ui.saveLesionsButton, _("Save the lesions"), f"{segmentation.GetName()}.csv", "CSV (*.csv)"
        )
        if not path:
            return
        with self.session.sayingErrors():
            try:
                self.session.logic.exportLesions(segmentation, volume, path)
            except OSError as error:
                raise UserError(
                    _("The lesions cannot be written to {path}: {reason}.").format(path=path, reason=error.strerror),
                    _("Choose another folder, or close the program that has the file open."),
                    "file_not_written",
                ) from error
            self.session.say(_("The lesions are in {path}.").format(path=path))

    def _onTabulate(self):
        volume, segmentation, _segmentID = self.session.target
        with self.session.sayingErrors():
            table = self.session.logic.lesionTable(segmentation, volume)
            self.session.say(_("The lesions are in the table {name} of the scene.").format(name=table.GetName()))
