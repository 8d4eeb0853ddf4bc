"""The application that passes requests on to replicas: what was let in goes to the one that has its volume."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import secrets
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, closing, suppress

from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from medsamseg_server.cluster.kept_body import KeptBody
from medsamseg_server.cluster.messages import Answer, ReplicaLostError, Replicas, Request
from medsamseg_server.cluster.routes import Route, Way, route_of
from medsamseg_server.cluster.totals import total_metrics, total_status
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.serving import contract
from medsamseg_server.serving.contract import VOLUME_KEY
from medsamseg_server.serving.nninteractive.paths import CLAIM_PATH, LEASE_HEADER
from medsamseg_server.serving.nninteractive.refusals import session_ended
from medsamseg_server.serving.propagation_job import error_reply
from medsamseg_server.serving.request_middleware import error_response
from medsamseg_server.serving.status_contract import Status

logger = logging.getLogger(__name__)

#: Seconds before another replica is asked what any can answer.
_ANY_PAUSES = (0.0, 0.0)
#: The same before an upload is begun again: for seconds after its end, Ray may still lead to a replica that died.
_UPLOAD_PAUSES = (0.1, 0.3, 1.0, 2.0, 4.0, 8.0, 8.0)


class Front:
    """ASGI application behind ``RequestMiddleware``, in front of replicas.

    A request of a user goes to the user's replica, so that quotas and places hold; where one token lets everybody in,
    it goes to its volume's, or to the one where its client of nnInteractive's protocol has a place.

    Args:
        replicas: who carries requests out.
        nninteractive: whether they speak that protocol.
    """

    def __init__(self, replicas: Replicas, nninteractive: bool = False) -> None:
        self._replicas = replicas
        self._nninteractive = nninteractive

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back."""
        asked = HttpRequest(scope, receive)
        route = route_of(scope["method"], scope["path"], self._nninteractive)
        request = Request(
            asked.method,
            scope["path"],
            scope["query_string"],
            tuple(scope["headers"]),
            scope["state"]["caller"] or "",
            lease=_lease_of(asked) if route.has_lease else "",
        )
        try:
            response = await self._respond(route, request.caller or route.volume or request.lease, request, asked)
        except ReplicaLostError:
            response = _lost_response(route)
        except ClientDisconnect:
            return
        except Exception as error:
            logger.exception("A request failed.")
            response = _refusal(error_reply(error), ErrorKind.INTERNAL)
        await response(scope, receive, send)

    async def _respond(self, route: Route, home: str, request: Request, asked: HttpRequest) -> Response:
        if route.way is Way.UPLOAD:
            return await self._upload(home, request, asked)
        request = Request(**{**vars(request), "body": await asked.body()})
        if route.way in (Way.STATUS, Way.METRICS, Way.WHOEVER_HAS_IT):
            answers = await self._replicas.call_all("ask", request)
            return _COMBINED[route.way](answers)
        if request.caller == "" and route.volume:
            await self._gather(home, request.body)
        if route.way is Way.STREAM:
            return await self._stream(route, home, request)
        return _response(await self._ask(home, request))

    async def _ask(self, home: str, request: Request) -> Answer:
        for pause in () if home else _ANY_PAUSES:
            with suppress(ReplicaLostError):
                return await self._ask_once(home, request)
            await asyncio.sleep(pause)
        return await self._ask_once(home, request)

    async def _ask_once(self, home: str, request: Request) -> Answer:
        answer: Answer = await self._replicas.call(home, "ask", request)
        return answer

    async def _gather(self, home: str, body: bytes) -> None:
        """Bring the further volumes that a request names to where it is carried out."""
        if keys := further_volumes(body):
            for key in await self._replicas.call(home, "missing", keys):
                await self._replicas.copy_volume(key, home)

    async def _upload(self, home: str, request: Request, asked: HttpRequest) -> Response:
        pauses = iter(_UPLOAD_PAUSES)
        with closing(KeptBody(asked.stream())) as body:
            while True:
                try:
                    return _response(await self._send(home, request, body))
                except ReplicaLostError:
                    pause = next(pauses, None)
                    if pause is None or not body.is_kept:
                        # Closing the connection before the client has sent all would hide the reply.
                        await body.discard_rest()
                        raise
                    await asyncio.sleep(pause)

    async def _send(self, home: str, request: Request, body: KeptBody) -> Answer:
        """Send an upload from its start, and return the answer."""
        name = await self._replicas.call(home, "begin_upload", request)
        try:
            async with aclosing(body.pieces()) as pieces:
                async for piece, is_last in pieces:
                    await self._replicas.call(home, "feed_upload", name, piece, is_last)
            answer: Answer = await self._replicas.call(home, "finish_upload", name)
        except ClientDisconnect:
            with suppress(ReplicaLostError):
                await self._replicas.call(home, "abort_upload", name)
            raise
        return answer

    async def _stream(self, route: Route, home: str, request: Request) -> Response:
        pieces = self._replicas.stream(home, request)
        try:
            head = await anext(pieces)
        except StopAsyncIteration as error:
            raise ReplicaLostError from error
        assert isinstance(head, Answer)
        response = StreamingResponse(_rest(pieces, route), head.status)
        response.raw_headers = list(head.headers)
        return response


async def _rest(pieces: AsyncGenerator[Answer | bytes], route: Route) -> AsyncGenerator[bytes]:
    """Yield the body of an answer; where its replica dies, the last event of a job says so."""
    async with aclosing(pieces):
        try:
            async for piece in pieces:
                assert isinstance(piece, bytes)
                yield piece
        except ReplicaLostError:
            event = contract.ErrorEvent(error=contract.Error.of(_lost(route)))
            yield event.model_dump_json().encode() + b"\n"


def further_volumes(body: bytes) -> list[str]:
    """Return the keys of further volumes in a request's body; what is no such request has none."""
    if b'"also"' not in body:
        return []
    try:
        keys = json.loads(body).get("also")
    except (ValueError, AttributeError, RecursionError):
        return []
    return [key for key in keys if isinstance(key, str) and re.match(VOLUME_KEY, key)] if type(keys) is list else []


def whoever_has_it(answers: Sequence[Answer]) -> Answer:
    """Return the answer of the replica that has what was asked for; any answer where none has."""
    if not answers:
        raise ReplicaLostError
    return min(answers, key=lambda answer: (answer.status >= 300, answer.status == ErrorKind.NOT_FOUND.http_status))


def _status(answers: Sequence[Answer]) -> Response:
    best = whoever_has_it(answers)
    if best.status != 200:
        return _response(best)
    total = total_status([Status.model_validate_json(answer.body) for answer in answers if answer.status == 200])
    return Response(total.model_dump_json(), media_type="application/json")


def _metrics(answers: Sequence[Answer]) -> Response:
    best = whoever_has_it(answers)
    if best.status != 200:
        return _response(best)
    content = total_metrics([answer.body.decode() for answer in answers if answer.status == 200])
    return Response(content, media_type=dict(best.headers)[b"content-type"].decode())


_COMBINED: dict[Way, Callable[[Sequence[Answer]], Response]] = {
    Way.STATUS: _status,
    Way.METRICS: _metrics,
    Way.WHOEVER_HAS_IT: lambda answers: _response(whoever_has_it(answers)),
}


def _response(answer: Answer) -> Response:
    response = Response(answer.body, answer.status)
    response.raw_headers = list(answer.headers)
    return response


def _lost(route: Route) -> MedSAMSegError:
    """Return the error that makes clients send a volume again, or try again where none is concerned."""
    if route.volume:
        message = f"The replica that had the volume {route.volume[:12]}… has ended."
        return MedSAMSegError(ErrorKind.NOT_FOUND, "volume_unknown", message, "Upload it again.")
    message = "The replica that was asked has ended."
    return MedSAMSegError(ErrorKind.NO_PLACE, "replica_lost", message, "Try again in a moment.")


def _lease_of(asked: HttpRequest) -> str:
    """Return the name of a client's place, made up for one that asks for a place: it says which replica has it."""
    return secrets.token_urlsafe(32) if asked.url.path == CLAIM_PATH else asked.headers.get(LEASE_HEADER, "")


def _lost_response(route: Route) -> Response:
    if route.has_lease:
        return session_ended()
    lost = _lost(route)
    return _refusal(contract.Error.of(lost), lost.kind)


def _refusal(error: contract.Error, kind: ErrorKind) -> Response:
    return error_response(kind.http_status, error.code, error.message, error.hint)
