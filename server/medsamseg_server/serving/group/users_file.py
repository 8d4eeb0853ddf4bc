"""The file of a group's users: names, what each may use, and the hash of each one's token.

The file holds no token. A plain SHA-256 is the right hash for it: slow and salted hashes make guessing dear where
people choose passwords, but a token has 256 random bits, which nobody guesses however fast the hash is, and which no
two users share. A fast hash keeps every request fast.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from medsamseg_server.errors import ErrorKind, MedSAMSegError, shorten
from medsamseg_server.system.file_lock import LockedElsewhereError, exclusive_lock
from medsamseg_server.system.plain_files import read_plain_file
from medsamseg_server.system.safe_files import replacing, write_failure

_VERSION = 1
_MOST_BYTES = 2**20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_USER_ID = re.compile(r"[0-9a-f]{16}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
#: Read and written by the owner alone.
_MODE = 0o600
_OTHERS = 0o077


@dataclass(frozen=True)
class Quota:
    """What one user may use at the same time.

    Attributes:
        volumes: volumes kept.
        memory: bytes of their voxels.
        jobs: propagations and background encodings, waiting ones included.
    """

    volumes: int = 4
    memory: int = 2**30
    jobs: int = 8


@dataclass(frozen=True)
class User:
    """One user.

    Attributes:
        name: for people.
        user_id: 16 random hexadecimal digits; a user who is revoked and added again under the same name is another one.
        token_sha256: of the token, lowercase hex.
        quota: what the user may use.
        added: day, as 2026-11-29.
    """

    name: str
    user_id: str
    token_sha256: str
    quota: Quota = field(default_factory=Quota)
    added: str = ""


def token_digest(token: bytes) -> str:
    """Return the hash of a token as the file has it."""
    return hashlib.sha256(token).hexdigest()


def read_users(path: Path) -> list[User]:
    """Return the users in the order in which they were added.

    Raises:
        MedSAMSegError: ``users_file_missing``, ``users_file_unreadable``, ``users_file_open`` when others than its
            owner may use it, or ``users_file_damaged``.
    """
    try:
        whole = path.resolve()
        status = whole.stat()
        content = read_plain_file(whole, _MOST_BYTES)
    except FileNotFoundError as error:
        hint = f"Make it: medsamseg users add {path} NAME"
        message = f"There is no file of users {path}."
        raise MedSAMSegError(ErrorKind.NOT_FOUND, "users_file_missing", message, hint) from error
    except OSError as error:
        message = f"The file of users {path} cannot be read: {error.strerror or error}."
        raise MedSAMSegError(ErrorKind.UNREADABLE, "users_file_unreadable", message, "Check its owner.") from error
    if os.name == "posix" and status.st_mode & _OTHERS:
        message = f"The file of users {path} is open to others than its owner (mode {status.st_mode & 0o777:o})."
        raise MedSAMSegError(ErrorKind.UNREADABLE, "users_file_open", message, f"Close it: chmod 600 {path}")
    try:
        return _users_of(content)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        message = f"The file of users {path} is damaged: {shorten(error, 120)}."
        hint = "Put a copy of it back, or remove it and add the users again."
        raise MedSAMSegError(ErrorKind.UNREADABLE, "users_file_damaged", message, hint) from error


def add_user(path: Path, name: str, quota: Quota, today: date | None = None) -> str:
    """Add a user, make the file where there is none, and return the new token, which is kept nowhere.

    Raises:
        MedSAMSegError: ``user_name_invalid``, ``user_exists``, ``users_file_busy``, of kind ``CANNOT_WRITE``, or as
            ``read_users``.
    """
    if not _NAME.fullmatch(name):
        message = f"'{shorten(name)}' is no name of a user."
        hint = "Use up to 64 letters, digits, dots, underscores and dashes, beginning with a letter or digit."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "user_name_invalid", message, hint)
    token = secrets.token_urlsafe(32)
    with _locked(path):
        users = read_users(path) if path.exists() else []
        if any(user.name == name for user in users):
            message = f"{path} has a user '{name}' already."
            hint = f"For a new token, revoke the old one first: medsamseg users revoke {path} {name}"
            raise MedSAMSegError(ErrorKind.INVALID_INPUT, "user_exists", message, hint)
        day = (today or date.today()).isoformat()
        user = User(name, secrets.token_hex(8), token_digest(token.encode()), quota, day)
        _write(path, [*users, user])
    return token


def revoke_user(path: Path, name: str) -> None:
    """Take a user out of the file; running servers let that one in no more.

    Raises:
        MedSAMSegError: ``user_unknown``, or as ``add_user``.
    """
    with _locked(path):
        users = read_users(path)
        left = [user for user in users if user.name != name]
        if len(left) == len(users):
            names = ", ".join(user.name for user in users) or "none"
            message = f"{path} has no user '{shorten(name)}'."
            raise MedSAMSegError(ErrorKind.NOT_FOUND, "user_unknown", message, f"It has: {shorten(names, 500)}.")
        _write(path, left)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep two commands from losing each other's change."""
    with ExitStack() as stack:
        try:
            stack.enter_context(exclusive_lock(path.with_name(f".{path.name}.lock")))
        except LockedElsewhereError as error:
            message = f"Another command is changing {path}."
            raise MedSAMSegError(ErrorKind.CANNOT_WRITE, "users_file_busy", message, "Try again.") from error
        except OSError as error:
            raise write_failure(error, path) from error
        yield


def _write(path: Path, users: Sequence[User]) -> None:
    content = {"version": _VERSION, "users": [asdict(user) for user in users]}
    with replacing(path) as temporary:
        # Closed to others before there is anything in it.
        temporary.chmod(_MODE)
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
            file.flush()
            os.fsync(file.fileno())


def _users_of(content: bytes) -> list[User]:
    if len(content) > _MOST_BYTES:
        raise ValueError(f"it has more than {_MOST_BYTES} bytes")
    described = json.loads(content)
    if described["version"] != _VERSION:
        raise ValueError(f"it has version {described['version']}, and {_VERSION} is known")
    users = [_user_of(each) for each in described["users"]]
    for what in ("name", "user_id", "token_sha256"):
        if len({getattr(user, what) for user in users}) < len(users):
            raise ValueError(f"two users have the same {what}")
    return users


def _user_of(described: dict[str, Any]) -> User:
    user = User(**{**described, "quota": Quota(**described["quota"])})
    texts = ((_NAME, user.name), (_USER_ID, user.user_id), (_SHA256, user.token_sha256))
    for pattern, text in texts:
        if not isinstance(text, str) or not pattern.fullmatch(text):
            raise ValueError(f"'{shorten(text, 40)}' is not usable")
    if not all(type(most) is int and most >= 1 for most in asdict(user.quota).values()):
        raise ValueError(f"the quota of {user.name} is not of numbers from 1")
    return user
