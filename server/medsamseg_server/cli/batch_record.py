"""What is kept of each finished case of ``medsamseg batch``, so that the next run knows whether it is as before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from medsamseg_server import __version__
from medsamseg_server.cli.batch_case import Case
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.system.safe_files import ensure_folder, file_digest, replacing, write_failure

#: ``done`` in this run, ``kept`` from an earlier one, ``failed``, or ``waiting`` where the run was stopped before.
State = Literal["done", "kept", "failed", "waiting"]
# Arguments that say what is computed, and not where to or what is told of it.
_SETTINGS = ("series", "box", "line", "slice", "axis", "range", "name", "window", "model", "method", "planes")


@dataclass(frozen=True)
class Outcome:
    """What became of a case.

    Attributes:
        state: see ``State``.
        seconds: that it took, reading and writing included, loading the network not.
        segments: of each object ``segment`` (its name), ``volume_ml``, ``slices``, ``longest_mm``,
            ``perpendicular_mm``, ``confidence`` (the lowest of its slices) and ``least_sure_slice``; None where it is
            not known. The ranges of sizes as ``segment_measures.RANGE_COLUMNS``, where they are known.
        notes: sentences to read.
        error: ``code``, ``message`` and ``hint`` of what went wrong; empty where nothing did.
    """

    state: State
    seconds: float | None = None
    segments: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    error: dict[str, str] = field(default_factory=dict)

    @classmethod
    def failed(cls, error: MedSAMSegError, seconds: float | None = None) -> Outcome:
        """Return the outcome of a case with an error."""
        return cls("failed", seconds, error={"code": error.code, "message": error.message, "hint": error.hint})

    @property
    def words(self) -> str:
        """What is to be read of the case, as one line."""
        # Lists of names, such as the nearest terms, have one in each line.
        hint = self.error.get("hint", "").replace("\n", "; ")
        return " ".join([*filter(None, (self.error.get("message"), hint)), *self.notes])

    @property
    def confidence(self) -> float | None:
        """The lowest confidence of its objects; None where there is none."""
        known = [each["confidence"] for each in self.segments if each["confidence"] is not None]
        return min(known, default=None)


@dataclass(frozen=True)
class CaseFiles:
    """Where the files of a case are.

    Attributes:
        output: the segmentation.
        unfinished: the same, until all files of the case are written.
        picture: the picture of it.
        record: what is kept of the case.
    """

    output: Path
    unfinished: Path
    picture: Path
    record: Path

    @classmethod
    def of(cls, folder: Path, name: str, suffix: str) -> CaseFiles:
        """Return the files of a case in the folder of results."""
        return cls(
            folder / f"{name}{suffix}",
            folder / "unfinished" / f"{name}{suffix}",
            folder / "pictures" / f"{name}.png",
            folder / "records" / f"{name}.json",
        )

    def make_folders(self) -> None:
        """Make the folders of all of them.

        Raises:
            MedSAMSegError: as ``safe_files.ensure_folder``.
        """
        for path in (self.output, self.unfinished, self.picture, self.record):
            ensure_folder(path.parent)


def settings_of(case: Case, weights: str) -> dict[str, Any]:
    """Return everything that the result of a case depends on; files by path, size and time.

    Args:
        case: that is not wrong.
        weights: SHA-256 of the network's weights.
    """
    assert case.args is not None
    files = (case.args.image, case.labels, case.args.prompts)
    return {
        **{name: getattr(case.args, name) for name in _SETTINGS},
        "files": [_traits(path) for path in files if path is not None],
        "from_labels": case.labels is not None,
        "weights_sha256": weights,
        "version": __version__,
    }


def find_before(files: CaseFiles, settings: Mapping[str, Any]) -> Outcome | None:
    """Return the outcome of an earlier run where it still holds; None where the case is to be segmented.

    A segmentation that was changed since, such as by hand, stays: with the same settings it is the case's result.

    Raises:
        MedSAMSegError: ``output_exists`` for one that would have to be replaced by another.
    """
    if not files.output.exists():
        return None
    record = _read(files.record)
    is_as_made = record is not None and record.get("output_sha256") == file_digest(files.output)
    is_same_case = record is not None and record.get("settings") == settings
    if record is not None and is_same_case:
        before = record["outcome"]
        changed = f"{files.output.name} was changed since, and is kept; the figures are of what was made."
        notes = before["notes"] if is_as_made else [*before["notes"], changed]
        return Outcome("kept", before["seconds"], before["segments"], notes)
    if is_as_made:
        return None
    raise MedSAMSegError(
        ErrorKind.CANNOT_WRITE,
        "output_exists",
        f"{files.output} exists already, and is not what an earlier run has left.",
        "Move it away, choose another folder, or replace it with --force.",
    )


def keep(files: CaseFiles, settings: Mapping[str, Any], outcome: Outcome) -> None:
    """Give the segmentation its name and write the record, after the other files of a case.

    Raises:
        MedSAMSegError: of kind ``CANNOT_WRITE``.
    """
    record = {"settings": settings, "output_sha256": file_digest(files.unfinished), "outcome": asdict(outcome)}
    try:
        files.unfinished.replace(files.output)
    except OSError as error:
        raise write_failure(error, files.output) from error
    with replacing(files.record) as temporary:
        temporary.write_text(json.dumps(record, indent=1), encoding="utf-8")


def _read(path: Path) -> dict[str, Any] | None:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        # Without a record that can be read, the case is as if it had not been segmented.
        return None
    return record if isinstance(record, dict) and isinstance(record.get("outcome"), dict) else None


def _traits(path: Path) -> list[Any]:
    """Return what changes when a file, or any in a folder, is changed."""
    if not path.is_dir():
        return [str(path), path.stat().st_size, path.stat().st_mtime_ns]
    inside = [each for each in sorted(path.rglob("*")) if each.is_file()]
    return [str(path), [[each.name, each.stat().st_size, each.stat().st_mtime_ns] for each in inside]]
