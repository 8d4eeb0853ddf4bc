"""Segmentations as Slicer writes them (``.seg.nrrd``): cropped, in layers where segments overlap, with names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from medsamseg_server.image_io.image import Geometry, Image
from medsamseg_server.image_io.label_places import bring_to_scan
from medsamseg_server.image_io.labels import LabelObject, Labels, label_map, unreadable, whole_numbers
from medsamseg_server.image_io.mask_writer import SegmentingModel
from medsamseg_server.image_io.nrrd_headers import require_short_fields
from medsamseg_server.image_io.slicer_masks import MODEL_TAG, OWN_TAG, WEIGHTS_TAG, is_segmentation
from medsamseg_server.image_io.terminology import from_slicer_entry

is_one = is_segmentation


def read(path: Path, image: Image) -> Labels:
    """Return the segments of a segmentation in the voxels of its scan.

    Layers are the components of the image's voxels. A segment has a layer and a value there; as in Slicer
    (vtkMRMLSegmentationStorageNode), the value is 1 and the layer that of its number where the file does not say, which
    is how Slicer 4.10 and before wrote. Cropped ones are put back to their place by origin and directions.

    Raises:
        MedSAMSegError: see ``label_reading.read_labels``.
    """
    require_short_fields(path)
    try:
        found = sitk.ReadImage(str(path))
    except RuntimeError as error:
        raise unreadable(path, "is not a segmentation that can be read, or it is damaged") from error
    if found.GetDimension() != 3:
        raise unreadable(path, f"has {found.GetDimension()} dimensions instead of 3 and layers")
    array = whole_numbers(sitk.GetArrayFromImage(found), path)
    stored = np.moveaxis(array, 3, 0) if array.ndim == 4 else array[None]
    geometry = Geometry.of(found)
    layers = [bring_to_scan(layer, geometry, image, path.name, may_be_cropped=True) for layer in stored]
    fields = {key: found.GetMetaData(key) for key in found.GetMetaDataKeys()}
    objects = []
    for number in _segment_numbers(fields):
        segment = f"Segment{number}"
        layer = _number(fields, f"{segment}_Layer", number if len(layers) > 1 else 0, path)
        value = _number(fields, f"{segment}_LabelValue", 1, path)
        if not 0 <= layer < len(layers):
            raise unreadable(path, f"has a segment in layer {layer}, but only the layers 0 to {len(layers) - 1}")
        name = fields.get(f"{segment}_Name") or fields.get(f"{segment}_ID") or segment
        more = _described(fields.get(f"{segment}_Tags", ""), fields.get(f"{segment}_Color", ""))
        objects.append(LabelObject(name, value, layers[layer], value, **more))
    if not objects and len(layers) == 1:
        return label_map(layers[0], path)
    return Labels(objects, path.name)


def _described(tags: str, color: str) -> dict[str, Any]:
    """Return what a segment's tags and color say, by the names that ``LabelObject`` has for it."""
    said = dict(tag.partition(":")[::2] for tag in tags.split("|") if tag)
    model = said.get(MODEL_TAG)
    try:
        red, green, blue = (min(max(float(part), 0.0), 1.0) for part in color.split())
    except ValueError:
        rgb = None
    else:
        rgb = (red, green, blue)
    return {
        "color": rgb,
        "terminology": from_slicer_entry(said.get("TerminologyEntry", "")),
        "is_ours": any(tag.startswith(OWN_TAG) for tag in said),
        "found_by": None if not model else SegmentingModel(model, said.get(WEIGHTS_TAG, "")),
    }


def _segment_numbers(fields: dict[str, str]) -> list[int]:
    """Return the numbers of the segments: each has an ID, at least."""
    starts = (key.removeprefix("Segment").partition("_") for key in fields if key.startswith("Segment"))
    return sorted({int(number) for number, _, field in starts if number.isdecimal() and field in ("ID", "Name")})


def _number(fields: dict[str, str], key: str, missing: int, path: Path) -> int:
    try:
        return int(fields.get(key, missing))
    except ValueError:
        raise unreadable(path, f"has the field {key} with something else than a whole number") from None
