"""The sizes that an object might have had on a slice with slightly different boxes."""

from __future__ import annotations

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class MaskRange:
    """The sizes of the masks that voted for a mask, its own among them.

    :param count: number of voxels of the mask itself; of a mask with more or fewer this is not the range.
    :param voxels: (fewest, most) voxels.
    :param longest: (shortest, longest) of their longest diameters, in millimeters.
    """

    count: int
    voxels: tuple[int, int]
    longest: tuple[float, float]

    @classmethod
    def told(cls, told: dict[str, Any] | None, count: int) -> MaskRange | None:
        """Return what the server tells of a mask; None where nothing voted for it.

        :param told: the object {"voxels", "longest_mm", "perpendicular_mm"} of the contract, or None.
        :param count: number of voxels of the mask.
        """
        return None if told is None else cls(count, tuple(told["voxels"]), tuple(told["longest_mm"]))

    @classmethod
    def fromJson(cls, values: dict[str, Any] | None) -> MaskRange | None:
        """:return: the range that `toJson` made these values of; None of None."""
        return None if values is None else cls(values["count"], tuple(values["voxels"]), tuple(values["longest"]))

    def toJson(self) -> dict[str, Any]:
        """:return: the range as values that JSON can carry."""
        return dataclasses.asdict(self)
