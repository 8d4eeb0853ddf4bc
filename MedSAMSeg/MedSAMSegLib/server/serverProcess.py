"""The local server as Slicer sees it: found, started when needed, reused, stopped."""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path

from MedSAMSegLib.client.serverClient import ServerClient
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.server.installedServer import installedServerCommand
from MedSAMSegLib.server.launchedServer import LEAVING_SECONDS, LaunchedServer
from MedSAMSegLib.server.remoteServer import RemoteServer
from MedSAMSegLib.server.serverConnection import ServerConnection
from MedSAMSegLib.server.serverLog import ServerLog

#: Importing torch from a cold disk takes most of this.
START_TIMEOUT_SECONDS = 120.0

#: A Python interpreter that has the server package; overrides the search.
PYTHON_VARIABLE = "MEDSAMSEG_PYTHON"


class ServerProcessError(UserError):
    """The local server cannot be started."""


def findServerCommand() -> list[str]:
    """Return the command line that runs the server's program, as a list of words.

    Looked for in this order: the interpreter named by ``MEDSAMSEG_PYTHON``, what was installed from the panel, and
    ``medsamseg`` on the search path.

    :raises ServerProcessError: when there is none.
    """
    python = os.environ.get(PYTHON_VARIABLE)
    if python:
        interpreter = Path(python).expanduser()
        if not interpreter.is_file():
            raise ServerProcessError(
                f"{PYTHON_VARIABLE} names '{python}', which is not a file.",
                "Set it to the Python interpreter of the environment in which medsamseg-server is installed.",
                "server_missing",
            )
        return [str(interpreter), "-m", "medsamseg_server"]
    installed = installedServerCommand()
    if installed:
        return installed
    program = shutil.which("medsamseg")
    if program:
        return [program]
    raise ServerProcessError(
        "The MedSAMSeg server is not installed on this computer.",
        "Install it with the button in MedSAMSeg's panel.",
        "server_missing",
    )


class ServerProcess(ServerConnection):
    """The one local server of this Slicer. It ends with Slicer, even when Slicer crashes.

    Usage::

        client = ServerProcess.shared().client()

    :param command: words that run the server's program; looked for when not given.
    """

    _shared = None

    #: :class:`RemoteAddress` of a server to use instead of one of this computer; takes effect at the next start.
    remote = None

    def __init__(self, command: Sequence[str] | None = None) -> None:
        self._command = command
        self._launched = None
        self._client = None
        self._isLaunching = False
        self._lock = threading.Lock()

    @classmethod
    def shared(cls) -> ServerProcess:
        """Return the server that every user of the module in this Slicer works with."""
        if cls._shared is None:
            cls._shared = cls()
        return cls._shared

    @property
    def isRunning(self) -> bool:
        """True while the process lives, also while it is still starting, or being replaced after its end."""
        return self._isLaunching or self._isAlive

    @property
    def hasDied(self) -> bool:
        """True when a server that had answered has ended without :meth:`stop`."""
        return self._client is not None and not self._isAlive

    @property
    def readyClient(self) -> ServerClient | None:
        """The client of the running server; None while there is none, or it is still starting."""
        return self._client if self._isAlive else None

    @property
    def logPath(self) -> Path:
        """Where the server writes what it has to say; there is nothing before the first start."""
        return ServerLog().path

    @property
    def pid(self) -> int | None:
        """Number of the running process; None when there is none."""
        server = self._launched
        return server.pid if server is not None and server.isAlive else None

    def client(self, timeout: float = START_TIMEOUT_SECONDS) -> ServerClient:
        """Return a client of the server, which is started first unless it runs. May be called from any thread.

        :param timeout: longest wait for the start in seconds.
        :raises ServerProcessError: when the server is not installed, does not start, or takes too long.
        """
        with self._lock:
            if not (self._client and self._isAlive):
                server = self._replace()
                try:
                    self._client = self._connect(server, timeout)
                except UserError:
                    self.stop()
                    raise
            return self._client

    def stop(self) -> None:
        """End the server; the next :meth:`client` starts a new one. May be called from any thread, also meanwhile."""
        server, self._launched, self._client = self._launched, None, None
        if server:
            atexit.unregister(server.stop)
            server.stop()

    def kill(self) -> None:
        """End a server that does not answer; returns at once. The next :meth:`client` starts a new one."""
        server = self._launched
        if server is not None:
            server.kill()

    def rotateLog(self) -> None:
        """Keep the log of a server that runs for long from growing."""
        server = self._launched
        if server is not None and server.pid is not None:
            server.log.rotate()

    @property
    def _isAlive(self):
        server = self._launched
        return server is not None and server.isAlive

    def _replace(self):
        """Launch a server in the place of one that is gone; `isRunning` is true all the while."""
        self._isLaunching = True
        try:
            self.stop()
            server = self._launch()
            self._launched = server
        finally:
            self._isLaunching = False
        return server

    def _launch(self):
        if self.remote is not None:
            return RemoteServer(self.remote)
        command = self._command or findServerCommand()
        try:
            server = LaunchedServer(command)
        except OSError as error:
            raise ServerProcessError(
                f"The MedSAMSeg server cannot be launched: '{command[0]}' ({error.strerror}).",
                "Install the server again.",
                "server_start_failed",
            ) from error
        atexit.register(server.stop, LEAVING_SECONDS)
        logging.info("MedSAMSeg server started: process %d, log in %s", server.pid, server.log.path)
        return server

    def _connect(self, server, timeout):
        if server.pid is None:
            return server.address.connect()
        if not server.waitForAnnouncement(timeout):
            raise ServerProcessError(
                f"The MedSAMSeg server did not start within {timeout:.0f} seconds.",
                f"Its log is in {server.log.path}.",
                "server_start_timeout",
            )
        announcement = server.announcement or {}
        if server.isReady:
            return ServerClient(f"http://{announcement['host']}:{announcement['port']}", server.token)
        if announcement.get("event") == "error":
            error = announcement["error"]
            raise ServerProcessError(error["message"], error["hint"], error["code"])
        raise ServerProcessError(
            f"The MedSAMSeg server ended while it was starting. Its last words: {server.lastLogLine()}",
            f"Its whole log is in {server.log.path}.",
            "server_start_failed",
        )
