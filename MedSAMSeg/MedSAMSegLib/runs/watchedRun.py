"""A run whose end is reported, also when it failed or was without a result."""

from __future__ import annotations

from typing import Any

from MedSAMSegLib.runs.run import Run


class WatchedRun(Run):
    """Has a result, itself, as soon as the run in it is over; also when that one came to nothing. ::

        session.work.add(WatchedRun(run), onResult=lambda watched: show(watched.run.result))

    :param run: the run.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.result: Any = None

    def advance(self, wait: bool = False) -> bool:
        """Go on with the run; return True while more is to come."""
        isOngoing = self.run.advance(wait)
        if not isOngoing:
            self.result = self
        return isOngoing

    def close(self) -> None:
        """End the run early."""
        self.run.close()
