"""Tables with one thing in each row, which is selected as a whole and not edited."""

from __future__ import annotations

from collections.abc import Sequence

import qt


def setUpRows(table: qt.QTableWidget, titles: Sequence[str]) -> None:
    """Give a table its columns, and let its rows be selected one at a time.

    :param table: the QTableWidget.
    :param titles: of the columns, translated.
    """
    table.setColumnCount(len(titles))
    table.setHorizontalHeaderLabels(list(titles))
    table.verticalHeader().setVisible(False)
    table.setSelectionBehavior(qt.QAbstractItemView.SelectRows)
    table.setSelectionMode(qt.QAbstractItemView.SingleSelection)
    table.setEditTriggers(qt.QAbstractItemView.NoEditTriggers)
