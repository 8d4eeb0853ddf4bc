"""One launched server process, from its first line of output to its end."""

import json
import logging
import os
import secrets
import subprocess
import threading

from MedSAMSegLib.server.pythonPrograms import foreignEnvironment
from MedSAMSegLib.server.serverLog import ServerLog

STOP_TIMEOUT_SECONDS = 5.0


class LaunchedServer:
    """A child process that announces its address in one JSON line, and ends when its standard input closes.

    :param command: words that run the server's program, without the sub-command.
    :raises OSError: when the program cannot be run.
    """

    def __init__(self, command):
        #: The secret that every request has to carry.
        self.token = secrets.token_urlsafe(32)
        #: The announcement: {"event": "ready", "host", "port", …} or {"event": "error", "error": {…}}; None until then.
        self.announcement = None
        self._announced = threading.Event()
        self.log = ServerLog()
        with self.log.open() as logFile:
            self._logStart = os.fstat(logFile.fileno()).st_size
            self._process = _run(command, logFile)
        self._sendToken()
        threading.Thread(target=self._readOutput, name="MedSAMSegServerOutput", daemon=True).start()

    @property
    def pid(self):
        """Number of the process."""
        return self._process.pid

    @property
    def isAlive(self):
        """True until the process has ended."""
        return self._process.poll() is None

    @property
    def isReady(self):
        """True when the process has announced its address."""
        return self.announcement is not None and self.announcement.get("event") == "ready"

    def waitForAnnouncement(self, timeout):
        """Wait for the announcement or the end of the process; return False when neither came in time.

        :param timeout: longest wait in seconds.
        """
        return self._announced.wait(timeout)

    def stop(self):
        """End the process: ask by closing its standard input, then insist. Takes a while when it does not obey."""
        try:
            self._process.stdin.close()
        except OSError:
            logging.debug("The MedSAMSeg server's standard input was closed already.")
        for insist in (self._process.terminate, self._process.kill):
            try:
                self._process.wait(STOP_TIMEOUT_SECONDS)
                return
            except subprocess.TimeoutExpired:
                insist()
        self._process.wait(STOP_TIMEOUT_SECONDS)

    def kill(self):
        """End a process that does not listen any more; returns at once."""
        self._process.kill()

    def lastLogLine(self):
        """Return the last line that this process wrote to the log."""
        return self.log.lastLine(self._logStart)

    def _sendToken(self):
        # Not on the command line, where every user of the computer could read it.
        try:
            self._process.stdin.write(self.token.encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            logging.debug("The MedSAMSeg server ended before it read its token; its log tells why.")

    def _readOutput(self):
        with self._process.stdout as output:
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
    return subprocess.Popen(
        [*command, "serve", "--token-from", "stdin", "--exit-with-stdin"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=logFile,
        env=foreignEnvironment(),
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
