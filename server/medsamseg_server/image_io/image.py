"""A scan in memory: its voxels, and where they lie in the patient."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.volumes.colors import COLOR_COMPONENTS

if TYPE_CHECKING:
    from medsamseg_server.image_io.nifti_places import NiftiPlace

#: Axes without a turn, row by row.
STRAIGHT = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
# How far axes may be off a right angle, as the cosine of the angle, and still count as perpendicular: ITK's tolerance.
_PERPENDICULAR = 1e-4


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

    @classmethod
    def announced(cls, reader: sitk.ImageFileReader) -> Geometry:
        """Return the geometry of the first volume in a file whose image information has been read."""
        count = reader.GetDimension()
        # A flat picture is one slice in the plane of the first two axes.
        direction = np.eye(max(count, 3))
        direction[:count, :count] = np.reshape(reader.GetDirection(), (count, count))
        spacing, origin = (*reader.GetSpacing(), 1.0)[:3], (*reader.GetOrigin(), 0.0)[:3]
        return cls(spacing, origin, tuple(direction[:3, :3].ravel().tolist()))

    @classmethod
    def from_matrix(cls, matrix: NDArray[np.float64]) -> Geometry:
        """Return the geometry of a 4×4 matrix from voxel indices I, J, K to LPS; none of its axes may be zero."""
        spacing = np.linalg.norm(matrix[:3, :3], axis=0)
        direction = matrix[:3, :3] / spacing
        return cls(tuple(spacing.tolist()), tuple(matrix[:3, 3].tolist()), tuple(direction.ravel().tolist()))

    @property
    def matrix(self) -> NDArray[np.float64]:
        """4×4 matrix from voxel indices I, J, K to LPS in millimeters."""
        matrix = np.eye(4)
        matrix[:3, :3] = np.reshape(self.direction, (3, 3)) * np.array(self.spacing)
        matrix[:3, 3] = self.origin
        return matrix

    @property
    def voxel_ml(self) -> float:
        """Volume of a voxel in milliliters, that of a slanted one where the axes are not perpendicular."""
        return abs(float(np.linalg.det(np.reshape(self.direction, (3, 3))))) * math.prod(self.spacing) / 1000

    @property
    def degrees_off_right_angle(self) -> float:
        """The largest deviation of two axes from a right angle; 0 for all that counts as perpendicular."""
        axes = np.reshape(self.direction, (3, 3))
        axes = axes / np.linalg.norm(axes, axis=0)
        cosine = float(np.abs(axes.T @ axes - np.eye(3)).max())
        return math.degrees(math.asin(min(1.0, cosine))) if cosine > _PERPENDICULAR else 0.0

    def distance(self, other: Geometry, shape: tuple[int, ...]) -> float:
        """Return how far apart, in millimeters, two geometries put the same voxel at most.

        Args:
            other: the other geometry.
            shape: number of voxels along K, J and I.
        """
        corners = np.array(list(itertools.product(*((0, count - 1) for count in shape[::-1]), (1,)))).T
        return float(np.linalg.norm(((self.matrix - other.matrix) @ corners)[:3], axis=0).max())


#: The place of pictures, which have no size and no position in the patient.
NO_PLACE = Geometry((1.0, 1.0, 1.0), (0.0, 0.0, 0.0), STRAIGHT)


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
class ScanPlace:
    """Where a scan lies, as far as what is written beside it has to know.

    Attributes:
        geometry: where its voxels lie.
        nifti: what the header of a NIfTI file says of that; a mask in that format gets the same, so that both lie
            together in every reader. None for other files.
        source: the DICOM images that it was read from; None for other files.
    """

    geometry: Geometry
    nifti: NiftiPlace | None = None
    source: DicomSource | None = None


@dataclass(frozen=True)
class Image:
    """A scan.

    Attributes:
        array: voxels (K, J, I), in the file's order and numeric type; in color (K, J, I, 3 or 4). A picture has K 1.
        geometry: where they lie.
        notes: what the user should know about the reading; mostly none.
        source: the DICOM images that it was read from; None for other files.
        voxel_ml: volume of a voxel in milliliters; None where the file does not say how large its voxels are.
        nifti_place: how the header of a NIfTI file says where the voxels lie; None for other files.
    """

    array: NDArray[Any]
    geometry: Geometry
    notes: tuple[str, ...] = ()
    voxel_ml: float | None = None
    nifti_place: NiftiPlace | None = None
    source: DicomSource | None = None

    @property
    def has_millimeters(self) -> bool:
        """Whether the lengths in ``geometry`` are millimeters, not a guess or another unit of the file."""
        return self.voxel_ml is not None and math.isclose(self.voxel_ml, self.geometry.voxel_ml, rel_tol=1e-6)

    @property
    def place(self) -> ScanPlace:
        """Where it lies, for what is written beside it."""
        return ScanPlace(self.geometry, self.nifti_place, self.source)

    @classmethod
    def of(cls, image: sitk.Image, notes: tuple[str, ...] = ()) -> Image:
        """Return a 3D SimpleITK image, in millimeters, as a scan."""
        geometry = Geometry.of(image)
        return cls(sitk.GetArrayFromImage(image), geometry, notes, geometry.voxel_ml)


def is_color(reader: sitk.ImageFileReader) -> bool:
    """Return whether an image whose header has been read holds colors: 3 or 4 whole numbers of 8 or 16 bits."""
    is_level = reader.GetPixelIDValue() in (sitk.sitkVectorUInt8, sitk.sitkVectorUInt16)
    return reader.GetNumberOfComponents() in COLOR_COMPONENTS and is_level


def check_layout(path: Path, size: tuple[int, ...], components: int, is_color: bool = False) -> None:
    """Raise ``image_components`` or ``image_not_3d`` unless ``path`` is a volume or a picture, in gray or color.

    Args:
        path: what was read, for the message.
        size: number of voxels along each dimension.
        components: number of values per voxel.
        is_color: whether they are a color.
    """
    shown = " × ".join(str(extent) for extent in size)
    if components > 1 and not is_color:
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "image_components",
            f"{path} has {components} values per voxel instead of one, as {_who_has(components)} have.",
            "Save one component, or gray values, as a volume of its own.",
        )
    if len(size) > 3 and math.prod(size[3:]) > 1:
        what = (
            f"{len(size)} dimensions ({shown}) instead of 3, as a series of volumes over time or a diffusion scan has"
        )
        raise several_times(path, what)
    if len(size) < 2:
        message = f"{path} is a single line of {shown} pixels."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "image_not_3d", message, "Give a picture or a scan with slices.")


def several_times(path: Path, what: str) -> MedSAMSegError:
    """Return the error that a file has several volumes; ``what`` says which, as what it has."""
    hint = "Choose one with --time N, or take all with --all-times; where there is no such option, save one on its own."
    return MedSAMSegError(ErrorKind.INVALID_INPUT, "image_not_3d", f"{path} has {what}.", hint)


def check_geometry(path: Path, geometry: Geometry) -> None:
    """Raise ``image_place`` unless every voxel of ``path`` has a place of its own.

    Args:
        path: what was read, for the message.
        geometry: where its voxels lie.
    """
    for axis, spacing in zip("IJK", geometry.spacing, strict=True):
        if spacing == 0:
            raise place_error(path, f"its voxels are 0 mm apart along {axis}")
    if not np.isfinite(geometry.matrix).all():
        raise place_error(path, "the matrix that places its voxels holds values that are not numbers")
    if abs(np.linalg.det(np.reshape(geometry.direction, (3, 3)))) < 1e-6:
        raise place_error(path, "two of its axes have the same direction")


def place_error(path: Path, what: str) -> MedSAMSegError:
    """Return the error that the voxels of ``path`` have no place; ``what`` says why, as the end of a sentence."""
    return MedSAMSegError(
        ErrorKind.UNREADABLE,
        "image_place",
        f"{path} does not say where its voxels lie: {what}.",
        "Export the scan again, or set spacing and orientation in 3D Slicer's module Volumes and save it as NRRD.",
    )


def _who_has(components: int) -> str:
    if components in (3, 4):
        return "color pictures and vector fields"
    return "diffusion scans and vector fields" if components > 4 else "vector fields"
