"""The manifest of an evaluation: which scans, pictures and films, which labels, which objects in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.film_names import is_film
from medsamseg_server.propagation.fusing import FUSIONS, Fusion
from medsamseg_server.system.json_text import JsonTextError, parse_json
from medsamseg_server.volumes.windows import resolve_window

EXAMPLE = (
    '{"cases": [{"image": "ct.nii.gz", "labels": "ct_labels.nii.gz", "window": "soft", "axis": 0, '
    '"targets": {"spleen": 1, "liver": 5}}]}'
)
_NEEDED = {"image", "labels", "targets"}
_KNOWN = _NEEDED | {"window", "axis", "name", "group", "time", "all_times", "also", "fuse"}

#: The label of an object, or the labels that make it together.
Target: TypeAlias = int | tuple[int, ...]


@dataclass(frozen=True)
class CaseEntry:
    """A scan, picture or film with its labels, as the manifest names them.

    Attributes:
        name: what reports call it.
        image: file of the scan.
        labels: file of the labels; see ``label_reading.read_labels``.
        targets: label by name of the object; empty for all objects of the labels. Where the labels themselves have an
            object of the name, that is the one, whatever its label.
        window: which intensities the network sees; see ``windows.resolve_window``.
        axis: array axis across the slices.
        group: what the case is one of, such as a modality; confidence is reported for each. Empty for the case itself.
        time: which of the scan's volumes over time; None where it has one, or all are meant.
        all_times: all of the scan's volumes over time.
        also: further volumes of the same object, asked as well; see ``fusing.Phases``.
        fusion: how their probabilities are fused.
        labels_of_times: with ``all_times`` and a file a time, these files; ``labels`` is the first of them.
    """

    name: str
    image: Path
    labels: Path
    targets: dict[str, Target]
    window: str = "auto"
    axis: int = 0
    group: str = ""
    time: int | None = None
    all_times: bool = False
    labels_of_times: tuple[Path, ...] = ()
    also: tuple[Path, ...] = ()
    fusion: Fusion = "mean"

    @cached_property
    def is_film(self) -> bool:
        """Whether the image is a film; some have to be opened to know."""
        return is_film(self.image)

    @property
    def is_over_time(self) -> bool:
        """Whether an object is followed through time in it."""
        return self.all_times or self.is_film


def read_manifest(path: Path) -> list[CaseEntry]:
    """Read a manifest; names of files in it are relative to its folder.

    Raises:
        MedSAMSegError: ``manifest_missing``, ``manifest_unreadable``, ``manifest_malformed`` with the place in it, or
            ``window_invalid``.
    """
    try:
        content = parse_json(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise MedSAMSegError(
            ErrorKind.NOT_FOUND, "manifest_missing", f"There is no manifest {path}.", "Check the path."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        reason = "it is no text" if isinstance(error, UnicodeDecodeError) else error
        message = f"The manifest {path} cannot be read: {reason}."
        hint = "Give a file of JSON that may be read, as docs/propagation.md describes it."
        raise MedSAMSegError(ErrorKind.UNREADABLE, "manifest_unreadable", message, hint) from error
    except JsonTextError as error:
        raise _malformed(path, str(error)) from error
    cases = content.get("cases") if isinstance(content, dict) else None
    if not isinstance(cases, list) or not cases:
        raise _malformed(path, "the start: {…} with a list 'cases' of at least one is expected")
    return [_entry(path, number, case) for number, case in enumerate(cases)]


def require_single_scans(entries: Sequence[CaseEntry], what: str) -> list[CaseEntry]:
    """Return the entries; raise ``case_unfit`` for a film, a scan over time, or a case with several volumes.

    Args:
        entries: of a manifest.
        what: what cannot use others, as the start of a sentence.
    """
    for entry in entries:
        if entry.is_over_time or entry.time is not None or entry.also:
            kind = "a film" if entry.is_film else "several volumes" if entry.also else "a scan over time"
            message = f"{what} single scans and pictures; the case '{entry.name}' is {kind}."
            hint = "Leave the case out, or save one frame or time as a file of its own."
            raise MedSAMSegError(ErrorKind.INVALID_INPUT, "case_unfit", message, hint)
    return list(entries)


def _entry(path: Path, number: int, case: Any) -> CaseEntry:
    place = f"cases[{number}]"
    _check_keys(path, place, case)
    time, all_times = _times(path, place, case)
    files = _label_files(path, place, case["labels"], all_times)
    targets = _targets(path, place, case["targets"])
    axis = case.get("axis", 0)
    if type(axis) is not int or axis not in (0, 1, 2):
        raise _malformed(path, f"{place}.axis: 0, 1 or 2 is expected")
    window = case.get("window", "auto")
    resolve_window(window, np.zeros((1, 1, 1), np.uint8))
    image = path.parent / case["image"]
    name = case.get("name") or image.name.split(".")[0]
    group, several = case.get("group", ""), files if len(files) > 1 else ()
    also, fusion = _phases(path, place, case)
    return CaseEntry(name, image, files[0], targets, window, axis, group, time, all_times, several, also, fusion)


def _check_keys(path: Path, place: str, case: Any) -> None:
    """Raise an error unless a case is an object with the keys that it needs, and texts where those are expected."""
    if not isinstance(case, dict):
        raise _malformed(path, f"{place}: {{…}} is expected")
    for key in sorted(_NEEDED - case.keys()):
        raise _malformed(path, f"{place}: '{key}' is missing")
    for key in sorted(case.keys() - _KNOWN):
        raise _malformed(path, f"{place}: '{key}' is not known here")
    for key in ("image", "window", "name", "group"):
        if not isinstance(case.get(key, ""), str):
            raise _malformed(path, f"{place}.{key}: a text is expected")


def _targets(path: Path, place: str, targets: Any) -> dict[str, Target]:
    if not isinstance(targets, dict) or not targets or not all(map(_is_target, targets.values())):
        raise _malformed(path, f"{place}.targets: names with whole numbers, the labels, or lists of them are expected")
    return {name: tuple(label) if isinstance(label, list) else label for name, label in targets.items()}


def _phases(path: Path, place: str, case: dict[str, Any]) -> tuple[tuple[Path, ...], Fusion]:
    also, fusion = case.get("also", []), case.get("fuse", "mean")
    if not isinstance(also, list) or not all(isinstance(each, str) for each in also):
        raise _malformed(path, f"{place}.also: a list of texts, the further images, is expected")
    if fusion not in FUSIONS:
        raise _malformed(path, f"{place}.fuse: one of {', '.join(FUSIONS)} is expected")
    if also and ("all_times" in case or is_film(path.parent / case["image"])):
        raise _malformed(path, f"{place}.also: films, and scans at all times, have no further images")
    return tuple(path.parent / each for each in also), fusion


def _times(path: Path, place: str, case: dict[str, Any]) -> tuple[int | None, bool]:
    time, all_times = case.get("time"), case.get("all_times", False)
    if "time" in case and (type(time) is not int or time < 0):
        raise _malformed(path, f"{place}.time: a whole number from 0 is expected")
    if type(all_times) is not bool:
        raise _malformed(path, f"{place}.all_times: true or false is expected")
    if time is not None and all_times:
        raise _malformed(path, f"{place}: 'time' and 'all_times' cannot go together")
    return time, all_times


def _label_files(path: Path, place: str, labels: Any, all_times: bool) -> tuple[Path, ...]:
    several = labels if isinstance(labels, list) and all_times else [labels]
    if not several or not all(isinstance(each, str) for each in several):
        expected = "a text, or a list of texts, one a time," if all_times else "a text"
        raise _malformed(path, f"{place}.labels: {expected} is expected")
    return tuple(path.parent / each for each in several)


def _is_target(label: Any) -> bool:
    several = label if isinstance(label, list) else [label]
    return bool(several) and all(type(each) is int for each in several)


def _malformed(path: Path, what: str) -> MedSAMSegError:
    return MedSAMSegError(
        ErrorKind.INVALID_INPUT, "manifest_malformed", f"The manifest {path} is wrong at {what}.", f"Example: {EXAMPLE}"
    )
