"""From frames of DICOM files to the voxels of a scan: each frame with its own slope and intercept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.image_io.dicom_colors import is_color, read_colors
from medsamseg_server.image_io.dicom_files import DicomFile
from medsamseg_server.image_io.dicom_frames import Frame
from medsamseg_server.image_io.dicom_pixels import FrameReader, stored_range, stored_type
from medsamseg_server.image_io.dicom_places import geometry_of
from medsamseg_server.image_io.image import DicomSource, Image

_WHOLE_TYPES = tuple(np.dtype(name) for name in ("int16", "uint16", "int32", "uint32", "int64"))


def read_volume(name: str, frames: Sequence[Frame]) -> Image:
    """Return frames as a scan, with real values, not stored ones.

    Args:
        name: what messages call the volume.
        frames: sorted in space.

    Raises:
        MedSAMSegError: as ``dicom_places.geometry_of``.
        DamagedFileError: when a file's pixels cannot be decoded.
    """
    geometry, notes = geometry_of(name, frames)
    voxel_ml = geometry.voxel_ml if frames[0].spacing is not None else None
    if is_color(frames[0].file):
        # A single picture has one slice.
        values = np.stack([read_colors(frame.file, frame.index) for frame in frames])
    else:
        values = _read_values(frames)
        if not frames[0].has_place and frames[0].file.get("PhotometricInterpretation") == "MONOCHROME1":
            # As every viewer shows an X-ray; values of a volume are measurements, and stay as they are.
            values = (values.min() + values.max() - values.astype(np.float64)).astype(values.dtype)
            notes = (*notes, f"{frames[0].file.path.name} was inverted, as it says that it is shown (MONOCHROME1).")
    return Image(values, geometry, notes, voxel_ml, source=_source_of(frames))


def value_type(frames: Sequence[Frame]) -> np.dtype[Any]:
    """Return a type that holds the real values of all frames: of whole numbers where they are, else float64."""
    listed = [frame for frame in frames if frame.lookup is not None]
    if len(listed) == len(frames):
        return np.dtype("uint16")
    types = {stored_type(frame.file) for frame in frames}
    scalings = {(frame.slope, frame.intercept) for frame in frames}
    if any(kind.kind == "f" for kind in types):
        return types.pop().newbyteorder("=") if len(types) == 1 and scalings == {(1.0, 0.0)} else np.dtype("float64")
    if not all(number.is_integer() for scaling in scalings for number in scaling):
        return np.dtype("float64")
    if len(types) == 1 and scalings == {(1.0, 0.0)} and not listed:
        return types.pop().newbyteorder("=")
    return _whole_type(frames)


def _whole_type(frames: Sequence[Frame]) -> np.dtype[Any]:
    """Return the smallest type of whole numbers that all values fit into, else float64."""
    ends = [int(frame.slope) * end + int(frame.intercept) for frame in frames for end in (0, *stored_range(frame.file))]
    ends += [int(frame.lookup.values.max()) for frame in frames if frame.lookup is not None]
    for dtype in _WHOLE_TYPES:
        limits = np.iinfo(dtype)
        if limits.min <= min(ends) and max(ends) <= limits.max:
            return dtype
    return np.dtype("float64")


def _read_values(frames: Sequence[Frame]) -> NDArray[Any]:
    values = np.empty((len(frames), frames[0].rows, frames[0].columns), value_type(frames))
    wanted: dict[DicomFile, set[int]] = defaultdict(set)
    for frame in frames:
        wanted[frame.file].add(frame.index)
    with FrameReader() as reader:
        # File by file, so that a compressed one is decoded once.
        for k in sorted(range(len(frames)), key=lambda k: (str(frames[k].file.path), k)):
            frame = frames[k]
            stored = reader.read(frame.file, frame.index, frozenset(wanted[frame.file]))
            _scale(stored, frame, values[k])
    return values


def _scale(stored: NDArray[Any], frame: Frame, values: NDArray[Any]) -> None:
    """Write a frame's real values into its slice."""
    if frame.lookup is not None:
        values[...] = frame.lookup.apply(stored)
        return
    values[...] = stored
    whole = values.dtype.kind != "f"
    if frame.slope != 1:
        # In 64 bits: the product may not fit into the type, although the sum does.
        values[...] = values.astype(np.int64) * int(frame.slope) + int(frame.intercept) if whole else values
        if not whole:
            values *= frame.slope
            values += frame.intercept
    elif frame.intercept:
        values += values.dtype.type(frame.intercept)


def _source_of(frames: Sequence[Frame]) -> DicomSource:
    return DicomSource(
        frames[0].file.series_uid,
        tuple(frame.file.path for frame in frames),
        tuple(str(frame.file.get("SOPInstanceUID", "")) for frame in frames),
        tuple(frame.index for frame in frames),
    )
