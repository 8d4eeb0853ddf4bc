"""Errors in the protocol's form: a status, and a text that clients show to their users."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from medsamseg_server.errors import ErrorKind, MedSAMSegError, shorten
from medsamseg_server.serving.leases import LeaseEndedError, NoPlaceError

_ENDED = "The session has ended: nothing was done for a while, or the server was started anew. Connect again."

_Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]


class ProtocolRoute(APIRoute):
    """A route of the protocol: what goes wrong in it is told in the protocol's form."""

    def get_route_handler(self) -> _Endpoint:
        """Return what answers a request, with its errors in words."""
        answer = super().get_route_handler()

        async def answer_or_explain(request: Request) -> Response:
            try:
                return await answer(request)
            except LeaseEndedError:
                return session_ended()
            except NoPlaceError:
                return _refusal(503, "All places of this server are taken. Try again later, or ask who runs it.")
            except MedSAMSegError as error:
                status = 503 if error.kind is ErrorKind.NO_PLACE else 400
                return _refusal(status, f"{error.message} {error.hint}".strip())
            except RequestValidationError as error:
                first = error.errors()[0]
                return _refusal(400, f"'{shorten('.'.join(map(str, first['loc'])))}' is not usable: {first['msg']}.")
            except ValueError as error:
                return _refusal(400, str(error))

        return answer_or_explain


def session_ended() -> JSONResponse:
    """Return what makes clients connect again: what they worked on is not here any more."""
    return _refusal(410, _ENDED)


def _refusal(status: int, detail: str) -> JSONResponse:
    return JSONResponse({"detail": detail}, status)
