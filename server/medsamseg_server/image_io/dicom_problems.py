"""Why pictures of a DICOM series are no volume, as far as their headers tell; and what was left out of a volume."""

from __future__ import annotations

import math
from collections.abc import Sequence

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.dicom_colors import check_whole_slide, is_color
from medsamseg_server.image_io.dicom_files import DamagedFileError, DicomFile
from medsamseg_server.image_io.dicom_frames import Frame
from medsamseg_server.image_io.dicom_pixels import is_decodable
from medsamseg_server.image_io.dicom_places import misplaced

_NAMED = 3
#: Transfer syntaxes that are younger than the pinned pydicom.
_NAMES = {
    "1.2.840.10008.1.2.4.110": "JPEG XL Lossless",
    "1.2.840.10008.1.2.4.111": "JPEG XL JPEG Recompression",
    "1.2.840.10008.1.2.4.112": "JPEG XL",
}


def left_out(damaged: Sequence[DamagedFileError]) -> list[str]:
    """Return a sentence on the files that could not be read, if there are any."""
    if not damaged:
        return []
    named = "; ".join(f"{error.path.name} {error}" for error in damaged[:_NAMED])
    more = f"; and {len(damaged) - _NAMED} more" if len(damaged) > _NAMED else ""
    if len(damaged) == 1:
        return [f"1 file could not be read and was left out: {named}."]
    return [f"{len(damaged)} files could not be read and were left out: {named}{more}."]


def problem_of(uid: str, frames: Sequence[Frame], turned: bool) -> MedSAMSegError | None:
    """Return why frames make no volume, as far as their headers tell.

    Args:
        uid: of the series.
        frames: of one volume.
        turned: whether they are turned against each other.
    """
    file = frames[0].file
    try:
        check_whole_slide(file)
    except MedSAMSegError as error:
        return error
    if len(frames) > 1 and not all(frame.has_place for frame in frames):
        return _placeless(uid, frames)
    if turned:
        return misplaced("dicom_sheared", f"The slices of the series {uid} are turned against each other.")
    if "MOSAIC" in str(file.get("ImageType", "")):
        return misplaced(
            "dicom_mosaic",
            f"Each image of the series {uid} is a mosaic of several slices.",
            "Convert the series with dcm2niix, which takes mosaics apart, and give the NIfTI file.",
        )
    return _problem_of_pixels(uid, [frame.file for frame in frames])


def _problem_of_pixels(uid: str, files: Sequence[DicomFile]) -> MedSAMSegError | None:
    for file in files:
        if is_color(file) != is_color(files[0]):
            message = f"Some images of the series {uid} are in color, others are gray."
            return MedSAMSegError(ErrorKind.INVALID_INPUT, "image_components", message, "Give one of its files.")
        if not is_decodable(file):
            return _compressed(file)
    return None


def _placeless(uid: str, frames: Sequence[Frame]) -> MedSAMSegError:
    file = frames[0].file
    if file.frame_count == 1:
        return misplaced("dicom_positions_missing", f"Files of the series {uid} do not say where they lie.")
    every = file.get("FrameTime")
    try:
        step = f", {float(every):g} ms apart" if every is not None and math.isfinite(float(every)) else ""
    except (TypeError, ValueError):
        step = ""
    return misplaced(
        "dicom_positions_missing",
        f"The {file.frame_count} frames of {file.path.name} do not say where they lie: they are pictures over "
        f"time{step}, or views, not the slices of a volume.",
        f"Give the file {file.path.name} itself, which is followed as a film; or a scan whose slices have positions.",
    )


def _compressed(file: DicomFile) -> MedSAMSegError:
    name = _NAMES.get(file.syntax, file.syntax.name)
    return MedSAMSegError(
        ErrorKind.UNREADABLE,
        "image_compressed",
        f"{file.path.name} is compressed as {name} (transfer syntax {file.syntax}), for which there is no "
        "decoder here.",
        "Export the series uncompressed (Explicit VR Little Endian), or as lossless JPEG or JPEG 2000.",
    )
