"""Installing what the server runs on: into a folder of its own, wholly or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.install.folderLock import folderLock
from MedSAMSegLib.install.pipRun import Cancelled, PipRun, pipEnvironment, progressOption
from MedSAMSegLib.install.torchBuild import BASE_BYTES, TorchChoice
from MedSAMSegLib.server.childProgram import ChildProgram
from MedSAMSegLib.server.dataFolders import folderBytes, readableSize
from MedSAMSegLib.server.installedServer import MARKER, InstalledServer, requirementsDigest
from MedSAMSegLib.server.slicerEnvironment import PythonDescription, makeEnvironment

PARTIAL = ".partial-"
REMOVED = ".removed-"
#: Virus scanners hold fresh files open for a moment, which on Windows keeps their folder from being renamed.
RENAME_SECONDS = 10.0


@dataclass(frozen=True)
class InstallPlan:
    """What an installation will do; made before anybody is asked.

    folder: where the packages go.
    sources: folder of the server's sources.
    torch: :class:`TorchChoice`.
    wheels: folder to install from instead of the Internet; None for the Internet.
    """

    folder: Path
    sources: Path
    torch: TorchChoice
    wheels: Path | None = None

    @property
    def downloadBytes(self) -> int:
        """Bytes to download, about."""
        return 0 if self.wheels else BASE_BYTES[0] + self.torch.downloadBytes

    @property
    def diskBytes(self) -> int:
        """Bytes on disk afterwards, about."""
        return BASE_BYTES[1] + self.torch.diskBytes


@dataclass(frozen=True)
class InstallProgress:
    """How far an installation is.

    phase: "preparing", "getting", "installing", "checking" or "weights".
    package: what is being got; may be empty.
    doneBytes: what has arrived.
    totalBytes: what will arrive, about; 0 where nothing does.
    """

    phase: str
    package: str = ""
    doneBytes: int = 0
    totalBytes: int = 0


class PackageInstall:
    """Carries out a plan. Everything is made in a folder beside the final one, which it becomes in the last step.

    :param plan: :class:`InstallPlan`.
    :param python: Slicer's Python.
    :param environment: for every process that is started.
    :param log: path of the log file; replaced.
    """

    def __init__(self, plan: InstallPlan, python: str, environment: Mapping[str, str], log: Path) -> None:
        self._plan = plan
        self._python = str(python)
        self._environment = pipEnvironment(environment)
        self._logPath = Path(log)
        self._cancelled = threading.Event()
        self._endRunning = None
        self._doneBytes = 0

    def cancel(self) -> None:
        """Stop, leaving nothing; from any thread, returns at once."""
        self._cancelled.set()
        endRunning = self._endRunning
        if endRunning is not None:
            endRunning()

    def run(self, onProgress: Callable[..., None]) -> InstalledServer | None:
        """Install, which takes minutes.

        :param onProgress: called with :class:`InstallProgress`, on this thread.
        :return: :class:`InstalledServer`; None when it was cancelled.
        :raises UserError: when something failed; what was installed before is as it was.
        """
        folder = self._plan.folder
        partial = folder.with_name(f"{folder.name}{PARTIAL}{secrets.token_hex(4)}")
        with _explainingFailures(folder):
            folder.parent.mkdir(parents=True, exist_ok=True)
            self._logPath.parent.mkdir(parents=True, exist_ok=True)
            with folderLock(folder.with_name(f".{folder.name}.lock")), self._logPath.open("w", encoding="utf-8") as log:
                removeLeftovers(folder)
                _checkSpace(folder.parent, self._plan.diskBytes)
                try:
                    return self._install(partial, log, onProgress)
                except Cancelled:
                    return None
                finally:
                    removeFolder(partial)

    def _install(self, partial, log, onProgress):
        onProgress(InstallProgress("preparing"))
        description = self._describePython()
        installed = self._prepare(partial, description, log)
        self._installPackages(installed, progressOption(description.pip), log, onProgress)
        onProgress(InstallProgress("checking", doneBytes=self._doneBytes))
        self._check(installed, log)
        self._stopIfCancelled()
        installed.save()
        replaceFolder(partial, self._plan.folder)
        return InstalledServer.load(self._plan.folder)

    def _describePython(self):
        try:
            return PythonDescription.of(self._python, self._environment, lambda child: self._letEnd(child.end))
        except UserError:
            self._stopIfCancelled()
            raise

    def _prepare(self, partial, description, log):
        """Make a virtual environment; a folder of packages for Slicer's Python where it cannot be made."""
        values = {"requirements": requirementsDigest(self._plan.sources), "torch": self._plan.torch.key}
        interpreter = makeEnvironment(self._python, description, partial, lambda words: self._runsWell(words, log))
        if interpreter is not None:
            return InstalledServer(partial, interpreter, "", **values)
        removeFolder(partial)
        partial.mkdir()
        return InstalledServer(partial, self._python, "packages", **values)

    def _installPackages(self, installed, progress, log, onProgress):
        if installed.packages:
            where = [self._python, "-m", "pip", "install", "--target", str(installed.folder / installed.packages)]
        else:
            where = [self._python, "-m", "pip", "--python", str(installed.interpreterPath), "install"]
        where += ["--no-deps", "--only-binary=:all:", "--no-input", "--no-warn-script-location", "--no-compile"]
        # The environment is empty: what pip finds on PYTHONPATH is Slicer's, not the server's.
        where += ["--ignore-installed", progress]
        if self._plan.wheels:
            where += ["--no-index", "--find-links", str(self._plan.wheels)]

        def tell(phase, package, arrived):
            self._doneBytes += arrived
            onProgress(InstallProgress(phase, package, self._doneBytes, self._plan.downloadBytes))

        for step in self._plan.torch.pipSteps(self._plan.sources / "requirements"):
            self._stopIfCancelled()
            pip = PipRun([*where, *step], self._environment, log, tell)
            self._letEnd(pip.cancel)
            log.flush()
            pip.wait()

    def _check(self, installed, log):
        """Load everything once: a library that is missing on this computer shows now, not at the first box."""
        command = [*installed.command(self._plan.sources), "check"]
        if not self._runsWell(command, log):
            raise UserError(
                "The packages were installed, but do not run on this computer.",
                f"The end of the log {self._logPath} says why.",
                "check_failed",
            )

    def _runsWell(self, command, log):
        """:return: whether a command succeeded; what it said is in the log."""
        log.write("$ " + " ".join(command) + "\n")
        log.flush()
        try:
            child = ChildProgram(command, self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        except OSError as error:
            log.write(f"{error}\n")
            return False
        self._letEnd(child.end)
        status = child.wait()
        self._stopIfCancelled()
        return status == 0

    def _letEnd(self, end):
        """Let `cancel` end what runs now; it may have been called between the last look and the start."""
        self._endRunning = end
        if self._cancelled.is_set():
            end()

    def _stopIfCancelled(self):
        if self._cancelled.is_set():
            raise Cancelled


def uninstallServer(folder: Path) -> int:
    """Remove what was installed.

    :param folder: where it is.
    :return: bytes that came free.
    :raises UserError: when another Slicer is installing, or files are in use.
    """
    folder = Path(folder)
    if not folder.parent.is_dir():
        return 0
    with _explainingFailures(folder), folderLock(folder.with_name(f".{folder.name}.lock")):
        size = folderBytes(folder)
        if folder.is_dir():
            # Without its marker it is no installation any more, whatever happens to the rest.
            (folder / MARKER).unlink(missing_ok=True)
            rename(folder, folder.with_name(f"{folder.name}{REMOVED}{secrets.token_hex(4)}"))
        removeLeftovers(folder)
        return size


def removeLeftovers(folder: Path) -> None:
    """Remove what a Slicer that was killed left beside an installation. Its lock must be held.

    A new installation that was complete, but for its name, is given it.
    """
    if not folder.exists():
        for partial in folder.parent.glob(f"{folder.name}{PARTIAL}*"):
            if (partial / MARKER).is_file():
                rename(partial, folder)
                break
    for kind in (PARTIAL, REMOVED):
        for leftover in folder.parent.glob(f"{folder.name}{kind}*"):
            removeFolder(leftover)


def replaceFolder(new: Path, folder: Path) -> None:
    """Let a complete folder take a name that another may have; that one is removed.

    :param new: the folder.
    :param folder: its path from now on, on the same disk.
    """
    old = folder.with_name(f"{folder.name}{REMOVED}{secrets.token_hex(4)}")
    if folder.exists():
        rename(folder, old)
    rename(new, folder)
    removeFolder(old)


def rename(path: Path, target: Path) -> None:
    """Rename a folder; on Windows, wait a while for others to let go of its files.

    :raises OSError: when it cannot be renamed.
    """
    end = time.monotonic() + RENAME_SECONDS
    while True:
        try:
            path.rename(target)
            return
        except PermissionError:
            if os.name != "nt" or time.monotonic() > end:
                raise
            time.sleep(0.2)


def removeFolder(folder: Path) -> None:
    """Remove a folder with all that is in it, as far as the system allows."""
    shutil.rmtree(folder, ignore_errors=True)


def _checkSpace(folder, needed):
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise UserError(
            f"The disk of {folder} has {readableSize(free)} free; about {readableSize(needed)} are needed.",
            "Free some space, or choose another folder with the environment variable MEDSAMSEG_HOME.",
            "disk_full",
        )


@contextlib.contextmanager
def _explainingFailures(folder):
    try:
        yield
    except OSError as error:
        isFull = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise UserError(
            f"The disk of {folder} is full." if isFull else f"{folder} cannot be written: {error.strerror or error}.",
            "Free some space and try again."
            if isFull
            else "Choose another folder with the environment variable MEDSAMSEG_HOME, or end other Slicers.",
            "disk_full" if isFull else "no_permission",
        ) from error
