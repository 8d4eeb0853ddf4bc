"""Requests to one server and its answers, as JSON or as a stream of events, by the standard library's HTTP client."""

from __future__ import annotations

import contextlib
import http.client
import json
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from MedSAMSegLib.client.serverReplies import PropagationEvent, ServerError

TRY_AGAIN = (
    "Try again: a local server is started anew."
    " If it happens again, look into the server's log; Slicer's own log says where it is."
)


class ServerUnavailableError(ServerError):
    """The server does not answer, or stopped in the middle of an answer."""


class ServerTransport:
    """Every request opens its own connection, so that any thread may use the same transport.

    :ivar url: the server's address, without a slash at its end.
    """

    def __init__(self, url: str, token: str, timeout: float) -> None:
        """
        :param url: the server's address, such as ``http://127.0.0.1:41713`` (or ``https://`` for a remote server).
        :param token: the secret that the server expects with every request.
        :param timeout: longest silence of the server in seconds.
        :raises ServerError: ``bad_url``.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ServerError(
                f"'{url}' is not the address of a MedSAMSeg server.",
                "Give it as http://HOST:PORT, for example http://127.0.0.1:41713.",
                "bad_url",
            )
        self.url = url.rstrip("/")
        self._parts = parts
        self._token = token
        self._timeout = timeout

    def requestJson(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        timeout: float | None = None,
    ) -> Any:
        """Return what the server answers, read from JSON; None where the answer is empty.

        :param method: "GET", "PUT", "POST" or "DELETE".
        :param path: below the server's address, such as ``/v1/health``.
        :param body: a dictionary, which is sent as JSON, or an iterable of bytes.
        :param headers: further ones.
        :param timeout: longest silence in seconds, where it is not the usual one.
        :raises ServerError: what the server refused.
        :raises ServerUnavailableError: ``server_unavailable`` or ``server_stopped``.
        """
        connection, response = self._send(method, path, body, headers, timeout)
        try:
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise self._stoppedInTheMiddle() from error
        finally:
            connection.close()
        if not content:
            return None
        try:
            return json.loads(content)
        except ValueError:
            raise ServerError.notOurServer(response.status) from None

    def readEvents(self, path: str, body: dict[str, Any]) -> Iterator[PropagationEvent]:
        """Post a request, and return the events of its answer as they come; closing the iterator ends the connection.

        :param path: below the server's address.
        :param body: sent as JSON.
        :raises ServerError: what the server refused, here or in an event.
        :raises ServerUnavailableError: as :meth:`requestJson`.
        """
        return self._eventsOf(*self._send("POST", path, body))

    def _eventsOf(self, connection, response):
        with contextlib.closing(connection):
            isOver = False
            while not isOver:
                event = self._readEvent(response)
                if event.kind == "error":
                    raise event.error
                yield event
                isOver = event.isLast

    def _readEvent(self, response):
        try:
            line = response.readline()
        except (OSError, http.client.HTTPException) as error:
            raise self._stoppedInTheMiddle() from error
        if not line.endswith(b"\n"):
            # The stream always ends with an event that says so; anything else is a server that died.
            raise self._stoppedInTheMiddle()
        return PropagationEvent.fromJson(json.loads(line))

    def _send(self, method, path, body=None, headers=None, timeout=None):
        """Return (connection, response) of a request that succeeded; raise the server's error otherwise."""
        headers = {"Authorization": f"Bearer {self._token}", **(headers or {})}
        if isinstance(body, dict):
            # Slice indices often come out of numpy, whose numbers JSON does not know.
            body = json.dumps(body, default=np.generic.item).encode()
            headers["Content-Type"] = "application/json"
        connection = self._connect(timeout or self._timeout)
        try:
            # Apart from the request: a connection that is reset while it is made has nothing to answer.
            connection.connect()
            # A server that refuses a large volume answers, and hangs up, before it has read all of it.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError, ConnectionAbortedError):
                connection.request(method, self._parts.path.rstrip("/") + path, body, headers)
            response = connection.getresponse()
            if response.status >= 400:
                raise ServerError.fromReply(response.status, response.read())
        except ServerError:
            connection.close()
            raise
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            logging.debug("MedSAMSeg server %s: %s %s failed: %r", self.url, method, path, error)
            raise ServerUnavailableError(
                f"The MedSAMSeg server at {self.url} does not answer ({error or type(error).__name__}).",
                TRY_AGAIN,
                "server_unavailable",
            ) from error
        return connection, response

    def _connect(self, timeout):
        # http.client uses no proxy settings, which is right for a server on this computer.
        connectionClass = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
        return connectionClass(self._parts.hostname, self._parts.port, timeout=timeout)

    def _stoppedInTheMiddle(self):
        return ServerUnavailableError(
            f"The MedSAMSeg server at {self.url} stopped in the middle of its answer.",
            TRY_AGAIN,
            "server_stopped",
        )
