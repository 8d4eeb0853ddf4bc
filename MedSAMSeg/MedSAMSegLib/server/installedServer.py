"""What is installed for the server to run on, and the command line that runs it."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from MedSAMSegLib.server.dataFolders import packagesFolder, serverFolder

#: Written last: a folder without it is no installation.
MARKER = "medsamseg-server.json"

#: Runs the server from its sources, with packages from a folder or from the interpreter's own environment.
START = (
    "import sys; sys.path[:0] = [folder for folder in (sys.argv.pop(1), sys.argv.pop(1)) if folder];"
    " import runpy; runpy.run_module('medsamseg_server', run_name='__main__', alter_sys=True)"
)


@dataclass(frozen=True)
class InstalledServer:
    """Packages that the server can run on.

    interpreter: the Python that uses them; relative to the folder where it lies inside.
    packages: their folder relative to the folder; "" where the interpreter finds them by itself.
    requirements: digest of what they were installed from; see :func:`requirementsDigest`.
    torch: key of the chosen build of PyTorch.
    """

    folder: Path
    interpreter: str
    packages: str
    requirements: str
    torch: str

    @classmethod
    def load(cls, folder: Path | None = None) -> InstalledServer | None:
        """Return what is installed, or None where nothing is that can run.

        :param folder: where; :func:`packagesFolder` when not given.
        """
        folder = Path(folder or packagesFolder())
        try:
            values = json.loads((folder / MARKER).read_text(encoding="utf-8"))
            installed = cls(folder=folder, **values)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            logging.warning("The MedSAMSeg installation in '%s' cannot be read: %s", folder, error)
            return None
        # The Python of a Slicer that has been removed is gone, and with it what stood on it.
        return installed if all(path.is_file() for path in installed._interpreters) else None

    def save(self) -> None:
        """Write the marker, in one step."""
        values = {name: value for name, value in asdict(self).items() if name != "folder"}
        temporary = self.folder / f"{MARKER}.new"
        temporary.write_text(json.dumps(values, indent=1), encoding="utf-8")
        temporary.replace(self.folder / MARKER)

    @property
    def interpreterPath(self) -> Path:
        """The Python interpreter."""
        return self.folder / self.interpreter

    @property
    def _interpreters(self):
        # A script that stands in for the environment's interpreter would outlive it.
        inside = [] if self.packages else [self.folder / venvInterpreter()]
        return [self.interpreterPath, *inside]

    def command(self, sources: Path) -> list[str]:
        """Return the words that run the server's program.

        :param sources: folder of the server's sources.
        """
        packages = str(self.folder / self.packages) if self.packages else ""
        # Neither the present folder nor packages that the user has installed for all Pythons may slip in.
        return [str(self.interpreterPath), "-P", "-s", "-X", "utf8", "-c", START, packages, str(sources)]

    def isCurrent(self, sources: Path) -> bool:
        """Whether the packages are those that the server's sources ask for.

        :param sources: folder of the server's sources.
        """
        return self.requirements == requirementsDigest(sources)


def requirementsDigest(sources: Path) -> str:
    """Return what tells one list of required packages from another.

    :param sources: folder of the server's sources.
    """
    digest = hashlib.sha256()
    for path in sorted((Path(sources) / "requirements").glob("*.txt")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()


def installedServerCommand() -> list[str] | None:
    """Return the words that run the installed server's program; None where none is installed."""
    installed = InstalledServer.load()
    return installed.command(serverFolder()) if installed else None


def venvInterpreter() -> str:
    """Return where a virtual environment has its interpreter, relative to its folder."""
    return "Scripts/python.exe" if os.name == "nt" else "bin/python"
