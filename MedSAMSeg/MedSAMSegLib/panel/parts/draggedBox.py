"""One box that the user may drag, and the questions that are asked about it meanwhile."""

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.runs.watchedRun import WatchedRun


class DraggedBox:
    """Asks one question at a time, always about where the box is now; a whole drag is one undo step.

    :param node: the box's ROI markup.
    :param session: the :class:`PanelSession`.
    :param onResult: called with the BoxResult when the box was let go and its last question is answered.
    """

    def __init__(self, node, session, onResult):
        #: Whether the user holds one of its handles.
        self.isHeld = False
        self._node = node
        self._session = session
        self._onResult = onResult
        self._isAsking = False
        self._asked = None
        self._previous = None

    def follow(self):
        """Ask about where the box is now, unless an answer is still to come: then, when it is there."""
        if self._isAsking or self._node.GetScene() is None:
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

        :return: whether the question could be asked.
        """
        session = self._session
        isLast = prompt is None
        self._isAsking = True
        self._asked = prompt
        try:
            run = session.logic.startBoxUpdate(
                self._node, session.window, session.model, continues=self._previous, isLast=isLast
            )
        except UserError as error:
            session.say(str(error))
            self._isAsking = False
            return False
        session.work.add(
            WatchedRun(run), onResult=lambda watched: self._onAnswer(watched.run, isLast), onError=self._onError
        )
        return True

    def _onAnswer(self, run, isLast):
        self._isAsking = False
        self._previous = None if isLast else run
        if isLast and run.result is not None:
            self._onResult(run.result)
        self.follow()

    def _onError(self, error):
        self._isAsking = False
        self._previous = None
        self._session.say(str(error))
