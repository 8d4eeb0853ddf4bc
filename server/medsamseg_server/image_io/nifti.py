"""Reading NIfTI files: the voxels as their writer meant them, at the place where 3D Slicer has them."""

from __future__ import annotations

import math
from pathlib import Path

import SimpleITK as sitk

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.image import Image, check_geometry, check_layout
from medsamseg_server.image_io.nifti_headers import NiftiHeader, is_nifti_name, read_header
from medsamseg_server.image_io.nifti_places import NiftiPlace, notes_on_place, shown_by_itk
from medsamseg_server.image_io.nifti_voxels import read_voxels, require_length


def read_nifti(path: Path) -> Image | None:
    """Read a NIfTI-1 or NIfTI-2 file, single or in a pair; return None for any other file.

    ITK says where the voxels lie, since 3D Slicer takes its word; where it refuses the file, the header says so.

    Raises:
        MedSAMSegError: ``image_unreadable``, ``image_incomplete``, ``image_place``, ``image_not_3d`` or
            ``image_components``.
        OSError: when the file cannot be opened.
    """
    header = read_header(path)
    if header is None:
        return None
    # Vectors, such as directions, stand along the fifth dimension.
    vectors = header.size[4] if len(header.size) > 4 else 1
    check_layout(path, header.size, max(header.components, vectors))
    return _read(path, header)[0]


def read_nifti_times(path: Path) -> list[Image] | None:
    """Read the volumes over time of a NIfTI file, as ``read_nifti``; one where the file has no fourth dimension."""
    header = read_header(path)
    if header is None:
        return None
    if len(header.size) != 4 or header.components > 1:
        image = read_nifti(path)
        return None if image is None else [image]
    return _read(path, header)


def _read(path: Path, header: NiftiHeader) -> list[Image]:
    """Return the volumes of a file, one at least."""
    if header.dtype.kind == "c":
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "image_components",
            f"{path} holds complex numbers, as raw data of MR scanners do.",
            "Save their magnitude as a volume of its own.",
        )
    place = NiftiPlace.of(header.fields)
    shown = shown_by_itk(path, header.size)
    geometry = shown or place.geometry
    check_geometry(path, geometry)
    notes = notes_on_place(header, geometry, opens_in_slicer=shown is not None)
    voxels, not_numbers = read_voxels(header)
    if not_numbers:
        notes += (f"{not_numbers} voxels that are not a number are read as 0, as 3D Slicer reads them.",)
    volumes = voxels.reshape(-1, *header.size[2::-1])
    return [Image(volume, geometry, notes, geometry.voxel_ml, place) for volume in volumes]


def require_complete_pair(path: Path, reader: sitk.ImageFileReader) -> None:
    """Raise ``image_incomplete`` for an Analyze 7.5 pair whose voxels are fewer than its header says.

    Args:
        path: either file of the pair; other formats pass, since their readers check for themselves.
        reader: a reader of this file whose image information has been read.
    """
    if not is_nifti_name(path) or not reader.HasMetaDataKey("bitpix"):
        return
    voxels = path.with_name(path.name.replace(".hdr", ".img").replace(".HDR", ".IMG"))
    if voxels.is_file():
        require_length(voxels, math.prod(reader.GetSize()) * int(reader.GetMetaData("bitpix")) // 8)
