"""Many pieces of work on a cluster: workers that keep their networks, and take over what another one left."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Generic, TypeVar

from medsamseg_server.cluster.connection import LOCAL, connected
from medsamseg_server.cluster.machines import cores_each, machines_of
from medsamseg_server.system import paths

Item = TypeVar("Item")
Result = TypeVar("Result")

#: How often a piece of work is tried again whose worker died, and how long that waits the first time; then twice that.
RETRIES = 3
FIRST_PAUSE_SECONDS = 0.5


@dataclass(frozen=True)
class Workers:
    """What to work with.

    Attributes:
        address: as ``connection.connected``.
        count: workers at a time; None for one on each core of the cluster, or on each graphics card.
        on_graphics_card: whether each takes a card, or its share of one where there are more workers than cards.
    """

    address: str = LOCAL
    count: int | None = None
    on_graphics_card: bool = False

    def shares(self, ray: ModuleType, most: int) -> tuple[int, dict[str, Any]]:
        """Return how many workers there are, at most ``most``, and what each takes of the cluster."""
        machines = machines_of(ray)
        cards = sum(machine.get("GPU", 0.0) for machine in machines)
        usual = cards if self.on_graphics_card else sum(machine.get("CPU", 1.0) for machine in machines)
        count = max(1, min(self.count or int(usual), most))
        options: dict[str, Any] = {"num_cpus": cores_each(machines, count)}
        if self.on_graphics_card:
            options["num_gpus"] = min(1.0, cards / count) or 1.0
        if home := os.environ.get(paths.HOME_VARIABLE):
            # Weights and caches are where this command has them.
            options["runtime_env"] = {"env_vars": {paths.HOME_VARIABLE: home}}
        return count, options


def on_cluster(
    work: Callable[[Item], Result], items: Sequence[Item], workers: Workers
) -> Generator[tuple[Item, Result | None]]:
    """Yield each item with its result, as they are done; None where workers died of it again and again.

    Closing the iterator ends the workers and what they are at.

    Args:
        work: carries out an item; it is sent to each worker once, which keeps it, and must not raise.
        items: what there is to do.
        workers: what to work with.

    Raises:
        MedSAMSegError: as ``connection.connected``.
    """
    with connected(workers.address) as ray:
        count, options = workers.shares(ray, len(items))
        crew = _Crew(ray, ray.remote(_Carrier).options(**options), ray.put(work))
        waiting = deque(_Piece(item) for item in items)
        with closing(crew):
            while waiting or crew.busy:
                while waiting and len(crew.busy) < count:
                    crew.take(waiting.popleft())
                piece, result, died = crew.finish()
                if died and piece.deaths <= RETRIES:
                    waiting.append(piece)
                else:
                    yield piece.item, result


class _Carrier:
    """What runs on a worker: the work, made once."""

    def __init__(self, work: Callable[[Any], Any]) -> None:
        self._work = work

    def carry(self, item: Any, after_seconds: float) -> Any:
        # Whatever ended the last worker, such as full memory, may need a moment to be over.
        time.sleep(after_seconds)
        return self._work(item)


@dataclass
class _Piece(Generic[Item]):
    """An item, and how many workers have died with it."""

    item: Item
    deaths: int = 0

    @property
    def pause(self) -> float:
        return FIRST_PAUSE_SECONDS * 2 ** (self.deaths - 1) if self.deaths else 0.0


class _Crew:
    """Workers with what each is at, by the promise of its result; those without work rest."""

    def __init__(self, ray: ModuleType, carrier: Any, work: Any) -> None:
        self._ray, self._carrier, self._work = ray, carrier, work
        self._resting: list[Any] = []
        self.busy: dict[Any, tuple[Any, _Piece[Any]]] = {}

    def take(self, piece: _Piece[Any]) -> None:
        worker = self._resting.pop() if self._resting else self._carrier.remote(self._work)
        self.busy[worker.carry.remote(piece.item, piece.pause)] = (worker, piece)

    def finish(self) -> tuple[_Piece[Any], Any, bool]:
        """Wait for a piece of work; return it, its result, and whether its worker died instead."""
        (promise,), _ = self._ray.wait(list(self.busy), num_returns=1)
        worker, piece = self.busy.pop(promise)
        try:
            result = self._ray.get(promise)
        except self._ray.exceptions.RayActorError:
            piece.deaths += 1
            return piece, None, True
        self._resting.append(worker)
        return piece, result, False

    def close(self) -> None:
        for worker in [*self._resting, *(worker for worker, _ in self.busy.values())]:
            self._ray.kill(worker)
