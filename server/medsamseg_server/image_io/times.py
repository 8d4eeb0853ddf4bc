"""Scans with several volumes over time: sequences of 3D Slicer, 4D NIfTI, MetaImage and NRRD files, DICOM series."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.dicom import read_series_times
from medsamseg_server.image_io.dicom_files import is_dicom
from medsamseg_server.image_io.image import Geometry, Image, check_geometry, is_color
from medsamseg_server.image_io.nifti import read_nifti_times
from medsamseg_server.image_io.voxel_sizes import stated_voxel_ml
from medsamseg_server.system.safe_files import ensure_readable

_KIND, _MODALITY = "NRRD_kinds[pixel]", "modality"


@dataclass(frozen=True)
class Times:
    """The volumes of a scan, one after the other in time.

    Attributes:
        count: how many there are.
        read: from a number, counted from 0, to the volume.
    """

    count: int
    read: Callable[[int], Image]

    def check(self, time: int) -> None:
        """Raise ``time_out_of_range`` unless there is a volume of this number."""
        if not 0 <= time < self.count:
            message = f"There is no time {time}: the scan has {self.count}, counted from 0."
            hint = f"Give --time 0 to {self.count - 1}."
            raise MedSAMSegError(ErrorKind.INVALID_INPUT, "time_out_of_range", message, hint)


def open_times(path: Path, series: str | None = None) -> Times:
    """Return the volumes of a scan over time, which are several.

    Args:
        path: as ``read_times`` takes it.
        series: likewise.

    Raises:
        MedSAMSegError: ``times_missing`` where there is one volume only, or as ``read_times``.
    """
    times = read_times(path, series)
    if times.count < 2:
        message = f"{path} holds one volume, not several over time."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "times_missing", message, "Leave --time and --all-times out.")
    return times


def read_times(path: Path, series: str | None = None) -> Times:
    """Return the volumes of a scan over time; of another one, its only volume.

    Args:
        path: ``.seq.nrrd`` or another NRRD file with a list of volumes, a 4D NIfTI or MetaImage file, or a DICOM folder
            or file whose series holds several volumes.
        series: for DICOM, its Series Instance UID.

    Raises:
        MedSAMSegError: as ``reading.read_image``.
    """
    if not path.exists():
        message = f"There is no file or folder {path}."
        raise MedSAMSegError(ErrorKind.NOT_FOUND, "image_missing", message, "Check the path.")
    if path.is_dir() or is_dicom(path):
        volumes = read_series_times(path, series)
        return Times(len(volumes), lambda time: volumes[time]())
    ensure_readable(path, "image_unreadable")
    images = read_nifti_times(path)
    return _listed(images) if images is not None else _read_file(path)


def _listed(images: list[Image]) -> Times:
    return Times(len(images), images.__getitem__)


def _read_file(path: Path) -> Times:
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
        kind = sitk.ImageFileReader.GetImageIOFromFileName(str(path))
        check_geometry(path, Geometry.announced(reader))
        geometry = Geometry.announced(reader)
        array = _array(reader)
    except RuntimeError as error:
        raise MedSAMSegError(
            ErrorKind.UNREADABLE,
            "image_incomplete",
            f"{path} is damaged or incomplete, or none with a list of volumes: it could not be read.",
            "Copy or export the file again.",
        ) from error
    voxel_ml = stated_voxel_ml(path, kind, geometry)
    first = Image(array[0], geometry, voxel_ml=voxel_ml)
    return Times(len(array), lambda time: replace(first, array=array[time]))


def _array(reader: sitk.ImageFileReader) -> NDArray[Any]:
    """Return the voxels of a file (T, K, J, I), or in color (T, K, J, I, 3 or 4); T is 1 for a single volume."""
    array = sitk.GetArrayFromImage(reader.Execute())
    if is_list(reader):
        # As components of voxels; a volume that lies together is read slice by slice many times as fast.
        array = np.ascontiguousarray(np.moveaxis(array, -1, 0))
    elif reader.GetDimension() < 4 or (reader.GetNumberOfComponents() > 1 and not is_color(reader)):
        array = array[np.newaxis]
    return array if array.ndim != 3 else array[:, np.newaxis]


def is_list(reader: sitk.ImageFileReader) -> bool:
    """Return whether the values of a voxel are those at several times, in a file whose header has been read.

    3D Slicer writes sequences of volumes so: as NRRD with an axis of the kind ``list``, mostly as ``.seq.nrrd``. In a
    diffusion scan, which says that it is one, that axis is the directions.
    """
    known = {key: str(reader.GetMetaData(key)) for key in reader.GetMetaDataKeys() if key in (_KIND, _MODALITY)}
    return known.get(_KIND) == "list" and known.get(_MODALITY) != "DWMRI"
