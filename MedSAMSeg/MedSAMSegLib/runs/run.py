"""What takes longer than a moment: begun at once, advanced from a timer or waited for."""

import contextlib
from collections.abc import Callable
from typing import Any, Protocol

from MedSAMSegLib.runs.eventStream import EventStream


class Run(Protocol):
    """Something under way. All of it is called on the main thread. ::

        run = logic.startBox(…)
        while run.advance():  # from a timer
            …
        run.result

        logic.startBox(…).finish()  # where waiting is fine

    Who stops calling :meth:`advance` before its end has to :meth:`close` the run.
    """

    #: What came of it; None until it is there, and where it came to nothing.
    result: Any

    def advance(self, wait: bool = False) -> bool:
        """Do what is due; return True while more is to come.

        :param wait: True to wait for what comes next.
        :raises UserError: the one that ended it.
        """

    def close(self) -> None:
        """End it early; one that is over stays as it is."""

    def finish(self) -> Any:
        """Wait for its end; an interrupt (Ctrl+C) closes it.

        :return: the result.
        :raises UserError: the one that ended it.
        """
        with contextlib.closing(self):
            while self.advance(wait=True):
                pass
        return self.result


class OneCall(Run):
    """What a function returns that must not be called on the main thread.

    :param function: called without arguments on a worker thread.
    """

    def __init__(self, function: Callable[[], Any]) -> None:
        self.result = None
        self._stream = EventStream(lambda: iter([function()]))

    def advance(self, wait: bool = False) -> bool:
        """Take the answer if it is there; return True while it is to come."""
        for answer in self._stream.take(wait):
            self.result = answer
        return not self._stream.hasEnded

    def close(self) -> None:
        """Forget the answer; the function goes on to its end."""
