"""Undo, redo, and the way to the Segment Editor."""

from slicer.i18n import tr as _

from .panelSection import PanelSection


class HistorySection(PanelSection):
    """The buttons below everything.

    :param ui: the panel's widgets by name.
    :param session: the :class:`PanelSession`.
    """

    def __init__(self, ui, session):
        super().__init__(ui, session)
        ui.undoButton.connect("clicked()", self._onUndo)
        ui.redoButton.connect("clicked()", self._onRedo)

    def update(self):
        """Undo needs a segmentation."""
        self.ui.undoButton.enabled = self.session.hasSegment
        self.ui.redoButton.enabled = self.session.hasSegment

    def _onUndo(self):
        volume, segmentation, _segmentID = self.session.target
        with self.session.sayingErrors():
            isDone = self.session.logic.undo(segmentation, volume)
            self.session.say(_("Undone.") if isDone else _("There is nothing to undo."))

    def _onRedo(self):
        volume, segmentation, _segmentID = self.session.target
        with self.session.sayingErrors():
            isDone = self.session.logic.redo(segmentation, volume)
            self.session.say(_("Done again.") if isDone else _("There is nothing to redo."))
