"""DICOM segmentations (SEG), by highdicom: binary, fractional and label maps, with frames in any order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
from highdicom.color import CIELabColor
from numpy.typing import NDArray

from medsamseg_server.image_io.dicom_descriptions import found_by, terminology_of
from medsamseg_server.image_io.image import Geometry, Image
from medsamseg_server.image_io.label_places import bring_to_scan
from medsamseg_server.image_io.labels import LabelObject, Labels, unreadable


def read(path: Path, image: Image) -> Labels:
    """Return the segments of a file. Of a fractional one, what is at least half of the object's is the object.

    Raises:
        MedSAMSegError: see ``label_reading.read_labels``.
    """
    try:
        file = highdicom.seg.segread(path)
        numbers = [int(number) for number in file.segment_numbers]
        described = [file.get_segment_description(number) for number in numbers]
        volumes = [file.get_volume(segment_numbers=[number]) for number in numbers]
    except Exception as error:
        # highdicom tells in words what a file lacks, by errors of any type.
        raise unreadable(path, f"cannot be read as a segmentation: {str(error)[:200].rstrip('.')}") from error
    objects = []
    for number, item, volume in zip(numbers, described, volumes, strict=True):
        mask = np.asarray(volume.array)[..., 0] >= (0.5 if volume.array.dtype.kind == "f" else 1)
        voxels = bring_to_scan(mask, _geometry(volume.affine), image, path.name, may_be_cropped=True)
        more = found_by(item.get("SegmentationAlgorithmIdentificationSequence"))
        known = terminology_of(item, "SegmentedPropertyCategoryCodeSequence", "SegmentedPropertyTypeCodeSequence")
        color = _color(item.get("RecommendedDisplayCIELabValue"))
        objects.append(LabelObject(str(item.segment_label), number, voxels, True, color, known, **more))
    return Labels(objects, path.name)


def _color(value: Sequence[int] | None) -> tuple[float, float, float] | None:
    if value is None or len(value) != 3:
        return None
    red, green, blue = (part / 255 for part in CIELabColor.from_dicom_value(value).to_rgb())
    return (red, green, blue)


def _geometry(affine: NDArray[Any]) -> Geometry:
    """Return the geometry of an array (K, J, I) from highdicom's matrix, of whose columns the first is K's."""
    steps = affine[:3, 2::-1]
    spacing = np.linalg.norm(steps, axis=0)
    return Geometry(tuple(spacing.tolist()), tuple(affine[:3, 3].tolist()), tuple((steps / spacing).ravel().tolist()))
