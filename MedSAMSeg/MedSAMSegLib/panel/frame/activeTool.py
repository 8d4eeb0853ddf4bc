"""Which tool has the mouse in the slice views: one at most."""

from __future__ import annotations

from MedSAMSegLib.panel.frame.signals import Signal

DRAW_BOX = "draw box"
OBJECT_POINT = "object point"
BACKGROUND_POINT = "background point"
NOT_THIS = "not this"


class ActiveTool:
    """The one tool in use; sections choose it by name, and whoever shows it or has to start it follows `changed`."""

    def __init__(self) -> None:
        #: Name of the tool; None while the mouse is the views' own.
        self.name: str | None = None
        #: Emitted without arguments when another tool, or none, is in use.
        self.changed = Signal()

    def choose(self, name: str) -> None:
        """Use a tool instead of the one before.

        :param name: one of the names above.
        """
        if name != self.name:
            self.name = name
            self.changed.emit()

    def putAway(self, name: str | None = None) -> None:
        """Give the mouse back to the views.

        :param name: put only this tool away; another one stays. None for any tool.
        """
        if name in (None, self.name):
            self.choose(None)
