"""Reading one series out of a folder of DICOM files, in the order of its slices in space.

GDCM sorts the slices by position. What it does not refuse is checked here, because each of it would put the
segmentation to a wrong place: a missing slice, uneven distances, several images at one place, slices that are
sheared against each other, and files without positions.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.image import Image, check_layout

_POSITION = "0020|0032"
_ORIENTATION = "0020|0037"
_DESCRIPTION = "0008|103e"
_MODALITY = "0008|0060"

# Distances between slices that differ by more than this share of the usual one are told, or refused.
_TOLD_UNEVENNESS = 0.01
_REFUSED_UNEVENNESS = 0.1
# Sine of the angle between the slices' normal and the way from slice to slice; half a degree.
_REFUSED_SHEAR = 0.0087

_CONVERT = "Load the series in 3D Slicer, which can correct this, and save it as NRRD."


@dataclass(frozen=True)
class Series:
    """A series of images in a folder.

    Attributes:
        uid: its Series Instance UID.
        files: its files, sorted along the slices' normal.
        modality: such as CT.
        description: what the scanner calls it; may be empty.
    """

    uid: str
    files: tuple[str, ...]
    modality: str
    description: str


def read_series(folder: Path, uid: str | None = None) -> Image:
    """Read a series of DICOM images.

    Args:
        folder: is searched with its subfolders.
        uid: which series; needed when there are several.

    Raises:
        MedSAMSegError: ``dicom_missing``, ``series_ambiguous``, ``series_unknown``, ``image_unreadable``,
            ``dicom_positions_missing``, ``dicom_same_position``, ``dicom_slice_missing``, ``dicom_spacing_uneven``,
            ``dicom_sheared``, or one of ``image_types.check_layout``.
    """
    series = _choose(folder, find_series(folder), uid)
    if len(series.files) == 1:
        return _read_single(Path(series.files[0]))
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(series.files)
    reader.MetaDataDictionaryArrayUpdateOn()
    try:
        image = reader.Execute()
    except RuntimeError as error:
        raise _unreadable(folder, series) from error
    check_layout(folder, image.GetSize(), image.GetNumberOfComponentsPerPixel())
    values = [
        (_slice_text(reader, k, _POSITION), _slice_text(reader, k, _ORIENTATION)) for k in range(len(series.files))
    ]
    return Image.of(image, _check_places(series, values))


def find_series(folder: Path) -> list[Series]:
    """Return the series of images in a folder and its subfolders, the one with the most files first."""
    uids = {uid for place, _, _ in os.walk(folder) for uid in sitk.ImageSeriesReader.GetGDCMSeriesIDs(place)}
    found = []
    for uid in uids:
        files = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder), uid, recursive=True)
        reader = sitk.ImageFileReader()
        reader.SetFileName(files[0])
        try:
            reader.ReadImageInformation()
        except RuntimeError:
            # Reports, plans and contours are DICOM files too, but no images.
            continue
        found.append(Series(uid, files, _text(reader, _MODALITY), _text(reader, _DESCRIPTION)))
    return sorted(found, key=lambda series: (-len(series.files), series.uid))


def _choose(folder: Path, found: list[Series], uid: str | None) -> Series:
    if not found:
        raise MedSAMSegError(
            ErrorKind.UNREADABLE,
            "dicom_missing",
            f"There are no DICOM images in the folder {folder}.",
            "Give a folder of DICOM files, or an image file.",
        )
    listing = "\n".join(_line(series) for series in found)
    if uid is None and len(found) > 1:
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "series_ambiguous",
            f"The folder {folder} holds {len(found)} series. Choose one with --series UID:",
            listing,
        )
    for series in found:
        if uid in (None, series.uid):
            return series
    raise MedSAMSegError(
        ErrorKind.INVALID_INPUT, "series_unknown", f"The folder {folder} has no series {uid}, but:", listing
    )


def _line(series: Series) -> str:
    count = len(series.files)
    return f"{series.uid}  {series.modality} '{series.description}', {count} {'file' if count == 1 else 'files'}"


def _read_single(path: Path) -> Image:
    """Read a series of one file: one slice, or a whole volume in one file."""
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    reader.ReadImageInformation()
    check_layout(path, reader.GetSize(), reader.GetNumberOfComponents())
    try:
        return Image.of(reader.Execute())
    except RuntimeError as error:
        raise _unreadable(path.parent, Series("", (str(path),), "", "")) from error


def _unreadable(folder: Path, series: Series) -> MedSAMSegError:
    return MedSAMSegError(
        ErrorKind.UNREADABLE,
        "image_unreadable",
        f"The {len(series.files)} files of the series {series.uid} in {folder} cannot be read as one volume.",
        "A file may be damaged, or the series may mix images of different sizes. " + _CONVERT,
    )


def _check_places(series: Series, values: list[tuple[str, str]]) -> tuple[str, ...]:
    """Raise an error when the slices do not make a volume; return what should be told of small deviations.

    Args:
        series: for the names of its files.
        values: position and orientation of each slice, as text in the order of reading.
    """
    try:
        positions = np.array([_numbers(position, 3) for position, _ in values])
        orientations = np.array([_numbers(orientation, 6) for _, orientation in values])
    except ValueError:
        raise _misplaced(
            "dicom_positions_missing", f"Files of the series {series.uid} do not say where they lie."
        ) from None
    normal = np.cross(orientations[0, :3], orientations[0, 3:])
    if np.abs(orientations - orientations[0]).max() > 1e-3:
        raise _misplaced("dicom_sheared", f"The slices of the series {series.uid} are turned against each other.")
    steps = np.diff(positions, axis=0)
    distances = steps @ normal
    usual = float(np.median(distances))
    _check_distances(series, distances, usual)
    sideways = np.linalg.norm(steps - np.outer(distances, normal), axis=1)
    if sideways.max() > _REFUSED_SHEAR * usual:
        angle = math.degrees(math.atan(sideways.max() / usual))
        raise _misplaced(
            "dicom_sheared",
            f"The slices of the series {series.uid} are shifted sideways (gantry tilt of {angle:.1f} degrees).",
        )
    unevenness = float(np.abs(distances - usual).max())
    if unevenness > _TOLD_UNEVENNESS * usual:
        return (f"The distance between slices varies by up to {unevenness:.2f} mm; it is taken as even.",)
    return ()


def _check_distances(series: Series, distances: NDArray[np.float64], usual: float) -> None:
    for (before, after), distance in zip(pairwise(series.files), distances, strict=True):
        names = f"{Path(before).name} and {Path(after).name}"
        if distance < _REFUSED_UNEVENNESS * max(usual, 0.01):
            raise _misplaced(
                "dicom_same_position",
                f"Files of the series {series.uid} show the same place ({names}), as a series over time does.",
            )
        if distance > 1.5 * usual:
            missing = round(distance / usual) - 1
            slices = "a slice is" if missing == 1 else f"{missing} slices are"
            raise _misplaced(
                "dicom_slice_missing",
                f"In the series {series.uid}, {slices} missing between {names}: "
                f"they are {distance:.2f} mm apart, the others {usual:.2f} mm.",
                "Copy or export the series again.",
            )
        if abs(distance - usual) > _REFUSED_UNEVENNESS * usual:
            raise _misplaced(
                "dicom_spacing_uneven",
                f"The slices of the series {series.uid} are unevenly spaced: {names} are {distance:.2f} mm apart, "
                f"most others {usual:.2f} mm.",
            )


def _misplaced(code: str, message: str, hint: str = _CONVERT) -> MedSAMSegError:
    return MedSAMSegError(ErrorKind.UNREADABLE, code, message, hint)


def _numbers(text: str, count: int) -> list[float]:
    numbers = [float(part) for part in text.split("\\")]
    if len(numbers) != count or not all(math.isfinite(number) for number in numbers):
        raise ValueError(text)
    return numbers


def _text(reader: sitk.ImageFileReader, tag: str) -> str:
    value: str = reader.GetMetaData(tag) if reader.HasMetaDataKey(tag) else ""
    return value.strip()


def _slice_text(reader: sitk.ImageSeriesReader, index: int, tag: str) -> str:
    return reader.GetMetaData(index, tag) if reader.HasMetaDataKey(index, tag) else ""
