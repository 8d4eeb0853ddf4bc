"""The folder of saved work: what is there of this Slicer, of others that run, and of those that crashed."""

from __future__ import annotations

import contextlib
import datetime
import os
import shutil
from pathlib import Path

from MedSAMSegLib.autosave.scanFiles import ScanFiles
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.install.folderLock import folderLock

_PREFIX = "MedSAMSeg-"

#: So many bundles of one Slicer are kept, since the newest may be damaged.
KEPT = 2


class AutosaveFolder:
    """The folder, as one running Slicer sees it. ::

        folder = AutosaveFolder(path)
        folder.leftovers()      # of Slicers that crashed, the newest first
        folder.nextPath()       # where the next bundle goes
        folder.close()          # the user ends Slicer: nothing of it is needed any more

    Each Slicer holds a lock for as long as it runs; the system releases it, however Slicer ends.

    :param path: path of the folder; it is made with the first bundle, for the user alone.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._session = f"{datetime.datetime.now():%Y%m%d-%H%M%S-%f}-{os.getpid()}"
        self._held = contextlib.ExitStack()
        self._isOpen = False
        self._count = self._scanCount = 0
        #: :class:`ScanFiles`: the voxels of scans, which several bundles share.
        self.scanFiles = ScanFiles(self._nextScan)

    def nextPath(self) -> Path:
        """Return the path of the next bundle, and keep its place against other Slicers.

        :raises UserError: when the folder cannot be made.
        """
        if not self._isOpen:
            try:
                self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._held.enter_context(folderLock(self._lockOf(self._session)))
            except OSError as error:
                raise UserError(
                    f"The folder {self.path} for saved work cannot be used: {error.strerror}.",
                    "Choose another one under Advanced.",
                    "autosave_failed",
                ) from error
            self._isOpen = True
        self._count += 1
        return self.path / f"{_PREFIX}{self._session}-{self._count:05d}.mrb"

    def prune(self) -> None:
        """Remove this Slicer's bundles but for the newest, and the scans that none of these needs."""
        bundles = self._bundlesOf(self._session)
        needed = self.scanFiles.namesOf(bundles[:KEPT])
        scans = [path for path in self._scansOf(self._session) if path.name not in needed]
        for path in [*bundles[KEPT:], *scans]:
            path.unlink(missing_ok=True)

    def forgetOwn(self) -> None:
        """Remove this Slicer's bundles: their scene was closed by the user."""
        for path in [*self._bundlesOf(self._session), *self._scansOf(self._session)]:
            path.unlink(missing_ok=True)

    def leftovers(self) -> list[Path]:
        """Return the bundles of Slicers that ended without closing their scene, the newest first."""
        paths = [path for session in self._endedSessions() for path in self._bundlesOf(session)]
        return sorted(paths, key=lambda path: path.stat().st_mtime_ns, reverse=True)

    def discard(self) -> None:
        """Remove all that is left of Slicers that have ended."""
        self._remove(self._endedSessions())

    def discardUnfinished(self) -> None:
        """Remove what is left of Slicers that ended before their first bundle was whole: nobody would be offered it."""
        # Where there is no scan but a lock alone, its Slicer may be about to hold it.
        self._remove([each for each in self._endedSessions() if self._scansOf(each) and not self._bundlesOf(each)])

    def _remove(self, sessions):
        for session in sessions:
            for path in [*self._bundlesOf(session), *self._scansOf(session), self._lockOf(session)]:
                path.unlink(missing_ok=True)
        if not self._runningSessions():
            for folder in [*self.path.glob(".writing-*"), *self.path.glob(".reading-*")]:
                shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Remove this Slicer's bundles and its lock."""
        self.forgetOwn()
        if self._isOpen:
            self._held.close()
            self._lockOf(self._session).unlink(missing_ok=True)
            self._isOpen = False

    def _bundlesOf(self, session):
        """:return: paths of a Slicer's bundles, the newest first."""
        return sorted(self.path.glob(f"{_PREFIX}{session}-*.mrb"), reverse=True)

    def _scansOf(self, session):
        """:return: paths of a Slicer's scans, and of one that it could not finish."""
        return sorted(self.path.glob(f"{_PREFIX}{session}-scan-*"))

    def _nextScan(self):
        self._scanCount += 1
        return self.path / f"{_PREFIX}{self._session}-scan-{self._scanCount:05d}.nrrd"

    def _lockOf(self, session):
        return self.path / f"{_PREFIX}{session}.lock"

    def _sessions(self):
        locks = {path.stem.removeprefix(_PREFIX) for path in self.path.glob(f"{_PREFIX}*.lock")}
        # A bundle without a lock was moved here, or its Slicer removed the lock too early.
        bundles = {path.stem.removeprefix(_PREFIX).rpartition("-")[0] for path in self.path.glob(f"{_PREFIX}*.mrb")}
        return sorted(locks | bundles)

    def _endedSessions(self):
        return [session for session in self._sessions() if session != self._session and not self._isRunning(session)]

    def _runningSessions(self):
        return [session for session in self._sessions() if session == self._session or self._isRunning(session)]

    def _isRunning(self, session):
        try:
            with folderLock(self._lockOf(session)):
                return False
        except UserError:
            return True
