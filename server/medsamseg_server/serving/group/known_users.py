"""Who is in a file of users now, known by a token."""

from __future__ import annotations

import hmac
import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.serving.group.users_file import Quota, User, read_users, token_digest

logger = logging.getLogger(__name__)

#: What a .npy file has beside its voxels, generously.
_HEADER_BYTES = 2**16


class KnownUsers:
    """The users of a file, read again when it changes. Safe to call from any thread.

    Nobody is let in while the file cannot be used.

    Args:
        file: of users.
        on_change: called with the IDs of all users after the file was read again, on any thread.

    Raises:
        MedSAMSegError: as ``read_users``.
    """

    def __init__(self, file: Path, on_change: Callable[[frozenset[str]], None] = lambda _: None) -> None:
        self._file = file
        self._on_change = on_change
        self._lock = threading.Lock()
        self._stamp = self._file_stamp()
        self._users: dict[str, User] | None = _by_id(read_users(file))

    def __len__(self) -> int:
        return len(self._users or ())

    @property
    def ids(self) -> frozenset[str]:
        """The IDs of all of them; none while the file cannot be used."""
        return frozenset(self._users or ())

    def find(self, token: bytes) -> str | None:
        """Return the ID of the user with a token; None when nobody has it.

        Raises:
            MedSAMSegError: ``users_file_unusable``.
        """
        self.refresh()
        digest = token_digest(token)
        found = None
        # All are compared, in constant time, so that how long it takes tells nothing.
        for user in self._known().values():
            if hmac.compare_digest(user.token_sha256, digest):
                found = user.user_id
        return found

    def quota_of(self, caller: str) -> Quota:
        """Return what a user may use.

        Raises:
            MedSAMSegError: ``unauthorized`` when the user has just been revoked, or ``users_file_unusable``.
        """
        user = self._known().get(caller)
        if user is None:
            hint = "Ask who runs the server for a new token."
            raise MedSAMSegError(ErrorKind.UNAUTHORIZED, "unauthorized", "Your token was revoked.", hint)
        return user.quota

    def most_upload_bytes(self, caller: str) -> int:
        """Return how much a user may upload at the same time."""
        return self.quota_of(caller).memory + _HEADER_BYTES

    def refresh(self) -> None:
        """Read the file again if it has changed."""
        with self._lock:
            stamp = self._file_stamp()
            if stamp == self._stamp:
                return
            self._stamp = stamp
            try:
                self._users = _by_id(read_users(self._file))
            except MedSAMSegError as error:
                self._users = None
                logger.warning("Nobody is let in: %s", error)
                return
            ids = self.ids
        self._on_change(ids)

    def _known(self) -> dict[str, User]:
        users = self._users
        if users is None:
            message = "The server's file of users cannot be used at the moment."
            raise MedSAMSegError(ErrorKind.NO_PLACE, "users_file_unusable", message, "Ask who runs the server.")
        return users

    def _file_stamp(self) -> tuple[int, ...] | None:
        try:
            status = self._file.stat()
        except OSError:
            return None
        return (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _by_id(users: Sequence[User]) -> dict[str, User]:
    return {user.user_id: user for user in users}
