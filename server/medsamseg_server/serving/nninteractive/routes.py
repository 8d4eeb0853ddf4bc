"""The protocol's routes: names, headers and replies as its client expects them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, FastAPI, Request, Response
from numpy.typing import NDArray
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from medsamseg_server.engine.masks import SliceMask
from medsamseg_server.serving import contract
from medsamseg_server.serving.nninteractive import lease_routes
from medsamseg_server.serving.nninteractive.changes import Change
from medsamseg_server.serving.nninteractive.lease_routes import SessionOf
from medsamseg_server.serving.nninteractive.packed_arrays import pack, unpack
from medsamseg_server.serving.nninteractive.prompts import OnSlice, drawn_on_slice, on_slice
from medsamseg_server.serving.nninteractive.refusals import ProtocolRoute
from medsamseg_server.serving.nninteractive.session import Session
from medsamseg_server.serving.prompt_contract import SlicePrompt
from medsamseg_server.serving.service import Service
from medsamseg_server.serving.workspace import most_array_bytes
from medsamseg_server.weights.catalog import get_checkpoint

_META = "X-Meta"
#: The client's side of the session that these replies are those of.
_SESSION_VERSION = 2
#: So far round what was drawn, in shares of its longer side, what is found may reach.
_MARGIN = 0.1
#: So many pixels of a scribble are shown to the network.
_SCRIBBLE_POINTS = 8
#: Element types of the client's copy of the object.
_TARGETS = frozenset({"bool", "uint8", "int8", "uint16", "int16", "int32", "int64", "float32", "float64"})

_Result = TypeVar("_Result")


router = APIRouter(route_class=ProtocolRoute, include_in_schema=False)
Bounds = list[tuple[int, int]]


class _Body(BaseModel):
    include_interaction: bool = True
    run_prediction: bool = True


class _BoxBody(_Body):
    bbox_coords: Bounds = Field(max_length=3)


class _DrawnMeta(_Body):
    interaction_bbox: Bounds | None = Field(default=None, max_length=3)


class _TargetBody(BaseModel):
    shape: list[int] = Field(max_length=4)
    dtype: str = Field(max_length=20)


def add_to(app: FastAPI, sessions: int) -> None:
    """Let an application speak the protocol as well.

    Args:
        app: the application.
        sessions: how many users at the same time.
    """
    app.state.leases = lease_routes.make_leases(sessions)
    # Waiting for answers takes threads of its own, so that other requests find one.
    app.state.waiting = CapacityLimiter(sessions)
    app.include_router(lease_routes.router)
    app.include_router(router)


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Say that there is a server."""
    return {"status": "ok"}


@router.get("/capabilities")
async def capabilities(request: Request, session: SessionOf) -> dict[str, Any]:
    """Say what can be prompted; clients show nothing else."""
    service: Service = request.app.state.service
    return {
        "supported_interactions": {"points": False, "bbox2d": True, "bbox3d": False, "scribble": True, "lasso": True},
        "channel_mapping": {"bbox": [1, 2], "lasso": [1, 2], "scribble": [3, 4]},
        "num_interaction_channels": 5,
        "supports_initial_label": True,
        "supports_zero_shot_label_refinement": False,
        "preferred_scribble_thickness": [3, 3, 3],
        "interaction_decay": 1.0,
        "inference_session_version": _SESSION_VERSION,
        "license": get_checkpoint(service.engine.default_model).license,
        "supports_undo": True,
        "do_autozoom": False,
    }


@router.post("/set_image")
async def set_image(request: Request, session: SessionOf) -> dict[str, list[int]]:
    """Take the image that prompts will be on."""
    meta = _meta(request)
    image = await _array(request)
    properties = meta.get("image_properties")
    spacing = properties.get("spacing") if isinstance(properties, dict) else None
    await _locked(request, session, lambda: session.set_image(image, _numbers(spacing)))
    return {"original_image_shape": list(image.shape)}


@router.post("/set_target_buffer")
async def set_target_buffer(body: _TargetBody, session: SessionOf) -> dict[str, list[int]]:
    """Learn of what type the client's copy of the object is."""
    if body.dtype not in _TARGETS:
        raise ValueError(f"A segmentation of '{body.dtype}' cannot be filled.")
    if tuple(body.shape) != session.volume.shape:
        raise ValueError(f"The segmentation has {tuple(body.shape)} voxels, the image {session.volume.shape}.")
    session.dtype = np.dtype(body.dtype)
    return {"shape": body.shape}


@router.post("/set_do_autozoom")
async def set_do_autozoom(session: SessionOf) -> dict[str, bool]:
    """Go on as before: here the network always looks at what is round the prompt."""
    return {"do_autozoom": False}


@router.post("/reset_interactions")
async def reset_interactions(request: Request, session: SessionOf) -> dict[str, bool]:
    """Forget all prompts and the object."""
    await _locked(request, session, session.reset)
    return {"reset": True}


@router.post("/undo")
async def undo(request: Request, session: SessionOf) -> Response:
    """Take the last prompt back."""
    change = await _locked(request, session, session.undo)
    return _reply(session, change or Change(), ran=change is not None)


@router.post("/predict")
async def predict(request: Request, session: SessionOf) -> Response:
    """Follow the object, or go on where the last answer stopped."""
    return _reply(session, await _locked(request, session, session.predict))


@router.post("/add_bbox_interaction")
async def add_box(request: Request, body: _BoxBody, session: SessionOf) -> Response:
    """Start from a box, or take what is in it away."""
    place = on_slice(body.bbox_coords, session.volume.shape)
    change = session.add_box if body.include_interaction else session.remove
    await _locked(request, session, lambda: change(place))
    return await _predicted(request, session, body)


@router.post("/add_point_interaction")
async def add_point(session: SessionOf) -> Response:
    """Refuse a point: it is no prompt of these models."""
    raise ValueError("This server takes boxes, scribbles and lassos, and no points: draw a box on one slice.")


@router.post("/add_lasso_interaction")
async def add_lasso(request: Request, session: SessionOf) -> Response:
    """Start from what was gone round, or take it away."""
    return await _add_drawn(request, session, points=0)


@router.post("/add_scribble_interaction")
async def add_scribble(request: Request, session: SessionOf) -> Response:
    """Start from what was scribbled on, or take it away."""
    return await _add_drawn(request, session, points=_SCRIBBLE_POINTS)


@router.post("/add_initial_seg_interaction")
async def add_initial_segmentation(request: Request, session: SessionOf) -> Response:
    """Start from an object that was drawn before."""
    body = _Body.model_validate({"run_prediction": False, **_meta(request)})
    voxels = await _array(request)
    await _locked(request, session, lambda: session.set_object(voxels != 0))
    return await _predicted(request, session, body)


async def _add_drawn(request: Request, session: SessionOf, points: int) -> Response:
    body = _DrawnMeta.model_validate(_meta(request))
    offset = [low for low, _ in body.interaction_bbox] if body.interaction_bbox else [0, 0, 0]
    place, drawn = drawn_on_slice(await _array(request), offset, session.volume.shape)
    if body.include_interaction:
        mask = await _found(session, place, drawn, points)
        await _locked(request, session, lambda: session.add_mask(place, mask))
    else:
        await _locked(request, session, lambda: session.remove(place, drawn))
    return await _predicted(request, session, body)


async def _found(session: Session, place: OnSlice, drawn: NDArray[np.bool_], points: int) -> NDArray[np.bool_]:
    """Return the object, (H, W), that the network finds in a drawing's box, cut to a margin round it."""
    rows, columns = np.nonzero(drawn)
    chosen = np.linspace(0, len(rows) - 1, min(points, len(rows))).astype(int)
    at = [(float(columns[each] + place.columns[0]), float(rows[each] + place.rows[0]), 1) for each in chosen]
    prompt = SlicePrompt(box=place.box, points=at)
    asked = contract.SegmentRequest(axis=place.axis, slice=place.index, prompts=[prompt])
    (found,) = (await session.service.segment(session.volume, asked)).masks
    return _cut(found, place, session.volume.slice_size(place.axis, place.index))


def _cut(found: SliceMask, place: OnSlice, size: tuple[int, int]) -> NDArray[np.bool_]:
    x0, y0, x1, y1 = place.box
    margin = max(1, round(_MARGIN * max(x1 - x0, y1 - y0)))
    near = np.zeros(size, bool)
    near[max(0, int(y0) - margin) : int(y1) + margin + 1, max(0, int(x0) - margin) : int(x1) + margin + 1] = True
    return found.to_array(size) & near


async def _predicted(request: Request, session: Session, body: _Body) -> Response:
    if not body.run_prediction:
        return _reply(session, Change(), ran=False)
    return _reply(session, await _locked(request, session, session.predict))


def _reply(session: Session, change: Change, ran: bool = True) -> Response:
    meta: dict[str, Any] = {"ran_prediction": ran, "bbox": None, "dtype": session.dtype.name, "shape": None}
    content = b""
    if change.bounds is not None:
        meta |= {"bbox": change.bounds, "shape": change.voxels.shape}
        content = pack(change.voxels.astype(session.dtype))
    return Response(content, media_type="application/octet-stream", headers={_META: json.dumps(meta)})


async def _locked(request: Request, session: Session, function: Callable[[], _Result]) -> _Result:
    """Return what a function gives that nothing else of the session may run beside, without holding up others."""
    async with session.lock:
        return await run_sync(function, limiter=request.app.state.waiting)


async def _array(request: Request) -> NDArray[Any]:
    body = await request.body()
    return await run_in_threadpool(unpack, body, most_array_bytes(request))


def _meta(request: Request) -> dict[str, Any]:
    try:
        meta = json.loads(request.headers.get(_META, "{}"))
    except ValueError:
        meta = None
    if not isinstance(meta, dict):
        raise ValueError(f"The header {_META} is not a JSON object.")
    return meta


def _numbers(values: object) -> list[float] | None:
    if isinstance(values, list) and all(isinstance(each, int | float) for each in values):
        return [float(each) for each in values]
    return None
