"""A scan in memory: its voxels, and where they lie in the patient."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
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
class DicomSource:
    """Which DICOM images a scan was read from; one entry for each slice, in the array's order K.

    Attributes:
        series_uid: Series Instance UID of all of them.
        files: the file that each slice is in.
        sop_instance_uids: the SOP Instance UID of that file.
        frames: number of the slice's frame in that file, from 0.
    """

    series_uid: str
    files: tuple[Path, ...]
    sop_instance_uids: tuple[str, ...]
    frames: tuple[int, ...]

    @property
    def is_reordered(self) -> bool:
        """Whether one file stores the slices in an order that is not the one in space."""
        if len(set(self.files)) > 1:
            return False
        return any(after < before for before, after in pairwise(self.frames))


@dataclass(frozen=True)
class Image:
    """A scan.

    Attributes:
        array: voxels (K, J, I), in the file's order and numeric type.
        geometry: where they lie.
        notes: what the user should know about the reading; mostly none.
        source: the DICOM images that it was read from; None for other files.
    """

    array: NDArray[Any]
    geometry: Geometry
    notes: tuple[str, ...] = ()
    source: DicomSource | None = None

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
