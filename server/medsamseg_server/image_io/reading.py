"""Reading a scan from a file, or from a folder of DICOM files, with its place in the patient."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io import npz_scans
from medsamseg_server.image_io.dicom import read_series
from medsamseg_server.image_io.dicom_colors import whole_slide_error
from medsamseg_server.image_io.dicom_files import is_dicom
from medsamseg_server.image_io.file_lists import is_file_list
from medsamseg_server.image_io.image import (
    NO_PLACE,
    Geometry,
    Image,
    check_geometry,
    check_layout,
    is_color,
    several_times,
)
from medsamseg_server.image_io.nifti import read_nifti, require_complete_pair
from medsamseg_server.image_io.nrrd_headers import require_short_fields
from medsamseg_server.image_io.pictures import WHOLE_SLIDE_SUFFIXES, is_picture, read_picture
from medsamseg_server.image_io.tiff_stacks import check_pages, read_stack
from medsamseg_server.image_io.times import is_list
from medsamseg_server.image_io.voxel_sizes import stated_voxel_ml
from medsamseg_server.system.native_output import without_native_output
from medsamseg_server.system.safe_files import ensure_readable

# Its warnings name lines of its own source; what matters in them is told in words here.
sitk.ProcessObject.SetGlobalWarningDisplay(False)

_FORMATS = (
    "Readable are NRRD, NIfTI and MetaImage files, folders of DICOM files, and pictures (PNG, JPEG, TIFF, BMP, WebP);"
    " save others, such as HEIC, AVIF, SVG and PDF, as PNG."
)


def read_image(path: Path, series: str | None = None) -> Image:
    """Read a scan.

    Args:
        path: a file in NRRD, NIfTI, MetaImage or another format that SimpleITK knows; a folder of DICOM files, or
            a list of them (``file_lists``).
        series: for DICOM, the UID of the series to read; needed when there are several. See ``read_series``.

    Raises:
        MedSAMSegError: ``image_missing``, ``image_unreadable``, ``image_incomplete``, ``image_place``,
            ``image_not_3d``, ``image_components``, ``series_needless``, or one of ``dicom.read_series``.
    """
    if path.is_dir() or is_file_list(path) or (path.is_file() and is_dicom(path)):
        return read_series(path, series)
    _require_one_file(path, series)
    ensure_readable(path, "image_unreadable")
    if npz_scans.is_one(path):
        return npz_scans.read_scan(path)
    if path.suffix.lower() in WHOLE_SLIDE_SUFFIXES:
        raise whole_slide_error(path)
    if is_picture(path):
        return _read_picture(path)
    return read_nifti(path) or _read_file(path)


def _require_one_file(path: Path, series: str | None) -> None:
    if not path.is_file():
        raise MedSAMSegError(
            ErrorKind.NOT_FOUND, "image_missing", f"There is no file or folder {path}.", "Check the path."
        )
    if series is not None:
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "series_needless",
            f"A series was named, but {path} is one file, not a folder of DICOM files.",
            "Leave --series out, or give the folder.",
        )


def _read_picture(path: Path) -> Image:
    """Return a flat picture as a scan of one slice, without a size in the patient."""
    pixels, notes = read_picture(path)
    return Image(pixels[np.newaxis], NO_PLACE, notes)


def _read_file(path: Path) -> Image:
    """Return what SimpleITK reads."""
    require_short_fields(path)
    kind = sitk.ImageFileReader.GetImageIOFromFileName(str(path))
    reader = _with_header(path, kind)
    stack = read_stack(path) if kind == "TIFFImageIO" else None
    if stack is not None:
        check_pages(path, stack, (*reader.GetSize(), reader.GetNumberOfComponents()))
    _check_header(path, reader)
    image = _voxels(path, reader)
    if image.GetDimension() == 4:
        image = image[..., 0]
    is_flat = image.GetDimension() == 2
    scan = Image.of(sitk.JoinSeries(image) if is_flat else image)
    voxel_ml = stack.voxel_ml if stack is not None else stated_voxel_ml(path, kind, scan.geometry)
    if is_flat:
        return replace(scan, voxel_ml=None)
    if voxel_ml is None:
        note = f"{path.name} does not say how large its voxels are: they are counted, but give no milliliters."
        scan = replace(scan, notes=(*scan.notes, note))
    return replace(scan, voxel_ml=voxel_ml)


def _with_header(path: Path, kind: str) -> sitk.ImageFileReader:
    """Return a reader that has read the header and no voxels."""
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise _unreadable(path, kind, str(error)) from error
    return reader


def _check_header(path: Path, reader: sitk.ImageFileReader) -> None:
    if is_list(reader) and reader.GetNumberOfComponents() > 1:
        raise several_times(path, f"{reader.GetNumberOfComponents()} volumes over time")
    check_layout(path, reader.GetSize(), reader.GetNumberOfComponents(), is_color(reader))
    check_geometry(path, Geometry.announced(reader))
    require_complete_pair(path, reader)


def _voxels(path: Path, reader: sitk.ImageFileReader) -> sitk.Image:
    try:
        # The library for MetaImage prints how much is missing.
        with without_native_output():
            image: sitk.Image = reader.Execute()
    except RuntimeError as error:
        raise MedSAMSegError(
            ErrorKind.UNREADABLE,
            "image_incomplete",
            f"{path} is damaged or incomplete: its voxels could not be read.",
            "Copy or export the file again.",
        ) from error
    return image


def _unreadable(path: Path, kind: str, details: str) -> MedSAMSegError:
    """Return the error for a file whose header is not accepted, with the reader's reason where it knows the format."""
    reason = _reason(details) if kind else ""
    return MedSAMSegError(
        ErrorKind.UNREADABLE,
        "image_unreadable",
        f"{path} cannot be read: {reason}."
        if reason
        else f"{path} is not an image file that can be read, or it is damaged.",
        "Export the scan again. " + _FORMATS if reason else _FORMATS,
    )


def _reason(details: str) -> str:
    """Return what ITK says last, which is what is wrong, without the names of its classes and functions."""
    lines = [line.strip() for line in details.splitlines() if line.strip()]
    text = re.sub(r"^.*?ERROR: |\b\w+\(0x[0-9a-f]+\): |^\[nrrd\] \w+: ", "", lines[-1] if lines else "")
    text = re.sub(r"^\[nrrd\] _?nrrd\w+?: ", "", text).strip().rstrip(".!")
    return text[:160]
