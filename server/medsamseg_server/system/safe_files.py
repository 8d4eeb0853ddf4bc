"""Writing files so that nobody ever meets half of one, and saying calmly why a file cannot be read or written."""

from __future__ import annotations

import errno
import hashlib
import re
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.system.file_lock import lock_until_closed

_DISK_FULL = {errno.ENOSPC, errno.EDQUOT}
_NO_PERMISSION = {errno.EACCES, errno.EPERM}
# Files that are being written, until they get their name.
_TEMPORARY = re.compile(r"\.medsamseg-[0-9a-f]{8}\.")


def readable_size(size_bytes: float) -> str:
    """Return a size for people, such as ``39.4 MB`` (decimal units, as download pages give them)."""
    for unit in ("bytes", "kB", "MB"):
        if size_bytes < 1000:
            return f"{size_bytes:.0f} {unit}" if unit == "bytes" else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1000
    return f"{size_bytes:.1f} GB"


def write_failure(error: OSError, path: Path) -> MedSAMSegError:
    """Turn the system's refusal to write ``path`` into an error that names the folder and what to do."""
    folder = path.parent
    if error.errno in _DISK_FULL:
        return disk_full(folder)
    if error.errno in _NO_PERMISSION:
        return MedSAMSegError(
            ErrorKind.CANNOT_WRITE,
            "no_write_permission",
            f"You have no permission to write to the folder {folder}.",
            "Choose another folder, or ask for the permission.",
        )
    if error.errno == errno.EROFS:
        return MedSAMSegError(
            ErrorKind.CANNOT_WRITE,
            "read_only_folder",
            f"The folder {folder} is on a read-only disk.",
            "Choose a folder on another disk.",
        )
    reason = error.strerror or str(error)
    return MedSAMSegError(ErrorKind.CANNOT_WRITE, "cannot_write", f"{path} could not be written: {reason}.")


def disk_full(folder: Path, needed_bytes: int | None = None) -> MedSAMSegError:
    """Return the error for a disk with too little space, with the figures where they are known."""
    message = f"The disk of the folder {folder} is full."
    if needed_bytes is not None:
        free = shutil.disk_usage(folder).free
        message = (
            f"The disk of the folder {folder} has {readable_size(free)} free, "
            f"but {readable_size(needed_bytes)} are needed."
        )
    return MedSAMSegError(
        ErrorKind.CANNOT_WRITE, "disk_full", message, "Free some space, or choose a folder on another disk."
    )


def ensure_free_space(folder: Path, needed_bytes: int) -> None:
    """Raise the ``disk_full`` error unless ``needed_bytes`` are free on the disk of ``folder``."""
    if shutil.disk_usage(folder).free < needed_bytes:
        raise disk_full(folder, needed_bytes)


def ensure_readable(path: Path, code: str) -> None:
    """Raise an error with this code unless the system lets us read the file ``path``, which must exist."""
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise MedSAMSegError(
            ErrorKind.UNREADABLE,
            code,
            f"{path} cannot be read: {error.strerror or error}.",
            "Check its permissions.",
        ) from error


def ensure_writable(folder: Path) -> None:
    """Raise a clear error unless a file can be made in ``folder``, which must exist; clear away what was left there."""
    if not folder.is_dir():
        wrong = "is not a folder" if folder.exists() else "does not exist"
        raise MedSAMSegError(
            ErrorKind.CANNOT_WRITE, "folder_missing", f"The folder {folder} {wrong}.", "Make it, or choose another one."
        )
    try:
        # Only making a file tells: access bits say nothing about read-only disks, network shares or root.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise write_failure(error, folder / "file") from error
    remove_left_behind(folder)


def remove_left_behind(folder: Path) -> None:
    """Remove the temporary files of ``replacing`` whose process was killed; those being written now stay."""
    with suppress(OSError):
        for path in folder.iterdir():
            if _TEMPORARY.match(path.name) and path.is_file():
                _remove_unless_in_use(path)


def _remove_unless_in_use(path: Path) -> None:
    with suppress(OSError):
        with path.open("ab") as file:
            is_left_behind = lock_until_closed(file)
        # On Windows, nobody can remove a file that its writer still holds open.
        if is_left_behind:
            path.unlink()


def refuse_to_replace(path: Path, overwrite: bool) -> None:
    """Raise ``output_exists`` where ``path`` is there already, unless it may be replaced."""
    if path.exists() and not overwrite:
        raise MedSAMSegError(
            ErrorKind.CANNOT_WRITE,
            "output_exists",
            f"{path} exists already.",
            "Choose another name, or replace it with --force.",
        )


def ensure_folder(folder: Path) -> None:
    """Make ``folder`` with its parents where it is missing; raise a clear error unless files can be made in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if error.errno in (errno.ENOTDIR, errno.EEXIST):
            raise MedSAMSegError(
                ErrorKind.CANNOT_WRITE,
                "folder_missing",
                f"The folder {folder} cannot be made, because a file of that name or of a parent's name is in the way.",
                "Remove or rename that file, or choose another folder.",
            ) from error
        raise write_failure(error, folder) from error
    ensure_writable(folder)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary name beside ``path``; when the block ends well, that file becomes ``path`` in one step.

    The temporary name ends like ``path``, since image writers choose the format by the suffix. When the block
    fails, the temporary file is removed and a file that stood at ``path`` stays as it was.

    Raises:
        MedSAMSegError: of kind ``CANNOT_WRITE`` where the system refuses.
    """
    temporary = path.with_name(f".medsamseg-{secrets.token_hex(4)}.{path.name}")
    try:
        with temporary.open("ab") as in_use:
            # Released by the system however this process ends; see remove_left_behind. Windows would not let the writer
            # write into a locked file.
            if sys.platform != "win32":
                lock_until_closed(in_use)
            yield temporary
        temporary.replace(path)
    except OSError as error:
        raise write_failure(error, path) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def file_digest(path: Path, algorithm: Literal["sha256", "md5"] = "sha256") -> str:
    """Return the checksum of a file as lowercase hexadecimal digits."""
    # md5 is used to recognize a download, not to keep a secret: computers in FIPS mode need to be told.
    make = {"sha256": hashlib.sha256, "md5": lambda: hashlib.md5(usedforsecurity=False)}[algorithm]
    with path.open("rb") as file:
        return hashlib.file_digest(file, make).hexdigest()
