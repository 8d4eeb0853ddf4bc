"""Which files of a folder are DICOM, what each of them says in its header, and which of them are damaged."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from medsamseg_server.image_io.dicom_keys import SPLITTING_TAGS

_PREAMBLE = 128
_MAGIC = b"DICM"
# How a DICOM file without preamble begins: an element of the groups 0002 or 0008, of low number.
_BARE_STARTS = (b"\x02\x00", b"\x08\x00", b"\x00\x02", b"\x00\x08")
_PIXEL_GROUP = 0x7FE0
_PIXEL_ELEMENTS = (0x0008, 0x0009, 0x0010)
_PIXEL_TYPES = (b"OB", b"OW", b"OF", b"OD", b"UN")

_DIRECTORY = "1.2.840.10008.1.3.10"
#: DICOM objects with or without pixels that are no scans, by the beginning of their SOP Class UID (PS3.4 annex B.5).
_NO_SCANS = {
    "1.2.840.10008.5.1.4.1.1.66.4": "segmentation (SEG)",
    "1.2.840.10008.5.1.4.1.1.66.7": "segmentation (LABELMAP SEG)",
    "1.2.840.10008.5.1.4.1.1.66": "registration or other derived object",
    "1.2.840.10008.5.1.4.1.1.481.2": "dose (RTDOSE)",
    "1.2.840.10008.5.1.4.1.1.481.3": "set of contours (RTSTRUCT)",
    "1.2.840.10008.5.1.4.1.1.481.5": "treatment plan (RTPLAN)",
    "1.2.840.10008.5.1.4.1.1.88.59": "selection of images (KO)",
    "1.2.840.10008.5.1.4.1.1.88": "report (SR)",
    "1.2.840.10008.5.1.4.1.1.11": "presentation state (PR)",
    "1.2.840.10008.5.1.4.1.1.104": "document",
    "1.2.840.10008.5.1.4.1.1.9": "waveform",
}

#: Elements that are one whole number each.
_COUNTS = (
    *("Rows", "Columns", "NumberOfFrames", "SamplesPerPixel"),
    *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"),
)
_TAGS = [
    *("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "Modality", "SeriesDescription", "ImageType"),
    *("InstanceNumber", "NumberOfFrames", "Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation"),
    *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "ImagePositionPatient"),
    *("ImageOrientationPatient", "PixelSpacing", "SliceThickness", "SpacingBetweenSlices", "RescaleSlope"),
    *("RescaleIntercept", "ModalityLUTSequence", "SharedFunctionalGroupsSequence"),
    *("PerFrameFunctionalGroupsSequence", "DimensionIndexSequence", "DetectorInformationSequence"),
    *("FrameIncrementPointer", "SliceVector", "FrameTime", "FrameTimeVector", "CineRate"),
    *SPLITTING_TAGS,
]


class DamagedFileError(Exception):
    """A DICOM file cannot be used; ``str`` of it says why, as in "ends inside its pixels".

    Attributes:
        path: the file.
        series_uid: the series that it belongs to, where it still says so.
    """

    def __init__(self, path: Path, reason: str, series_uid: str | None = None) -> None:
        super().__init__(reason)
        self.path = path
        self.series_uid = series_uid


@dataclass(frozen=True)
class PixelElement:
    """Where a file's pixels are.

    Attributes:
        number: element of the group 7FE0: 8 for single, 9 for double precision, 16 for whole numbers.
        length: bytes, as the file states them.
        offset: byte at which they begin.
        file_size: bytes of the whole file.
    """

    number: int
    length: int
    offset: int
    file_size: int


@dataclass(frozen=True, eq=False)
class DicomFile:
    """A DICOM file, without its pixels.

    Attributes:
        path: where it is.
        header: the elements that reading needs.
        syntax: the transfer syntax of its pixels.
        pixels: where they are; None where they are packed together with the header, or missing.
        has_pixels: whether it has any.
    """

    path: Path
    header: Dataset
    syntax: UID
    pixels: PixelElement | None
    has_pixels: bool

    def get(self, keyword: str, otherwise: Any = None) -> Any:
        """Return the value of an element of the header, or ``otherwise`` where it is missing or empty."""
        return value_of(self.header, keyword, otherwise)

    @property
    def series_uid(self) -> str:
        """Its Series Instance UID, or a word for the lack of one."""
        return str(self.get("SeriesInstanceUID", "without-UID"))

    @property
    def frame_count(self) -> int:
        """Number of its frames."""
        return max(1, int(self.get("NumberOfFrames", 1)))

    @property
    def no_scan(self) -> str | None:
        """What the file is, if it is no scan."""
        sop_class = str(self.get("SOPClassUID", ""))
        for uid, word in _NO_SCANS.items():
            if sop_class == uid or sop_class.startswith(uid + "."):
                return word
        if not self.has_pixels:
            return "object without pixels"
        return "drawing of one bit per pixel" if self.get("BitsAllocated") == 1 else None


@dataclass(frozen=True)
class DicomFolder:
    """What was found in a folder.

    Attributes:
        files: whole DICOM files, sorted by path.
        damaged: files that cannot be used.
    """

    files: tuple[DicomFile, ...]
    damaged: tuple[DamagedFileError, ...]


def value_of(dataset: Dataset, keyword: str, otherwise: Any = None) -> Any:
    """Return the value of an element, or ``otherwise`` where it is missing, empty or not readable."""
    try:
        value = dataset.get(keyword)
    except Exception:  # A damaged value can make the parser raise anything.
        return otherwise
    return otherwise if value is None or value == "" else value


def is_dicom(path: Path) -> bool:
    """Whether a file begins as DICOM files do."""
    try:
        with path.open("rb") as stream:
            start = stream.read(_PREAMBLE + len(_MAGIC))
    except OSError:
        return False
    return start.endswith(_MAGIC) or _is_bare(start)


def read_folder(folder: Path) -> DicomFolder:
    """Return the DICOM files of a folder and its subfolders; what is no DICOM file is passed over."""
    return read_files(sorted(Path(place) / name for place, _, names in os.walk(folder) for name in names))


def read_files(paths: Iterable[Path]) -> DicomFolder:
    """Return those of some files that are DICOM."""
    files: list[DicomFile] = []
    damaged: list[DamagedFileError] = []
    for path in paths:
        try:
            found = _read_header(path)
        except DamagedFileError as error:
            damaged.append(error)
        else:
            files += [] if found is None else [found]
    return DicomFolder(tuple(files), tuple(damaged))


def quiet_pydicom() -> warnings.catch_warnings[None]:
    """Return a context in which pydicom says nothing of values that deviate from the standard."""
    context: warnings.catch_warnings[None] = warnings.catch_warnings(action="ignore")
    return context


def _read_header(path: Path) -> DicomFile | None:
    """Return a DICOM file of a scan; None for what is none."""
    if path.name.startswith("."):
        return None
    try:
        parsed = _parsed(path)
    except DamagedFileError:
        raise
    except OSError as error:
        raise DamagedFileError(path, (error.strerror or "cannot be opened").lower()) from error
    except Exception as error:  # A damaged file can make the parser raise anything.
        raise DamagedFileError(path, "is damaged in its header") from error
    return None if parsed is None else _checked(path, *parsed)


def _parsed(path: Path) -> tuple[Dataset, PixelElement | None, bool] | None:
    """Return header, pixels, and whether the file begins with DICOM's preamble; None for what is no DICOM file."""
    # What is not a plain file, such as a named pipe, could keep its reader waiting.
    if not path.is_file():
        return None
    with path.open("rb") as stream:
        start = stream.read(_PREAMBLE + len(_MAGIC))
        whole = start.endswith(_MAGIC)
        if not start or not (whole or _is_bare(start)):
            _require_no_dicom(path, start)
            return None
        stream.seek(0)
        with quiet_pydicom():
            header = pydicom.dcmread(stream, stop_before_pixels=True, force=not whole, specific_tags=list(_TAGS))
        return header, _pixel_element(header, stream), whole


def _is_bare(start: bytes) -> bool:
    # The element's number is below 0x0100: its second byte is 0, the first one where the file is big endian.
    return len(start) > 8 and start[:2] in _BARE_STARTS and start[3 if start[0] else 2] == 0


def _require_no_dicom(path: Path, start: bytes) -> None:
    """Raise ``DamagedFileError`` for what was meant to be a DICOM file: an empty one, or one with that ending."""
    if not start or path.suffix.lower() in (".dcm", ".dicom"):
        raise DamagedFileError(path, "is no DICOM file" if start else "is empty")


def _pixel_element(header: Any, stream: BinaryIO) -> PixelElement | None:
    """Return where the pixels are, in a stream that stands where the header ends."""
    implicit, little = header.original_encoding
    order: Literal["little", "big"] = "little" if little else "big"
    begin = stream.tell()
    start = stream.read(12)
    group, number = (int.from_bytes(start[n : n + 2], order) for n in (0, 2))
    if len(start) < 12 or group != _PIXEL_GROUP or number not in _PIXEL_ELEMENTS:
        return None
    if not implicit and start[4:6] not in _PIXEL_TYPES:
        return None
    length = slice(4, 8) if implicit else slice(8, 12)
    size = os.fstat(stream.fileno()).st_size
    return PixelElement(number, int.from_bytes(start[length], order), begin + length.stop, size)


def _checked(path: Path, header: Dataset, pixels: PixelElement | None, whole: bool) -> DicomFile | None:
    """Return a file whose header was read, if it is one that matters."""
    sop_class = str(value_of(header, "SOPClassUID", ""))
    if _meta(header, "MediaStorageSOPClassUID") == _DIRECTORY or (not (whole or sop_class) and "Rows" not in header):
        return None
    syntax = _syntax(header)
    packed = syntax == DeflatedExplicitVRLittleEndian and "Rows" in header
    found = DicomFile(path, header, syntax, None if packed else pixels, packed or pixels is not None)
    if not found.has_pixels and _should_have_pixels(found):
        raise DamagedFileError(path, "ends before its pixels")
    for keyword in _COUNTS:
        if not isinstance(found.get(keyword, 0), int):
            raise DamagedFileError(path, f"has several values as its {keyword}", found.series_uid)
    return found


def _should_have_pixels(file: DicomFile) -> bool:
    sop_class = UID(str(file.get("SOPClassUID", "")))
    if any(sop_class == uid or sop_class.startswith(uid + ".") for uid in _NO_SCANS):
        return False
    return "Image Storage" in sop_class.name or not sop_class or "Rows" in file.header


def _meta(header: Any, keyword: str) -> Any:
    return value_of(header.file_meta, keyword) if hasattr(header, "file_meta") else None


def _syntax(header: Any) -> UID:
    """Return the transfer syntax that a file states, or the one that its header is written in."""
    stated = _meta(header, "TransferSyntaxUID")
    if stated:
        return UID(stated)
    implicit, little = header.original_encoding
    if implicit:
        return ImplicitVRLittleEndian
    return ExplicitVRLittleEndian if little else ExplicitVRBigEndian
