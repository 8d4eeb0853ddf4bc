"""The HTTP application, and the routes of volumes and what is asked about them."""

from __future__ import annotations

import importlib
import os
from collections.abc import Collection
from functools import partial
from types import ModuleType
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from medsamseg_server import PROTOCOL_VERSION, __version__
from medsamseg_server.engine.answers import SliceSegmentation
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.propagation.insides import similarity_of_inside
from medsamseg_server.propagation.trust import confidence_of_answer, doubt_on_mask
from medsamseg_server.serving import click_contract, contract, encoding_routes, error_replies, proposal_contract, status
from medsamseg_server.serving.callers import OneToken
from medsamseg_server.serving.group.group import Group
from medsamseg_server.serving.job_stream import JobStream
from medsamseg_server.serving.load_limit import USER_REQUESTS
from medsamseg_server.serving.mask_contract import Mask, MaskRange
from medsamseg_server.serving.nninteractive.paths import OPEN_PATHS, UPLOAD_PATHS
from medsamseg_server.serving.propagation_contract import PropagateRequest, PropagationEvent
from medsamseg_server.serving.request_middleware import DEFAULT_UPLOAD_BYTES, RequestMiddleware
from medsamseg_server.serving.service import Service
from medsamseg_server.serving.workspace import ClaimedServiceOf, CommonServiceOf, Key, ServiceOf
from medsamseg_server.volumes.npy_upload import VolumeUpload
from medsamseg_server.volumes.volume import Volume

# Hashing this much takes a few milliseconds; less would cost more in changing threads.
_HASHED_AT_ONCE = 4 * 2**20
#: More of an upload is voxels; how much exactly, its header says.
_NPY_HEADER_BYTES = 4096


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
        "model": PropagationEvent,
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
    service.encodings.cancel(key)


def _doubts(volume: Volume, body: contract.SegmentRequest, result: SliceSegmentation) -> list[str | None]:
    """Return the sentence on each mask that is likely to be wrong."""
    doubts = []
    answers = zip(body.prompts, result.masks, result.agreements, result.framings, strict=True)
    for prompt, mask, agreement, framing in answers:
        inside = 1.0
        # What is excluded may look like something else; a preview is asked once, and nothing is known of it.
        if agreement is not None and not (prompt.exclude or volume.is_color):
            gray = framing.window.apply(mask.rectangle_of(volume.slice(body.axis, body.slice)))
            inside = similarity_of_inside(gray, mask.pixels)
        sure = confidence_of_answer(mask, prompt.box, agreement, inside)
        doubts.append(doubt_on_mask(body.slice, mask, sure))
    return doubts


def _ranges(body: contract.SegmentRequest, result: SliceSegmentation) -> list[MaskRange | None]:
    """Return the range of each mask's sizes, where that was asked for."""
    return [MaskRange.of(mask, body.axis, body.spacing) for mask in result.masks]


@router.post("/volumes/{key}/segment")
async def segment(key: Key, body: contract.SegmentRequest, service: ServiceOf) -> contract.SegmentReply:
    """Return one mask per prompt on a slice."""
    volume = service.volumes.get(key)
    result = await service.segment(volume, body)
    doubts, ranges = await run_in_threadpool(lambda: (_doubts(volume, body, result), _ranges(body, result)))
    return contract.SegmentReply(
        masks=[Mask.of(mask, sizes) for mask, sizes in zip(result.masks, ranges, strict=True)],
        windows=[contract.Window.of(framing.window) for framing in result.framings],
        agreements=[None if each is None else round(each, 4) for each in result.agreements],
        doubts=doubts,
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
async def propagate(key: Key, body: PropagateRequest, service: ServiceOf) -> StreamingResponse:
    """Stream the object slice by slice, as newline-delimited JSON."""
    return await JobStream.of(partial(service.propagate, service.volumes.get(key), body))


@router.post("/volumes/{key}/proposals", response_class=StreamingResponse, responses=_PROPOSALS)
async def propose(key: Key, body: proposal_contract.ProposalsRequest, service: ServiceOf) -> StreamingResponse:
    """Stream the objects of a slice that nobody has pointed at, as newline-delimited JSON."""
    return await JobStream.of(partial(service.propose, service.volumes.get(key), body))


@router.post("/jobs/{job}/cancel", status_code=204)
async def cancel_job(job: contract.JobName, service: ServiceOf) -> None:
    """Stop a propagation, a search for proposals or a background encoding."""
    service.jobs.cancel(job)


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
        hosts: further names of this server; see ``RequestMiddleware``.
        upload_bytes: longest upload.
        nninteractive_sessions: how many users of nnInteractive's protocol there may be; 0 to leave it out.
        group: users with tokens of their own, in place of the one token.

    Raises:
        MedSAMSegError: ``package_missing`` when that protocol is wanted and its package is not there.
    """
    app = make_app(service, upload_bytes, group)
    more: dict[str, Any] = {} if group is None else {"requests": USER_REQUESTS}
    if nninteractive_sessions:
        nninteractive_routes().add_to(app, nninteractive_sessions)
        more |= {"upload_paths": UPLOAD_PATHS, "open_paths": OPEN_PATHS}
    app.add_middleware(
        RequestMiddleware, callers=group or OneToken(token), hosts=hosts, upload_bytes=upload_bytes, **more
    )
    return app


def make_app(service: Service, upload_bytes: int = DEFAULT_UPLOAD_BYTES, group: Group | None = None) -> FastAPI:
    """Return the application without ``RequestMiddleware``: whose request it is, is in its state already.

    Args:
        service, upload_bytes, group: as ``create_app``.
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
    for each in (router, encoding_routes.router, status.router):
        app.include_router(each)
    error_replies.add_to(app)
    return app


def nninteractive_routes() -> ModuleType:
    """Return what speaks nnInteractive's protocol; its ``add_to`` lets an application do so.

    Raises:
        MedSAMSegError: ``package_missing``.
    """
    try:
        return importlib.import_module("medsamseg_server.serving.nninteractive.routes")
    except ModuleNotFoundError as error:
        message = f"nnInteractive's protocol needs the package {error.name}, which is not installed."
        hint = "Install it: pip install 'medsamseg-server[nninteractive]'"
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "package_missing", message, hint) from error
