"""Reading one volume out of a folder of DICOM files, or out of one file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.image_io.dicom_choice import choose, choose_times, nothing_whole
from medsamseg_server.image_io.dicom_files import DamagedFileError
from medsamseg_server.image_io.dicom_problems import left_out
from medsamseg_server.image_io.dicom_reading import read_volume
from medsamseg_server.image_io.dicom_series import Contents, Series, look_into
from medsamseg_server.image_io.image import Image


def read_series(place: Path, uid: str | None = None) -> Image:
    """Read a volume of DICOM images.

    Args:
        place: a folder, which is searched with its subfolders, one file, or a list of files.
        uid: which series; needed when there are several. Where a series holds several volumes, its UID, a colon and
            the volume's number.

    Raises:
        MedSAMSegError: ``dicom_missing``, ``series_ambiguous``, ``series_unknown``, ``image_incomplete``,
            ``image_compressed``, ``image_components``, ``dicom_positions_missing``, ``dicom_mosaic``,
            ``dicom_same_position``, ``dicom_slice_missing``, ``dicom_spacing_uneven`` or ``dicom_sheared``.
    """
    contents = look_into(place)
    return _read_whole(contents, choose(contents, uid))


def _read_whole(contents: Contents, series: Series) -> Image:
    """Return a volume, without files that turn out to be damaged."""
    damaged = [error for error in contents.damaged if error.series_uid in (None, series.uid.partition(":")[0])]
    while True:
        try:
            return _read(series, damaged)
        except DamagedFileError as error:
            # Found on decoding only: the rest may be a volume without it.
            damaged.append(error)
            rest = tuple(frame for frame in series.frames if frame.file.path != error.path)
            if not rest:
                raise nothing_whole(contents.place, damaged) from error
            series = replace(series, frames=rest)


def read_series_times(place: Path, uid: str | None = None) -> list[Callable[[], Image]]:
    """Return what reads the volumes of a series, one after the other in time.

    Args:
        place: a folder or a file.
        uid: which series, without the number of a volume; needed when several have more than one volume.

    Raises:
        MedSAMSegError: ``series_ambiguous``, or as ``read_series``.
    """
    contents = look_into(place)
    return [partial(_read_whole, contents, series) for series in choose_times(contents, uid)]


def find_series(folder: Path) -> list[Series]:
    """Return the volumes of a folder and its subfolders that can be chosen from, those of most pictures first."""
    return look_into(folder).offered


def _read(series: Series, damaged: Sequence[DamagedFileError]) -> Image:
    told = (*series.notes, *left_out(damaged))
    try:
        if series.problem is not None:
            raise series.problem
        image = read_volume(f"the series {series.uid}", series.frames)
    except MedSAMSegError as error:
        # What was left out may be the reason.
        raise MedSAMSegError(error.kind, error.code, " ".join([error.message, *told]), error.hint) from error
    return replace(image, notes=(*told, *image.notes))
