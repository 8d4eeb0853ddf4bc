"""Structure sets of radiotherapy (RTSTRUCT): closed contours on the slices of a scan.

The rule: a voxel belongs to an object when its center lies inside an odd number of the object's contours on its slice.
So a contour within another one is a hole, and so is what a contour that touches itself (a keyhole) encloses. A center
exactly on a contour belongs to the side with greater I and J only, so that neighbors never share or lose a voxel.
Readers differ here: some count every voxel that a contour touches, some fill holes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from medsamseg_server.image_io.dicom_descriptions import found_by, terminology_of
from medsamseg_server.image_io.image import Image
from medsamseg_server.image_io.label_places import TOLERANCE, distance_to_scan, place_error, to_millimeters
from medsamseg_server.image_io.labels import LabelObject, Labels, unreadable

# As written by real programs, with and without the underscore.
_CLOSED = {"CLOSEDPLANAR", "CLOSEDPLANARXOR"}


def read(path: Path, image: Image) -> Labels:
    """Return the objects of a structure set that have closed contours, as voxels of the scan.

    Raises:
        MedSAMSegError: see ``label_reading.read_labels``.
    """
    try:
        file = pydicom.dcmread(path)
        rois = {int(each.ROINumber): each for each in file.StructureSetROISequence}
        observed = {int(each.ReferencedROINumber): each for each in file.get("RTROIObservationsSequence", ())}
        drawn = {int(each.ReferencedROINumber): each for each in file.ROIContourSequence}
        contours = {number: list(_contours(each)) for number, each in drawn.items()}
    except Exception as error:
        # pydicom raises errors of any type for what it cannot make out.
        raise unreadable(path, f"cannot be read as a structure set ({type(error).__name__})") from error
    objects, notes = [], []
    for number, found in contours.items():
        roi = rois.get(number, Dataset())
        name = str(roi.get("ROIName", number))
        if found:
            known = terminology_of(
                observed.get(number, Dataset()),
                "SegmentedPropertyCategoryCodeSequence",
                "RTROIIdentificationCodeSequence",
            )
            more = found_by(roi.get("ROIDerivationAlgorithmIdentificationSequence"))
            mask = _mask(found, image, f"{path.name}, {name},")
            objects.append(LabelObject(name, number, mask, True, _color(drawn[number]), known, **more))
        if _is_drawn(drawn[number]) and not (found and mask.any()):
            notes.append(f"{path.name}, {name}: the center of no voxel lies inside of its contours.")
    return Labels(objects, path.name, notes=notes)


def fill(contours: list[NDArray[np.float64]], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the pixels, bool (H, W), whose centers lie inside an odd number of contours (N, 2) as x, y in pixels."""
    height, width = shape
    crossings = np.zeros((height, width + 1), np.int32)
    for contour in contours:
        for (x0, y0), (x1, y1) in zip(contour, np.roll(contour, -1, axis=0), strict=True):
            low, high = sorted((y0, y1))
            # Rows whose centers y have low <= y < high.
            rows = np.arange(max(int(np.ceil(low)), 0), min(int(np.ceil(high)), height))
            if len(rows):
                x = x0 + (rows - y0) * (x1 - x0) / (y1 - y0)
                np.add.at(crossings, (rows, np.clip(np.ceil(x), 0, width).astype(int)), 1)
    inside: NDArray[np.bool_] = np.cumsum(crossings[:, :width], axis=1) % 2 == 1
    return inside


def _color(roi: Dataset) -> tuple[float, float, float] | None:
    value = roi.get("ROIDisplayColor")
    if value is None or len(value) != 3:
        return None
    red, green, blue = (min(max(int(part), 0), 255) / 255 for part in value)
    return (red, green, blue)


def _contours(roi: Any) -> Iterator[NDArray[np.float64]]:
    """Yield the closed contours of an object, (N, 3) in millimeters."""
    for contour in roi.get("ContourSequence", ()):
        if _is_closed(contour) and len(contour.ContourData) >= 9:
            yield np.array(contour.ContourData, float).reshape(-1, 3)


def _is_drawn(roi: Any) -> bool:
    """Return whether an object has closed contours; some programs write one point or two for a voxel or a line."""
    return any(_is_closed(contour) for contour in roi.get("ContourSequence", ()))


def _is_closed(contour: Any) -> bool:
    return str(contour.get("ContourGeometricType", "")).replace("_", "") in _CLOSED


def _mask(contours: list[NDArray[np.float64]], image: Image, name: str) -> NDArray[np.bool_]:
    steps = to_millimeters(image.geometry)
    mask = np.zeros(image.array.shape, bool)
    slices: dict[tuple[int, int], list[NDArray[np.float64]]] = {}
    placed = [np.linalg.solve(steps, (contour - image.geometry.origin).T).T for contour in contours]
    distance = min(distance_to_scan(points, image) for points in placed)
    if distance > 0:
        raise place_error(f"{name} lies in another place than its scan, {distance:.3g} mm away.")
    for points in placed:
        across = int(np.argmin(np.ptp(points, axis=0)))
        index = round(float(points[:, across].mean()))
        apart = np.abs(points[:, across] - index).max()
        if apart > TOLERANCE:
            distance = float(apart * np.linalg.norm(steps[:, across]))
            raise place_error(f"{name} has a contour beside the slices of its scan, by {distance:.3g} mm.")
        slices.setdefault((across, index), []).append(np.delete(points, across, axis=1))
    for (across, index), found in slices.items():
        axis = 2 - across
        if 0 <= index < mask.shape[axis]:
            plane = np.moveaxis(mask, axis, 0)[index]
            plane |= fill(found, (plane.shape[0], plane.shape[1]))
    return mask
