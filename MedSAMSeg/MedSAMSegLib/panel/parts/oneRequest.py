"""Sends one request at a time about what the user moves: the next one when the answer is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.panel.frame.errorMessages import messageOn
from MedSAMSegLib.runs.watchedRun import WatchedRun

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.panelSession import PanelSession


class OneRequest:
    """The request that is under way.

    :param session: the :class:`PanelSession`, which says errors.
    :param onFailure: called without arguments when the request failed after it was sent.
    """

    def __init__(self, session: PanelSession, onFailure: Callable[..., None]) -> None:
        self._session = session
        self._onFailure = onFailure
        #: Whether an answer is still to come.
        self.isUnderWay = False

    def ask(self, start: Callable[..., Any], onAnswer: Callable[..., None]) -> bool:
        """Ask; an error is said.

        :param start: function without arguments that starts the run and returns it.
        :param onAnswer: called with the run at its end, also when that came to nothing.
        :return: whether it could be asked.
        """
        self.isUnderWay = True
        try:
            run = start()
        except UserError as error:
            self.isUnderWay = False
            self._session.showMessage(messageOn(error))
            return False

        def onEnd(watched):
            self.isUnderWay = False
            onAnswer(watched.run)

        self._session.work.add(WatchedRun(run), onResult=onEnd, onError=self._onError)
        return True

    def _onError(self, error):
        self.isUnderWay = False
        self._session.showMessage(messageOn(error))
        self._onFailure()
