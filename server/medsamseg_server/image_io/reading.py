"""Reading a scan from a file, or from a folder of DICOM files, with its place in the patient."""

from __future__ import annotations

from pathlib import Path

import SimpleITK as sitk

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.dicom import read_series
from medsamseg_server.image_io.image import Image, check_layout
from medsamseg_server.image_io.nifti import require_complete
from medsamseg_server.system.safe_files import ensure_readable

_FORMATS = "Readable are NRRD, NIfTI and MetaImage files, and folders of DICOM files."


def read_image(path: Path, series: str | None = None) -> Image:
    """Read a scan.

    Args:
        path: a file in NRRD, NIfTI, MetaImage or another format that SimpleITK knows; or a folder of DICOM files.
        series: for a folder, the UID of the series to read; needed when the folder holds several.

    Raises:
        MedSAMSegError: ``image_missing``, ``image_unreadable``, ``image_incomplete``, ``image_not_3d``,
            ``image_components``, ``series_needless``, or one of ``dicom_folders.read_series``.
    """
    if path.is_dir():
        return read_series(path, series)
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
    return _read_file(path)


def _read_file(path: Path) -> Image:
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        # The reader does not tell whether the system or the content is to blame.
        ensure_readable(path, "image_unreadable")
        raise MedSAMSegError(
            ErrorKind.UNREADABLE,
            "image_unreadable",
            f"{path} is not an image file that can be read, or it is damaged.",
            _FORMATS,
        ) from error
    check_layout(path, reader.GetSize(), reader.GetNumberOfComponents())
    require_complete(path, reader)
    try:
        image = reader.Execute()
    except RuntimeError as error:
        raise MedSAMSegError(
            ErrorKind.UNREADABLE,
            "image_incomplete",
            f"{path} is damaged or incomplete: its voxels could not be read.",
            "Copy or export the file again.",
        ) from error
    if image.GetDimension() == 4:
        image = image[..., 0]
    return Image.of(image)
