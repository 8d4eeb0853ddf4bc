"""Which replica a request belongs to: the one that has its volume, any, or all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from medsamseg_server.serving.nninteractive.paths import LEASE_PATHS, UPLOAD_PATHS

_VOLUME = re.compile(r"/v1/volumes/(?P<key>[0-9a-f]{64})(?P<rest>/.*)?")
_CANCEL = re.compile(r"/v1/jobs/[^/]+/cancel")


class Way(Enum):
    """How a request goes to replicas.

    ONE: to one, with its whole body.
    UPLOAD: to one, its body in pieces.
    STREAM: to one, its answer in pieces.
    WHOEVER_HAS_IT: to all, since only the one that has it knows that; the answer of who has it counts.
    STATUS, METRICS: to all, whose answers are added up.
    """

    ONE = "one"
    UPLOAD = "upload"
    STREAM = "stream"
    WHOEVER_HAS_IT = "whoever has it"
    STATUS = "status"
    METRICS = "metrics"


@dataclass(frozen=True)
class Route:
    """Where a request goes.

    Attributes:
        way: how.
        volume: key of the volume that it is about, or empty.
        has_lease: whether it is about a place in nnInteractive's protocol.
    """

    way: Way
    volume: str = ""
    has_lease: bool = False


def route_of(method: str, path: str, nninteractive: bool = False) -> Route:
    """Return where a request goes. What is no address of the contract goes to any replica, which says so.

    Args:
        method, path: of the request.
        nninteractive: whether that protocol is spoken.
    """
    if nninteractive and path in LEASE_PATHS:
        return Route(Way.UPLOAD if method == "POST" and path in UPLOAD_PATHS else Way.ONE, has_lease=True)
    if found := _VOLUME.fullmatch(path):
        return Route(_way_of_volume(method, found["rest"] or ""), found["key"])
    if method == "GET" and path in _TOTALS:
        return Route(_TOTALS[path])
    # A job may be on any replica: its name says nothing of the volume.
    is_cancel = method == "POST" and _CANCEL.fullmatch(path)
    return Route(Way.WHOEVER_HAS_IT if is_cancel else Way.ONE)


_TOTALS = {"/v1/status": Way.STATUS, "/metrics": Way.METRICS}


def _way_of_volume(method: str, rest: str) -> Way:
    # A volume may have copies on other replicas, made for requests about several volumes.
    ways = {
        ("PUT", ""): Way.UPLOAD,
        ("DELETE", ""): Way.WHOEVER_HAS_IT,
        ("POST", "/propagate"): Way.STREAM,
        ("POST", "/proposals"): Way.STREAM,
    }
    return ways.get((method, rest), Way.ONE)
