"""The routes of a volume's background encoding."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from medsamseg_server.serving import contract
from medsamseg_server.serving.encoding_contract import EncodingsChange, EncodingsRequest, EncodingsStatus
from medsamseg_server.serving.workspace import Key, ServiceOf

router = APIRouter(
    prefix="/v1/volumes/{key}/encodings",
    responses={"4XX": {"model": contract.ErrorReply}, "5XX": {"model": contract.ErrorReply}},
)


@router.post("")
async def start_encoding(key: Key, body: EncodingsRequest, service: ServiceOf) -> EncodingsStatus:
    """Encode slices in the background, or center the background encoding that the volume has on another slice."""
    return await run_in_threadpool(service.encodings.start, key, service.volumes.get(key), body)


@router.patch("")
async def change_encoding(key: Key, body: EncodingsChange, service: ServiceOf) -> EncodingsStatus:
    """Pause the background encoding of a volume, or let it go on."""
    service.volumes.get(key)
    return service.encodings.pause(key, body.paused)


@router.get("")
async def get_encoding(key: Key, service: ServiceOf) -> EncodingsStatus:
    """Return how far the background encoding of a volume is."""
    service.volumes.get(key)
    return service.encodings.status(key)


@router.delete("", status_code=204)
async def cancel_encoding(key: Key, service: ServiceOf) -> None:
    """Stop the background encoding of a volume."""
    service.volumes.get(key)
    service.encodings.cancel(key)
