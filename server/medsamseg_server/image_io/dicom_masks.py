"""Masks of DICOM scans as DICOM segmentations or structure sets, each in the form of a ``Writer``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from medsamseg_server.image_io.image import ScanPlace
from medsamseg_server.image_io.mask_writer import Layers, Segment

DICOM_SUFFIX = ".dcm"
STRUCTURE_SET_SUFFIX = ".rtstruct.dcm"
LABEL_MAP_SUFFIX = ".labelmap.dcm"
REPORT_SUFFIX = ".sr.dcm"


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

    def notes(self, path: Path, segments: Sequence[Segment], place: ScanPlace) -> tuple[str, ...]:
        """See ``Writer``."""
        return ()


class DicomLabelMapWriter:
    """DICOM segmentations of the type LABELMAP: one number a voxel, and so no objects that overlap."""

    suffixes = (LABEL_MAP_SUFFIX,)
    holds_overlap = False
    holds_slices = True

    def write(self, path: Path, segments: Sequence[Segment], layers: Layers, place: ScanPlace) -> None:
        """See ``Writer``; raises what ``check_source`` and ``write_dicom_seg`` do."""
        from medsamseg_server.image_io.dicom_seg_writing import check_source, write_dicom_seg

        source = check_source(path, place.source, [segment.name for segment in segments])
        write_dicom_seg(path, segments, source, label_map=layers.arrays[0])

    def notes(self, path: Path, segments: Sequence[Segment], place: ScanPlace) -> tuple[str, ...]:
        """See ``Writer``."""
        return ()


class StructureSetWriter:
    """Structure sets of radiotherapy: contours on the DICOM images that they were made of."""

    suffixes = (STRUCTURE_SET_SUFFIX,)
    holds_overlap = True
    holds_slices = True

    def write(self, path: Path, segments: Sequence[Segment], layers: Layers, place: ScanPlace) -> None:
        """See ``Writer``; raises what ``check_source`` and ``write_structure_set`` do."""
        from medsamseg_server.image_io.structure_set_writing import check_source, write_structure_set

        source = check_source(path, place.source, [segment.name for segment in segments])
        write_structure_set(path, segments, source, place.geometry)

    def notes(self, path: Path, segments: Sequence[Segment], place: ScanPlace) -> tuple[str, ...]:
        """See ``Writer``."""
        return ()


def is_dicom_seg(path: Path) -> bool:
    """Return whether a file of this name is written as a DICOM segmentation, binary or as a label map."""
    return path.name.lower().endswith(DICOM_SUFFIX) and not is_structure_set(path)


def is_structure_set(path: Path) -> bool:
    """Return whether a file of this name is written as a structure set."""
    return path.name.lower().endswith(STRUCTURE_SET_SUFFIX)


def check_scan(path: Path, names: Sequence[str], place: ScanPlace) -> None:
    """Raise an error unless a scan's objects can be written to ``path``, so that nobody computes in vain.

    Args:
        path: what is to be written; only DICOM files ask anything of the scan.
        names: of the objects.
        place: of the scan.

    Raises:
        MedSAMSegError: as ``dicom_seg_writing.check_source`` or ``structure_set_writing.check_source``.
    """
    if is_structure_set(path):
        from medsamseg_server.image_io import structure_set_writing

        structure_set_writing.check_source(path, place.source, names)
    elif is_dicom_seg(path):
        from medsamseg_server.image_io import dicom_seg_writing

        dicom_seg_writing.check_source(path, place.source, names)
