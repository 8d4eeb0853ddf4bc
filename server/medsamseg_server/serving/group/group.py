"""The users of one server: let in by their tokens, each with a place where nobody else reaches."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from medsamseg_server.engine.embedding_cache import EmbeddingCache
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.serving.group.known_users import KnownUsers
from medsamseg_server.serving.group.quota_store import QuotaStore
from medsamseg_server.serving.group.users_file import Quota
from medsamseg_server.serving.job_list import JobList
from medsamseg_server.serving.leases import LeaseEndedError, Leases, Limits, NoPlaceError
from medsamseg_server.serving.service import Service
from medsamseg_server.serving.status_contract import Places
from medsamseg_server.system.places import Place, drop_folders

#: The panel gives no sign of life while nobody does anything with it.
LIMITS = Limits(idle=1800.0, liveness=None)
_WATCH_SECONDS = 1.0


@dataclass(frozen=True)
class Shares:
    """What the server has for all users together.

    Attributes:
        places: users at the same time.
        volume_bytes: memory for voxels; a place reserves its user's whole quota of it.
        embedding_bytes: memory for embeddings, each place has an equal part.
        embedding_disk_bytes: disk space for embeddings, each user has an equal part; 0 for none.
        embeddings_folder: where; each user has a folder in it.
    """

    places: int
    volume_bytes: int
    embedding_bytes: int
    embedding_disk_bytes: int
    embeddings_folder: Place


@dataclass(frozen=True)
class _Place:
    service: Service
    quota: Quota

    @property
    def jobs(self) -> JobList:
        return self.service.jobs


class Group:
    """Users by their tokens, and a service for each who is at work. Safe to call from any thread.

    Nobody is let in while the file of users cannot be used.

    Args:
        file: of users; noticed when it changes.
        service: computes; its own volumes are nobody's.
        shares: what there is for all.
        now: seconds on a clock that never goes back.

    Raises:
        MedSAMSegError: as ``read_users``.
    """

    def __init__(self, file: Path, service: Service, shares: Shares, now: Callable[[], float] = time.monotonic) -> None:
        self._users = KnownUsers(file, self._drop_former_users)
        self._service = service
        self._shares = shares
        self._nothing = service.for_user("", QuotaStore(Quota()), EmbeddingCache(0), 0)
        self._leases: Leases[_Place] = Leases(
            shares.places,
            LIMITS,
            lambda place: place.jobs.end(),
            lambda place: place.jobs.is_at_work,
            now=now,
        )
        self._stopped = threading.Event()
        self._drop_former_users(self._users.ids)

    @property
    def users(self) -> int:
        """How many there are."""
        return len(self._users)

    def find(self, token: bytes) -> str | None:
        """Return the ID of the user with a token; None when nobody has it.

        Raises:
            MedSAMSegError: ``users_file_unusable``.
        """
        return self._users.find(token)

    def most_upload_bytes(self, caller: str) -> int:
        """Return how much a user may upload at the same time."""
        return self._users.most_upload_bytes(caller)

    def service_of(self, caller: str, claims: bool = False) -> Service:
        """Return a user's own service; one in which nothing is known where the user has no place.

        Args:
            caller: ID of the user.
            claims: give the user a place, if need be.

        Raises:
            MedSAMSegError: ``places_taken`` when there is none, or ``unauthorized`` when the user has just been
                revoked.
        """
        try:
            if not claims:
                return self._leases.use(caller).service
            return self._claim(caller)
        except LeaseEndedError:
            return self._nothing
        except NoPlaceError as error:
            raise self._no_place(error.seconds) from error

    def _claim(self, caller: str) -> Service:
        quota = self._users.quota_of(caller)
        quota = Quota(quota.volumes, min(quota.memory, self._shares.volume_bytes), quota.jobs)
        place = self._leases.claim(caller, lambda: self._make_place(caller, quota), self._fits(quota))
        try:
            self._users.quota_of(caller)
        except MedSAMSegError:
            # Revoked since the first look; nobody would take the place back.
            self._leases.release(caller)
            raise
        return place.service

    def quota_of(self, caller: str) -> Quota:
        """Return what a user may use.

        Raises:
            MedSAMSegError: ``unauthorized`` when the user has just been revoked.
        """
        return self._users.quota_of(caller)

    def places(self) -> Places:
        """Return how many users are at work, and how many can be."""
        return Places(taken=len(self._leases.held()), most=self._shares.places)

    def reserved_bytes(self) -> int:
        """Return the memory for voxels that those at work have reserved."""
        return sum(place.quota.memory for place in self._leases.held().values())

    def services(self) -> dict[str, Service]:
        """Return the services of all who are at work, by user; to look at does not count as being used."""
        return {str(caller): place.service for caller, place in self._leases.held().items()}

    def refresh(self) -> None:
        """Read the file of users again if it has changed; who is in it no more is out, with all that was computed."""
        self._users.refresh()

    def watch(self) -> None:
        """Notice changes and ended leases also while nobody asks for anything, on a thread, until ``stop``."""
        threading.Thread(target=self._watch, name="users", daemon=True).start()

    def stop(self) -> None:
        """Let ``watch`` end."""
        self._stopped.set()

    def _watch(self) -> None:
        while not self._stopped.wait(_WATCH_SECONDS):
            self.refresh()
            self._leases.held()

    def _fits(self, quota: Quota) -> Callable[[Sequence[_Place]], bool]:
        def fits(places: Sequence[_Place]) -> bool:
            return quota.memory + sum(each.quota.memory for each in places) <= self._shares.volume_bytes

        return fits

    def _make_place(self, caller: str, quota: Quota) -> _Place:
        shares = self._shares
        disk = shares.embedding_disk_bytes // max(self.users, 1)
        cache = EmbeddingCache(shares.embedding_bytes // shares.places, shares.embeddings_folder / caller, disk)
        return _Place(self._service.for_user(caller, QuotaStore(quota), cache, quota.jobs), quota)

    def _no_place(self, seconds: float | None) -> MedSAMSegError:
        places = self.places()
        memory = f"{self.reserved_bytes() / 2**30:.1f} of {self._shares.volume_bytes / 2**30:.1f} GiB"
        message = f"{places.taken} of {places.most} places and {memory} of memory are taken."
        when = "when somebody is done" if seconds is None else f"in {max(1, round(seconds / 60))} min"
        hint = f"Try again {when}, or ask who runs the server for more places or memory."
        return MedSAMSegError(ErrorKind.NO_PLACE, "places_taken", message, hint)

    def _drop_former_users(self, users: frozenset[str]) -> None:
        """End the leases and remove the embeddings of those who are no users any more."""
        for caller in self._leases.held():
            if caller not in users:
                self._leases.release(caller)
        drop_folders(self._shares.embeddings_folder, users)
