"""The range of a lesion's sizes, from those of its slices: how much its volume and diameter depend on the box."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from MedSAMSegLib.measurements.diameters import Diameter
    from MedSAMSegLib.segments.labelmapCrop import LabelmapCrop
    from MedSAMSegLib.slices.sliceRecord import SliceState

# The server gives diameters to a ten-thousandth of a millimeter.
_ROUNDING = 1e-4


def lesionRanges(
    states: Mapping[int, SliceState],
    crops: Mapping[int, LabelmapCrop],
    IJKToWorld: np.ndarray,
    volume: float,
    diameter: Diameter | None,
) -> tuple[tuple[float, float] | None, tuple[float, float] | None]:
    """Return the lowest and the highest volume, and longest diameter, with slightly different boxes.

    Both are None as soon as one slice has no range, or other voxels than were found there: drawn, changed by hand,
    given another threshold, or lost to another segment.

    :param states: {slice index: SliceState} of the segment.
    :param crops: {slice index: LabelmapCrop in voxels of the volume} of the slices with voxels.
    :param IJKToWorld: 4 × 4 array, from voxels to millimeters.
    :param volume: of the segment, in milliliters.
    :param diameter: its longest Diameter; None of an empty segment.
    :return: (milliliters of the smallest and of the largest masks of all slices added up, millimeters on the slice
        with the longest diameter).
    """
    ranges = {index: _rangeOf(states.get(index), crop) for index, crop in crops.items()}
    known = {index: each for index, each in ranges.items() if each is not None}
    if diameter is None or len(known) < len(ranges):
        return None, None
    milliliters = abs(np.linalg.det(IJKToWorld[:3, :3])) / 1000
    low, high = (float(sum(each.voxels[end] for each in known.values()) * milliliters) for end in (0, 1))
    return _round((low, high), volume), _round(known[diameter.sliceIndex].longest, diameter.length)


def _rangeOf(state, crop):
    """:return: MaskRange of a slice; None where that is not known of the voxels that it has now."""
    sizes = None if state is None else state.range
    return sizes if sizes is not None and sizes.count == np.count_nonzero(crop.voxels) else None


def _round(ends, value):
    """:return: the ends of a range round a value; None where they are of other voxels, or of another place."""
    return ends if ends[0] - _ROUNDING <= value <= ends[1] + _ROUNDING else None
