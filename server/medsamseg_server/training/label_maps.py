"""Label maps as masks by name: plain ones by value, and Slicer's segmentations (``.seg.nrrd``) by segment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.image import Geometry, Image
from medsamseg_server.image_io.reading import read_image
from medsamseg_server.image_io.segmentations import SEGMENTATION_SUFFIX

#: Voxels of a label map may lie this far from those of its scan, in voxels.
_TOLERANCE = 0.01


def read_label_names(path: Path) -> dict[str, int]:
    """Return the label value by name of the objects that a Slicer segmentation names.

    For any other file it is empty: its labels are known when it has been read.
    """
    if not path.name.lower().endswith(SEGMENTATION_SUFFIX):
        return {}
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError:
        return {}
    keys = reader.GetMetaDataKeys()
    names = [key.removesuffix("_Name") for key in keys if key.startswith("Segment") and key.endswith("_Name")]
    found = {}
    for segment in names:
        value = f"{segment}_LabelValue"
        if value in keys:
            found[reader.GetMetaData(f"{segment}_Name")] = int(reader.GetMetaData(value))
    return found


def read_labels(path: Path, image: Image) -> NDArray[Any]:
    """Return a label map in the voxels of its scan, (K, J, I).

    Slicer writes a segmentation cropped to what is segmented; such a one is put back to its place. Any other label map
    has to have the scan's voxels.

    Raises:
        MedSAMSegError: ``labels_differ`` when size or geometry of the two differ; or as ``images.read_image``.
    """
    found = read_image(path)
    labels = _whole_numbers(found.array, path)
    shift = _shift(found.geometry, image.geometry, path)
    may_be_cropped = path.name.lower().endswith(SEGMENTATION_SUFFIX)
    if not may_be_cropped and labels.shape != image.array.shape:
        raise _fault("labels_differ", f"{path.name} has {_size(labels)} voxels, its scan has {_size(image.array)}.")
    if not may_be_cropped and any(shift):
        raise _fault("labels_differ", f"{path.name} lies in another place than its scan.")
    return _paste(labels, image.array.shape, shift)


def _whole_numbers(array: NDArray[Any], path: Path) -> NDArray[Any]:
    if array.dtype.kind != "f":
        return array
    if not np.array_equal(array, np.round(array)):
        raise _fault("labels_not_whole", f"{path.name} holds other than whole numbers: it is no label map.")
    return array.astype(np.int64)


def _shift(labels: Geometry, image: Geometry, path: Path) -> tuple[int, ...]:
    """Return where the first voxel of the labels lies in the image, along K, J and I."""
    same_spacing = np.allclose(labels.spacing, image.spacing, rtol=1e-3)
    if not same_spacing or not np.allclose(labels.direction, image.direction, atol=1e-3):
        raise _fault("labels_differ", f"{path.name} has another spacing or orientation than its scan.")
    axes = np.reshape(image.direction, (3, 3)) * image.spacing
    offset = np.linalg.solve(axes, np.subtract(labels.origin, image.origin))
    whole = np.round(offset)
    if np.abs(offset - whole).max() > _TOLERANCE:
        raise _fault("labels_differ", f"{path.name} lies in another place than its scan, between its voxels.")
    return tuple(int(step) for step in whole[::-1])


def _paste(labels: NDArray[Any], shape: tuple[int, ...], shift: tuple[int, ...]) -> NDArray[Any]:
    """Return ``labels`` on a grid of ``shape``, its first voxel at ``shift``; what lies outside is cut off."""
    full = np.zeros(shape, labels.dtype)
    starts = [max(step, 0) for step in shift]
    stops = [max(min(step + n, size), 0) for step, n, size in zip(shift, labels.shape, shape, strict=True)]
    inside = [slice(start, max(start, stop)) for start, stop in zip(starts, stops, strict=True)]
    source = [slice(part.start - step, part.stop - step) for part, step in zip(inside, shift, strict=True)]
    full[tuple(inside)] = labels[tuple(source)]
    return full


def _size(array: NDArray[Any]) -> str:
    return " × ".join(str(n) for n in array.shape)


def _fault(code: str, message: str) -> MedSAMSegError:
    return MedSAMSegError(
        ErrorKind.INVALID_INPUT, code, message, "Give labels that were drawn on this scan, in its voxels."
    )
