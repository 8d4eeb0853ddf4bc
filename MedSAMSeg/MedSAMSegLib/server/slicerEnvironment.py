"""Virtual environments on Slicer's Python, whose interpreter needs what only Slicer's launcher tells it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.server.childProgram import ChildProgram
from MedSAMSegLib.server.installedServer import venvInterpreter

#: Where the system looks for libraries first.
LIBRARY_VARIABLE = "DYLD_LIBRARY_PATH" if sys.platform == "darwin" else "LD_LIBRARY_PATH"

#: Stands in for the environment's interpreter where that does not find its parts by itself.
WRAPPER = "bin/slicer-python"

# Says what a Python is, in one line of JSON.
_DESCRIBE = (
    "import json, os, sys, pip; print(json.dumps({'version': sys.version, 'prefix': sys.base_prefix,"
    " 'libraryPath': os.environ.get(sys.argv[1], ''), 'standardLibrary': os.path.dirname(os.__file__),"
    " 'pip': pip.__version__}))"
)

# Fails unless everything that Slicer keeps in places of its own is found there: a system may have another Python of
# the same version number, whose library or modules would be taken, and go with the next update.
_CHECK = (
    "import ctypes, os, sqlite3, ssl, sys, zlib; version, standardLibrary, prefix = sys.argv[1:];"
    " sys.exit(sys.version != version or not os.path.samefile(os.path.dirname(os.__file__), standardLibrary)"
    " or not os.path.samefile(sys.prefix, prefix))"
)


@dataclass(frozen=True)
class PythonDescription:
    """What Slicer's Python says of itself, started by Slicer's launcher.

    version: as in ``sys.version``.
    prefix: folder of its standard library and libraries.
    libraryPath: where the system looks for libraries when the launcher has started it.
    standardLibrary: folder of the standard library's modules.
    pip: version of pip.
    """

    version: str
    prefix: str
    libraryPath: str
    standardLibrary: str
    pip: str

    @classmethod
    def of(cls, python: str, environment: Mapping[str, str], follow: Callable[..., None]) -> PythonDescription:
        """Ask a Python.

        :param python: the program.
        :param environment: of the process.
        :param follow: called with the :class:`ChildProgram`, so that others can end it.
        :raises UserError: when it does not run, or has no pip.
        """
        streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        text: dict[str, Any] = {"text": True, "encoding": "utf-8", "errors": "replace"}
        child = ChildProgram([python, "-c", _DESCRIBE, LIBRARY_VARIABLE], environment, **streams, **text)
        follow(child)
        with child.stdout as output:
            lines = output.read().splitlines()
        if child.wait() == 0 and lines:
            return cls(**json.loads(lines[-1]))
        reason = lines[-1] if lines else "it said nothing"
        raise UserError(f"Slicer's Python or its pip does not run: {reason}.", "Install Slicer again.", "python_broken")


def makeEnvironment(
    python: str, description: PythonDescription, folder: Path, runsWell: Callable[..., bool]
) -> str | None:
    """Make a virtual environment without pip.

    Slicer keeps the standard library in lib/Python and the library of Python in lib/Python/lib, where an interpreter
    finds them only with the variables that Slicer's launcher sets. A script beside the interpreter sets those that are
    needed, as few as possible: of Slicer's own libraries, none should be seen by those of the server.

    :param python: Slicer's Python.
    :param description: its :class:`PythonDescription`.
    :param folder: where; a :class:`Path`.
    :param runsWell: called with the words of a command, tells whether it succeeded.
    :return: the interpreter, relative to the folder; None where none can be made that runs.
    """
    if not runsWell([python, "-m", "venv", "--without-pip", str(folder)]):
        return None
    for interpreter in _candidates(description, folder):
        program = str(folder / interpreter)
        if runsWell([program, "-c", _CHECK, description.version, description.standardLibrary, str(folder)]):
            return interpreter
    return None


def _candidates(description, folder):
    """Yield interpreters that may run, made one after the other."""
    yield venvInterpreter()
    if os.name == "nt":
        return
    for libraryPath in dict.fromkeys((str(Path(description.prefix) / "lib"), description.libraryPath)):
        wrapper = folder / WRAPPER
        wrapper.write_text(_wrapperText(description.prefix, libraryPath), encoding="utf-8")
        wrapper.chmod(0o755)
        yield WRAPPER


def _wrapperText(prefix, libraryPath):
    # Relative to itself: the folder gets its final name when everything is in it. Slicer's launcher puts Slicer's own
    # packages on PYTHONPATH, where pip would take them for the environment's.
    return f"""#!/bin/sh
# The interpreter of this environment, with what it needs to find the parts of Slicer's Python.
unset PYTHONPATH
export PYTHONHOME={shlex.quote(prefix)}
export {LIBRARY_VARIABLE}={shlex.quote(libraryPath)}"${{{LIBRARY_VARIABLE}:+:${LIBRARY_VARIABLE}}}"
exec "${{0%/*}}/python" "$@"
"""
