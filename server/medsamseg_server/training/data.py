"""From folders and manifests to slices for training, validation and test, and what the run's folder says of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.evaluation.manifest import CaseEntry, Target
from medsamseg_server.system.safe_files import file_digest, replacing
from medsamseg_server.training.cases import (
    DataReport,
    Dropped,
    LabeledCase,
    SizeLimits,
    TrainingSlice,
    cut_slices,
    read_case,
)
from medsamseg_server.training.find_cases import find_cases
from medsamseg_server.training.splits import Split, make_split, read_split, write_split

#: Slices of corrections that are enough to begin with.
_FEWEST_SLICES = 5
# Of every five slices in a row, where corrections are split by slices: for training, or held back.
_PARTS = ("train", "validation", "train", "test", "train")
# Of the slices that are mixed in, one in so many is for validation and not for training.
_MEASURED = 4
# Reasons that a message gives for too few cases.
_MOST_REASONS = 5


@dataclass(frozen=True)
class DataOptions:
    """Which data, and how it is cut.

    Attributes:
        data: folder or manifest.
        window: of scans in a folder.
        axis: array axis across the slices, for scans in a folder.
        limits: what is too small.
        slices_per_case: at most so many slices of each case; None for all.
        train_share: use only this part of the training cases.
        split: file with a split to use instead of a random one.
        mix: folder or manifest with other objects to go on practicing, so that they are not forgotten; or None.
        seed: of the split and of the drawing of slices.
        holds_back_slices: split the slices of every case instead of the cases: for corrections of a few scans, where
            slices of one patient are then on both sides.
    """

    data: Path
    window: str = "auto"
    axis: int = 0
    limits: SizeLimits = field(default_factory=SizeLimits)
    slices_per_case: int | None = None
    train_share: float = 1.0
    split: Path | None = None
    mix: Path | None = None
    seed: int = 0
    holds_back_slices: bool = False


@dataclass(frozen=True)
class TrainingData:
    """Slices for training, validation and test.

    Attributes:
        train: slices of the training cases, and those that are mixed in.
        validation: slices of the validation cases.
        test: slices of the test cases.
        mixed: slices of what is mixed in, to see whether it is forgotten; empty without.
        split: which case is where.
        report: what was used and left out.
        sha256: checksum over all files that were used, with the names of their cases.
    """

    train: list[TrainingSlice]
    validation: list[TrainingSlice]
    test: list[TrainingSlice]
    mixed: list[TrainingSlice]
    split: Split
    report: DataReport
    sha256: str


def prepare_data(
    options: DataOptions, folder: Path, progress: Callable[[str], None] = lambda name: None
) -> TrainingData:
    """Read the data, split it by case, and write to ``folder`` what was done.

    Writes ``split.json``, ``data.json`` (what was used and left out), and ``test.json``, a manifest of the test cases
    for ``medsamseg evaluate``.

    Args:
        options: which data.
        folder: the run's folder.
        progress: called with the name of each case.

    Raises:
        MedSAMSegError: as ``find_cases``, ``make_split`` and ``read_split``. Faults of single cases go to the report.
    """
    report = DataReport()
    entries = find_cases(options.data, options.window, options.axis)
    slices: dict[str, list[TrainingSlice]] = {}
    targets: dict[str, dict[str, Target]] = {}
    for entry in entries:
        progress(entry.name)
        case = _read(entry, report)
        if case is None:
            continue
        found = cut_slices(case, options.limits, options.slices_per_case, options.seed, report)
        if found:
            slices[entry.name] = found
            targets[entry.name] = case.targets
    used = [entry for entry in entries if entry.name in slices]
    practiced, measured = _mix(options, report, progress)
    _write_json(folder / "data.json", report.to_json())
    if options.holds_back_slices:
        with _reasons_given(report):
            split, parts = _part_slices(slices)
    else:
        split = _split(options, list(slices), report)
        parts = [
            [each for name in names for each in slices[name]] for names in (split.train, split.validation, split.test)
        ]
        write_split(folder / "split.json", split, options.seed)
        _write_test_manifest(folder / "test.json", [entry for entry in used if entry.name in split.test], targets)
    train, validation, test = parts
    return TrainingData([*train, *practiced], validation, test, measured, split, report, _digest(used))


def _part_slices(slices: dict[str, list[TrainingSlice]]) -> tuple[Split, list[list[TrainingSlice]]]:
    """Split the slices of every case: of five, three are for training, one for validation, one for the test."""
    every = [each for found in slices.values() for each in found]
    if len(every) < _FEWEST_SLICES:
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "slices_few",
            f"{len(every)} slice(s) with objects are too few to learn from.",
            f"At least {_FEWEST_SLICES} are needed; more are better.",
        )
    parts: dict[str, list[TrainingSlice]] = {"train": [], "validation": [], "test": []}
    for number, each in enumerate(every):
        parts[_PARTS[number % len(_PARTS)]].append(each)
    names = tuple(slices)
    return Split(names, names, names), list(parts.values())


def _read(entry: CaseEntry, report: DataReport) -> LabeledCase | None:
    try:
        return read_case(entry)
    except MedSAMSegError as error:
        report.dropped.append(Dropped(entry.name, error.message))
        return None


def _split(options: DataOptions, names: list[str], report: DataReport) -> Split:
    if options.split is None:
        with _reasons_given(report):
            return make_split(names, options.seed, options.train_share)
    split = read_split(options.split)
    for name in (*split.train, *split.validation, *split.test):
        if name not in names:
            report.dropped.append(Dropped(name, f"named in {options.split}, but not among the usable cases"))
    parts = [tuple(name for name in part if name in names) for part in (split.train, split.validation, split.test)]
    if not all(parts):
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "split_empty",
            f"With the split {options.split}, training, validation or test has no usable case.",
            "Each needs one at least; data.json in the run's folder says which cases were left out, and why.",
        )
    return Split(*parts)


@contextmanager
def _reasons_given(report: DataReport) -> Iterator[None]:
    """Give an error about too few cases the reasons why others were left out, each once."""
    try:
        yield
    except MedSAMSegError as error:
        if error.code not in ("cases_few", "slices_few") or not report.dropped:
            raise
        message = f"{error.message} Left out: {_reasons(report)}"
        raise MedSAMSegError(error.kind, error.code, message, error.hint) from error


def _reasons(report: DataReport) -> str:
    cases: dict[str, list[str]] = {}
    for each in report.dropped:
        cases.setdefault(each.reason, []).append(each.case)
    reasons = [
        f"{names[0]}{f' (and {len(names) - 1} more)' * (len(names) > 1)}: {reason.rstrip('.')}."
        for reason, names in cases.items()
    ]
    more = f" And {len(reasons) - _MOST_REASONS} more reasons, in data.json." if len(reasons) > _MOST_REASONS else ""
    return " ".join(reasons[:_MOST_REASONS]) + more


def _mix(
    options: DataOptions, report: DataReport, progress: Callable[[str], None]
) -> tuple[list[TrainingSlice], list[TrainingSlice]]:
    """Return slices of other objects for training, and others of them for validation."""
    if options.mix is None:
        return [], []
    found: list[TrainingSlice] = []
    for entry in find_cases(options.mix):
        progress(entry.name)
        case = _read(entry, report)
        if case is not None:
            found += cut_slices(case, options.limits, options.slices_per_case, options.seed, report)
    measured = found[::_MEASURED]
    return [each for number, each in enumerate(found) if number % _MEASURED], measured


def _write_test_manifest(path: Path, entries: Sequence[CaseEntry], targets: dict[str, dict[str, Target]]) -> None:
    cases = [
        {
            "name": entry.name,
            "image": str(entry.image.resolve()),
            "labels": str(entry.labels.resolve()),
            "window": entry.window,
            "axis": entry.axis,
            "targets": targets[entry.name],
        }
        for entry in entries
    ]
    _write_json(path, {"cases": cases})


def _digest(entries: Sequence[CaseEntry]) -> str:
    digest = hashlib.sha256()
    for entry in sorted(entries, key=lambda entry: entry.name):
        line = f"{entry.name} {file_digest(entry.image)} {file_digest(entry.labels)} {sorted(entry.targets.items())}\n"
        digest.update(line.encode())
    return digest.hexdigest()


def _write_json(path: Path, values: object) -> None:
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(values, indent=1), "utf-8")
