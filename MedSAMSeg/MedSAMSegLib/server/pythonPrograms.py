"""Running Python beside Slicer: which interpreter, and in which environment."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import slicer

from MedSAMSegLib.errors import UserError

#: What the server is written for.
OLDEST_PYTHON = (3, 11)


def externalEnvironment() -> dict[str, str]:
    """Return the environment for a Python that is not Slicer's own process: without what Slicer adds for itself."""
    environment = dict(slicer.util.startupEnvironment())
    for name in ("PYTHONHOME", "PYTHONPATH"):
        environment.pop(name, None)
    # Paths may have any letters, and what is printed is read at once.
    environment.update(PYTHONUTF8="1", PYTHONUNBUFFERED="1")
    return environment


def slicerPython() -> str:
    """Return the path of a program that is Slicer's Python.

    :raises UserError: when it is missing, or too old.
    """
    if sys.version_info < OLDEST_PYTHON:
        raise UserError(
            f"This Slicer has Python {sys.version_info.major}.{sys.version_info.minor};"
            f" the server needs {OLDEST_PYTHON[0]}.{OLDEST_PYTHON[1]} or later.",
            "Use Slicer 5.10 or later.",
            "python_too_old",
        )
    # Slicer's own process is no Python interpreter; PythonSlicer is one.
    program = shutil.which("PythonSlicer")
    if program is None and Path(sys.executable).name.lower().startswith("python"):
        program = sys.executable
    if not program or not os.access(program, os.X_OK):
        raise UserError(
            "PythonSlicer, a part of Slicer, was not found.",
            "Install Slicer again, or set MEDSAMSEG_PYTHON to a Python in which medsamseg-server is installed.",
            "python_missing",
        )
    return program
