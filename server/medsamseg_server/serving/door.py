"""How a serving process is reached and ended: its socket, token, ready line and signals."""

from __future__ import annotations

import ipaddress
import json
import logging
import os
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from medsamseg_server import PROTOCOL_VERSION, __version__
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.runtime.choice import check_runtime
from medsamseg_server.serving import contract
from medsamseg_server.serving.group.users_file import read_users
from medsamseg_server.serving.listening import check_certificate, listen
from medsamseg_server.serving.serve_options import ServeOptions
from medsamseg_server.serving.token_source import StandardInput, read_token
from medsamseg_server.weights.catalog import get_checkpoint

# A radiologist thinks between two clicks; opening a connection again would cost more than keeping it.
_KEEP_ALIVE_SECONDS = 600
_FINISH_SECONDS = 10


@dataclass(frozen=True)
class Door:
    """Where requests come in.

    Attributes:
        options: how the server is run.
        listener: bound, not yet accepting.
        token: that every request carries; empty where users have tokens of their own.
        says_token: whether the token was made up, so that the ready line tells it.
        stdin: standard input, from which the token may have been read.
    """

    options: ServeOptions
    listener: socket.socket
    token: str
    says_token: bool
    stdin: StandardInput

    @classmethod
    def open(cls, options: ServeOptions) -> Door:
        """Check the options that say who is let in where, and bind the socket.

        Raises:
            MedSAMSegError: when one of them is not usable.
        """
        stdin = StandardInput()
        _check_users(options)
        given = read_token(options.token_from, stdin)
        get_checkpoint(options.model)
        check_runtime(options.runtime, options.device)
        check_certificate(options.tls_certificate, options.tls_key)
        has_token = given is not None or options.users is not None
        is_private = options.tls_certificate is not None or options.insecure_remote
        listener = listen(options.host, options.port, has_token=has_token, may_be_remote=is_private)
        token = given or ("" if options.users else secrets.token_urlsafe(32))
        return cls(options, listener, token, says_token=not has_token, stdin=stdin)

    @property
    def hosts(self) -> set[str]:
        """Names under which the server is asked for, beside the loopback ones."""
        bound = self._address[0]
        names = {self.options.host.lower(), bound.lower()} - {""}
        if ipaddress.ip_address(bound.partition("%")[0]).is_unspecified:
            names |= {"*", socket.gethostname().lower()}
        return names

    @property
    def _address(self) -> tuple[str, int]:
        host, port = self.listener.getsockname()[:2]
        return str(host), int(port)

    def ready_line(self, **more: Any) -> dict[str, Any]:
        """Return what is printed once the server accepts connections."""
        host, port = self._address
        line = {
            "event": "ready",
            "host": host,
            "port": port,
            "scheme": "https" if self.options.tls_certificate else "http",
            "version": __version__,
            "protocol": PROTOCOL_VERSION,
            "pid": os.getpid(),
            "model": self.options.model,
            "device": self.options.device,
            **more,
        }
        return {**line, "token": self.token} if self.says_token else line

    def config(self, app: ASGIApp) -> uvicorn.Config:
        """Return how an application is served here."""
        return uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            # What is tested is what runs, whatever other packages bring along.
            loop="asyncio",
            http="h11",
            lifespan="off",
            ws="none",
            ssl_certfile=self.options.tls_certificate,
            ssl_keyfile=self.options.tls_key,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_FINISH_SECONDS,
        )


class HttpServer(uvicorn.Server):
    """uvicorn, which says when it is ready and ends running streams before it waits for them.

    Args:
        config: of ``Door.config``.
        on_ready: called once it accepts connections.
        on_end: ends what is under way; must be quick.
        on_closed: awaited when no request is left.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        on_ready: Callable[[], None],
        on_end: Callable[[], object],
        on_closed: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._on_end = on_end
        self._on_closed = on_closed

    def end(self) -> None:
        """Ask for a graceful end; from any thread."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept connections."""
        await super().startup(sockets)
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept no more connections, and wait for requests to end."""
        self._on_end()
        await super().shutdown(sockets)
        if self._on_closed is not None:
            await self._on_closed()


def end_quietly_when_terminated() -> None:
    """Make SIGTERM a normal end: uvicorn raises it again after it has shut down."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


def log_to_stderr() -> None:
    """Let the log of this process go to standard error, without that of the web framework."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("uvicorn").setLevel(logging.WARNING)


def print_line(values: dict[str, Any]) -> None:
    """Print a line of JSON for whoever started the process."""
    print(json.dumps(values), flush=True)


def refused(error: MedSAMSegError) -> int:
    """Print why the server does not start; return the exit status."""
    print_line({"event": "error", "error": contract.Error.of(error).model_dump()})
    return error.kind.exit_status


def _check_users(options: ServeOptions) -> None:
    if options.users is None:
        return
    if options.token_from is not None:
        message = "--users and --token-from do not go together: with the first, each user has a token."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "users_and_token", message, "Leave one of them out.")
    read_users(options.users)
