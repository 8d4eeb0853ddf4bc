"""Masks of DICOM scans as DICOM segmentations, in the form of a ``Writer``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from medsamseg_server.image_io.image import ScanPlace
from medsamseg_server.image_io.mask_writer import Layers, Segment

DICOM_SUFFIX = ".dcm"


class DicomSegWriter:
    """DICOM segmentations, which refer to the DICOM images that they were made of."""

    suffixes = (DICOM_SUFFIX,)
    holds_overlap = True
    holds_slices = True

    def write(self, path: Path, segments: Sequence[Segment], layers: Layers, place: ScanPlace) -> None:
        """See ``Writer``; raises what ``check_source`` and ``write_dicom_seg`` do."""
        # highdicom takes half a second to import, which only this format is to pay.
        from medsamseg_server.image_io.dicom_seg_writing import check_source, write_dicom_seg

        write_dicom_seg(path, segments, check_source(path, place.source, [segment.name for segment in segments]))

    def remarks(self, path: Path, segments: Sequence[Segment], place: ScanPlace) -> tuple[str, ...]:
        """See ``Writer``."""
        return ()


def is_dicom_seg(path: Path) -> bool:
    """Return whether a file of this name is written as a DICOM segmentation."""
    return path.name.lower().endswith(DICOM_SUFFIX)


def check_scan(path: Path, names: Sequence[str], place: ScanPlace) -> None:
    """Raise an error unless a scan's objects can be written to ``path``, so that nobody computes in vain.

    Args:
        path: what is to be written; only a DICOM segmentation asks anything of the scan.
        names: of the objects.
        place: of the scan.

    Raises:
        MedSAMSegError: as ``dicom_seg_writing.check_source``.
    """
    if is_dicom_seg(path):
        from medsamseg_server.image_io.dicom_seg_writing import check_source

        check_source(path, place.source, names)
