"""The lesions: one row a segment with its sizes and how far it was checked, and the way from one to the next."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import qt
from slicer.i18n import tr as _

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.panel.frame.activeTool import DRAW_BOX
from MedSAMSegLib.panel.frame.pace import Pace
from MedSAMSegLib.panel.frame.panelSection import PanelSection
from MedSAMSegLib.panel.parts.rowTable import setUpRows
from MedSAMSegLib.panel.parts.termMessages import termHint
from MedSAMSegLib.slices.lesions import ACCEPTED, CHECKED, DRAWN, EMPTY, FOLLOWED
from MedSAMSegLib.views.sliceJump import jumpToMiddle

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.panelSession import PanelSession


class LesionsSection(PanelSection):
    """The table of lesions and its buttons; nothing is measured while it is collapsed.

    :param ui: the panel's widgets by name.
    :param session: the :class:`PanelSession`.
    """

    def __init__(self, ui: Any, session: PanelSession) -> None:
        super().__init__(ui, session)
        self._stateTitles = {
            EMPTY: _("empty"),
            DRAWN: _("drawn"),
            FOLLOWED: _("propagated"),
            CHECKED: _("checked"),
            ACCEPTED: _("accepted"),
        }
        self._lesions = []
        self._rows: Any = None
        self._isFilling = False
        self._endedCount = 0
        self._pace = Pace(session.connections, session.changed.emit)
        _setUp(ui.lesionsTable)
        self.connect(ui.lesionsTable, "itemSelectionChanged()", self._onSelected)
        self.connect(ui.lesionsButton, "contentsCollapsed(bool)", self._onCollapsed)
        self.connect(ui.uncheckedLesionsCheckBox, "toggled(bool)", self._onCollapsed)
        self.connect(ui.newLesionButton, "clicked()", self._onNew)
        self.connect(ui.previousLesionButton, "clicked()", self._onPrevious)
        self.connect(ui.nextLesionButton, "clicked()", self._onNext)
        self.connect(ui.acceptLesionButton, "clicked()", self._onAccept)
        self.connect(ui.rejectLesionButton, "clicked()", self._onReject)

    def forgetScene(self) -> None:
        """Let go of the segments."""
        self._pace.stop()
        self._lesions = []
        self._fill()

    def cleanup(self) -> None:
        """Measure no more."""
        self._pace.stop()

    def update(self) -> None:
        """Show the segments as they are."""
        work = self.session.work
        before, self._endedCount = self._endedCount, work.endedCount
        if self._endedCount != before and not work.isUnderWay:
            # The views have nothing to wait for any more, and the user waits for the result.
            self._pace.skipPause()
        if not self.ui.lesionsButton.collapsed and self._pace.isDue:
            self._measure()
        self._fill()
        self.ui.newLesionButton.enabled = self.session.hasUsableVolume
        # Keys press them while the table is collapsed, too.
        for name in ("previous", "next", "accept", "reject"):
            button = getattr(self.ui, f"{name}LesionButton")
            button.enabled = self.session.hasSegment and self.session.hasUsableVolume

    def _measure(self):
        volume, segmentation, _segmentID = self.session.target
        self._lesions = []
        if self.session.hasUsableVolume and segmentation is not None:
            # Such as surfaces, or voxels that do not coincide any more: the section "Check" says so.
            with contextlib.suppress(UserError), self._pace.measuring():
                self._lesions = self.session.logic.lesions(segmentation, volume)

    def _fill(self):
        isFiltered = self.ui.uncheckedLesionsCheckBox.checked
        lesions = [lesion for lesion in self._lesions if not (isFiltered and lesion.state in (CHECKED, ACCEPTED))]
        table = self.ui.lesionsTable
        self._isFilling = True
        if lesions != self._rows:
            self._rows = lesions
            # A table that sorts while it is filled moves rows away from under the items that follow.
            table.setSortingEnabled(False)
            table.setRowCount(len(lesions))
            for row, lesion in enumerate(lesions):
                self._write(row, lesion)
            table.setSortingEnabled(True)
        self._select(self.session.target.segmentID)
        self._isFilling = False

    def _write(self, row, lesion):
        values = (
            lesion.name,
            lesion.place,
            round(lesion.volume, 2),
            round(lesion.diameter, 1),
            self._stateTitles[lesion.state],
            lesion.term.title,
        )
        hints = {2: self._volumeHint(lesion), 3: self._diameterHint(lesion), 5: termHint(lesion.term)}
        for column, value in enumerate(values):
            item = qt.QTableWidgetItem()
            item.setData(qt.Qt.DisplayRole, value)
            item.setData(qt.Qt.UserRole, lesion.segmentID)
            item.setToolTip(hints.get(column, ""))
            self.ui.lesionsTable.setItem(row, column, item)

    def _volumeHint(self, lesion):
        if lesion.volumeRange is None:
            return ""
        low, high = lesion.volumeRange
        return _("{low:.2f} to {high:.2f} ml with slightly different boxes").format(low=low, high=high)

    def _diameterHint(self, lesion):
        if lesion.diameterRange is None:
            return ""
        low, high = lesion.diameterRange
        return _("{low:.1f} to {high:.1f} mm with slightly different boxes").format(low=low, high=high)

    def _select(self, segmentID):
        shown = self._shownIDs()
        row = shown.index(segmentID) if segmentID in shown else -1
        table = self.ui.lesionsTable
        if row < 0:
            table.clearSelection()
        elif table.currentRow() != row or not table.selectedItems():
            table.selectRow(row)

    def _shownIDs(self):
        """:return: IDs of the segments in the order of the table's rows."""
        table = self.ui.lesionsTable
        return [table.item(row, 0).data(qt.Qt.UserRole) for row in range(table.rowCount)]

    def _onSelected(self):
        table = self.ui.lesionsTable
        if not self._isFilling and self.session.parameters is not None and table.selectedItems():
            self._show(table.item(table.currentRow(), 0).data(qt.Qt.UserRole))

    def _onCollapsed(self, _isCollapsed):
        self.session.changed.emit()

    def _onNext(self):
        self._go(1)

    def _onPrevious(self):
        self._go(-1)

    def _go(self, step):
        with self.session.showingErrors():
            self._measure()
            self._fill()
            shown, current = self._shownIDs(), self.session.target.segmentID
            if not shown:
                self.session.showMessage(_("There is no lesion left to go to."))
                return
            start = shown.index(current) if current in shown else (-1 if step > 0 else 0)
            self._show(shown[(start + step) % len(shown)])

    def _show(self, segmentID):
        """Make a segment the current one, and let every view show it where it is largest."""
        lesion = next((lesion for lesion in self._lesions if lesion.segmentID == segmentID), None)
        if lesion is None:
            return
        self.session.parameters.segmentID = segmentID
        if lesion.ends:
            jumpToMiddle(lesion.ends)
        self.session.changed.emitNow()
        sentence = (
            _("{name}: {place}, {diameter:.1f} mm, {volume:.2f} ml, {state}.")
            if lesion.ends
            else _("{name} is empty so far: draw a box round the lesion.")
        )
        self.session.showMessage(sentence.format(**{**vars(lesion), "state": self._stateTitles[lesion.state]}))

    def _onNew(self):
        with self.session.showingErrors():
            # A segment that waits for its box is the next one already.
            if not self.session.hasSegment or self.session.boxAxis is not None:
                self.session.addSegment()
            self.session.activeTool.choose(DRAW_BOX)

    def _onAccept(self):
        volume, segmentation, segmentID = self.session.target
        with self.session.showingErrors():
            # The user waits for what this one changes.
            self._pace.skipPause()
            count = self.session.logic.acceptLesion(segmentation, volume, segmentID)
            name = segmentation.GetSegmentation().GetSegment(segmentID).GetName()
            self.session.showMessage(_("All slices of {name} are accepted: {count}.").format(name=name, count=count))

    def _onReject(self):
        volume, segmentation, segmentID = self.session.target
        with self.session.showingErrors():
            self._measure()
            self._fill()
            shown = self._shownIDs()
            name = segmentation.GetSegmentation().GetSegment(segmentID).GetName()
            self.session.logic.rejectLesion(segmentation, volume, segmentID)
            # On to the one that moves up to its row.
            row = shown.index(segmentID) if segmentID in shown else 0
            left = [each for each in shown if each != segmentID]
            self._measure()
            if left:
                self._show(left[row % len(left)])
            self.session.showMessage(_("{name} is rejected. Undo (Ctrl+Z) brings it back.").format(name=name))


def _setUp(table):
    titles = [_("Lesion"), _("Place"), _("ml"), _("mm"), _("State"), _("Term")]
    setUpRows(table, titles)
    table.horizontalHeader().setSectionResizeMode(qt.QHeaderView.ResizeToContents)
    # A long term is cut, and its tooltip has it whole: better than a table that scrolls sideways.
    table.horizontalHeader().setSectionResizeMode(len(titles) - 1, qt.QHeaderView.Stretch)
    table.setSortingEnabled(True)
