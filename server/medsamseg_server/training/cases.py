"""Labeled scans in memory, and the slices of them that are trained on; what was dropped is told, with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.masks import SliceMask
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.evaluation.manifest import CaseEntry, Target
from medsamseg_server.image_io.label_reading import read_labels
from medsamseg_server.image_io.reading import read_image
from medsamseg_server.volumes.volume import Volume

#: The size limits of the MedSAM authors' script for the CVPR 2024 challenge (``pre_CT_MR.py``, branch LiteMedSAM).
SMALLEST_SLICE = 10
SMALLEST_VOLUME = 100


@dataclass(frozen=True)
class SizeLimits:
    """What is too small to train on.

    Attributes:
        slice_pixels: objects with fewer pixels on a slice are left out of it.
        volume_voxels: objects with fewer voxels in a scan are left out of it.
    """

    slice_pixels: int = SMALLEST_SLICE
    volume_voxels: int = SMALLEST_VOLUME


@dataclass(frozen=True)
class LabeledCase:
    """A scan with its objects.

    Attributes:
        entry: where it comes from, which window, which axis.
        volume: the scan, (K, J, I).
        masks: objects by name, bool (K, J, I).
        targets: their labels.
        spacing: of the voxels along K, J and I, in millimeters.
    """

    entry: CaseEntry
    volume: Volume
    masks: dict[str, NDArray[np.bool_]]
    targets: dict[str, Target]
    spacing: tuple[float, float, float]


@dataclass(frozen=True)
class TrainingSlice:
    """A slice with the objects on it.

    Attributes:
        case: name of the case.
        index: slice index along the case's axis.
        gray: uint8 (H, W), windowed as in the product.
        masks: objects by name.
    """

    case: str
    index: int
    gray: NDArray[np.uint8]
    masks: dict[str, SliceMask]


@dataclass(frozen=True)
class Dropped:
    """Something that was left out."""

    case: str
    reason: str


@dataclass
class DataReport:
    """What was used and what was left out, and why.

    Attributes:
        used: number of objects on slices by case and name of the object.
        dropped: cases, and objects of cases, that were left out.
        small_slices: number of objects on slices that are under the size limit.
        spared_slices: slices that were not used because enough of their case were.
    """

    used: dict[str, dict[str, int]] = field(default_factory=dict)
    dropped: list[Dropped] = field(default_factory=list)
    small_slices: int = 0
    spared_slices: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain JSON."""
        return {
            "used": self.used,
            "dropped": [{"case": each.case, "reason": each.reason} for each in self.dropped],
            "objects_too_small_on_a_slice": self.small_slices,
            "slices_not_needed": self.spared_slices,
        }


def read_case(entry: CaseEntry) -> LabeledCase:
    """Read a scan and its objects.

    Raises:
        MedSAMSegError: ``labels_empty``, ``volume_not_finite``, or as ``images.read_image``,
            ``label_reading.read_labels`` and ``Volume.from_array``.
    """
    image = read_image(entry.image)
    if image.array.dtype.kind == "f" and not np.isfinite(image.array).all():
        count = int(np.count_nonzero(~np.isfinite(image.array)))
        raise _fault("volume_not_finite", f"{entry.image.name} has {count} voxels that are not a number or infinite.")
    labels = read_labels(entry.labels, image)
    targets: dict[str, Target] = entry.targets or {**labels.numbers}
    masks = {}
    for name, number in targets.items():
        try:
            masks[name] = labels.mask(name, number)
        except MedSAMSegError as error:
            # A scan need not show every object.
            if error.code != "target_missing":
                raise
    if not masks:
        raise _fault("labels_empty", f"{entry.labels.name} has no voxel of an object.")
    i, j, k = image.geometry.spacing
    kept = {name: targets[name] for name in masks}
    return LabeledCase(entry, Volume.from_array(image.array), masks, kept, (k, j, i))


def cut_slices(
    case: LabeledCase, limits: SizeLimits, most: int | None, seed: int, report: DataReport
) -> list[TrainingSlice]:
    """Return the slices of a case that have objects of a usable size, and report what is left out.

    Args:
        case: the scan with its objects.
        limits: what is too small.
        most: at most so many slices, drawn at random and evenly spread; None for all.
        seed: of the drawing.
        report: gets what was used and left out.
    """
    name = case.entry.name
    kept = {}
    for target, mask in case.masks.items():
        voxels = int(np.count_nonzero(mask))
        if voxels < limits.volume_voxels:
            reason = f"{target} has {voxels} voxels, fewer than {limits.volume_voxels}"
            report.dropped.append(Dropped(name, reason))
        else:
            kept[target] = np.moveaxis(mask, case.entry.axis, 0)
    objects = dict(_objects_by_slice(kept, limits, report))
    chosen = _choose(sorted(objects), most, seed)
    report.spared_slices += len(objects) - len(chosen)
    window = case.volume.window(case.entry.window)
    slices = [
        TrainingSlice(name, index, window.apply(case.volume.slice(case.entry.axis, index)), objects[index])
        for index in chosen
    ]
    if slices:
        report.used[name] = {target: sum(target in each.masks for each in slices) for target in kept}
    else:
        report.dropped.append(Dropped(name, "no object is large enough"))
    return slices


def _objects_by_slice(
    masks: dict[str, NDArray[np.bool_]], limits: SizeLimits, report: DataReport
) -> Iterator[tuple[int, dict[str, SliceMask]]]:
    """Yield the slices with objects of a usable size."""
    areas = {target: np.count_nonzero(mask, axis=(1, 2)) for target, mask in masks.items()}
    for index in range(max((len(mask) for mask in masks.values()), default=0)):
        found = {}
        for target, mask in masks.items():
            if areas[target][index] >= limits.slice_pixels:
                found[target] = SliceMask.from_mask(mask[index], 1.0)
            elif areas[target][index]:
                report.small_slices += 1
        if found:
            yield index, found


def _choose(indices: list[int], most: int | None, seed: int) -> list[int]:
    """Return at most so many of the indices, one at random out of each of equal parts."""
    if most is None or len(indices) <= most:
        return indices
    random = np.random.default_rng([seed, len(indices)])
    parts = np.array_split(np.array(indices), most)
    return [int(random.choice(part)) for part in parts]


def _fault(code: str, message: str) -> MedSAMSegError:
    return MedSAMSegError(ErrorKind.INVALID_INPUT, code, message, "Correct the file, or leave the case out.")
