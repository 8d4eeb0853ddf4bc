"""How busy the server is: for a user, and for whoever watches over it. Of others there are numbers only."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

from fastapi import APIRouter, Request, Response

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.serving import contract
from medsamseg_server.serving.group.group import Group
from medsamseg_server.serving.service import Service
from medsamseg_server.serving.status_contract import JobStatus, OwnStatus, Status, VolumeUse

router = APIRouter(responses={"4XX": {"model": contract.ErrorReply}})


@router.get("/v1/status")
async def get_status(request: Request) -> Status:
    """Return what the caller has here, and how much the server has to do."""
    service: Service = request.app.state.service
    group: Group | None = request.app.state.group
    if group is None:
        return Status(own=_own(service), queue=service.queue())
    quota = group.quota_of(request.state.caller)
    own = _own(group.services().get(request.state.caller))
    own = own.model_copy(
        update={"most_volumes": quota.volumes, "most_memory_bytes": quota.memory, "most_jobs": quota.jobs}
    )
    return Status(own=own, places=group.places(), queue=service.queue())


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def get_metrics(request: Request) -> Response:
    """Return numbers for Prometheus, without any name, key or voxel."""
    prometheus = _prometheus()
    registry = prometheus.CollectorRegistry(auto_describe=False)
    registry.register(_Numbers(request.app.state.service, request.app.state.group))
    content: bytes = prometheus.generate_latest(registry)
    return Response(content, media_type=prometheus.CONTENT_TYPE_LATEST)


class _Numbers:
    """What Prometheus is told, collected anew each time."""

    def __init__(self, service: Service, group: Group | None) -> None:
        self._service = service
        self._group = group

    def collect(self) -> Iterator[Any]:
        """Yield the metrics."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        group = self._group
        services = [self._service] if group is None else list(group.services().values())
        yield GaugeMetricFamily("medsamseg_volumes", "Volumes in memory", sum(each.volumes.use[0] for each in services))
        if group is None:
            yield GaugeMetricFamily("medsamseg_volume_bytes", "Memory of voxels", self._service.volumes.use[1])
        else:
            # The reserved memory: changes of the used memory would tell the size of a volume.
            reserved = group.reserved_bytes()
            yield GaugeMetricFamily("medsamseg_reserved_bytes", "Memory of voxels reserved by places", reserved)
            places = group.places()
            yield GaugeMetricFamily("medsamseg_users", "Users in the file", group.users)
            yield GaugeMetricFamily("medsamseg_places", "Users that can be at work", places.most)
            yield GaugeMetricFamily("medsamseg_places_taken", "Users at work", places.taken)
        waiting = GaugeMetricFamily("medsamseg_tasks", "Tasks that run or wait", labels=["work"])
        steps = CounterMetricFamily("medsamseg_steps", "Steps begun", labels=["work"])
        for family, queue in ((waiting, self._service.queue()), (steps, self._service.steps_done())):
            for work, number in queue.model_dump().items():
                family.add_metric([work], number)
            yield family


def _own(service: Service | None) -> OwnStatus:
    if service is None:
        return OwnStatus(volumes=[], jobs=[], memory_bytes=0)
    sizes = service.volumes.sizes()
    volumes = [VolumeUse(key=key, size_bytes=size) for key, size in sizes.items()]
    jobs = [JobStatus(job=job.name, kind=job.kind, paused=job.task.paused) for job in service.jobs.under_way()]
    return OwnStatus(volumes=volumes, jobs=jobs, memory_bytes=service.volumes.use[1])


def _prometheus() -> ModuleType:
    try:
        return import_module("prometheus_client")
    except ModuleNotFoundError as error:
        message = "Numbers for Prometheus need the package prometheus-client, which is not installed."
        hint = "Install it beside the server: pip install 'medsamseg-server[group]'"
        raise MedSAMSegError(ErrorKind.NOT_FOUND, "package_missing", message, hint) from error
