"""What became of a lesion between two scans, and which lesion is which."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from MedSAMSegLib.segments.labelmapCrop import LabelmapCrop
    from MedSAMSegLib.slices.lesions import Lesion

#: It is there on both scans; only on the earlier one; only on the later one.
MATCHED, GONE, NEW = "matched", "gone", "new"

#: Two lesions are the same if they have at least this part of the smaller one in common.
LEAST_OVERLAP = 0.25


@dataclass(frozen=True)
class LesionChange:
    """One lesion on two scans.

    :param earlier: the :class:`Lesion` on the earlier scan; None of a new one.
    :param later: the :class:`Lesion` on the later scan; None of one that was not found.
    :param overlap: common part of both, of the smaller one, 0 to 1.
    :param problem: why it was not found, in a sentence; "" where there is nothing to say.
    """

    earlier: Lesion | None
    later: Lesion | None
    overlap: float = 0.0
    problem: str = ""

    @property
    def name(self) -> str:
        """What it is called, on the earlier scan where it was there."""
        lesion = self.earlier or self.later
        return "" if lesion is None else lesion.name

    @property
    def status(self) -> str:
        """MATCHED, GONE or NEW."""
        if self.earlier is None:
            return NEW
        return GONE if self.later is None else MATCHED

    @property
    def diameterChange(self) -> float | None:
        """Change of the longest diameter in percent of the earlier one; None where it is on one scan alone."""
        return self._change("diameter")

    @property
    def volumeChange(self) -> float | None:
        """Change of the volume in percent of the earlier one; None where it is on one scan alone."""
        return self._change("volume")

    def _change(self, field):
        if self.earlier is None or self.later is None or not getattr(self.earlier, field):
            return None
        return 100 * (getattr(self.later, field) / getattr(self.earlier, field) - 1)


#: Title of a column, and what it shows of a :class:`LesionChange`.
COLUMNS = (
    ("Name", lambda change: change.name),
    ("Status", lambda change: change.status),
    ("Earlier place", lambda change: change.earlier and change.earlier.place),
    ("Place", lambda change: change.later and change.later.place),
    ("Earlier longest diameter (mm)", lambda change: change.earlier and change.earlier.diameter),
    ("Longest diameter (mm)", lambda change: change.later and change.later.diameter),
    ("Change of diameter (%)", lambda change: change.diameterChange),
    ("Earlier volume (ml)", lambda change: change.earlier and change.earlier.volume),
    ("Volume (ml)", lambda change: change.later and change.later.volume),
    ("Change of volume (%)", lambda change: change.volumeChange),
    ("Overlap", lambda change: change.overlap),
    ("Note", lambda change: change.problem),
)


def pairsByOverlap(
    earlier: Mapping[str, LabelmapCrop], later: Mapping[str, LabelmapCrop]
) -> dict[str, tuple[str, float]]:
    """Find out which lesions are one: those with the largest common part of the smaller one first, each once.

    :param earlier: {ID: LabelmapCrop} of the earlier lesions, carried to the later scan's voxels.
    :param later: {ID: LabelmapCrop} of the later lesions.
    :return: {ID of an earlier lesion: (ID of a later lesion, common part of the smaller one)}.
    """
    overlaps = [(_overlap(earlier[own], later[other]), own, other) for own in earlier for other in later]
    pairs: dict[str, tuple[str, float]] = {}
    for overlap, own, other in sorted(overlaps, key=lambda each: -each[0]):
        isTaken = own in pairs or other in (taken for taken, _overlap in pairs.values())
        if overlap >= LEAST_OVERLAP and not isTaken:
            pairs[own] = other, overlap
    return pairs


def writeChanges(changes: Sequence[LesionChange], path: Path | str) -> None:
    """Write changes into a CSV file: UTF-8, a line a lesion; what is not known is empty.

    :param changes: of the lesions.
    :param path: path of the file; one that is there is replaced.
    """
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([title for title, _value in COLUMNS])
        writer.writerows([_text(value(change)) for _title, value in COLUMNS] for change in changes)


def _overlap(first, second):
    smaller = min(np.count_nonzero(first.voxels), np.count_nonzero(second.voxels))
    return float(np.count_nonzero(first.common(second).voxels) / smaller) if smaller else 0.0


def _text(value):
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else value
