"""Who has a place on the server: a lease each, which ends when nothing is done or heard any more."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


class NoPlaceError(Exception):
    """All places are taken.

    Attributes:
        seconds: after which one may become free; None where all are at work.
    """

    def __init__(self, seconds: float | None) -> None:
        super().__init__("All places are taken.")
        self.seconds = seconds


class LeaseEndedError(Exception):
    """There is no such lease, or not any more."""


@dataclass(frozen=True)
class Limits:
    """When a lease ends by itself.

    Attributes:
        idle: seconds without anything done.
        liveness: seconds without a sign of life; None where clients give none.
        yielding: seconds without anything done after which the place goes to somebody who needs one.
    """

    idle: float = 600.0
    liveness: float | None = 60.0
    yielding: float = 120.0


@dataclass
class _Lease(Generic[T]):
    held: T
    used: float
    heard: float


class Leases(Generic[T]):
    """The leases under way, by name, and what each holds. Safe to call from any thread.

    A lease at work is not idle. When a new one finds no place, the one that is idle for longest goes, if it has been
    for as long as the limits say.

    Args:
        most: how many there may be at the same time.
        limits: when they end.
        close: ends what a lease held; must be quick.
        is_at_work: whether something is computed for what a lease holds.
        is_over: whether what a lease holds is of no use any more, so that the lease ends.
        now: seconds on a clock that never goes back.
    """

    def __init__(
        self,
        most: int,
        limits: Limits,
        close: Callable[[T], None],
        is_at_work: Callable[[T], bool] = lambda _: False,
        is_over: Callable[[T], bool] = lambda _: False,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.most = most
        self.limits = limits
        self._close = close
        self._is_at_work = is_at_work
        self._is_over = is_over
        self._now = now
        self._leases: dict[Hashable, _Lease[T]] = {}
        self._lock = threading.Lock()

    def claim(self, name: Hashable, make: Callable[[], T], fits: Callable[[Sequence[T]], bool] = lambda _: True) -> T:
        """Return what a lease holds, made for a new one.

        Args:
            name: of the lease.
            make: makes what a new one holds.
            fits: whether there is room for it beside all that the others hold.

        Raises:
            NoPlaceError: when all places are taken.
        """
        with self._lock:
            self._drop_ended()
            lease = self._leases.get(name)
            if lease is None:
                while len(self._leases) >= self.most or not fits([each.held for each in self._leases.values()]):
                    self._drop_idle()
                lease = self._leases[name] = _Lease(make(), 0.0, 0.0)
            lease.used = lease.heard = self._now()
            return lease.held

    def use(self, name: Hashable) -> T:
        """Return what a lease holds whose user does something.

        Raises:
            LeaseEndedError: when there is no such lease any more.
        """
        with self._lock:
            lease = self._find(name)
            lease.used = lease.heard = self._now()
            return lease.held

    def hear(self, name: Hashable) -> float:
        """Note that a client lives; return how many seconds its user may still do nothing.

        Raises:
            LeaseEndedError: when there is no such lease any more.
        """
        with self._lock:
            lease = self._find(name)
            lease.heard = self._now()
            return self._remaining(lease)

    def remaining(self, name: Hashable) -> float:
        """Return how many seconds the user of a lease may still do nothing.

        Raises:
            LeaseEndedError: when there is no such lease any more.
        """
        with self._lock:
            return self._remaining(self._find(name))

    def release(self, name: Hashable) -> None:
        """End a lease; one that has ended already is no error."""
        with self._lock:
            if name in self._leases:
                self._end(name)

    def held(self) -> dict[Hashable, T]:
        """Return what the leases hold, by name, without those that have ended."""
        with self._lock:
            self._drop_ended()
            return {name: lease.held for name, lease in self._leases.items()}

    def _find(self, name: Hashable) -> _Lease[T]:
        self._drop_ended()
        if name not in self._leases:
            raise LeaseEndedError
        return self._leases[name]

    def _end(self, name: Hashable) -> None:
        self._close(self._leases.pop(name).held)

    def _remaining(self, lease: _Lease[T]) -> float:
        return max(0.0, lease.used + self.limits.idle - self._now())

    def _drop_ended(self) -> None:
        now = self._now()
        for name, lease in list(self._leases.items()):
            if self._is_at_work(lease.held):
                # A client that waits for an answer may have no other thread to give signs of life.
                lease.used = lease.heard = now
            is_silent = self.limits.liveness is not None and now - lease.heard > self.limits.liveness
            if now - lease.used > self.limits.idle or is_silent or self._is_over(lease.held):
                self._end(name)

    def _drop_idle(self) -> None:
        """End the lease that is idle for longest, or raise ``NoPlaceError``."""
        idle = {name: each.used for name, each in self._leases.items() if not self._is_at_work(each.held)}
        if not idle:
            raise NoPlaceError(None)
        name = min(idle, key=lambda each: idle[each])
        left = idle[name] + self.limits.yielding - self._now()
        if left > 0:
            raise NoPlaceError(left)
        self._end(name)
