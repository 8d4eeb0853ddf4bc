"""A combo box that shows one text value under readable titles."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import qt

    from MedSAMSegLib.panel.frame.connections import Connections


class ChoiceBox:
    """Keeps a QComboBox and a value the same.

    :param connections: the :class:`Connections` of the panel.
    :param comboBox: the QComboBox.
    :param onChosen: called with the value when the user has chosen another one.
    """

    def __init__(self, connections: Connections, comboBox: qt.QComboBox, onChosen: Callable[..., None]) -> None:
        self._comboBox = comboBox
        self._onChosen = onChosen
        self._choices = []
        connections.connect(comboBox, "currentIndexChanged(int)", self._onIndexChanged)

    def setChoices(self, choices: list[tuple[str, str]]) -> None:
        """Offer other values; the present one stays chosen if it is among them.

        :param choices: [(value, title)].
        """
        if choices == self._choices:
            return
        value = self.value
        self._choices = list(choices)
        wasBlocked = self._comboBox.blockSignals(True)
        self._comboBox.clear()
        for choice, title in choices:
            self._comboBox.addItem(title, choice)
        self._comboBox.blockSignals(wasBlocked)
        self.show(value)

    @property
    def value(self) -> str:
        """The value that is shown; None where there is none."""
        index = self._comboBox.currentIndex
        return self._choices[index][0] if 0 <= index < len(self._choices) else None

    def show(self, value: str) -> None:
        """Show a value without reporting it; one that is not offered leaves the box empty.

        :param value: one of the values that are offered.
        """
        values = [choice for choice, _title in self._choices]
        index = values.index(value) if value in values else -1
        if index != self._comboBox.currentIndex:
            wasBlocked = self._comboBox.blockSignals(True)
            self._comboBox.currentIndex = index
            self._comboBox.blockSignals(wasBlocked)

    def _onIndexChanged(self, index):
        if index >= 0:
            self._onChosen(self._choices[index][0])
