"""Watches the server, so that the panel can say how it is, and replaces it when it died or hangs."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.server.serverState import ServerState

if TYPE_CHECKING:
    from MedSAMSegLib.client.serverReplies import EncodingStatus
    from MedSAMSegLib.server.serverConnection import ServerConnection

#: Pause between two looks at the server.
CHECK_SECONDS = 1.0
#: How long an answer about its health may take; it takes milliseconds unless the computer is very busy.
ANSWER_SECONDS = 2.0
#: After so many missed answers in a row the panel says so.
MISSES_UNTIL_SAID = 3
#: After so many, half a minute, the server is replaced. Importing torch from a cold disk silences it for seconds.
MISSES_UNTIL_REPLACED = 10
#: A server that dies so often within the time is not started again by itself.
DEATHS_UNTIL_GIVING_UP = 3
DEATHS_COUNTED_SECONDS = 300.0

OFF = ServerState("off")
STARTING = ServerState("starting")


class ServerMonitor:
    """Knows the state of the server without ever letting the main thread wait for it. ::

        monitor = ServerMonitor(ServerProcess.shared())
        monitor.start()
        …
        show(monitor.poll())  # from a timer
        …
        monitor.close()

    A thread asks the server for its health. Only answers that are missed one after the other count, not the time that
    went by: a laptop that was asleep, and its server with it, misses one at most.

    :param server: the :class:`ServerProcess`.
    """

    def __init__(self, server: ServerConnection) -> None:
        self._server = server
        self._state = OFF
        self._encoding: EncodingStatus | None = None
        self._wish = None
        self._misses = 0
        self._deaths = []
        self._titles: tuple[object, dict] = (None, {})
        self._isClosed = False
        self._wake = threading.Event()
        self._thread: Any = None

    @property
    def state(self) -> ServerState:
        """The :class:`ServerState` as last seen."""
        return self._state.whileEncoding(self._encoding) if self._encoding else self._state

    def poll(self) -> ServerState:
        """Return the state now. Main thread, from a timer; takes microseconds."""
        if self._server.hasDied:
            self._wake.set()
        # Slicer's main thread holds Python's lock while it waits for events; this lets the other thread go on.
        time.sleep(0.001)
        return self.state

    def setEncoding(self, status: EncodingStatus | None) -> None:
        """Say how far the encoding of slices ahead is.

        :param status: :class:`EncodingStatus`; None when nothing is encoded.
        """
        self._encoding = status if status is not None and status.isUnderWay else None

    def watch(self) -> None:
        """Begin to watch a server that others may start; nothing is started here."""
        if self._thread is None and not self._isClosed:
            self._thread = threading.Thread(target=self._run, name="MedSAMSegMonitor", daemon=True)
            self._thread.start()

    def start(self) -> None:
        """Start the server in the background unless it runs."""
        if not self._server.isRunning:
            self._state = STARTING
            self._wishFor("start")

    def restart(self) -> None:
        """Replace the server by a new one in the background, whatever it does now."""
        self._deaths.clear()
        self._state = STARTING
        # A server that is starting is waited for; its end lets the wait end.
        if self._server.readyClient is None:
            self._server.kill()
        self._wishFor("restart")

    def close(self) -> None:
        """Stop watching. The server goes on."""
        self._isClosed = True
        self._wake.set()

    def _wishFor(self, wish):
        self._wish = wish
        self.watch()
        self._wake.set()

    def _run(self):
        while not self._isClosed:
            self._wake.clear()
            self._look()
            self._wake.wait(CHECK_SECONDS)

    def _look(self):
        wish, self._wish = self._wish, None
        if wish == "restart":
            self._stopServer()
        if wish:
            self._startNow()
        else:
            self._seeState()

    def _stopServer(self):
        if self._misses:
            # It does not answer, so it would not end by itself either.
            self._server.kill()
        self._server.stop()

    def _seeState(self):
        if self._server.hasDied:
            self._onDeath("died")
        elif self._server.readyClient is not None:
            self._check(self._server.readyClient)
        elif self._server.isRunning:
            self._onStartByOthers()
        elif self._state.kind != "error":
            self._state = OFF

    def _onStartByOthers(self):
        # Who asks for something when the server is gone starts a new one, maybe before its end was seen here.
        if self._state.kind != "starting":
            self._state = ServerState("starting", "died") if self._state.hasAnswered else STARTING

    def _startNow(self):
        try:
            client = self._server.client()
        except UserError as error:
            if self._wish is None:
                self._state = _failed(error)
            return
        self._misses = 0
        self._check(client)

    def _check(self, client):
        try:
            health = client.health(ANSWER_SECONDS)
            state = self._ready(client, health)
        except UserError as error:
            # It may have died, or been stopped, while it was asked.
            if client is self._server.readyClient and self._wish is None:
                self._onMissedAnswer(error)
            return
        self._misses = 0
        self._server.rotateLog()
        if self._wish is None:
            self._state = state

    def _ready(self, client, health):
        model = health["default_model"]
        title = self._title(client, model)
        if not health["model_installed"]:
            return ServerState("error", "no weights", model=title)
        return ServerState("ready", model=title, device=health["device"])

    def _title(self, client, model):
        """Return a model's title, asked for once for each server."""
        if self._titles[0] != client.url:
            self._titles = (
                client.url,
                {known["name"]: known["title"] for known in client.models(ANSWER_SECONDS)},
            )
        return self._titles[1].get(model, model)

    def _onMissedAnswer(self, error):
        if error.code not in ("server_unavailable", "server_stopped"):
            self._state = _failed(error)
            return
        self._misses += 1
        if self._misses >= MISSES_UNTIL_REPLACED:
            self._misses = 0
            self._server.kill()
            self._onDeath("hung")
        elif self._misses >= MISSES_UNTIL_SAID:
            self._state = ServerState("error", "silent")

    def _onDeath(self, reason):
        now = time.monotonic()
        self._deaths = [death for death in self._deaths if now - death < DEATHS_COUNTED_SECONDS] + [now]
        if len(self._deaths) >= DEATHS_UNTIL_GIVING_UP:
            self._server.stop()
            self._state = ServerState("error", "dies again")
            return
        self._state = ServerState("starting", reason)
        self._startNow()


def _failed(error):
    return ServerState("error", error=error)
