"""``medsamseg cluster serve``: one address, behind which replicas on a Ray cluster carry requests out."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

from medsamseg_server.cluster.connection import connected, import_serve
from medsamseg_server.cluster.front import Front
from medsamseg_server.cluster.machines import machines_of
from medsamseg_server.cluster.replica import Replica
from medsamseg_server.cluster.replica_plan import ClusterOptions, Plan
from medsamseg_server.cluster.serve_replicas import ServeReplicas
from medsamseg_server.engine.loaded_networks import LoadPredictor
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.serving.app import nninteractive_routes
from medsamseg_server.serving.callers import Callers, OneToken
from medsamseg_server.serving.door import (
    Door,
    HttpServer,
    end_quietly_when_terminated,
    log_to_stderr,
    print_line,
    refused,
)
from medsamseg_server.serving.group.known_users import KnownUsers
from medsamseg_server.serving.load_limit import DEFAULT_REQUESTS, USER_REQUESTS
from medsamseg_server.serving.nninteractive.paths import OPEN_PATHS, UPLOAD_PATHS
from medsamseg_server.serving.request_middleware import RequestMiddleware
from medsamseg_server.serving.serve_options import ServeOptions

logger = logging.getLogger(__name__)

_ROUTER = "medsamseg_server.cluster.volume_router.VolumeRouter"
#: Serve refuses no request: how many are let in is decided before.
_MOST_REQUESTS = 2**16
#: How soon a replica that died is noticed and replaced.
_HEALTH_SECONDS = 2.0


def serve_on_cluster(
    options: ServeOptions, cluster: ClusterOptions, load_predictor: LoadPredictor | None = None
) -> int:
    """Run the server, with its work done on a cluster, until it is asked to end; return the exit status.

    Prints one JSON line on standard output, as ``serving.process.serve``.
    """
    log_to_stderr()
    try:
        import_serve(cluster.address)
        door = Door.open(options)
        if options.nninteractive_sessions:
            nninteractive_routes()
        users = None if options.users is None else KnownUsers(options.users)
        with deployed(options, cluster, load_predictor) as deployment:
            _run(door, users, deployment)
    except MedSAMSegError as error:
        return refused(error)
    except SystemExit as ending:
        return int(ending.code or 0)
    return 0


@dataclass
class Deployment:
    """Replicas on a cluster, and how they end."""

    serve: ModuleType
    name: str
    plan: Plan
    handle: Any
    has_ended: bool = False

    async def end(self) -> None:
        """End the replicas, on the event loop that used them: Serve's handle belongs to it."""
        self.has_ended = True
        if await asyncio.to_thread(self._delete):
            await self.serve.shutdown_async()
        else:
            await self.handle.shutdown_async()

    def end_without_loop(self) -> None:
        """End replicas that nothing was asked of."""
        if self._delete():
            self.serve.shutdown()

    def _delete(self) -> bool:
        """Remove the replicas; return whether nobody else uses Serve on the cluster."""
        self.serve.delete(self.name)
        return not self.serve.status().applications


def _run(door: Door, users: KnownUsers | None, deployment: Deployment) -> None:
    replicas = ServeReplicas(deployment.handle)
    ready = door.ready_line(replicas=deployment.plan.most, **({} if users is None else {"users": len(users)}))
    app = let_in(door, users, Front(replicas, bool(door.options.nninteractive_sessions)))
    ending: list[asyncio.Task[Any]] = []

    def end_work() -> None:
        ending.append(asyncio.ensure_future(replicas.call_all("stop")))

    server = HttpServer(door.config(app), lambda: print_line(ready), end_work, deployment.end)
    if door.options.exit_with_stdin:
        door.stdin.when_closed(server.end)
    # Ray has a way of its own to end with a signal, which takes the place of any that was there before.
    end_quietly_when_terminated()
    server.run(sockets=[door.listener])


def let_in(door: Door, users: KnownUsers | None, front: Front) -> RequestMiddleware:
    """Return the application that lets in whom a server would, and passes that on."""
    callers: Callers = OneToken(door.token) if users is None else users
    requests = DEFAULT_REQUESTS if users is None else USER_REQUESTS
    speaks = bool(door.options.nninteractive_sessions)
    return RequestMiddleware(
        front,
        callers,
        door.hosts,
        door.options.upload_bytes,
        UPLOAD_PATHS if speaks else (),
        OPEN_PATHS if speaks else (),
        requests,
    )


@contextmanager
def deployed(
    options: ServeOptions, cluster: ClusterOptions, load_predictor: LoadPredictor | None = None
) -> Iterator[Deployment]:
    """Deploy replicas for a ``with`` block.

    Raises:
        MedSAMSegError: as ``connection.connected`` and ``Plan.of``; ``cluster_not_deployed``.
    """
    serve = import_serve(cluster.address)
    with connected(cluster.address) as ray:
        plan = Plan.of(cluster, machines_of(ray))
        logging.getLogger("ray.serve").setLevel(logging.WARNING)
        # Serve's own HTTP would open a port without token, on every machine.
        serve.start(proxy_location="Disabled", logging_config=_quiet(serve))
        deployment = Deployment(serve, f"medsamseg-{secrets.token_hex(4)}", plan, None)
        try:
            application = _application(serve, replace(options, token_from=None), plan, load_predictor)
            deployment.handle = _deploy(serve, application, deployment.name)
            yield deployment
        finally:
            if not deployment.has_ended:
                deployment.end_without_loop()


def _application(serve: ModuleType, options: ServeOptions, plan: Plan, load_predictor: LoadPredictor | None) -> Any:
    return serve.deployment(
        Replica,
        max_ongoing_requests=_MOST_REQUESTS,
        health_check_period_s=_HEALTH_SECONDS,
        request_router_config=serve.config.RequestRouterConfig(request_router_class=_ROUTER),
        logging_config=_quiet(serve),
        **plan.deployment_options(),
    ).bind(options, load_predictor)


def _deploy(serve: ModuleType, application: Any, name: str) -> Any:
    try:
        return serve.run(application, name=name, route_prefix=None)
    except RuntimeError as error:
        message = f"The replicas did not start: {str(error).strip().partition(chr(10))[0]}"
        hint = "Are the same versions and folders on all machines? Ray's logs say more: /tmp/ray/session_latest/logs."
        raise MedSAMSegError(ErrorKind.INTERNAL, "cluster_not_deployed", message, hint) from error


def _quiet(serve: ModuleType) -> Any:
    """Return how Serve logs: no line for each request, whose address has a volume's key."""
    return serve.schema.LoggingConfig(log_level="WARNING", enable_access_log=False)
