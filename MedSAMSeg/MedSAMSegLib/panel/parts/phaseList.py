"""The list of volumes that can be asked along with the shown one, each with a box to tick."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import qt

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.connections import Connections


@dataclasses.dataclass(frozen=True)
class PhaseChoice:
    """One volume of the list.

    :param volumeID: ID of its node.
    :param title: what the user reads.
    :param isTicked: whether it is asked.
    :param problem: why it cannot be asked; "" if it can.
    """

    volumeID: str
    title: str
    isTicked: bool
    problem: str = ""


class PhaseList:
    """Shows volumes in a QListWidget, and tells when the user ticks one or takes a tick away.

    :param connections: the :class:`Connections` of the panel.
    :param listWidget: the QListWidget.
    :param onTicked: called without arguments after the user changed a tick.
    """

    def __init__(self, connections: Connections, listWidget: qt.QListWidget, onTicked: Callable[[], None]) -> None:
        self._list = listWidget
        self._onTicked = onTicked
        self._choices: Sequence[PhaseChoice] = []
        self._isFilling = False
        connections.connect(listWidget, "itemChanged(QListWidgetItem*)", self._onChanged)

    def fill(self, choices: Sequence[PhaseChoice]) -> None:
        """Show volumes; the row that the keys are on stays.

        :param choices: in the order of the list.
        """
        if choices == self._choices and self.ticked == _ticked(choices):
            return
        row = self._list.currentRow
        self._isFilling = True
        self._choices = choices
        self._list.clear()
        for choice in choices:
            self._list.addItem(_item(choice))
        if 0 <= row < len(choices):
            self._list.setCurrentRow(row)
        self._isFilling = False

    @property
    def ticked(self) -> list[str]:
        """IDs of the ticked volumes as the list shows them."""
        rows = [row for row in range(self._list.count) if self._list.item(row).checkState() == qt.Qt.Checked]
        return [self._choices[row].volumeID for row in rows]

    def _onChanged(self, _item):
        if not self._isFilling:
            self._onTicked()


def _ticked(choices):
    return [choice.volumeID for choice in choices if choice.isTicked]


def _item(choice):
    item = qt.QListWidgetItem(choice.title)
    isUsable = qt.Qt.ItemIsEnabled | qt.Qt.ItemIsSelectable | qt.Qt.ItemIsUserCheckable
    item.setFlags(qt.Qt.NoItemFlags if choice.problem else isUsable)
    item.setCheckState(qt.Qt.Checked if choice.isTicked else qt.Qt.Unchecked)
    item.setToolTip(choice.problem)
    return item
