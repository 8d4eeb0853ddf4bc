"""How many replicas a cluster gets, and what each takes of its machine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from medsamseg_server.cluster.connection import LOCAL
from medsamseg_server.cluster.machines import Machine, cores_each
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.system import paths

#: A replica without work takes its volumes with it when it goes, so that it stays for a while.
DEFAULT_IDLE_SECONDS = 600.0
#: Requests under way at a time, for each replica, from which on there are to be more replicas, and for how long.
_ONGOING, _UPSCALE_SECONDS = 2, 10.0
# No work is done on a replica's event loop, so that a thread between it and Ray would cost time and bring nothing.
_REPLICA_ENVIRONMENT = {"RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD": "0"}


@dataclass(frozen=True)
class ClusterOptions:
    """Where replicas run.

    Attributes:
        address: as ``connection.connected``.
        replicas: fewest and most; between them their number follows the load. None for one on each machine.
        cores: of each; None for an equal part of its machine.
        cards: graphics cards of each, or its share of one; 0 for none.
        idle_seconds: without enough work for all, after which one of them goes, where their number follows the load.
    """

    address: str = LOCAL
    replicas: tuple[int, int] | None = None
    cores: float | None = None
    cards: float = 0.0
    idle_seconds: float = DEFAULT_IDLE_SECONDS


@dataclass(frozen=True)
class Plan:
    """How many replicas there are, and what each takes of its machine."""

    fewest: int
    most: int
    cores: float
    cards: float
    idle_seconds: float = DEFAULT_IDLE_SECONDS

    @classmethod
    def of(cls, options: ClusterOptions, machines: list[Machine]) -> Plan:
        """Return the plan for machines with so many ``CPU`` and ``GPU`` each.

        Raises:
            MedSAMSegError: ``cluster_too_small`` where not even the fewest find room.
        """
        fewest, most = options.replicas or (len(machines), len(machines))
        cores = cores_each(machines, most) if options.cores is None else options.cores
        plan = cls(fewest, most, cores, options.cards, options.idle_seconds)
        room = sum(plan._fitting(machine) for machine in machines)
        if room < fewest:
            each = f"{cores:g} cores" + (f" and {options.cards:g} graphics cards" if options.cards else "")
            message = f"{fewest} replicas of {each} were asked for, and the cluster has room for {room}."
            hint = "Give fewer --replicas, or less to each with --cpus-per-replica and --gpus-per-replica."
            raise MedSAMSegError(ErrorKind.INVALID_INPUT, "cluster_too_small", message, hint)
        return plan

    def _fitting(self, machine: Machine) -> int:
        takes = {"CPU": self.cores, "GPU": self.cards}
        return min(int(machine.get(name, 0) / amount) for name, amount in takes.items() if amount)

    def deployment_options(self) -> dict[str, Any]:
        """Return these numbers as Ray Serve wants them."""
        environment = dict(_REPLICA_ENVIRONMENT)
        if home := os.environ.get(paths.HOME_VARIABLE):
            # Weights and caches are where this command has them.
            environment[paths.HOME_VARIABLE] = home
        each = {"num_cpus": self.cores, "num_gpus": self.cards, "runtime_env": {"env_vars": environment}}
        if self.fewest == self.most:
            return {"num_replicas": self.most, "ray_actor_options": each}
        follows = {
            "min_replicas": self.fewest,
            "max_replicas": self.most,
            "target_ongoing_requests": _ONGOING,
            "upscale_delay_s": _UPSCALE_SECONDS,
            "downscale_delay_s": self.idle_seconds,
        }
        return {"autoscaling_config": follows, "ray_actor_options": each}
