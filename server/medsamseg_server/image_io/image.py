"""A scan in memory: its voxels, and where they lie in the patient."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import SimpleITK as sitk
from numpy.typing import NDArray

from medsamseg_server.errors import ErrorKind, MedSAMSegError


@dataclass(frozen=True)
class Geometry:
    """Where the voxels lie, as SimpleITK has it: millimeters, left-posterior-superior axes, index order I, J, K.

    Attributes:
        spacing: distance between voxel centers along I, J and K.
        origin: position of the center of voxel 0, 0, 0.
        direction: 3×3 matrix, row by row, whose columns are the directions of I, J and K.
    """

    spacing: tuple[float, ...]
    origin: tuple[float, ...]
    direction: tuple[float, ...]

    @classmethod
    def of(cls, image: sitk.Image) -> Geometry:
        """Return the geometry of a SimpleITK image."""
        return cls(image.GetSpacing(), image.GetOrigin(), image.GetDirection())

    def apply(self, image: sitk.Image) -> None:
        """Put a SimpleITK image to this place."""
        image.SetSpacing(self.spacing)
        image.SetOrigin(self.origin)
        image.SetDirection(self.direction)

    @property
    def voxel_ml(self) -> float:
        """Volume of a voxel in milliliters."""
        return math.prod(self.spacing) / 1000


@dataclass(frozen=True)
class Image:
    """A scan.

    Attributes:
        array: voxels (K, J, I), in the file's order and numeric type.
        geometry: where they lie.
        notes: what the user should know about the reading; mostly none.
    """

    array: NDArray[Any]
    geometry: Geometry
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, image: sitk.Image, notes: tuple[str, ...] = ()) -> Image:
        """Return a 3D SimpleITK image as a scan."""
        return cls(sitk.GetArrayFromImage(image), Geometry.of(image), notes)


def check_layout(path: Path, size: tuple[int, ...], components: int) -> None:
    """Raise ``image_components`` or ``image_not_3d`` unless ``path`` is a volume with one number per voxel.

    Args:
        path: what was read, for the message.
        size: number of voxels along each dimension.
        components: number of values per voxel.
    """
    shown = " × ".join(str(extent) for extent in size)
    if components > 1:
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "image_components",
            f"{path} has {components} values per voxel, as color pictures and vector fields have, instead of one.",
            "Save one component, or gray values, as a volume of its own.",
        )
    if len(size) > 3 and math.prod(size[3:]) > 1:
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "image_not_3d",
            f"{path} has {len(size)} dimensions ({shown}), as a series of volumes over time has, instead of 3.",
            "Save the one volume that you want to segment.",
        )
    if len(size) < 3:
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "image_not_3d",
            f"{path} is a flat picture ({shown} pixels), not a volume.",
            "Give a scan with slices.",
        )
