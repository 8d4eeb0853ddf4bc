"""What a cluster's machines have, and how much of one is left for each of several processes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import ModuleType

#: Ray's resources of a machine, such as ``CPU`` and ``GPU``, by name.
Machine = dict[str, float]


def machines_of(ray: ModuleType) -> list[Machine]:
    """Return the machines of the cluster that Ray is connected to."""
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


def cores_each(machines: Sequence[Machine], count: int) -> int:
    """Return the cores for each of ``count`` processes: what the smallest machine has for each on it, at least one.

    A process runs on one machine: what is left over on another is of no use to it.
    """
    on_one = math.ceil(count / len(machines))
    return max(1, min(int(machine.get("CPU", 1)) for machine in machines) // on_one)
