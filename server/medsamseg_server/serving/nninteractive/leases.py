"""Who works on the server: one lease for each user, which ends when nothing is heard any more."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from medsamseg_server.serving.nninteractive.session import Session

#: A user who does nothing for so long gives the place up; the reference server takes ten minutes, too.
IDLE_SECONDS = 600.0
#: A client whose heartbeat stays away for so long is gone; it sends one every half of this.
LIVENESS_SECONDS = 60.0


class NoRoomError(Exception):
    """All places are taken."""


class LeaseEndedError(Exception):
    """There is no such lease, or not any more."""


@dataclass
class _Lease:
    session: Session
    used: float
    heard: float


class Leases:
    """The sessions under way. Safe to call from any thread.

    Args:
        make_session: makes the session of a new lease.
        most: how many there may be at the same time.
        now: seconds on a clock that never goes back.
    """

    def __init__(
        self,
        make_session: Callable[[], Session],
        most: int,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.most = most
        self._make_session = make_session
        self._now = now
        self._leases: dict[str, _Lease] = {}
        self._lock = threading.Lock()

    def claim(self) -> str:
        """Return the token of a new lease.

        Raises:
            NoRoomError: when all places are taken.
        """
        with self._lock:
            self._drop_ended()
            if len(self._leases) >= self.most:
                raise NoRoomError
            token = secrets.token_urlsafe(32)
            self._leases[token] = _Lease(self._make_session(), self._now(), self._now())
            return token

    def use(self, token: str) -> Session:
        """Return the session of a lease whose user does something.

        Raises:
            LeaseEndedError: when there is no such lease any more.
        """
        with self._lock:
            lease = self._find(token)
            lease.used = lease.heard = self._now()
            return lease.session

    def hear(self, token: str) -> float:
        """Note that a client lives; return how many seconds its user may still do nothing.

        Raises:
            LeaseEndedError: when there is no such lease any more.
        """
        with self._lock:
            lease = self._find(token)
            lease.heard = self._now()
            return self._remaining(lease)

    def remaining(self, token: str) -> float:
        """Return how many seconds the user of a lease may still do nothing.

        Raises:
            LeaseEndedError: when there is no such lease any more.
        """
        with self._lock:
            return self._remaining(self._find(token))

    def release(self, token: str) -> None:
        """End a lease; one that has ended already is no error."""
        with self._lock:
            lease = self._leases.pop(token, None)
        if lease is not None:
            lease.session.close()

    def _find(self, token: str) -> _Lease:
        self._drop_ended()
        if token not in self._leases:
            raise LeaseEndedError
        return self._leases[token]

    def _remaining(self, lease: _Lease) -> float:
        return max(0.0, lease.used + IDLE_SECONDS - self._now())

    def _drop_ended(self) -> None:
        now = self._now()
        for token, lease in list(self._leases.items()):
            if now - lease.used > IDLE_SECONDS or now - lease.heard > LIVENESS_SECONDS:
                del self._leases[token]
                lease.session.close()
