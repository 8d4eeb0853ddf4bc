"""A cluster that works through a table of scans, as a queue of events: what it would do, without the machines."""

import heapq
from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """What a scan costs.

    Attributes:
        scanBytes: read from the storage.
        resultBytes: written to it.
        computeSeconds: on one worker.
    """

    scanBytes: float
    resultBytes: float
    computeSeconds: float


@dataclass(frozen=True)
class Cluster:
    """What there is.

    Attributes:
        nodes: machines.
        workersPerNode: pieces of work at a time on each.
        storageBytesPerSecond: of the shared folder, for all together.
        nodeBytesPerSecond: of a machine's network.
        driverSeconds: that the command needs for a scan: sending it out, and taking its result.
    """

    nodes: int
    workersPerNode: int
    storageBytesPerSecond: float
    nodeBytesPerSecond: float
    driverSeconds: float


class _Queue:
    """What serves one after the other."""

    def __init__(self):
        self._free = 0.0
        self.busySeconds = 0.0

    def serve(self, now, seconds):
        """:return: when something that comes now, and takes so long, is done."""
        self._free = max(self._free, now) + seconds
        self.busySeconds += seconds
        return self._free


def simulate(cluster, load, scans):
    """Work through scans.

    :return: (seconds, share of these in which the busiest of "workers", "storage", "network" and "command" worked, its
        name).
    """
    driver, storage = _Queue(), _Queue()
    networks = [_Queue() for _node in range(cluster.nodes)]
    workers = cluster.nodes * cluster.workersPerNode
    # What comes next for each worker, in the order of time: shared things serve who comes first.
    events = [(0.0, worker, "take") for worker in range(workers)]
    left, done, computing = scans, 0.0, 0.0
    while events:
        now, worker, step = heapq.heappop(events)
        network = networks[worker % cluster.nodes]
        if step == "take" and left:
            left -= 1
            heapq.heappush(events, (driver.serve(now, cluster.driverSeconds), worker, "read"))
        elif step == "read":
            there = _transfer(now, load.scanBytes, cluster, storage, network)
            computing += load.computeSeconds
            heapq.heappush(events, (there + load.computeSeconds, worker, "write"))
        elif step == "write":
            done = _transfer(now, load.resultBytes, cluster, storage, network)
            heapq.heappush(events, (done, worker, "take"))
    shares = {
        "workers": computing / workers,
        "storage": storage.busySeconds,
        "network": max(network.busySeconds for network in networks),
        "command": driver.busySeconds,
    }
    busiest = max(shares, key=shares.get)
    return done, shares[busiest] / done, busiest


def _transfer(now, size, cluster, storage, network):
    return max(
        storage.serve(now, size / cluster.storageBytesPerSecond), network.serve(now, size / cluster.nodeBytesPerSecond)
    )
