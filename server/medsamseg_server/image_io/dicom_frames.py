"""The frames of DICOM files, one by one: where each lies, how its stored values are scaled, what it belongs to."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from medsamseg_server.image_io.dicom_files import DamagedFileError, DicomFile, quiet_pydicom, value_of
from medsamseg_server.image_io.dicom_keys import Keys, keys_of_file, keys_of_groups
from medsamseg_server.image_io.dicom_lookups import Lookup, lookup_of

Vector = tuple[float, ...]

_NUCLEAR = "1.2.840.10008.5.1.4.1.1.20"
_SLICE_VECTOR = 0x00540080


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of a DICOM file.

    Attributes:
        file: where it is.
        index: its number in the file, from 0.
        position: center of its first pixel, millimeters, left-posterior-superior; None where it is not stated.
        orientation: direction of the rows' pixels (I), then of the columns' (J); None where it is not stated.
        spacing: millimeters between rows and between columns; None where it is not stated.
        thickness: millimeters; None where it is not stated.
        slope: a stored value times ``slope`` plus ``intercept`` is the real one.
        intercept: see ``slope``.
        keys: what tells the volumes of a series apart.
        lookup: lists the real values where they are not computed, in the place of slope and intercept.
    """

    file: DicomFile
    index: int
    position: Vector | None
    orientation: Vector | None
    spacing: Vector | None
    thickness: float | None
    slope: float
    intercept: float
    keys: Keys
    lookup: Lookup | None = None

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.file.get("Rows", 0))

    @property
    def columns(self) -> int:
        """Number of columns."""
        return int(self.file.get("Columns", 0))

    @property
    def normal(self) -> NDArray[np.float64]:
        """Direction across the frame; needs an orientation."""
        orientation = np.array(self.orientation)
        return np.cross(orientation[:3], orientation[3:])

    @property
    def has_place(self) -> bool:
        """Whether the file says where the frame lies."""
        return self.position is not None and self.orientation is not None


def frames_of(file: DicomFile) -> list[Frame]:
    """Return the frames of a file, in its order.

    Raises:
        DamagedFileError: when the header says senseless things, or of fewer frames than it announces.
    """
    try:
        with quiet_pydicom():
            if file.get("PerFrameFunctionalGroupsSequence"):
                return _frames_with_groups(file)
            if file.get("SOPClassUID") == _NUCLEAR and file.frame_count > 1:
                return _nuclear_frames(file)
            lookup = lookup_of(file)
            return [_plain_frame(file, n, lookup) for n in range(file.frame_count)]
    except DamagedFileError:
        raise
    except Exception as error:  # A damaged header can make the parser raise anything.
        raise DamagedFileError(file.path, "is damaged in its header") from error


def _plain_frame(file: DicomFile, index: int, lookup: Lookup | None = None) -> Frame:
    """Return a frame of a file without functional groups; of several, none says where it lies by itself."""
    single = file.frame_count == 1
    return Frame(
        file,
        index,
        _numbers([file.header], "ImagePositionPatient", 3) if single else None,
        _orientation([file.header]) if single else None,
        _numbers([file.header], "PixelSpacing", 2),
        _number([file.header], "SliceThickness"),
        *_scaling(file, [file.header]),
        keys_of_file(file.header) if single else {},
        lookup,
    )


def _frames_with_groups(file: DicomFile) -> list[Frame]:
    """Return the frames of an enhanced file: each of its own functional groups goes before the shared ones."""
    items = file.header.PerFrameFunctionalGroupsSequence
    if len(items) < file.frame_count:
        raise DamagedFileError(
            file.path, f"announces {file.frame_count} frames, but says of {len(items)} only where they are"
        )
    shared = [*value_of(file.header, "SharedFunctionalGroupsSequence", [])[:1]]
    shared_keys = keys_of_groups(shared[0]) if shared else {}
    own_keys = keys_of_file(file.header)
    frames = []
    for index in range(file.frame_count):
        groups = [items[index], *shared]
        frames.append(
            Frame(
                file,
                index,
                _numbers(_group(groups, "PlanePositionSequence"), "ImagePositionPatient", 3),
                _orientation(_group(groups, "PlaneOrientationSequence")),
                _numbers(_group(groups, "PixelMeasuresSequence"), "PixelSpacing", 2),
                _number(_group(groups, "PixelMeasuresSequence"), "SliceThickness"),
                *_scaling(file, _group(groups, "PixelValueTransformationSequence") or [file.header]),
                {**own_keys, **shared_keys, **keys_of_groups(items[index])},
            )
        )
    return frames


def _nuclear_frames(file: DicomFile) -> list[Frame]:
    """Return the frames of a nuclear medicine file, whose slices are numbered along the normal (PS3.3 C.8.4.15).

    Only frames that are counted by nothing but the slice are places; with others, such as time slots, none is.
    """
    plain = [_plain_frame(file, n) for n in range(file.frame_count)]
    pointer = file.get("FrameIncrementPointer")
    numbers = file.get("SliceVector")
    detector = [*file.get("DetectorInformationSequence", [])[:1]]
    position = _numbers(detector, "ImagePositionPatient", 3)
    orientation = _orientation(detector)
    distance = _number([file.header], "SpacingBetweenSlices")
    if pointer != _SLICE_VECTOR or not numbers or position is None or orientation is None or not distance:
        return plain
    normal = np.cross(orientation[:3], orientation[3:])
    return [
        Frame(
            file,
            frame.index,
            tuple(np.array(position) + (int(number) - 1) * distance * normal),
            orientation,
            frame.spacing,
            frame.thickness,
            frame.slope,
            frame.intercept,
            {},
        )
        for frame, number in zip(plain, numbers, strict=True)
    ]


def _group(groups: Iterable[Dataset], keyword: str) -> list[Dataset]:
    return list(chain.from_iterable([*value_of(group, keyword, [])][:1] for group in groups))


def _scaling(file: DicomFile, places: list[Dataset]) -> tuple[float, float]:
    slope, intercept = _number(places, "RescaleSlope"), _number(places, "RescaleIntercept")
    if slope == 0:
        raise DamagedFileError(file.path, "has a rescale slope of 0")
    return 1.0 if slope is None else slope, intercept or 0.0


def _orientation(places: list[Dataset]) -> Vector | None:
    found = _numbers(places, "ImageOrientationPatient", 6)
    if found is None:
        return None
    rows, columns = np.array(found[:3]), np.array(found[3:])
    lengths = np.linalg.norm(rows), np.linalg.norm(columns)
    # Two unit vectors at a right angle, but for rounding; else they are no directions.
    if max(abs(lengths[0] - 1), abs(lengths[1] - 1), abs(rows @ columns)) > 0.01:
        return None
    rows = rows / lengths[0]
    columns = columns - (columns @ rows) * rows
    return (*map(float, rows), *map(float, columns / np.linalg.norm(columns)))


def _numbers(places: Iterable[Dataset], keyword: str, count: int) -> Vector | None:
    """Return the first finite numbers of that name; None when there are not ``count``."""
    for place in places:
        value = value_of(place, keyword)
        if value is None:
            continue
        try:
            numbers = tuple(float(part) for part in value)
        except (TypeError, ValueError):
            return None
        return numbers if len(numbers) == count and all(map(math.isfinite, numbers)) else None
    return None


def _number(places: Iterable[Dataset], keyword: str) -> float | None:
    for place in places:
        value = value_of(place, keyword)
        if value is None:
            continue
        try:
            number = float(value)
        except (TypeError, ValueError):
            return None
        return number if math.isfinite(number) else None
    return None
