"""A row of cells, one a slice, colored by how far the slice can be trusted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import qt
from slicer.i18n import tr as _

from MedSAMSegLib.panel.parts.confidenceColors import colorOf
from MedSAMSegLib.slices.sliceRecord import BOX, EDITED, INTERPOLATED, PROPAGATED

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.connections import Connections
    from MedSAMSegLib.slices.sliceRecord import SliceState

NARROWEST_CELL = 1
COLOR_ROW, MARKER_ROW = 0, 1
COLOR_HEIGHT, MARKER_HEIGHT, FRAME = 18, 5, 4


class SliceWords:
    """What is known of slices, in words.

    The words are translated once: Slicer looks for the caller's source file each time, and there are cells by the
    hundred.
    """

    def __init__(self) -> None:
        self._titles = {
            BOX: _("box"),
            PROPAGATED: _("propagated"),
            INTERPOLATED: _("between boxes"),
            EDITED: _("edited by hand"),
        }
        self._nothing = _("Slice {index}: nothing of this segment.")
        self._description = _("Slice {index}: {description}.")
        self._confidence = _("confidence {percent} %")
        self._accepted = _("accepted")
        self._kept = _("kept as it is")

    def describe(self, index: int, state: SliceState | None) -> str:
        """Return what is known of a slice, as a sentence.

        :param index: slice index.
        :param state: its SliceState, or None.
        """
        if state is None:
            return self._nothing.format(index=index)
        parts = [self._titles[state.provenance]]
        if state.confidence is not None:
            parts.append(self._confidence.format(percent=round(100 * state.confidence)))
        if state.isAccepted:
            parts.append(self._accepted)
        elif state.isLocked:
            parts.append(self._kept)
        return self._description.format(index=index, description=", ".join(parts))


class ConfidenceStrip:
    """Shows the slices of a segment side by side in a table; a click on one chooses it.

    Below the row of colors, a thin second row marks the slice that the user looks at.

    :param connections: the :class:`Connections` of the panel.
    :param table: the QTableWidget.
    :param onChosen: called with the index of the slice that the user chose.
    """

    def __init__(self, connections: Connections, table: qt.QTableWidget, onChosen: Callable[..., None]) -> None:
        self._table = table
        self._onChosen = onChosen
        self._indices = range(0)
        self._states = {}
        self._marked: int | None = None
        self._words = SliceWords()
        table.setRowCount(2)
        table.horizontalHeader().hide()
        table.verticalHeader().hide()
        table.horizontalHeader().setMinimumSectionSize(NARROWEST_CELL)
        table.horizontalHeader().setSectionResizeMode(qt.QHeaderView.Stretch)
        table.verticalHeader().setMinimumSectionSize(MARKER_HEIGHT)
        table.setRowHeight(COLOR_ROW, COLOR_HEIGHT)
        table.setRowHeight(MARKER_ROW, MARKER_HEIGHT)
        table.setEditTriggers(qt.QAbstractItemView.NoEditTriggers)
        # A selection would hide the color.
        table.setSelectionMode(qt.QAbstractItemView.NoSelection)
        table.setShowGrid(False)
        table.setHorizontalScrollBarPolicy(qt.Qt.ScrollBarAlwaysOff)
        table.setVerticalScrollBarPolicy(qt.Qt.ScrollBarAlwaysOff)
        table.setFixedHeight(COLOR_HEIGHT + MARKER_HEIGHT + FRAME)
        connections.connect(table, "currentCellChanged(int,int,int,int)", self._onCellChanged)

    def show(self, states: dict[int, SliceState], current: int) -> None:
        """Show slices; what lies between them is left open.

        :param states: {slice index: SliceState}.
        :param current: index of the slice that the user looks at, or None.
        """
        wasBlocked = self._table.blockSignals(True)
        indices = range(min(states), max(states) + 1) if states else range(0)
        if indices != self._indices:
            self._layOut(indices)
        # Called at every step of the mouse wheel: only cells that change are written.
        for index in indices:
            if states.get(index) != self._states.get(index):
                self._table.setItem(COLOR_ROW, self._column(index), self._cell(index, states.get(index)))
        self._states = dict(states)
        if current != self._marked:
            self._mark(self._marked, None)
            self._mark(current, self._table.palette.color(qt.QPalette.Text))
            self._marked = current
        self._table.blockSignals(wasBlocked)

    def _layOut(self, indices):
        """Give each slice its cells, still without anything on them."""
        self._indices, self._states, self._marked = indices, {}, None
        self._table.clearContents()
        self._table.setColumnCount(len(indices))
        for column, index in enumerate(indices):
            self._table.setItem(COLOR_ROW, column, self._cell(index, None))
            self._table.setItem(MARKER_ROW, column, qt.QTableWidgetItem())

    def _cell(self, index, state):
        item = qt.QTableWidgetItem()
        item.setToolTip(self._words.describe(index, state))
        if state is not None:
            item.setBackground(qt.QBrush(qt.QColor(*colorOf(state))))
        return item

    def _mark(self, index, color):
        """Put a mark below a slice, or none where the color is None, and make its cell the current one."""
        column = self._column(index)
        if column >= 0:
            item = self._table.item(MARKER_ROW, column)
            item.setBackground(qt.QBrush() if color is None else qt.QBrush(color))
        if color is not None:
            self._table.setCurrentCell(COLOR_ROW, column)

    def _column(self, index):
        return self._indices.index(index) if index in self._indices else -1

    def _onCellChanged(self, _row, column, _previousRow, _previousColumn):
        if 0 <= column < len(self._indices):
            self._onChosen(self._indices[column])
