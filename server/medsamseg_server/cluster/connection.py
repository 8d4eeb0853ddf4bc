"""Connecting to a Ray cluster, or starting Ray on this computer for as long as it is needed."""

from __future__ import annotations

import logging
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

from medsamseg_server.cluster.own_output import own_output
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.system.packages import require_packages

#: What ``--ray`` without an address means: Ray of its own on this computer.
LOCAL = "local"
_ATTEMPTS = 3
_SECONDS_TO_CONNECT = 10.0
# Read by Ray when it is imported. It asks a server of its makers for nothing, and installs nothing on workers. What is
# asked of replicas goes there from the event loop that has it, without another thread between; after a pause, a replica
# is not asked first how much it has to do: where a volume is, its clicks go. Workers do not stand behind all other
# programs of the computer, as they usually do: somebody waits for them.
_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    "RAY_DEDUP_LOGS": "0",
    "RAY_SERVE_RUN_ROUTER_IN_SEPARATE_LOOP": "0",
    "RAY_SERVE_QUEUE_LENGTH_CACHE_TIMEOUT_S": "86400",
    "RAY_worker_niceness": "0",
}


@contextmanager
def connected(address: str = LOCAL) -> Iterator[ModuleType]:
    """Connect to a cluster for a ``with`` block, which gets the package ``ray``.

    Args:
        address: of the cluster's head, such as ``10.0.0.5:6379`` or ``ray://10.0.0.5:10001``; ``auto`` finds the one
            that runs on this computer; ``LOCAL`` starts one here that only this computer reaches, and ends it.

    Raises:
        MedSAMSegError: ``cluster_not_installed``, ``cluster_unreachable``.
    """
    ray = import_ray(address)
    if ray.is_initialized():
        # Whoever connected decides how long that lasts.
        with own_output():
            yield ray
        return
    with own_output():
        _connect(ray, address)
        try:
            yield ray
        finally:
            ray.shutdown()


def check_ray_installed() -> None:
    """Raise an error unless the package ``ray`` is there.

    Raises:
        MedSAMSegError: ``cluster_not_installed``.
    """
    require_packages({"ray": "Ray"}, "cluster", "Working on a cluster", "cluster_not_installed")


def import_ray(address: str = LOCAL) -> ModuleType:
    """Return the package ``ray``, without connecting to anything yet.

    Raises:
        MedSAMSegError: ``cluster_not_installed``.
    """
    check_ray_installed()
    for name, value in _ENVIRONMENT.items() | (_secret() if address == LOCAL else {}).items():
        os.environ.setdefault(name, value)
    return import_module("ray")


def import_serve(address: str = LOCAL) -> ModuleType:
    """Return the package ``ray.serve``, without connecting to anything yet.

    Raises:
        MedSAMSegError: ``cluster_not_installed``, also where there is Ray without it.
    """
    import_ray(address)
    try:
        return import_module("ray.serve")
    except ImportError as error:
        message = "Serving from a cluster needs packages that are not installed: those of Ray Serve."
        hint = "Install them: pip install 'medsamseg-server[cluster]'"
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "cluster_not_installed", message, hint) from error


def _connect(ray: ModuleType, address: str) -> None:
    _check_listens(address)
    for attempts_left in reversed(range(_ATTEMPTS if address == LOCAL else 1)):
        try:
            ray.init(**_arguments(address))
            return
        # On a busy computer Ray gives up starting after a while, and says so by an exception of no special kind.
        except Exception as error:
            ray.shutdown()
            if attempts_left:
                continue
            if address != LOCAL:
                raise _unreachable(address, _first_line(error)) from error
            message = f"Ray did not start on this computer: {_first_line(error)}"
            hint = "Try again when the computer is less busy, or work without a cluster."
            raise MedSAMSegError(ErrorKind.NOT_FOUND, "cluster_unreachable", message, hint) from error


def _check_listens(address: str) -> None:
    """Raise ``cluster_unreachable`` where nobody listens at an address: Ray would ask there for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), _SECONDS_TO_CONNECT).close()
    except (OSError, OverflowError) as error:
        raise _unreachable(address, getattr(error, "strerror", None) or str(error)) from error


def _unreachable(address: str, reason: str) -> MedSAMSegError:
    message = f"No Ray cluster answers at {address}: {reason}"
    hint = "Check the address, and that the head runs: ray start --head. Without an address, Ray starts here."
    return MedSAMSegError(ErrorKind.NOT_FOUND, "cluster_unreachable", message, hint)


def _secret() -> dict[str, str]:
    """Return the settings by which a Ray answers only who knows a word made up here.

    Even where it serves this computer alone, it listens on all of its networks, and runs what it is sent.
    """
    return {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}


def _arguments(address: str) -> dict[str, Any]:
    quiet: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    if address != LOCAL:
        return {"address": address, **quiet}
    return {"address": "local", "include_dashboard": False, **quiet}


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
