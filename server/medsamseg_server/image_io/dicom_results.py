"""What all DICOM files made of a scan have in common: the images that they refer to, and what found the objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import highdicom
import pydicom
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code as DicomCode

from medsamseg_server import __version__
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.dicom_files import quiet_pydicom
from medsamseg_server.image_io.image import DicomSource
from medsamseg_server.image_io.mask_writer import Segment
from medsamseg_server.image_io.terminology import Code

MAKER = "MedSAMSeg"
#: Number of a series of results, so that readers list it behind those of the scanner.
SERIES_NUMBER = 9900
#: Character set of what is written: names of patients may have any letters.
CHARACTER_SET = "ISO_IR 192"
#: What highdicom and pydicom raise where images lack what is taken from them.
INCOMPLETE = (AttributeError, KeyError, TypeError, ValueError)
# Longest text of the value representation LO, PS3.5 section 6.2.
_LONGEST_NAME = 64


@dataclass(frozen=True)
class Result:
    """A kind of file, for messages.

    Attributes:
        words: what it is, such as ``a DICOM segmentation``.
        instead: what to do where it cannot be written, as a sentence without its full stop.
    """

    words: str
    instead: str


@dataclass(frozen=True)
class SliceReference:
    """The image that a slice is in.

    Attributes:
        sop_class_uid: of the image.
        sop_instance_uid: of the image.
        frame: the slice's frame, from 1; None where the image has only one.
    """

    sop_class_uid: str
    sop_instance_uid: str
    frame: int | None

    @property
    def frames(self) -> list[int] | None:
        """The frame as highdicom takes it."""
        return None if self.frame is None else [self.frame]


class SourceImages:
    """The images of a scan, without their pixels.

    Args:
        source: the images of the scan.

    Raises:
        MedSAMSegError: ``output_source_gone`` where they cannot be read any more.
    """

    def __init__(self, source: DicomSource) -> None:
        self._source = source
        self._of_file = {path: _header(path) for path in dict.fromkeys(source.files)}

    @property
    def headers(self) -> list[Dataset]:
        """A header a file, in the order of the slices."""
        return list(self._of_file.values())

    def reference(self, index: int) -> SliceReference:
        """Return the image that slice ``index`` of the array (K) is in."""
        image = self._of_file[self._source.files[index]]
        frame = self._source.frames[index] + 1 if int(image.get("NumberOfFrames", 1)) > 1 else None
        return SliceReference(str(image.SOPClassUID), str(image.SOPInstanceUID), frame)


def check_is_dicom(path: Path, source: DicomSource | None, result: Result) -> DicomSource:
    """Return the images of a scan.

    Args:
        path: what is to be written.
        source: the images of the scan; None for a scan that does not come from DICOM files.
        result: which kind of file ``path`` would be.

    Raises:
        MedSAMSegError: ``output_needs_dicom``.
    """
    if source is None:
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "output_needs_dicom",
            f"{path.name} would be {result.words}, which belongs to DICOM images; the scan is not one.",
            f"{result.instead}, or give the folder of the scan's DICOM files.",
        )
    return source


def check_names(names: Sequence[str]) -> None:
    """Raise ``segment_name_dicom`` for a name that DICOM cannot hold."""
    for name in names:
        if len(name) > _LONGEST_NAME or "\\" in name:
            raise MedSAMSegError(
                ErrorKind.INVALID_INPUT,
                "segment_name_dicom",
                f"'{name[:80]}' cannot name a segment in DICOM: up to {_LONGEST_NAME} characters without \\ can.",
                "Give a shorter name.",
            )


def algorithm_of(segment: Segment) -> Any:
    """Return the Algorithm Identification Sequence (PS3.3 10.16) of what found an object; None where it is not ours."""
    if not segment.is_ours:
        return None
    model = segment.found_by
    return highdicom.AlgorithmIdentificationSequence(
        name=MAKER,
        family=codes.DCM.ArtificialIntelligence,
        version=__version__,
        source="box-prompted segmentation",
        parameters=None if model is None else {"model": model.name, "weights_sha256": model.weights_sha256},
    )


def algorithm_type(segment: Segment) -> str:
    """Return who drew an object (PS3.3 C.8.20.2.3.2): a person the box and we the rest, or of others, not a program."""
    return "SEMIAUTOMATIC" if segment.is_ours else "MANUAL"


def dicom_code(code: Code) -> DicomCode:
    """Return a code as highdicom takes it."""
    return DicomCode(code.value, code.scheme, code.meaning)


def code_items(code: Code | None) -> list[Dataset]:
    """Return a code sequence (PS3.3 section 8.8) of a code; an empty one of None."""
    return [] if code is None else [highdicom.sr.CodedConcept.from_code(dicom_code(code))]


def incomplete(source: DicomSource, result: Result, error: Exception) -> MedSAMSegError:
    """Return the error ``output_source_incomplete``: the images lack what a result takes from them."""
    # highdicom and pydicom say in words what it is.
    return MedSAMSegError(
        ErrorKind.CANNOT_WRITE,
        "output_source_incomplete",
        f"{result.words[:1].upper()}{result.words[1:]} of {source.files[0].name} cannot be written: "
        f"{str(error)[:200].rstrip('.')}.",
        f"{result.instead}.",
    )


def _header(path: Path) -> Dataset:
    try:
        with quiet_pydicom():
            return pydicom.dcmread(path, stop_before_pixels=True, force=True)
    except Exception as error:  # A file that changed since can make the parser raise anything.
        raise MedSAMSegError(
            ErrorKind.UNREADABLE,
            "output_source_gone",
            f"{path} could be read before and cannot any more.",
            "Leave the scan's files in place until the command ends.",
        ) from error
