"""What is under way on the server, looked after by one timer."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import qt
from slicer.i18n import tr as _

from MedSAMSegLib.errors import UserError

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.connections import Connections
    from MedSAMSegLib.runs.run import Run

#: How often answers of the server are looked for while something is under way.
POLL_MILLISECONDS = 5
#: When a list tells that it changed because of a run.
Told: TypeAlias = Literal["begins and ends", "ends", "never"]


@dataclass(frozen=True, eq=False)
class _Entry:
    run: Run
    onResult: Callable[..., None] | None
    onError: Callable[..., None]
    told: Told


class WorkList:
    """Advances runs from the event loop until each is over.

    :param connections: the :class:`Connections` of the panel.
    :param sayError: called with the UserError of a run that was added without its own ``onError``.
    :param onChange: called without arguments when a run was added or is over.
    """

    def __init__(
        self, connections: Connections, sayError: Callable[[UserError], None], onChange: Callable[[], None]
    ) -> None:
        self._sayError = sayError
        self._onChange = onChange
        #: How many runs have come to an end, apart from those of which nothing is told.
        self.endedCount = 0
        #: Whether a callback for a run that is over is being called.
        self.isEnding = False
        self._entries = []
        self._isAdvancing = False
        self._timer = qt.QTimer()
        self._timer.interval = POLL_MILLISECONDS
        connections.connect(self._timer, "timeout()", self._advance)

    @property
    def isUnderWay(self) -> bool:
        """Whether there are runs that are not over."""
        return bool(self._entries)

    def add(
        self,
        run: Run,
        onResult: Callable[..., None] | None = None,
        onError: Callable[..., None] | None = None,
        told: Told = "begins and ends",
    ) -> None:
        """Look after a run from now on.

        :param run: the :class:`Run`.
        :param onResult: called with the run's result when it has come to its end.
        :param onError: called with the UserError that ended it.
        :param told: when ``onChange`` is called for it: one that is answered at once need not be shown as under way.
        """
        self._entries.append(_Entry(run, onResult, onError or self._sayError, told))
        self._timer.start()
        if told == "begins and ends":
            self._onChange()

    def drop(self, run: Run) -> None:
        """End one run early; it calls nothing back any more.

        :param run: a run; one that is over or was never added is no error.
        """
        dropped = [entry for entry in self._entries if entry.run is run]
        for entry in dropped:
            self._entries.remove(entry)
            run.close()
        if any(entry.told != "never" for entry in dropped):
            self._onChange()

    def dropAll(self) -> None:
        """End all runs early: what they are for is about to go."""
        self._timer.stop()
        entries, self._entries = self._entries, []
        for entry in entries:
            entry.run.close()

    def _advance(self):
        # A run may let the event loop in, and with it this timer.
        if self._isAdvancing:
            return
        self._isAdvancing = True
        try:
            for entry in list(self._entries):
                if entry in self._entries:
                    self._advanceEntry(entry)
        finally:
            self._isAdvancing = False
            if not self._entries:
                self._timer.stop()

    def _advanceEntry(self, entry):
        run, callback = entry.run, None
        try:
            if run.advance():
                return
            if entry.onResult is not None and run.result is not None:
                callback = functools.partial(entry.onResult, run.result)
        except UserError as error:
            callback = functools.partial(entry.onError, error)
        except Exception:
            # Slicer's log gets it, and the user a sentence instead of waiting for ever.
            said = UserError(_("Something unexpected went wrong."), _("Slicer's error log has more."), "internal")
            self._end(entry, functools.partial(self._sayError, said))
            raise
        self._end(entry, callback)

    def _end(self, entry, callback):
        """Take a run that is over out of the list, and tell what became of it if it was not dropped meanwhile."""
        if entry in self._entries:
            self._entries.remove(entry)
            if callback is not None:
                self._call(callback)
        if entry.told != "never":
            self.endedCount += 1
            self._onChange()

    def _call(self, callback):
        self.isEnding = True
        try:
            callback()
        finally:
            self.isEnding = False
