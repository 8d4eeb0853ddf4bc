"""Writing voxels with their place, and checking what was written: label maps in NRRD, MetaImage and NIfTI."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.image import Geometry, ScanPlace
from medsamseg_server.image_io.mask_writer import Layers, Segment
from medsamseg_server.image_io.nifti_masks import read_back, write_nifti
from medsamseg_server.image_io.nifti_places import NiftiPlace, shown_by_itk
from medsamseg_server.system.safe_files import write_failure

# How far a written voxel may lie from where it should, as a share of the shortest distance between voxels.
_SAME_PLACE = 0.005


class LabelMapWriter:
    """Label maps in NRRD and MetaImage."""

    suffixes = (".nrrd", ".mha")
    holds_overlap = False
    holds_slices = True

    def write(self, path: Path, segments: Sequence[Segment], layers: Layers, place: ScanPlace) -> None:
        """See ``Writer``."""
        write_itk(path, layers.arrays[0], place.geometry)

    def notes(self, path: Path, segments: Sequence[Segment], place: ScanPlace) -> tuple[str, ...]:
        """See ``Writer``."""
        return ()


class NiftiWriter:
    """Label maps in NIfTI, placed as the scan is."""

    suffixes = (".nii.gz", ".nii")
    holds_overlap = False
    holds_slices = True

    def write(self, path: Path, segments: Sequence[Segment], layers: Layers, place: ScanPlace) -> None:
        """See ``Writer``."""
        write_nifti_checked(path, layers.arrays[0], place)

    def notes(self, path: Path, segments: Sequence[Segment], place: ScanPlace) -> tuple[str, ...]:
        """See ``Writer``."""
        degrees = place.geometry.degrees_off_right_angle
        if place.nifti is not None or not degrees:
            return ()
        return (
            f"The axes of the scan are {degrees:.1f}° off a right angle, which {path.name} keeps in its sform: "
            "nibabel, FSL and nnU-Net read it so, 3D Slicer does not open it. For Slicer, write .nrrd or .seg.nrrd.",
        )


def write_itk(path: Path, array: NDArray[Any], geometry: Geometry, fields: dict[str, str] | None = None) -> None:
    """Write voxels (K, J, I), or of several layers (K, J, I, n), with SimpleITK.

    Args:
        path: its suffix decides the format.
        array: the voxels.
        geometry: where they lie.
        fields: of the header, for a format that has such.

    Raises:
        MedSAMSegError: ``place_not_kept``, or of kind ``CANNOT_WRITE``.
    """
    image = sitk.GetImageFromArray(array, isVector=array.ndim > 3)
    geometry.apply(image)
    for key, value in (fields or {}).items():
        image.SetMetaData(key, value)
    try:
        sitk.WriteImage(image, str(path), useCompression=True)
        written = sitk.ReadImage(str(path))
    except RuntimeError as error:
        raise _write_error(image.GetNumberOfPixels(), path) from error
    if not np.array_equal(sitk.GetArrayViewFromImage(written), sitk.GetArrayViewFromImage(image)):
        raise _write_error(image.GetNumberOfPixels(), path)
    _check_place(path, Geometry.of(written), Geometry.of(image), image.GetSize()[::-1])


def write_nifti_checked(path: Path, array: NDArray[Any], place: ScanPlace) -> None:
    """Write voxels (K, J, I) as NIfTI; raises as ``write_itk``."""
    write_nifti(path, array, place.nifti or NiftiPlace.at(place.geometry))
    try:
        written, header = read_back(path)
    except (OSError, EOFError, ValueError) as error:
        raise _write_error(array.size, path) from error
    if not np.array_equal(written, array):
        raise _write_error(array.size, path)
    # What nibabel makes of the header, and what ITK does.
    wanted = place.nifti.geometry if place.nifti else place.geometry
    _check_place(path, NiftiPlace.of(header).geometry, wanted, array.shape)
    shown = shown_by_itk(path, array.shape[::-1])
    if shown is not None:
        _check_place(path, shown, place.geometry, array.shape)


def _check_place(path: Path, written: Geometry, wanted: Geometry, shape: tuple[int, ...]) -> None:
    distance = written.distance(wanted, shape)
    # Not "larger than": not a number is no place either.
    if not distance <= _SAME_PLACE * min(wanted.spacing):
        # Of a temporary name, which ends as the file's own.
        kind = next(end for end in (*NiftiWriter.suffixes, ".seg.nrrd", *LabelMapWriter.suffixes) if _ends(path, end))
        raise MedSAMSegError(
            ErrorKind.CANNOT_WRITE,
            "place_not_kept",
            f"A {kind} file cannot hold the place of this scan: voxels would lie up to {distance:.3g} mm off.",
            "End its name with .seg.nrrd, .nrrd or .mha.",
        )


def _ends(path: Path, suffix: str) -> bool:
    return path.name.lower().endswith(suffix)


def _write_error(needed_bytes: int, path: Path) -> MedSAMSegError:
    """Find out why an image could not be written, which its writer does not tell."""
    try:
        path.write_bytes(bytes(needed_bytes))
    except OSError as error:
        return write_failure(error, path)
    return MedSAMSegError(
        ErrorKind.CANNOT_WRITE,
        "cannot_write",
        f"The file could not be written to the folder {path.parent}: the image writer failed.",
        "Choose another folder or format.",
    )
