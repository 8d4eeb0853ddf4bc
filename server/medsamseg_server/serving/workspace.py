"""What a request may reach: the caller's own volumes and jobs, and what everybody may know."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Request

from medsamseg_server.serving.contract import VOLUME_KEY
from medsamseg_server.serving.group.group import Group
from medsamseg_server.serving.service import Service


def workspace(request: Request, claims: bool = False) -> Service:
    """Return the service with the caller's volumes and jobs, and nobody else's.

    Args:
        request: whose caller is known.
        claims: give the caller a place, where users have places and this one has none.

    Raises:
        MedSAMSegError: as ``Group.service_of``.
    """
    group: Group | None = request.app.state.group
    service: Service = request.app.state.service
    return service if group is None else group.service_of(request.state.caller, claims)


def most_array_bytes(request: Request) -> int:
    """Return the size of the largest array that is taken from the caller."""
    group: Group | None = request.app.state.group
    most: int = request.app.state.upload_bytes
    return most if group is None else min(most, group.most_upload_bytes(request.state.caller))


async def _common_service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


async def _own_service(request: Request) -> Service:
    return workspace(request)


async def _claimed_service(request: Request) -> Service:
    return workspace(request, claims=True)


Key = Annotated[str, Path(pattern=VOLUME_KEY, description="sha256 of the .npy body, lowercase hex")]
#: What everybody may know.
CommonServiceOf = Annotated[Service, Depends(_common_service)]
#: The caller's own.
ServiceOf = Annotated[Service, Depends(_own_service)]
#: The caller's own, with a place if there is one.
ClaimedServiceOf = Annotated[Service, Depends(_claimed_service)]
