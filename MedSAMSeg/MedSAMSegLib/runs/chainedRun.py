"""Runs that follow on one another, as one run."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.runs.run import Run


class ChainedRun(Run):
    """Advances what a generator yields, one run after the other. ::

        def steps():
            result = yield logic.startBox(…)
            yield logic.startPropagation(…)
            return result

        ChainedRun(steps()).finish()

    :param steps: generator of runs; it is given the result of each, or the UserError that ended it, and what it returns
        is the result of the chain.
    """

    def __init__(self, steps: Generator[Run, Any, Any]) -> None:
        self.result = None
        self._steps = steps
        self._current: Run | None = None
        self._isOver = False
        self._go(lambda: next(steps))

    @property
    def isOver(self) -> bool:
        """True when nothing more will be done."""
        return self._isOver

    def advance(self, wait: bool = False) -> bool:
        """Advance the present run, or begin the next one; return True while more is to come."""
        if self._current is None:
            return False
        try:
            if self._current.advance(wait):
                return True
        except UserError as error:
            told = error
            self._go(lambda: self._steps.throw(told))
        else:
            self._go(lambda: self._steps.send(self._current.result))
        return not self._isOver

    def close(self) -> None:
        """End it early: the present run, and the generator where it is."""
        if self._current is not None:
            self._current.close()
        self._current, self._isOver = None, True
        self._steps.close()

    def _go(self, step):
        try:
            self._current = step()
        except StopIteration as end:
            self._current, self._isOver, self.result = None, True, end.value
        except BaseException:
            self._current, self._isOver = None, True
            raise
