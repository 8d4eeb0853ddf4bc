"""From corrected slices to an improved model, as a run: slices collected, written, learned from beside Slicer."""

from __future__ import annotations

import contextlib
import math
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.install.trainingPackages import howToGetThem
from MedSAMSegLib.runs.backgroundRun import BackgroundRun
from MedSAMSegLib.runs.run import Run
from MedSAMSegLib.server.dataFolders import homeFolder
from MedSAMSegLib.training.correctionExport import CorrectionExport

if TYPE_CHECKING:
    from MedSAMSegLib.server.serverProgram import ServerProgram

#: The fewest slices that the server's training can split; more are better.
FEWEST_SLICES = 5

# Few slices are looked at more often, until about so many have been seen.
_SEEN_SLICES = 1600
_FEWEST_EPOCHS, _MOST_EPOCHS = 8, 40
_PATIENCE = 5

#: How long the end of a training is waited for, on the main thread: its process is killed, so that is a moment.
CLOSE_SECONDS = 2.0

_PREFIX = "medsamseg-corrections-"
# No training of a few slices takes so long: what is older was left by a Slicer that crashed.
_LEFTOVER_SECONDS = 24 * 3600


@dataclass(frozen=True)
class TrainingProgress:
    """How far it is.

    :param phase: "collecting", "encoding" or "learning".
    :param done: steps so far.
    :param total: steps in all; 0 where nobody knows.
    """

    phase: str
    done: int = 0
    total: int = 0


@dataclass(frozen=True)
class Improvement:
    """What came of it.

    :param model: name of the new model.
    :param changes: [(name of the object, Dice before, Dice after)] on what was held back; the last row, without a
        name, is the mean over all.
    :param slices: number of objects on slices, in all.
    :param heldBack: how many of them the new model has not seen.
    :param volumes: number of volumes.
    :param holdsBackVolumes: whether whole volumes were held back, or slices of volumes that it has learned from.
    :param skipped: sentences on what could not be used.
    """

    model: str
    changes: list
    slices: int
    heldBack: int
    volumes: int
    holdsBackVolumes: bool
    skipped: list


class CorrectionTraining(Run):
    """A run for a :class:`WorkList`; its result is an :class:`Improvement`, None when it was cancelled.

    Pictures are copied into a temporary folder of the user's own and removed from there at the end.

    :param sources: functions, called on the main thread, each giving what :func:`correctedVolumes` gives.
    :param program: :class:`ServerProgram` of the environment in which the server runs.
    :param name: of the new model: small letters, digits, ".", "_", "-".
    :param title: of the new model, for people.
    :param base: name of the model to begin with; None for the server's default.
    :param onProgress: called with :class:`TrainingProgress`.
    """

    def __init__(
        self,
        sources: Sequence[Callable[[], Any]],
        program: ServerProgram,
        name: str,
        title: str,
        base: str | None = None,
        onProgress: Callable[..., None] | None = None,
    ) -> None:
        #: The :class:`Improvement`, once there is one.
        self.result = None
        self._sources = list(sources)
        self._program = program
        self._names = (name, title, base)
        self._onProgress = onProgress or (lambda progress: None)
        _removeLeftovers()
        self._folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._data = self._folder / "data"
        self._data.mkdir()
        self._export = CorrectionExport(self._data)
        self._skipped = []
        self._isCancelled = False
        self._background: BackgroundRun | None = None
        self._steps = self._work()

    @staticmethod
    def logPath() -> Path:
        """Where what the training said is kept."""
        return homeFolder() / "improve.log"

    def advance(self, wait: bool = False) -> bool:
        """Go on; return True while more is to come.

        :param wait: True to wait for the end of what is being done.
        :raises UserError: when there are too few slices, or the training failed.
        """
        try:
            if self._background is not None:
                if self._background.advance(wait):
                    return True
                self.result, self._background = self._background.result, None
            function = None if self._isCancelled else next(self._steps, None)
        except BaseException:
            self._cleanUp()
            raise
        if function is None:
            self._cleanUp()
            return False
        self._background = BackgroundRun(function, self._program.cancel, self._onProgress)
        return True

    def cancel(self) -> None:
        """Ask it to end soon, which `advance` will tell."""
        self._isCancelled = True
        self._program.cancel()

    def close(self) -> None:
        """End it now, leaving nothing; what cannot be ended yet is left alone, and its folder removed afterwards."""
        self.cancel()
        background = self._background
        if background is None or background.wait(CLOSE_SECONDS):
            self._cleanUp()
        else:
            threading.Thread(
                target=self._cleanUpAfter, args=(background,), name="MedSAMSegCleanUp", daemon=True
            ).start()

    def _cleanUpAfter(self, background):
        background.wait()
        self._cleanUp()

    def _work(self):
        """Yield what is to be done in the background, one after the other."""
        for number, source in enumerate(self._sources):
            self._onProgress(TrainingProgress("collecting", number, len(self._sources)))
            try:
                volumes, skipped = source()
            except UserError as error:
                volumes, skipped = [], [str(error)]
            self._skipped += skipped
            for volume in volumes:
                yield lambda report, volume=volume: self._export.add(volume)
        self._requireEnough()
        yield self._train

    def _requireEnough(self):
        count = self._export.sliceCount
        if count < FEWEST_SLICES:
            raise UserError(
                f"{count} slice(s) were drawn, edited or accepted; at least {FEWEST_SLICES} are needed to learn from."
                + "".join(f" {sentence}" for sentence in self._skipped),
                "Draw, correct or accept more slices.",
                "slices_few",
            )

    def _train(self, report):
        self._export.finish()
        report(TrainingProgress("encoding"))

        def tell(event):
            if event.get("event") == "encoded":
                report(TrainingProgress("encoding", event["done"], event["total"]))
            elif event.get("event") in ("step", "epoch"):
                done = (event["epoch"] - 1) * event["steps"] + event["step"]
                report(TrainingProgress("learning", done, event["epochs"] * event["steps"]))

        self.logPath().parent.mkdir(parents=True, exist_ok=True)
        with self.logPath().open("w", encoding="utf-8") as log, self._sayingWhatToDo():
            answer = self._program.run(*self._arguments(), onLine=tell, log=log, isNice=True)
        return None if answer is None else self._improvement(answer)

    @contextlib.contextmanager
    def _sayingWhatToDo(self):
        """Replace hints that are for a user of the command line."""
        try:
            yield
        except UserError as error:
            hints = {"train_not_installed": howToGetThem, "program_failed": lambda: f"The log is {self.logPath()}."}
            if error.code not in hints:
                raise
            raise UserError(error.message, hints[error.code](), error.code) from error

    def _arguments(self):
        name, title, base = self._names
        epochs = math.ceil(_SEEN_SLICES / self._export.sliceCount)
        words = ["train", "finetune", str(self._export.manifest), "--events", "--name", name, "--title", title]
        words += ["--run", str(self._folder / "run"), "--slices-per-case", "0", "--smallest-volume", "0"]
        words += ["--epochs", str(min(max(epochs, _FEWEST_EPOCHS), _MOST_EPOCHS)), "--patience", str(_PATIENCE)]
        words += ["--base", base] if base else []
        return words + (["--split", str(self._export.split)] if self._export.split else ["--hold-back-slices"])

    def _improvement(self, answer):
        metrics = answer["metrics"]
        before = metrics["test_by_target_before"]
        changes = [(target, before[target], after) for target, after in metrics["test_by_target"].items()]
        changes.append(("", metrics["test_dice_per_slice_before"], metrics["test_dice_per_slice"]))
        return Improvement(
            answer["model"],
            changes,
            self._export.sliceCount,
            metrics["test_objects_on_slices"],
            self._export.volumeCount,
            self._export.split is not None,
            self._skipped,
        )

    def _cleanUp(self):
        shutil.rmtree(self._folder, ignore_errors=True)


def _removeLeftovers():
    """Remove pictures that a Slicer left which has crashed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > _LEFTOVER_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
