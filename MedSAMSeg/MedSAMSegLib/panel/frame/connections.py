"""Connections of widgets and timers to the panel, remembered so that all of them can be undone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Connections:
    """What a panel has connected. ::

        connections = Connections()
        connections.connect(button, "clicked()", self._onClicked)
        …
        connections.disconnectAll()

    PythonQt keeps what a signal is connected to as long as its sender lives, and Python's garbage collection does not
    see that: a panel that is not disconnected stays in memory with everything it knows.
    """

    def __init__(self) -> None:
        self._connections = []

    def connect(self, sender: Any, signal: str, slot: Callable[..., None]) -> None:
        """Call a function whenever an object emits a signal.

        :param sender: a widget, timer or other object of Qt.
        :param signal: its C++ signature, such as "clicked()".
        :param slot: the function.
        """
        sender.connect(signal, slot)
        self._connections.append((sender, signal, slot))

    def disconnectAll(self) -> None:
        """Undo every connection; objects that are gone have none."""
        connections, self._connections = self._connections, []
        for sender, signal, slot in connections:
            try:
                sender.disconnect(signal, slot)
            except ValueError:
                # PythonQt says so of an object that was destroyed, and its connections went with it.
                continue
