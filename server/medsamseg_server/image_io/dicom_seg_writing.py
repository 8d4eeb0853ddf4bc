"""Writing DICOM segmentations (SEG), by highdicom: in place and study of the images that they were made of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
from highdicom.color import CIELabColor
from highdicom.seg import SegmentationTypeValues, SegmentDescription
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from medsamseg_server import __version__
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.dicom_files import quiet_pydicom
from medsamseg_server.image_io.dicom_results import (
    CHARACTER_SET,
    INCOMPLETE,
    MAKER,
    SERIES_NUMBER,
    Result,
    SourceImages,
    algorithm_of,
    algorithm_type,
    check_is_dicom,
    check_names,
    code_items,
    dicom_code,
    incomplete,
)
from medsamseg_server.image_io.image import DicomSource
from medsamseg_server.image_io.mask_writer import Segment

_RESULT = Result("a DICOM segmentation", "End its name with .seg.nrrd")


def check_source(path: Path, source: DicomSource | None, names: Sequence[str]) -> DicomSource:
    """Return the images of a scan if a SEG of it can be written to ``path``.

    Args:
        path: what is to be written.
        source: the images of the scan; None for a scan that does not come from DICOM files.
        names: what the segments are to be called.

    Raises:
        MedSAMSegError: ``output_needs_dicom``, ``output_source_files`` where a scan lies in several files of several
            frames, which a SEG cannot refer to as one volume, or ``segment_name_dicom``.
    """
    source = check_is_dicom(path, source, _RESULT)
    if 1 < len(set(source.files)) < len(source.files):
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "output_source_files",
            f"The series {source.series_uid} lies in {len(set(source.files))} files of several frames; a DICOM "
            "segmentation is written for one such file, or for files of one frame each.",
            f"{_RESULT.instead}.",
        )
    check_names(names)
    return source


def write_dicom_seg(
    path: Path, segments: Sequence[Segment], source: DicomSource, label_map: NDArray[Any] | None = None
) -> None:
    """Write objects, each a segment of a SEG (PS3.3 A.51): a binary one, in which they may overlap, or a label map.

    The file refers to every image of the scan, and takes patient and study from them. Only planes with an object are
    stored, unless there is none.

    Args:
        path: the file.
        segments: the objects, in the scan's voxels.
        source: the images of the scan, see ``check_source``.
        label_map: (K, J, I), 1 on the first object, 2 on the second …, for a SEG of the type LABELMAP; None for a
            binary one.

    Raises:
        MedSAMSegError: ``output_source_incomplete`` where the images lack what a SEG takes from them, or
            ``output_source_gone`` where they cannot be read any more.
        OSError: where ``path`` cannot be written.
    """
    images = SourceImages(source).headers
    descriptions = [_description(number, segment) for number, segment in enumerate(segments, start=1)]
    masks = np.stack([segment.mask > 0 for segment in segments], axis=-1) if label_map is None else label_map
    try:
        with quiet_pydicom():
            file = highdicom.seg.Segmentation(
                images,
                _planes(masks, source, images),
                SegmentationTypeValues.BINARY if label_map is None else SegmentationTypeValues.LABELMAP,
                descriptions,
                series_instance_uid=highdicom.UID(),
                series_number=SERIES_NUMBER,
                sop_instance_uid=highdicom.UID(),
                instance_number=1,
                manufacturer=MAKER,
                manufacturer_model_name=MAKER,
                software_versions=__version__,
                # A program has none, and the standard wants one (PS3.3 C.7.5.2).
                device_serial_number="0",
                content_label="SEGMENTATION",
                content_description=_content_of(segments),
                series_description=f"{MAKER} segmentation",
                specific_character_set=CHARACTER_SET,
            )
    except INCOMPLETE as error:
        raise incomplete(source, _RESULT, error) from error
    file.save_as(path, enforce_file_format=True)


def _content_of(segments: Sequence[Segment]) -> str:
    ours = any(segment.is_ours for segment in segments)
    return "Found by a model in boxes that a person drew" if ours else "Labels of the scan"


def _planes(masks: NDArray[Any], source: DicomSource, images: Sequence[Dataset]) -> NDArray[Any]:
    """Return planes (K, J, I) or (K, J, I, segments) in the order in which the files store theirs."""
    # A file may hold frames that are no slices of this scan, and slices in any order.
    several_frames = len(images) == 1 and int(images[0].get("NumberOfFrames", 1)) > 1
    count = int(images[0].NumberOfFrames) if several_frames else len(images)
    places = list(source.frames) if several_frames else list(range(count))
    planes: NDArray[Any] = np.zeros((count, *masks.shape[1:]), np.uint8 if masks.dtype == bool else masks.dtype)
    planes[places] = masks
    return planes


def _description(number: int, segment: Segment) -> SegmentDescription:
    known = segment.terminology
    made = SegmentDescription(
        number,
        segment.name,
        dicom_code(known.category),
        dicom_code(known.type),
        algorithm_type(segment),
        algorithm_of(segment),
        tracking_uid=highdicom.UID(),
        tracking_id=segment.name,
        anatomic_regions=None if known.region is None else [dicom_code(known.region)],
        display_color=CIELabColor.from_rgb(*(round(255 * part) for part in segment.color)),
    )
    # highdicom has no arguments for modifiers (0.28).
    if known.modifier is not None:
        type_ = made.SegmentedPropertyTypeCodeSequence[0]
        type_.SegmentedPropertyTypeModifierCodeSequence = code_items(known.modifier)
    if known.region_modifier is not None:
        made.AnatomicRegionSequence[0].AnatomicRegionModifierSequence = code_items(known.region_modifier)
    return made
