"""The protocol's leases: each user of a client has a place on the server, kept alive and given back."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request

from medsamseg_server.serving.leases import Leases, Limits
from medsamseg_server.serving.nninteractive.paths import CLAIM_PATH, LEASE_HEADER
from medsamseg_server.serving.nninteractive.refusals import ProtocolRoute
from medsamseg_server.serving.nninteractive.session import Session
from medsamseg_server.serving.workspace import workspace

#: When a user's place is given up; the reference server waits as long. Clients give a sign of life twice as often.
LIMITS = Limits(idle=600.0, liveness=60.0)

router = APIRouter(route_class=ProtocolRoute, include_in_schema=False)


def make_leases(most: int) -> Leases[Session]:
    """Return the leases of so many users at the same time."""
    return Leases[Session](
        most, LIMITS, Session.close, lambda session: session.is_at_work, lambda session: session.has_ended
    )


async def _leases(request: Request) -> Leases[Session]:
    leases: Leases[Session] = request.app.state.leases
    return leases


LeasesOf = Annotated[Leases[Session], Depends(_leases)]
Token = Annotated[str, Header(alias=LEASE_HEADER, max_length=100)]


async def _lease(request: Request, token: Token = "") -> tuple[str, str]:
    """Return the name of a lease: one user's token is nothing to another."""
    return request.state.caller, token


LeaseOf = Annotated[tuple[str, str], Depends(_lease)]


async def _session(request: Request, leases: LeasesOf, lease: LeaseOf) -> Session:
    # Work here counts as work of the user, whose place ends together with the session.
    workspace(request)
    return leases.use(lease)


SessionOf = Annotated[Session, Depends(_session)]


@router.post(CLAIM_PATH)
async def claim(request: Request, leases: LeasesOf) -> dict[str, Any]:
    """Give a user a place."""
    service = workspace(request, claims=True)
    # On a cluster, the door has chosen the name, by which it finds the replica again.
    token = getattr(request.state, "lease", "") or secrets.token_urlsafe(32)
    leases.claim((request.state.caller, token), lambda: Session(service))
    return {
        "lease_token": token,
        "idle_timeout_seconds": LIMITS.idle,
        "liveness_timeout_seconds": LIMITS.liveness,
        "max_sessions": leases.most,
    }


@router.post("/release")
async def release(leases: LeasesOf, lease: LeaseOf) -> dict[str, bool]:
    """Take a user's place back."""
    leases.release(lease)
    return {"released": True}


@router.post("/heartbeat")
async def heartbeat(leases: LeasesOf, lease: LeaseOf) -> dict[str, float]:
    """Note that a client lives."""
    return {"remaining_seconds": leases.hear(lease)}


@router.get("/lease_status")
async def lease_status(leases: LeasesOf, lease: LeaseOf) -> dict[str, float]:
    """Say how long a place is kept without anything being done."""
    return {"remaining_seconds": leases.remaining(lease), "idle_timeout_seconds": LIMITS.idle}
