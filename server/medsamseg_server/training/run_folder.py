"""The folder of a training run: what it was asked to do, so that only the same run is continued in it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.system import paths
from medsamseg_server.system.safe_files import ensure_folder, replacing

_SETTINGS = "settings.json"


def default_run_folder(name: str) -> Path:
    """Return where the run of a model is kept unless the user says otherwise."""
    return paths.home() / "training" / name


def open_run_folder(folder: Path, settings: dict[str, Any], restart: bool) -> None:
    """Make the folder of a run, or continue the same run in it.

    Args:
        folder: of the run.
        settings: all that the result depends on; plain JSON.
        restart: forget an earlier run in it.

    Raises:
        MedSAMSegError: ``run_differs`` when another run was begun there; of kind ``CANNOT_WRITE``.
    """
    path = folder / _SETTINGS
    if restart and path.exists():
        shutil.rmtree(folder)
    ensure_folder(folder)
    if not path.exists():
        if any(folder.iterdir()):
            raise MedSAMSegError(
                ErrorKind.INVALID_INPUT,
                "run_folder_used",
                f"The folder {folder} holds other files.",
                "Give an empty or new folder with --run.",
            )
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(settings, indent=1), "utf-8")
        return
    known = json.loads(path.read_text("utf-8"))
    different = sorted(key for key in known.keys() | settings.keys() if known.get(key) != settings.get(key))
    if different:
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "run_differs",
            f"In {folder}, a training with other settings was begun: {', '.join(different)}.",
            "Continue it with the same settings, begin anew with --restart, or give another folder with --run.",
        )


def subfolder(folder: Path, name: str) -> Path:
    """Return a folder in the run's folder, made where it is missing."""
    ensure_folder(folder / name)
    return folder / name
