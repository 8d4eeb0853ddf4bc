"""The HTTP application: the routes, and the one place where errors become replies."""

from __future__ import annotations

import asyncio
import importlib
import os
import reprlib
from collections.abc import AsyncIterator, Callable, Collection
from functools import partial
from types import ModuleType
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from medsamseg_server import PROTOCOL_VERSION, __version__
from medsamseg_server.errors import ErrorKind, MedSAMSegError, shorten
from medsamseg_server.serving import click_contract, contract, proposal_contract, status
from medsamseg_server.serving.callers import OneToken
from medsamseg_server.serving.group.group import Group
from medsamseg_server.serving.guard import DEFAULT_UPLOAD_BYTES, Guard, error_response
from medsamseg_server.serving.load_limit import USER_REQUESTS
from medsamseg_server.serving.propagation_job import error_reply
from medsamseg_server.serving.service import Service
from medsamseg_server.serving.workspace import ClaimedServiceOf, CommonServiceOf, ServiceOf
from medsamseg_server.volumes.npy_upload import VolumeUpload
from medsamseg_server.volumes.volume import Volume

# Hashing this much takes a few milliseconds; less would cost more in changing threads.
_HASHED_AT_ONCE = 4 * 2**20
#: More of an upload is voxels; how much exactly, its header says.
_NPY_HEADER_BYTES = 4096


Key = Annotated[str, Path(pattern=contract.VOLUME_KEY, description="sha256 of the .npy body, lowercase hex")]

router = APIRouter(
    prefix="/v1", responses={"4XX": {"model": contract.ErrorReply}, "5XX": {"model": contract.ErrorReply}}
)

_NPY_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        "description": "A .npy file of one real 3D array (K, J, I)",
    }
}
_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "model": contract.PropagationEvent,
        "content": {"application/x-ndjson": {}},
        "description": "One event per line, as it happens. Closing the connection cancels.",
    }
}
_PROPOSALS: dict[int | str, dict[str, Any]] = {200: {**_EVENTS[200], "model": proposal_contract.ProposalsEvent}}


@router.get("/health")
async def get_health(service: CommonServiceOf) -> contract.Health:
    """Return what this server is and whether it is ready for a click."""
    engine = service.engine
    return contract.Health(
        version=__version__,
        protocol=PROTOCOL_VERSION,
        default_model=engine.default_model,
        model_installed=await run_in_threadpool(engine.store.is_installed, engine.default_model),
        model_loaded=engine.is_loaded(),
        device=engine.device,
        pid=os.getpid(),
    )


@router.get("/models")
async def get_models(service: CommonServiceOf) -> contract.Models:
    """Return the known models."""
    return await run_in_threadpool(service.models)


@router.put("/volumes/{key}", status_code=201, openapi_extra=_NPY_BODY)
async def put_volume(key: Key, request: Request, response: Response, service: ClaimedServiceOf) -> contract.VolumeInfo:
    """Take a volume: 201 when it is new, 200 when it was known."""
    volume, digest = await _receive_volume(key, request, service)
    if digest != key:
        message = f"The body's sha256 is {digest}, not the {key} of the address."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "key_mismatch", message, "Upload the volume again.")
    volume, is_new = service.volumes.put(key, volume)
    if not is_new:
        response.status_code = 200
    return await run_in_threadpool(_volume_info, key, volume)


@router.get("/volumes/{key}")
async def get_volume(key: Key, service: ServiceOf) -> contract.VolumeInfo:
    """Return what is known of a volume."""
    return await run_in_threadpool(_volume_info, key, service.volumes.get(key))


@router.delete("/volumes/{key}", status_code=204)
async def delete_volume(key: Key, service: ServiceOf) -> None:
    """Forget a volume, and stop encoding it."""
    service.volumes.remove(key)
    service.cancel_encoding(key)


@router.post("/volumes/{key}/segment")
async def segment(key: Key, body: contract.SegmentRequest, service: ServiceOf) -> contract.SegmentReply:
    """Return one mask per prompt on a slice."""
    result = await service.segment(service.volumes.get(key), body)
    return contract.SegmentReply(
        masks=[contract.Mask.of(mask) for mask in result.masks],
        windows=[contract.Window.of(framing.window) for framing in result.framings],
        agreements=[None if each is None else round(each, 4) for each in result.agreements],
        embedding="cached" if result.was_cached else "computed",
        seconds=contract.Seconds.of(result.encode_seconds, result.decode_seconds),
        model=result.model,
        weights_sha256=result.weights_sha256,
        window=contract.Window.of(result.window),
    )


@router.post("/volumes/{key}/click")
async def click(key: Key, body: click_contract.ClickRequest, service: ServiceOf) -> click_contract.ClickReply:
    """Return the box round the object at a point, by a model that has learned what a click means."""
    return await service.click(service.volumes.get(key), body)


@router.post("/volumes/{key}/propagate", response_class=StreamingResponse, responses=_EVENTS)
async def propagate(key: Key, body: contract.PropagateRequest, service: ServiceOf) -> StreamingResponse:
    """Stream the object slice by slice, as newline-delimited JSON."""
    return await _JobStream.of(partial(service.propagate, service.volumes.get(key), body))


@router.post("/volumes/{key}/proposals", response_class=StreamingResponse, responses=_PROPOSALS)
async def propose(key: Key, body: proposal_contract.ProposalsRequest, service: ServiceOf) -> StreamingResponse:
    """Stream the objects of a slice that nobody has pointed at, as newline-delimited JSON."""
    return await _JobStream.of(partial(service.propose, service.volumes.get(key), body))


@router.post("/jobs/{job}/cancel", status_code=204)
async def cancel_job(job: contract.JobName, service: ServiceOf) -> None:
    """Stop a propagation, a search for proposals or a background encoding."""
    service.cancel(job)


@router.post("/volumes/{key}/encodings")
async def start_encoding(key: Key, body: contract.EncodingsRequest, service: ServiceOf) -> contract.EncodingsStatus:
    """Encode slices in the background, or center the background encoding that the volume has on another slice."""
    return await run_in_threadpool(service.encode, key, service.volumes.get(key), body)


@router.patch("/volumes/{key}/encodings")
async def change_encoding(key: Key, body: contract.EncodingsChange, service: ServiceOf) -> contract.EncodingsStatus:
    """Pause the background encoding of a volume, or let it go on."""
    service.volumes.get(key)
    return service.pause_encoding(key, body.paused)


@router.get("/volumes/{key}/encodings")
async def get_encoding(key: Key, service: ServiceOf) -> contract.EncodingsStatus:
    """Return how far the background encoding of a volume is."""
    service.volumes.get(key)
    return service.encoding_status(key)


@router.delete("/volumes/{key}/encodings", status_code=204)
async def cancel_encoding(key: Key, service: ServiceOf) -> None:
    """Stop the background encoding of a volume."""
    service.volumes.get(key)
    service.cancel_encoding(key)


class _JobStream(StreamingResponse):
    """A job's events, one JSON object per line. However the response ends, the job does not outlive it."""

    def __init__(self, events: asyncio.Queue[Any], cancel: Callable[[], None]) -> None:
        super().__init__(self._lines(events), media_type="application/x-ndjson")
        self._cancel = cancel

    @classmethod
    async def of(cls, start: Callable[[Callable[[Any], None]], Callable[[], None]]) -> _JobStream:
        """Return the stream of a job; ``start`` takes what its events are given to, and returns what cancels it."""
        loop = asyncio.get_running_loop()
        events: asyncio.Queue[Any] = asyncio.Queue()

        def deliver(event: Any) -> None:
            loop.call_soon_threadsafe(events.put_nowait, event)

        return cls(events, await run_in_threadpool(start, deliver))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._cancel()

    @staticmethod
    async def _lines(events: asyncio.Queue[Any]) -> AsyncIterator[str]:
        while (event := await events.get()) is not None:
            yield event.model_dump_json() + "\n"


async def _receive_volume(key: str, request: Request, service: Service) -> tuple[Volume, str]:
    """Return the volume in a request's body and the body's sha256."""
    size = int(request.headers["content-length"])
    upload = VolumeUpload(size)
    pieces = request.stream()
    try:
        service.volumes.check_room(key, max(0, size - _NPY_HEADER_BYTES))
        async for piece in pieces:
            upload.feed(piece)
            if upload.unhashed >= _HASHED_AT_ONCE:
                await run_in_threadpool(upload.hash_received)
        return await run_in_threadpool(upload.finish)
    except MedSAMSegError:
        # A client sends its whole body before it reads the reply: closing the connection first would hide the reason.
        async for _ in pieces:
            pass
        raise


def _volume_info(key: str, volume: Volume) -> contract.VolumeInfo:
    return contract.VolumeInfo(
        key=key,
        shape=volume.shape,
        dtype=volume.dtype,
        window=contract.Window.of(volume.window("auto")),
        notes=list(volume.notes),
    )


def create_app(
    service: Service,
    token: str,
    hosts: Collection[str] = (),
    upload_bytes: int = DEFAULT_UPLOAD_BYTES,
    nninteractive_sessions: int = 0,
    group: Group | None = None,
) -> FastAPI:
    """Return the ASGI application.

    Args:
        service: what it serves.
        token: the bearer token that every request must carry.
        hosts: further names of this server; see ``Guard``.
        upload_bytes: longest upload.
        nninteractive_sessions: how many users of nnInteractive's protocol there may be; 0 to leave it out.
        group: users with tokens of their own, in place of the one token.

    Raises:
        MedSAMSegError: ``package_missing`` when that protocol is wanted and its package is not there.
    """
    app = FastAPI(
        title="MedSAMSeg server",
        version=__version__,
        # The interactive pages load scripts from elsewhere; the description itself needs the token like all else.
        docs_url=None,
        redoc_url=None,
        openapi_url="/v1/openapi.json",
    )
    app.state.service = service
    app.state.group = group
    app.state.upload_bytes = upload_bytes
    app.include_router(router)
    app.include_router(status.router)
    more: dict[str, Any] = {} if group is None else {"requests": USER_REQUESTS}
    if nninteractive_sessions:
        nninteractive = _nninteractive_routes()
        nninteractive.add_to(app, nninteractive_sessions)
        more |= {"upload_paths": nninteractive.UPLOAD_PATHS, "open_paths": nninteractive.OPEN_PATHS}
    app.add_middleware(Guard, callers=group or OneToken(token), hosts=hosts, upload_bytes=upload_bytes, **more)
    app.add_exception_handler(MedSAMSegError, _on_own_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)
    app.add_exception_handler(Exception, _on_unexpected_error)
    return app


def _nninteractive_routes() -> ModuleType:
    try:
        return importlib.import_module("medsamseg_server.serving.nninteractive.routes")
    except ModuleNotFoundError as error:
        message = f"nnInteractive's protocol needs the package {error.name}, which is not installed."
        hint = "Install it: pip install 'medsamseg-server[nninteractive]'"
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "package_missing", message, hint) from error


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
