"""Who may talk to the server, decided from the headers before any body is read."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from medsamseg_server.errors import ErrorKind, MedSAMSegError, shorten
from medsamseg_server.serving import contract
from medsamseg_server.serving.callers import Callers
from medsamseg_server.serving.load_limit import DEFAULT_REQUESTS, LoadLimit, with_stall_timeout

JSON_BODY_BYTES = 2**20
DEFAULT_UPLOAD_BYTES = 4 * 2**30

# A name or IPv4 address, or an IPv6 address in brackets, then perhaps a port (RFC 9110, 7.2).
_HOST = re.compile(
    r"(?:\[(?P<address>[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)\]|(?P<name>[A-Za-z0-9._-]+))(?::(?P<port>[0-9]{1,5}))?"
)
_DIGITS = re.compile(r"[0-9]{1,20}")
# What browsers, and nothing else, send along with what a page asks for.
_BROWSER_HEADERS = ("origin", "sec-fetch-site")
_SCHEME = b"Bearer "


class RequestMiddleware:
    """ASGI middleware: the host name, the origin, the token, the size of what is sent, and how much at the same time.

    A page on the internet can make a browser talk to 127.0.0.1 under a name of its own (DNS rebinding), so a request
    must name this computer. An address literal cannot be rebound: where the server listens on every address, any is
    accepted. No page of any origin is served: what a browser sends is refused, whatever else it carries.

    Args:
        app: the application behind.
        callers: whose token ``Authorization: Bearer`` must carry; who it is goes into the request's state.
        hosts: lowercase names of this server beside the loopback ones; ``*`` allows every address literal.
        upload_bytes: longest body of an upload; any other is bounded by ``JSON_BODY_BYTES``.
        upload_paths: where a POST is an upload, as every PUT is.
        open_paths: what is answered without a token.
        requests: under way at the same time, of each caller.
    """

    def __init__(
        self,
        app: ASGIApp,
        callers: Callers,
        hosts: Collection[str] = (),
        upload_bytes: int = DEFAULT_UPLOAD_BYTES,
        upload_paths: Collection[str] = (),
        open_paths: Collection[str] = (),
        requests: int = DEFAULT_REQUESTS,
    ) -> None:
        self._app = app
        self._callers = callers
        self._hosts = frozenset(hosts)
        self._upload_bytes = upload_bytes
        self._upload_paths = frozenset(upload_paths)
        self._open_paths = frozenset(open_paths)
        self._requests = requests
        # A limit for each caller, so that nobody is kept waiting by what others send.
        self._loads: dict[str | None, LoadLimit] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is not allowed, and pass on the rest."""
        if scope["type"] != "http":
            # There are no web sockets here; the lifespan protocol carries no request.
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        try:
            refusal, caller = self._judge(scope)
        except MedSAMSegError as error:
            refusal, caller = error_response(error.kind.http_status, error.code, error.message, error.hint), None
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        scope.setdefault("state", {})["caller"] = caller
        upload_bytes = int(Headers(scope=scope).get("content-length", "0")) if self._is_upload(scope) else 0
        load = self._load_of(caller)
        if not load.has_room(upload_bytes):
            await _busy()(scope, receive, send)
            return
        with load.counted(upload_bytes):
            await self._app(scope, with_stall_timeout(receive), send)

    def _judge(self, scope: Scope) -> tuple[JSONResponse | None, str | None]:
        """Return what a request is refused with, if it is, and whose it is."""
        headers = Headers(scope=scope)
        refusal = self._place_refusal(headers)
        if refusal is not None:
            return refusal, None
        given = headers.get("authorization", "").encode("latin-1", "replace")
        caller = self._callers.find(given.removeprefix(_SCHEME)) if given.startswith(_SCHEME) else None
        if caller is None and scope["path"] not in self._open_paths:
            hint = "Send the header 'Authorization: Bearer' with a token of this server."
            kind = ErrorKind.UNAUTHORIZED
            return error_response(kind.http_status, "unauthorized", "The access token is missing or wrong.", hint), None
        return self._body_refusal(scope, headers, caller), caller

    def _load_of(self, caller: str | None) -> LoadLimit:
        load = self._loads.get(caller)
        if load is None:
            load = self._loads[caller] = LoadLimit(self._most_upload_bytes(caller), self._requests)
        return load

    def _most_upload_bytes(self, caller: str | None) -> int:
        most = None if caller is None else self._callers.most_upload_bytes(caller)
        return self._upload_bytes if most is None else min(most, self._upload_bytes)

    def _place_refusal(self, headers: Headers) -> JSONResponse | None:
        hosts = headers.getlist("host")
        name = host_name(hosts[0]) if len(hosts) == 1 else None
        if name is None or not self._is_own_name(name):
            message = f"This server does not answer to the name '{shorten(', '.join(hosts))}'."
            hint = "Use its IP address, or the name that was given to it with --host."
            return error_response(HTTPStatus.BAD_REQUEST, "bad_host", message, hint)
        if any(name in headers for name in _BROWSER_HEADERS):
            message = "This server answers programs, not web pages."
            return error_response(HTTPStatus.FORBIDDEN, "bad_origin", message)
        return None

    def _body_refusal(self, scope: Scope, headers: Headers, caller: str | None) -> JSONResponse | None:
        is_upload = self._is_upload(scope)
        length = headers.get("content-length", "" if is_upload else "0")
        if "transfer-encoding" in headers or not _DIGITS.fullmatch(length):
            message = "The length of the body must be told beforehand."
            return error_response(HTTPStatus.LENGTH_REQUIRED, "length_required", message, "Send a Content-Length.")
        limit = self._upload_bytes if is_upload else JSON_BODY_BYTES
        if int(length) > limit:
            message = f"The body of {_mebibytes(int(length))} is longer than the {_mebibytes(limit)} allowed."
            hint = "Crop the volume, or start the server with a higher --upload-limit." if is_upload else ""
            return error_response(ErrorKind.TOO_LARGE.http_status, "body_too_large", message, hint)
        quota = self._most_upload_bytes(caller)
        if is_upload and int(length) > quota:
            message = f"The body of {_mebibytes(int(length))} is longer than the {_mebibytes(quota)} of your quota."
            hint = "Crop the volume, or ask who runs the server for more memory."
            return error_response(ErrorKind.TOO_LARGE.http_status, "quota_memory", message, hint)
        return None

    def _is_upload(self, scope: Scope) -> bool:
        return scope["method"] == "PUT" or (scope["method"] == "POST" and scope["path"] in self._upload_paths)

    def _is_own_name(self, name: str) -> bool:
        if name == "localhost" or name in self._hosts:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or "*" in self._hosts


def host_name(host: str) -> str | None:
    """Return the name in a ``Host`` header, without port and brackets, in lowercase; None unless it is just that."""
    found = _HOST.fullmatch(host)
    if found is None or int(found["port"] or 0) >= 2**16:
        return None
    return (found["address"] or found["name"]).lower()


def _busy() -> JSONResponse:
    message = "The server has too much to do at the same time."
    response = error_response(HTTPStatus.TOO_MANY_REQUESTS, "server_busy", message, "Try again in a moment.")
    response.headers["Retry-After"] = "1"
    return response


def error_response(status: int, code: str, message: str, hint: str = "") -> JSONResponse:
    """Return a reply in the contract's form of an error."""
    body = contract.ErrorReply(error=contract.Error(code=code, message=message, hint=hint))
    return JSONResponse(body.model_dump(), status)


def _mebibytes(size: int) -> str:
    return f"{size / 2**20:.1f} MiB"
