"""Something long on a thread of its own, as a run that a :class:`WorkList` looks after."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from typing import Any

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.runs.run import Run


class BackgroundRun(Run):
    """Runs a function on a thread and hands its progress over to whoever advances it.

    :param function: called on the thread with a function that takes progress; what it returns is the result.
    :param cancel: called, on the main thread, to make the function return early.
    :param onProgress: called from :meth:`advance` with the latest progress.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        cancel: Callable[[], None] | None = None,
        onProgress: Callable[..., None] | None = None,
    ) -> None:
        #: What the function returned; None until then.
        self.result = None
        self._cancel = cancel
        self._onProgress = onProgress
        self._reports: queue.SimpleQueue = queue.SimpleQueue()
        self._error: UserError | None = None
        self._thread = threading.Thread(target=self._run, args=(function,), name="MedSAMSegInstall", daemon=True)
        self._thread.start()

    def advance(self, wait: bool = False) -> bool:
        """Hand progress over; return True while the function runs.

        :param wait: True to wait for its end.
        :raises UserError: the one that the function ended with.
        """
        if wait:
            self._thread.join()
        # Asked first, so that nothing that was told before the end is left behind.
        isRunning = self._thread.is_alive()
        latest = None
        while not self._reports.empty():
            latest = self._reports.get()
        if latest is not None and self._onProgress is not None:
            self._onProgress(latest)
        if not isRunning and self._error is not None:
            error, self._error = self._error, None
            raise error
        return isRunning

    def close(self) -> None:
        """End it early; returns at once."""
        if self._cancel is not None and self._thread.is_alive():
            self._cancel()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end of the thread; for scripts and tests.

        :param timeout: seconds.
        :return: whether it has ended.
        """
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self, function):
        try:
            self.result = function(self._reports.put)
        except UserError as error:
            self._error = error
        except Exception as error:
            logging.exception("MedSAMSeg: unexpected failure in the background")
            self._error = UserError(f"Something unexpected went wrong: {error}.", "Slicer's log has more.", "internal")
