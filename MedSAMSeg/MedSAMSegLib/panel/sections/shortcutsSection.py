"""Keys that work while the module is open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import qt
import slicer

from MedSAMSegLib.panel.frame.panelSection import PanelSection

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.panelSession import PanelSession

#: Name of a button, and the keys that press it. None of them is taken by Slicer's main window or slice views.
SHORTCUTS = (
    ("drawButton", "B"),
    ("notThisButton", "Shift+B"),
    ("nextMeaningButton", "M"),
    ("worstSliceButton", "N"),
    ("acceptSliceButton", "A"),
    ("newLesionButton", "Shift+N"),
    ("nextLesionButton", "Ctrl+Down"),
    ("previousLesionButton", "Ctrl+Up"),
    ("acceptLesionButton", "Shift+A"),
    ("rejectLesionButton", "Shift+X"),
    ("undoButton", "Ctrl+Z"),
    ("redoButton", "Ctrl+Shift+Z"),
    ("redoButton", "Ctrl+Y"),
)


class PanelShortcuts(PanelSection):
    """Presses the panel's buttons by keys, and leaves the keys to other modules when this one is left.

    :param ui: the panel's widgets by name.
    :param session: the :class:`PanelSession`.
    """

    def __init__(self, ui: Any, session: PanelSession) -> None:
        super().__init__(ui, session)
        self._shortcuts = []

    def enter(self) -> None:
        """Listen to the keys."""
        self.exit()
        for buttonName, keys in SHORTCUTS:
            self._add(keys, getattr(self.ui, buttonName).click)

    def exit(self) -> None:
        """Leave the keys to others."""
        for shortcut, function in self._shortcuts:
            shortcut.disconnect("activated()", function)
            shortcut.setParent(None)
            shortcut.deleteLater()
        self._shortcuts = []

    def cleanup(self) -> None:
        """Leave the keys to others."""
        self.exit()

    def _add(self, keys, function):
        # On the main window, so that the keys work over the slice views too.
        shortcut = qt.QShortcut(slicer.util.mainWindow() or self.ui.drawButton.window())
        shortcut.setKey(qt.QKeySequence(keys))
        shortcut.connect("activated()", function)
        self._shortcuts.append((shortcut, function))
