"""The one place where errors become replies."""

from __future__ import annotations

import reprlib

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from medsamseg_server.errors import ErrorKind, MedSAMSegError, shorten
from medsamseg_server.serving.propagation_job import error_reply
from medsamseg_server.serving.request_middleware import error_response


def add_to(app: FastAPI) -> None:
    """Let every error of an application become a reply of the contract's form."""
    app.add_exception_handler(MedSAMSegError, _on_own_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)
    app.add_exception_handler(Exception, _on_unexpected_error)


async def _on_own_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, MedSAMSegError)
    return error_response(error.kind.http_status, error.code, error.message, error.hint)


async def _on_invalid_request(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return error_response(ErrorKind.INVALID_INPUT.http_status, "request_invalid", "The body is not valid JSON.")
    place = ".".join(str(part) for part in first["loc"] if part not in ("body", "path")) or "body"
    # `reprlib` stops at a depth and a length, before the whole of what was sent is made a text.
    given = shorten(reprlib.repr(first.get("input")))
    message = f"'{shorten(place)}' is not usable: {shorten(first['msg'], 200)}, but got {given}."
    return error_response(ErrorKind.INVALID_INPUT.http_status, "request_invalid", message)


async def _on_http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "request_invalid")
    message = f"{shorten(request.method, 20)} {shorten(request.url.path)}: {shorten(error.detail, 200)}."
    return error_response(error.status_code, code, message)


async def _on_disconnect(request: Request, error: Exception) -> Response:
    # Nobody is left to read it.
    return Response(status_code=ErrorKind.CANCELLED.http_status)


async def _on_unexpected_error(request: Request, error: Exception) -> JSONResponse:
    reply = error_reply(error)
    return error_response(ErrorKind.INTERNAL.http_status, reply.code, reply.message, reply.hint)
