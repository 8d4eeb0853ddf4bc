"""One launched server process, from its first line of output to its end."""

from __future__ import annotations

import json
import logging
import os
import secrets
import subprocess
import threading
from collections.abc import Sequence
from typing import Any

from MedSAMSegLib.server.childProgram import ChildProgram
from MedSAMSegLib.server.pythonPrograms import externalEnvironment
from MedSAMSegLib.server.serverLog import ServerLog

#: How long a server may take to end by itself.
STOP_SECONDS = 5.0
#: The same while Slicer closes, and somebody looks at a window that does not answer.
LEAVING_SECONDS = 1.5


class LaunchedServer:
    """A child process that announces its address in one JSON line, and ends when its standard input closes.

    :param command: words that run the server's program, without the sub-command.
    :raises OSError: when the program cannot be run.
    """

    def __init__(self, command: Sequence[str]) -> None:
        #: The secret that every request has to carry.
        self.token = secrets.token_urlsafe(32)
        #: The announcement: {"event": "ready", "host", "port", …} or {"event": "error", "error": {…}}; None until then.
        self.announcement: Any = None
        self._announced = threading.Event()
        self.log = ServerLog()
        with self.log.open() as logFile:
            self._logStart = os.fstat(logFile.fileno()).st_size
            self._child = _run(command, logFile)
        self._sendToken()
        threading.Thread(target=self._readOutput, name="MedSAMSegServerOutput", daemon=True).start()

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._child.pid

    @property
    def isAlive(self) -> bool:
        """True until the process has ended."""
        return self._child.isRunning

    @property
    def isReady(self) -> bool:
        """True when the process has announced its address."""
        return self.announcement is not None and self.announcement.get("event") == "ready"

    def waitForAnnouncement(self, timeout: float) -> Any:
        """Wait for the announcement or the end of the process; return False when neither came in time.

        :param timeout: longest wait in seconds.
        """
        return self._announced.wait(timeout)

    def stop(self, patience: float = STOP_SECONDS) -> None:
        """End the process: ask by closing its standard input, then insist.

        :param patience: how long it may take to obey, in seconds.
        """
        try:
            self._child.stdin.close()
        except OSError:
            logging.debug("The MedSAMSeg server's standard input was closed already.")
        if self._child.wait(patience) is None:
            self._child.end()
            self._child.wait(patience)

    def kill(self) -> None:
        """End a process that does not listen any more, and all that it started; returns at once."""
        self._child.end()

    def lastLogLine(self) -> str:
        """Return the last line that this process wrote to the log."""
        return self.log.lastLine(self._logStart)

    def _sendToken(self):
        # Not on the command line, where every user of the computer could read it.
        try:
            self._child.stdin.write(self.token.encode() + b"\n")
            self._child.stdin.flush()
        except OSError:
            logging.debug("The MedSAMSeg server ended before it read its token; its log tells why.")

    def _readOutput(self):
        with self._child.stdout as output:
            line = output.readline()
            try:
                self.announcement = dict(json.loads(line)) if line else None
            except (ValueError, TypeError):
                logging.warning("Unexpected output of the MedSAMSeg server: %s", line.decode(errors="replace").rstrip())
            self._announced.set()
            # Nothing more is expected; reading on keeps the pipe from filling.
            for line in output:
                logging.debug("MedSAMSeg server: %s", line.decode(errors="replace").rstrip())


def _run(command, logFile):
    words = [*command, "serve", "--token-from", "stdin", "--exit-with-stdin"]
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": logFile}
    return ChildProgram(words, externalEnvironment(), **streams)
