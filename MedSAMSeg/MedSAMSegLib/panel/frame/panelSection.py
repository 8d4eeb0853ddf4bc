"""What every section of the panel is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.panelSession import PanelSession


class PanelSection:
    """A group of widgets that does one thing. Every method here does nothing unless a section overrides it.

    :param ui: the panel's widgets by name; a section touches only its own.
    :param session: the :class:`PanelSession` that it shares with the other sections.
    """

    def __init__(self, ui: Any, session: PanelSession) -> None:
        self.ui = ui
        self.session = session

    def connect(self, sender: Any, signal: str, slot: Callable[..., None]) -> None:
        """Call a function whenever an object emits a signal, until the panel goes.

        :param sender: a widget, timer or other object of Qt.
        :param signal: its C++ signature, such as "clicked()".
        :param slot: the function.
        """
        self.session.connections.connect(sender, signal, slot)

    def enter(self) -> None:
        """The module is shown."""

    def exit(self) -> None:
        """Another module is shown: mouse and keys are given back; work under way goes on."""

    def useScene(self) -> None:
        """There is a scene: ``session.parameters`` are its settings."""

    def forgetScene(self) -> None:
        """The scene goes: ``session.parameters`` are about to become None, runs have been dropped."""

    def update(self) -> None:
        """Make the widgets show what is; called often, only while there are parameters and the module is shown."""

    def updateHidden(self) -> None:
        """Do in the views what has to be right while another module is shown; called often, instead of `update`."""

    def cleanup(self) -> None:
        """The panel goes: nothing may call the section any more."""
