"""A button for one of the tools of which the session has one in use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.panelSession import PanelSession


class ToolButton:
    """Makes its tool the active one and puts it away; starts and stops it, and shows it, when that changes.

    :param session: the :class:`PanelSession`.
    :param button: the QPushButton, a checkable one.
    :param name: name of the tool; see :mod:`activeTool`.
    :param tool: the :class:`PointerTool`.
    :param sentence: what the status line says when the tool is taken up: what to do with it.
    """

    def __init__(self, session: PanelSession, button: Any, name: str, tool: Any, sentence: str) -> None:
        self._session = session
        self._button = button
        self._name = name
        self._tool = tool
        self._sentence = sentence
        session.connections.connect(button, "toggled(bool)", self._onToggled)
        session.activeTool.changed.connect(self._follow)

    def enable(self, isUsable: bool) -> None:
        """Let the tool be used or not; one that cannot be used is put away, since nobody could switch it off.

        :param isUsable: whether there is something to use it on.
        """
        self._button.enabled = isUsable
        if not isUsable:
            self._session.activeTool.putAway(self._name)

    def _onToggled(self, isOn):
        if isOn:
            self._session.activeTool.choose(self._name)
        else:
            self._session.activeTool.putAway(self._name)

    def _follow(self):
        isActive = self._session.activeTool.name == self._name
        self._button.checked = isActive
        if isActive == self._tool.isActive:
            return
        if isActive:
            self._tool.start()
            self._session.showMessage(self._sentence)
        else:
            self._tool.stop()
