"""What the module needs of a server, wherever that is: one that can be called, started, watched and ended."""

from pathlib import Path
from typing import Protocol

from MedSAMSegLib.client.serverClient import ServerClient
from MedSAMSegLib.server.remoteServer import RemoteAddress


class ServerConnection(Protocol):
    """The way to one server; all of it may be called from any thread. ::

    client = connection.client()
    """

    #: Where a server is that runs elsewhere, from the next start on; None for one of this computer.
    remote: RemoteAddress | None

    @property
    def isRunning(self) -> bool:
        """Whether there is a server, also one that is still starting."""

    @property
    def hasDied(self) -> bool:
        """Whether a server that had answered has ended without :meth:`stop`."""

    @property
    def readyClient(self) -> ServerClient | None:
        """The client of the running server; None while there is none, or it is still starting."""

    @property
    def logPath(self) -> Path:
        """Where the server writes what it has to say."""

    def client(self, timeout: float = ...) -> ServerClient:
        """Return a client of the server, which is started first unless it runs.

        :param timeout: longest wait for the start in seconds.
        :raises UserError: when it cannot be started.
        """

    def stop(self) -> None:
        """End the server; the next :meth:`client` starts a new one."""

    def kill(self) -> None:
        """End a server that does not answer; returns at once."""

    def rotateLog(self) -> None:
        """Keep the log of a server that runs for long from growing."""
