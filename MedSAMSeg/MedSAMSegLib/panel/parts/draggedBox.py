"""One box that the user may drag, and the requests that are sent about it meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from MedSAMSegLib.panel.parts.oneRequest import OneRequest

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.panel.frame.panelSession import PanelSession


class DraggedBox:
    """Sends one request at a time, always about where the box is now; a whole drag is one undo step.

    :param node: the box's ROI markup.
    :param session: the :class:`PanelSession`.
    :param onResult: called with the BoxResult when the box was let go and its last request is answered.
    """

    def __init__(
        self, node: slicer.vtkMRMLMarkupsROINode, session: PanelSession, onResult: Callable[..., None]
    ) -> None:
        #: Whether the user holds one of its handles.
        self.isHeld = False
        self._node = node
        self._session = session
        self._onResult = onResult
        self._request = OneRequest(session, self._onFailure)
        self._asked = None
        self._previous = None

    def follow(self) -> None:
        """Ask about where the box is now, unless an answer is still to come: then, when it is there."""
        if self._request.isUnderWay or self._node.GetScene() is None:
            return
        entry = self._session.logic.boxEntry(self._node)
        if self.isHeld:
            if not entry.problem and entry.prompt != self._asked and entry.isMoved:
                self._ask(entry.prompt)
        elif entry.isMoved or self._previous is not None:
            self._askLast()

    def _askLast(self):
        if not self._ask(None) and self._previous is not None:
            # The box could not be where it was let go, and is back where it was answered last.
            self._ask(None)
            self._previous = None

    def _ask(self, prompt):
        """Ask about the box; `prompt` is where it is, None when it was let go.

        :return: whether the request could be sent.
        """
        session = self._session
        isLast = prompt is None
        self._asked = prompt
        return self._request.ask(
            lambda: session.logic.startBoxUpdate(
                self._node, session.window, session.model, continues=self._previous, isLast=isLast
            ),
            lambda run: self._onAnswer(run, isLast),
        )

    def _onAnswer(self, run, isLast):
        self._previous = None if isLast else run
        if isLast and run.result is not None:
            self._onResult(run.result)
        self.follow()

    def _onFailure(self):
        self._previous = None
