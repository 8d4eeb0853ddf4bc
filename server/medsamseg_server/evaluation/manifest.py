"""The manifest of an evaluation: which scans, which labels, which objects in them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.label_reading import read_labels
from medsamseg_server.image_io.labels import Labels
from medsamseg_server.image_io.reading import read_image
from medsamseg_server.volumes.volume import Volume
from medsamseg_server.volumes.windows import resolve_window

EXAMPLE = (
    '{"cases": [{"image": "ct.nii.gz", "labels": "ct_labels.nii.gz", "window": "soft", "axis": 0, '
    '"targets": {"spleen": 1, "liver": 5}}]}'
)
_NEEDED = {"image", "labels", "targets"}
_KNOWN = _NEEDED | {"window", "axis", "name", "group"}

#: The label of an object, or the labels that make it together.
Target: TypeAlias = int | tuple[int, ...]


@dataclass(frozen=True)
class CaseEntry:
    """A scan with its labels, as the manifest names them.

    Attributes:
        name: what reports call it.
        image: file of the scan.
        labels: file of the labels; see ``label_reading.read_labels``.
        targets: label by name of the object; empty for all objects of the labels. Where the labels themselves have an
            object of the name, that is the one, whatever its label.
        window: which intensities the network sees; see ``windows.resolve_window``.
        axis: array axis across the slices.
        group: what the case is one of, such as a modality; confidence is reported for each. Empty for the case itself.
    """

    name: str
    image: Path
    labels: Path
    targets: dict[str, Target]
    window: str = "auto"
    axis: int = 0
    group: str = ""


@dataclass(frozen=True)
class Case:
    """A scan with its labels in memory.

    Attributes:
        entry: what the manifest says.
        volume: the scan, (K, J, I).
        labels: in the scan's voxels.
        spacing: of the voxels along K, J and I, in millimeters.
    """

    entry: CaseEntry
    volume: Volume
    labels: Labels
    spacing: tuple[float, float, float]

    def target(self, name: str) -> NDArray[np.bool_]:
        """Return one object's mask, (K, J, I).

        Raises:
            MedSAMSegError: ``target_missing`` or ``target_ambiguous``.
        """
        return self.labels.mask(name, self.entry.targets[name])


def read_manifest(path: Path) -> list[CaseEntry]:
    """Read a manifest; names of files in it are relative to its folder.

    Raises:
        MedSAMSegError: ``manifest_missing``, ``manifest_unreadable``, ``manifest_malformed`` with the place in it, or
            ``window_invalid``.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise MedSAMSegError(
            ErrorKind.NOT_FOUND, "manifest_missing", f"There is no manifest {path}.", "Check the path."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise MedSAMSegError(
            ErrorKind.UNREADABLE, "manifest_unreadable", f"The manifest {path} cannot be read: {error}."
        ) from error
    except json.JSONDecodeError as error:
        raise _malformed(path, f"line {error.lineno}, column {error.colno}: {error.msg}") from error
    cases = content.get("cases") if isinstance(content, dict) else None
    if not isinstance(cases, list) or not cases:
        raise _malformed(path, "the start: {…} with a list 'cases' of at least one is expected")
    return [_entry(path, number, case) for number, case in enumerate(cases)]


def load_case(entry: CaseEntry) -> Case:
    """Read a case's scan and labels.

    Raises:
        MedSAMSegError: as ``images.read_image`` and ``label_reading.read_labels``.
    """
    image = read_image(entry.image)
    labels = read_labels(entry.labels, image)
    i, j, k = image.geometry.spacing
    return Case(entry, Volume.from_array(image.array), labels, (k, j, i))


def _entry(path: Path, number: int, case: Any) -> CaseEntry:
    place = f"cases[{number}]"
    if not isinstance(case, dict):
        raise _malformed(path, f"{place}: {{…}} is expected")
    for key in sorted(_NEEDED - case.keys()):
        raise _malformed(path, f"{place}: '{key}' is missing")
    for key in sorted(case.keys() - _KNOWN):
        raise _malformed(path, f"{place}: '{key}' is not known here")
    for key in ("image", "labels", "window", "name", "group"):
        if not isinstance(case.get(key, ""), str):
            raise _malformed(path, f"{place}.{key}: a text is expected")
    targets = case["targets"]
    if not isinstance(targets, dict) or not targets or not all(map(_is_target, targets.values())):
        raise _malformed(path, f"{place}.targets: names with whole numbers, the labels, or lists of them are expected")
    labels = {target: tuple(label) if isinstance(label, list) else label for target, label in targets.items()}
    axis = case.get("axis", 0)
    if type(axis) is not int or axis not in (0, 1, 2):
        raise _malformed(path, f"{place}.axis: 0, 1 or 2 is expected")
    window = case.get("window", "auto")
    resolve_window(window, np.zeros((1, 1, 1), np.uint8))
    image = path.parent / case["image"]
    name = case.get("name") or image.name.split(".")[0]
    group = case.get("group", "")
    return CaseEntry(name, image, path.parent / case["labels"], labels, window, axis, group)


def _is_target(label: Any) -> bool:
    several = label if isinstance(label, list) else [label]
    return bool(several) and all(type(each) is int for each in several)


def _malformed(path: Path, what: str) -> MedSAMSegError:
    return MedSAMSegError(
        ErrorKind.INVALID_INPUT, "manifest_malformed", f"The manifest {path} is wrong at {what}.", f"Example: {EXAMPLE}"
    )
