"""The list of proposals: the best first, to be gone through by keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import qt
from slicer.i18n import tr as _

from MedSAMSegLib.panel.parts.rowTable import setUpRows

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.connections import Connections
    from MedSAMSegLib.proposals.proposal import Proposal

#: Keys over the list and over the slice views, by what they do; as Qt's shortcuts and VTK's key symbols name them.
ACCEPT_KEYS = ("Return", "Enter", "KP_Enter")
HIDE_KEYS = ("Del", "Backspace", "Delete", "BackSpace")


class ProposalTable:
    """Fills a table with proposals, and knows which of them is selected.

    :param connections: the :class:`Connections` of the panel.
    :param table: the QTableWidget.
    :param onSelection: called without arguments when the user selects another row.
    :param onAccept: called without arguments when a key accepts the selected one.
    :param onHide: called without arguments when a key hides it.
    """

    def __init__(
        self,
        connections: Connections,
        table: qt.QTableWidget,
        onSelection: Callable[[], None],
        onAccept: Callable[[], None],
        onHide: Callable[[], None],
    ) -> None:
        self._table = table
        self._onSelection = onSelection
        self._proposals: Sequence[Proposal] = []
        self._isFilling = False
        self._shortcuts = []
        _setUp(table)
        connections.connect(table, "itemSelectionChanged()", self._onSelected)
        for keys, function in ((ACCEPT_KEYS[:2], onAccept), (HIDE_KEYS[:2], onHide)):
            for key in keys:
                shortcut = qt.QShortcut(table)
                shortcut.setKey(qt.QKeySequence(key))
                shortcut.setContext(qt.Qt.WidgetWithChildrenShortcut)
                connections.connect(shortcut, "activated()", function)
                self._shortcuts.append(shortcut)

    @property
    def selected(self) -> Proposal | None:
        """The :class:`Proposal` of the selected row, or None."""
        row = self._table.currentRow()
        isSelected = bool(self._table.selectedItems()) and 0 <= row < len(self._proposals)
        return self._proposals[row] if isSelected else None

    def select(self, proposal: Proposal | None) -> None:
        """Select a proposal without telling so; None for none.

        :param proposal: one of those in the table.
        """
        self._isFilling = True
        if proposal is None:
            self._table.setCurrentCell(-1, -1)
        elif proposal is not self.selected:
            self._table.selectRow(self._proposals.index(proposal))
        self._isFilling = False

    def fill(self, proposals: Sequence[Proposal]) -> None:
        """Show proposals. The selection stays with its proposal; the next one follows one that has gone.

        :param proposals: :class:`Proposal` objects.
        """
        if proposals == self._proposals:
            return
        selected, row = self.selected, self._table.currentRow()
        self._isFilling = True
        self._proposals = proposals
        self._table.setRowCount(len(proposals))
        for number, proposal in enumerate(proposals):
            values = proposal.number, round(proposal.area, 1), f"{proposal.quality:.2f}", f"{proposal.stability:.2f}"
            for column, value in enumerate(values):
                item = qt.QTableWidgetItem()
                item.setData(qt.Qt.DisplayRole, value)
                self._table.setItem(number, column, item)
        self._isFilling = False
        if selected in proposals:
            self.select(selected)
        elif selected is not None and proposals:
            self.select(proposals[min(row, len(proposals) - 1)])
        else:
            self.select(None)

    def _onSelected(self):
        if not self._isFilling:
            self._onSelection()


def _setUp(table):
    setUpRows(table, [_("Object"), _("mm²"), _("Quality"), _("Stability")])
    table.horizontalHeader().setSectionResizeMode(qt.QHeaderView.ResizeToContents)
    table.horizontalHeader().setStretchLastSection(True)
