"""The lesions of an earlier scan, found again on this one and compared."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import qt
from slicer.i18n import tr as _

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.followup.lesionChange import GONE, MATCHED, NEW
from MedSAMSegLib.panel.frame.errorMessages import inUsersLanguage
from MedSAMSegLib.panel.frame.pace import Pace
from MedSAMSegLib.panel.frame.panelSection import PanelSection
from MedSAMSegLib.panel.parts.rowTable import setUpRows
from MedSAMSegLib.panel.parts.savedFile import saveFile
from MedSAMSegLib.views.sliceJump import jumpToMiddle

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.panelSession import PanelSession


class FollowUpSection(PanelSection):
    """Chooses the earlier scan, starts the follow-up, and shows what changed; nothing is measured while collapsed.

    :param ui: the panel's widgets by name.
    :param session: the :class:`PanelSession`.
    """

    def __init__(self, ui: Any, session: PanelSession) -> None:
        super().__init__(ui, session)
        self._guiTag = None
        self._run: Any = None
        self._changes: list = []
        self._shown: Any = None
        self._titles = {MATCHED: _("on both"), GONE: _("not found"), NEW: _("new")}
        self._pace = Pace(session.connections, session.changed.emit)
        _setUp(ui.followUpTable)
        self.connect(ui.followUpButton, "contentsCollapsed(bool)", lambda _isCollapsed: session.changed.emit())
        self.connect(ui.startFollowUpButton, "clicked()", self._onStart)
        self.connect(ui.cancelFollowUpButton, "clicked()", self._onCancel)
        self.connect(ui.saveFollowUpButton, "clicked()", self._onSave)
        self.connect(ui.followUpTable, "cellClicked(int,int)", self._onClicked)

    def useScene(self) -> None:
        """Show the scene's settings."""
        selectors = {
            "earlierVolume": self.ui.earlierVolumeSelector,
            "earlierSegmentation": self.ui.earlierSegmentationSelector,
        }
        self._guiTag = self.session.parameters.connectParametersToGui(selectors)

    def forgetScene(self) -> None:
        """Let go of the settings; the run was dropped with the rest of the work."""
        self.session.parameters.disconnectGui(self._guiTag)
        self._pace.stop()
        self._run = None
        self._changes = []
        self._fill()

    def cleanup(self) -> None:
        """Measure no more."""
        self._pace.stop()

    def update(self) -> None:
        """Show the changes as they are."""
        isRunning = self._run is not None and not self._run.isOver
        if not self.ui.followUpButton.collapsed and not isRunning and self._pace.isDue:
            self._measure()
        self._fill()
        parameters = self.session.parameters
        isChosen = parameters.earlierVolume is not None and parameters.earlierSegmentation is not None
        self.ui.startFollowUpButton.enabled = isChosen and self.session.hasUsableVolume and not isRunning
        self.ui.cancelFollowUpButton.enabled = isRunning
        self.ui.saveFollowUpButton.enabled = bool(self._changes)

    @property
    def _scans(self) -> tuple[Any, Any, Any, Any]:
        volume, segmentation, _segmentID = self.session.target
        parameters = self.session.parameters
        return parameters.earlierVolume, parameters.earlierSegmentation, volume, segmentation

    def _measure(self):
        self._changes = []
        if None not in self._scans:
            # Such as both scans being one: said when the button is pressed.
            with contextlib.suppress(UserError), self._pace.measuring():
                self._changes = self.session.logic.lesionChanges(*self._scans)

    def _fill(self):
        if self._changes == self._shown:
            return
        self._shown = list(self._changes)
        table = self.ui.followUpTable
        table.setRowCount(len(self._changes))
        for row, change in enumerate(self._changes):
            cells = (
                change.name,
                _number(change.earlier, "diameter", 1),
                _number(change.later, "diameter", 1),
                _percent(change.diameterChange),
                _percent(change.volumeChange),
                self._titles[change.status],
            )
            for column, text in enumerate(cells):
                table.setItem(row, column, qt.QTableWidgetItem(text))

    def _onStart(self):
        session, parameters = self.session, self.session.parameters
        with session.showingErrors():
            if parameters.segmentation is None:
                parameters.segmentation = session.logic.createSegmentation(parameters.volume)
            how = {"window": session.window, "model": session.model}
            self._run = session.logic.startFollowUp(*self._scans, **how)
            session.work.add(self._run, self._onFollowed)
            session.showMessage(
                _("Looking for the lesions of {name} …").format(name=parameters.earlierVolume.GetName())
            )

    def _onFollowed(self, changes):
        if not any(change.earlier for change in changes):
            name = self.session.parameters.earlierSegmentation.GetName()
            sentence = _("'{name}' holds no lesion to look for. Choose the segmentation of the earlier scan.")
            self.session.showMessage(sentence.format(name=name))
            return
        counts = {status: sum(change.status == status for change in changes) for status in (MATCHED, GONE, NEW)}
        sentence = (
            _("On both scans: {matched}. Not found: {gone}. New: {new}. Check what was found as any other.")
            if counts[MATCHED]
            else _("No lesion was found on both scans. Not found: {gone}. New: {new}.")
        )
        problems = [f"{change.name}: {inUsersLanguage(change.problem)}" for change in changes if change.problem]
        self.session.showMessage(" ".join([sentence.format(**counts), *problems]))

    def _onCancel(self):
        self.session.work.drop(self._run)
        self.session.showMessage(_("Cancelled. Lesions that were found stay."))

    def _onSave(self):
        with self.session.showingErrors():
            path = saveFile(
                self.ui.saveFollowUpButton,
                _("Save the changes"),
                f"{self.session.target.segmentation.GetName()} changes.csv",
                lambda path: self.session.logic.exportFollowUp(self._changes, path),
            )
            if path:
                self.session.showMessage(_("The changes are in {path}.").format(path=path))

    def _onClicked(self, row, _column):
        """Let every view show a lesion where it is now, or was."""
        change = self._shown[row]
        jumpToMiddle((change.later or change.earlier).ends)
        if change.later is not None:
            self.session.parameters.segmentID = change.later.segmentID


def _number(lesion, field, digits):
    return "" if lesion is None else f"{getattr(lesion, field):.{digits}f}"


def _percent(value):
    return "" if value is None else f"{value:+.0f} %"


def _setUp(table):
    setUpRows(table, [_("Lesion"), _("mm before"), _("mm now"), _("mm ±"), _("ml ±"), _("Status")])
    table.horizontalHeader().setSectionResizeMode(qt.QHeaderView.ResizeToContents)
    table.horizontalHeader().setStretchLastSection(True)
