"""How to get the packages that training needs into the environment in which the server runs."""

from __future__ import annotations

import os

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.server.installedServer import InstalledServer
from MedSAMSegLib.server.pythonPrograms import slicerPython
from MedSAMSegLib.server.serverProcess import PYTHON_VARIABLE

#: The server's optional dependencies "train"; a test compares them with the server's.
PACKAGES = ("lightning-fabric", "matplotlib", "monai", "peft")


def howToGetThem() -> str:
    """Return what the user has to do, with the command line for this computer."""
    packages = " ".join(PACKAGES)
    return f"Run this in a terminal, then try again: {_pip()} {packages}"


def _pip():
    """:return: command line that installs into the environment that `findServerCommand` finds."""
    python = os.environ.get(PYTHON_VARIABLE)
    if python:
        return f'"{python}" -m pip install'
    installed = InstalledServer.load()
    if installed is None:
        return "pip install"
    try:
        pip = f'"{slicerPython()}" -m pip'
    except UserError:
        pip = "PythonSlicer -m pip"
    if installed.packages:
        return f'{pip} install --target "{installed.folder / installed.packages}"'
    return f'{pip} --python "{installed.interpreterPath}" install'
