"""Writing masks: as a segmentation that 3D Slicer opens with names and colors, as a labelmap, or as a picture."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.dicom_masks import (
    DICOM_SUFFIX,
    REPORT_SUFFIX,
    DicomLabelMapWriter,
    DicomSegWriter,
    StructureSetWriter,
)
from medsamseg_server.image_io.image import ScanPlace
from medsamseg_server.image_io.mask_writer import DEFAULT_COLOR, Layers, Segment, Writer
from medsamseg_server.image_io.picture_masks import PictureWriter, not_flat
from medsamseg_server.image_io.slicer_masks import SEGMENTATION_SUFFIX, SlicerWriter
from medsamseg_server.image_io.volume_masks import LabelMapWriter, NiftiWriter, write_itk, write_nifti_checked
from medsamseg_server.system.safe_files import ensure_free_space, ensure_writable, refuse_to_replace, replacing

#: Every type of file that can be written; the first whose suffix fits decides.
WRITERS: tuple[Writer, ...] = (
    SlicerWriter(),
    LabelMapWriter(),
    NiftiWriter(),
    StructureSetWriter(),
    DicomLabelMapWriter(),
    DicomSegWriter(),
    PictureWriter(),
)
#: Suffixes of files that hold volumes, of any scan.
VOLUME_SUFFIXES = tuple(
    suffix
    for writer in WRITERS
    if writer.holds_slices
    for suffix in writer.suffixes
    if not suffix.endswith(DICOM_SUFFIX)
)
#: Suffixes of the files that can be written.
OUTPUT_SUFFIXES = tuple(suffix for writer in WRITERS for suffix in writer.suffixes)
# A compressed mask takes less than this.
_USUAL_FILE_BYTES = 1_000_000


def check_output(path: Path, overwrite: bool = False) -> None:
    """Raise an error unless a segmentation can be written to ``path``, so that nobody computes in vain.

    Raises:
        MedSAMSegError: ``output_suffix``, ``output_exists``, or of kind ``CANNOT_WRITE`` for the folder's faults.
    """
    writer_of(path)
    if path.is_dir():
        raise MedSAMSegError(
            ErrorKind.CANNOT_WRITE, "output_is_folder", f"{path} is a folder.", "Give the name of a file in it."
        )
    refuse_to_replace(path, overwrite)
    ensure_writable(path.parent)
    ensure_free_space(path.parent, _USUAL_FILE_BYTES)


def color_of(number: int) -> tuple[float, float, float]:
    """Return the color of the object with this number, counted from 0; neighboring numbers look different."""
    if number == 0:
        return DEFAULT_COLOR
    # The golden section spreads hues, however many there are.
    red, green, blue = colorsys.hsv_to_rgb((0.125 + 0.618034 * number) % 1.0, 0.75, 0.95)
    return (round(red, 3), round(green, 3), round(blue, 3))


def check_can_hold(path: Path, slices: int = 1, overlap: bool = False) -> None:
    """Raise an error unless the type of file can hold so many slices, and objects that overlap.

    Raises:
        MedSAMSegError: ``output_suffix``, ``output_not_flat`` or ``overlap_in_labelmap``.
    """
    writer = writer_of(path)
    if overlap and not writer.holds_overlap:
        message = f"{path.name} would be a labelmap, in which objects cannot overlap."
        binary = path.name.lower().endswith(DICOM_SUFFIX)
        hint = f"End its name with {SEGMENTATION_SUFFIX}{' or with .seg.dcm' if binary else ''}."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "overlap_in_labelmap", message, hint)
    if slices > 1 and not writer.holds_slices:
        raise not_flat(path, slices)


def write_segmentation(path: Path, segments: Segment | Sequence[Segment], place: ScanPlace) -> None:
    """Write objects; ``path`` is replaced only when the whole file is written, with voxels and place as they should be.

    Args:
        path: its suffix, one of ``OUTPUT_SUFFIXES``, decides the format. ``.seg.nrrd`` is a Slicer segmentation; others
            are labelmaps of type uint8 (uint16 for more than 255 objects), 1 on the first object, 2 on the second; a
            picture with a single object is white on it; ``.rtstruct.dcm`` is a structure set, ``.labelmap.dcm`` a
            DICOM segmentation that is a label map, other ``.dcm`` a binary one.
        segments: the objects.
        place: of the scan, and so of the file; a DICOM file needs its source.

    Raises:
        MedSAMSegError: ``output_suffix``, ``overlap_in_labelmap``, ``output_not_flat``, ``place_not_kept`` where the
            format cannot hold the geometry, those of ``dicom_seg_writing`` and
            ``structure_set_writing``, or of kind ``CANNOT_WRITE``.
    """
    segments = [segments] if isinstance(segments, Segment) else segments
    write_layers(path, segments, Layers.of(segments), place)


def write_layers(path: Path, segments: Sequence[Segment], layers: Layers, place: ScanPlace) -> None:
    """Write objects whose label maps are made already; as ``write_segmentation``.

    Args:
        path: as there, but no ``.dcm``.
        segments: names and colors; their masks are not looked at.
        layers: the label maps, (K, J, I).
        place: as there.
    """
    check_can_hold(path, len(layers.arrays[0]), len(layers.arrays) > 1)
    with replacing(path) as temporary:
        writer_of(path).write(temporary, segments, layers, place)


def write_volume(path: Path, array: NDArray[Any], place: ScanPlace) -> None:
    """Write one number a voxel, ``array`` (K, J, I), as NRRD, NIfTI or MetaImage; as ``write_segmentation``."""
    with replacing(path) as temporary:
        if isinstance(writer_of(path), NiftiWriter):
            write_nifti_checked(temporary, array, place)
        else:
            write_itk(temporary, array, place.geometry)


def notes_on_output(path: Path, segments: Sequence[Segment], place: ScanPlace) -> tuple[str, ...]:
    """Return what should be known of the objects in the format of ``path``; see ``write_segmentation``."""
    return writer_of(path).notes(path, segments, place)


def writer_of(path: Path) -> Writer:
    """Return what writes a file of this name.

    Raises:
        MedSAMSegError: ``output_suffix`` where nothing does, ``output_is_report`` for the name of a report.
    """
    name = path.name.lower()
    if name.endswith(REPORT_SUFFIX):
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "output_is_report",
            f"{path.name} is the name of a report, not of a segmentation.",
            f"Name the report with --report {path.name}, and the segmentation with -o, such as -o "
            f"{path.name[: -len(REPORT_SUFFIX)]}.dcm.",
        )
    found = ((suffix, writer) for writer in WRITERS for suffix in writer.suffixes if name.endswith(suffix))
    suffix, writer = next(found, (name, None))
    if writer is not None and suffix != name:
        return writer
    raise MedSAMSegError(
        ErrorKind.INVALID_INPUT,
        "output_suffix",
        f"{path.name} does not say which kind of file to write.",
        f"End its name with one of {', '.join(OUTPUT_SUFFIXES)}. 3D Slicer opens {SEGMENTATION_SUFFIX} as segments.",
    )
