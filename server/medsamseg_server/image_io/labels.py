"""Labels of a scan in memory: objects with a name and a number. In a label map, the numbers are the names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.errors import ErrorKind, MedSAMSegError, shorten
from medsamseg_server.image_io.mask_writer import SegmentingModel
from medsamseg_server.image_io.terminology import Terminology

_MOST_NAMES_TOLD = 8
#: With more values than these, label maps are told from images: within an object, neighbors have the same value, as a
#: map of a thousand cells has, too.
_MOST_UNQUESTIONED = 64


@dataclass(frozen=True)
class LabelObject:
    """One object.

    Attributes:
        name: what its file calls it; the number where it has no names.
        number: its label, segment or ROI number.
        voxels: (K, J, I) in the scan's voxels.
        value: the object is where ``voxels`` has this value.
        color: red, green and blue, 0…1; None where its file has none.
        terminology: what it is, in codes; None where its file does not say.
        is_ours: whether its file says that MedSAMSeg found it.
        found_by: the model that did; None where that is not known.
    """

    name: str
    number: int
    voxels: NDArray[Any]
    value: int
    color: tuple[float, float, float] | None = None
    terminology: Terminology | None = None
    is_ours: bool = False
    found_by: SegmentingModel | None = None


@dataclass(frozen=True)
class Labels:
    """The labels of a scan.

    Attributes:
        objects: in the file's order. Objects of one name are parts of one, as two lesions of one label are.
        source: name of the file, for messages.
        named: the file gives names; those of a label map are only its numbers.
        notes: sentences on what the user should know of the file.
    """

    objects: Sequence[LabelObject]
    source: str
    named: bool = True
    notes: Sequence[str] = ()

    @property
    def numbers(self) -> dict[str, int]:
        """The number of each object by its name; that of the first of its parts."""
        found: dict[str, int] = {}
        for each in self.objects:
            found.setdefault(each.name, each.number)
        return found

    def mask(self, name: str, number: int | Sequence[int] | None = None) -> NDArray[np.bool_]:
        """Return an object's voxels, bool (K, J, I).

        Args:
            name: an object of this name is meant first, where the file gives names;
            number: then those with this number, or with any of several.

        Raises:
            MedSAMSegError: ``target_missing``, also for an object without voxels, and ``target_ambiguous`` where
                objects in several layers have the number.
        """
        by_name = self.named or number is None
        chosen = [each for each in self.objects if by_name and each.name == name]
        if not chosen and number is not None:
            chosen = self._numbered([number] if isinstance(number, int) else number)
        mask = np.zeros(self.objects[0].voxels.shape if self.objects else (1, 1, 1), bool)
        for each in chosen:
            mask |= each.voxels == each.value
        if not mask.any():
            labels = "" if number is None else f" with the label {number}"
            raise MedSAMSegError(
                ErrorKind.INVALID_INPUT,
                "target_missing",
                f"{self.source} has no voxel{labels} of '{shorten(name)}'; it has {self._known()}.",
                "Leave the target out of the manifest, or correct its name or label.",
            )
        return mask

    def _numbered(self, numbers: Sequence[int]) -> list[LabelObject]:
        chosen = [each for each in self.objects if each.number in numbers]
        for number in numbers:
            names = sorted({each.name for each in chosen if each.number == number})
            if len(names) > 1:
                raise MedSAMSegError(
                    ErrorKind.INVALID_INPUT,
                    "target_ambiguous",
                    f"In {self.source}, the label {number} is that of {', '.join(map(shorten, names[:8]))}.",
                    "Call the target by the name that the file gives to the object.",
                )
        return chosen

    def _known(self) -> str:
        names = [f"{shorten(name, 40)} ({number})" for name, number in self.numbers.items()]
        more = f" and {len(names) - _MOST_NAMES_TOLD} more" if len(names) > _MOST_NAMES_TOLD else ""
        return (", ".join(names[:_MOST_NAMES_TOLD]) + more) or "no labels"


def label_map(voxels: NDArray[Any], path: Path) -> Labels:
    """Return the labels of an array (K, J, I) of whole numbers, whose background is 0.

    Raises:
        MedSAMSegError: ``labels_unreadable`` for an image, whose gray levels would become thousands of objects.
    """
    values = [int(value) for value in np.unique(voxels) if value != 0]
    _check_is_no_image(voxels, values, path)
    return Labels([LabelObject(str(value), value, voxels, value) for value in values], path.name, named=False)


def _check_is_no_image(voxels: NDArray[Any], values: Sequence[int], path: Path) -> None:
    reason = ""
    if values and values[0] < 0:
        reason = f"has negative values, down to {values[0]}"
        if len(values) <= _MOST_UNQUESTIONED:
            raise unreadable(path, f"{reason}: labels are 0 and above", "Set to 0 what is to be left out.")
    elif len(values) > _MOST_UNQUESTIONED:
        left, right = voxels[..., :-1], voxels[..., 1:]
        on_objects = (left != 0) & (right != 0)
        if np.count_nonzero(on_objects & (left == right)) < np.count_nonzero(on_objects) / 2:
            reason = f"has {len(values)} different values, and neighbors mostly differ"
    if reason:
        hint = "Give labels that were drawn on this scan: 0 for the background, one whole number for each object."
        raise unreadable(path, f"{reason}: it is an image, and no label map", hint)


def whole_numbers(array: NDArray[Any], path: Path) -> NDArray[Any]:
    """Return an array whose values are integers, whatever their type; raise ``labels_not_whole`` for others."""
    if array.dtype.kind != "f":
        return array
    if not np.array_equal(array, np.round(array)):
        message = f"{path.name} holds other than whole numbers: it is no label map."
        hint = "Give labels that were drawn on this scan, in its voxels."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "labels_not_whole", message, hint)
    return array.astype(np.int64)


def unreadable(path: Path, reason: str, hint: str = "Copy or export the file again.") -> MedSAMSegError:
    """Return the error for a file whose labels cannot be read."""
    return MedSAMSegError(ErrorKind.UNREADABLE, "labels_unreadable", f"{path.name} {reason}.", hint)
