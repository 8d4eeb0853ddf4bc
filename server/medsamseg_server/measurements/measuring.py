"""All that is measured of an object: size, diameters and intensities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.image_io.image import Geometry
from medsamseg_server.measurements.diameters import Diameters, diameters
from medsamseg_server.measurements.ranges import SizeRange, size_range
from medsamseg_server.measurements.slice_plane import SlicePlane


@dataclass(frozen=True)
class Intensities:
    """Of an object's voxels, in the scan's own unit, such as HU.

    Attributes:
        mean: their mean.
        sd: their standard deviation, with n − 1 as ITK and 3D Slicer have it; 0 of a single voxel.
        minimum: the lowest.
        maximum: the highest.
    """

    mean: float
    sd: float
    minimum: float
    maximum: float

    def times(self, factor: float) -> Intensities:
        """Return them in another unit, so many of which are one of this."""
        return Intensities(*(value * factor for value in astuple(self)))


@dataclass(frozen=True)
class Measurements:
    """What is measured of an object.

    Attributes:
        volume_ml: in milliliters, each voxel as a whole.
        slices: number of slices with voxels of it.
        extent_mm: from the lower face of the first slice to the upper face of the last, along their normal; 0 without
            voxels.
        diameters: None without voxels.
        intensities: None without voxels that are numbers, and in color.
        suv: the same as standardized uptake values by body weight, in g/ml; None of others than PET scans, and where
            that is not known.
        ranges: of its sizes, from the masks that voted for it; None where that is not known.
    """

    volume_ml: float
    slices: int
    extent_mm: float
    diameters: Diameters | None
    intensities: Intensities | None
    suv: Intensities | None = None
    ranges: SizeRange | None = None


def measure(
    mask: NDArray[np.bool_],
    geometry: Geometry,
    axis: int,
    scan: NDArray[Any],
    suv_factor: float | None = None,
    variants: Mapping[int, NDArray[np.bool_] | None] | None = None,
) -> Measurements:
    """Measure an object.

    Args:
        mask: (K, J, I), the object.
        geometry: where it lies, in millimeters.
        axis: array axis across the slices on which it is measured.
        scan: (K, J, I), its intensities; (K, J, I, 3 or 4) in color. Voxels that are no numbers do not count.
        suv_factor: what these are multiplied by to be standardized uptake values; None where that is not known.
        variants: by slice, the object's mask and those that voted for it; see ``ranges.size_range``.
    """
    intensities = None if scan.ndim > 3 else _intensities(scan[mask])
    present = np.flatnonzero(mask.any(axis=tuple(number for number in range(3) if number != axis)))
    reach = int(present[-1] - present[0]) + 1 if len(present) else 0
    across = diameters(mask, geometry, axis)
    return Measurements(
        volume_ml=int(np.count_nonzero(mask)) * geometry.voxel_ml,
        slices=len(present),
        extent_mm=reach * SlicePlane(geometry, axis).slice_distance,
        diameters=across,
        intensities=intensities,
        suv=None if intensities is None or suv_factor is None else intensities.times(suv_factor),
        ranges=size_range(variants, across.slice, geometry, axis, geometry.voxel_ml) if variants and across else None,
    )


def _intensities(voxels: NDArray[Any]) -> Intensities | None:
    values = voxels.astype(np.float64)
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    sd = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return Intensities(float(values.mean()), sd, float(values.min()), float(values.max()))
