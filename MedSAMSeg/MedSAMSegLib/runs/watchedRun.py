"""A run whose end is told, whatever came of it."""

from MedSAMSegLib.runs.run import Run


class WatchedRun(Run):
    """Has a result, itself, as soon as the run in it is over; also when that one came to nothing. ::

        session.work.add(WatchedRun(run), onResult=lambda watched: show(watched.run.result))

    :param run: the run.
    """

    def __init__(self, run):
        self.run = run
        self.result = None

    def advance(self, wait=False):
        """Go on with the run; return True while more is to come."""
        isOngoing = self.run.advance(wait)
        if not isOngoing:
            self.result = self
        return isOngoing

    def close(self):
        """End the run early."""
        self.run.close()
