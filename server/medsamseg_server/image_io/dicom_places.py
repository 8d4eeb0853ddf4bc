"""Where the slices of a volume lie, and the refusal of those that do not make a volume.

Each of what is refused would put the segmentation to a wrong place: a missing slice, uneven distances, several
images at one place, slices that are sheared or turned against each other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.dicom_frames import Frame
from medsamseg_server.image_io.image import Geometry

# Distances between slices that differ by more than this share of the usual one are told, or refused.
_TOLD_UNEVENNESS = 0.01
_REFUSED_UNEVENNESS = 0.1
# Sine of the angle between the slices' normal and the way from slice to slice; half a degree.
_REFUSED_SHEAR = 0.0087
#: Positions are equal when they differ by less than this share of a pixel, or by less than rounding (millimeters).
_SAME_SHARE, _SAME_MM = 0.05, 0.01

CONVERT = "Load the series in 3D Slicer, which can correct this, and save it as NRRD."


def misplaced(code: str, message: str, hint: str = CONVERT) -> MedSAMSegError:
    """Return the error for images that do not make a volume."""
    return MedSAMSegError(ErrorKind.UNREADABLE, code, message, hint)


def heights(frames: Sequence[Frame]) -> NDArray[np.float64]:
    """Return how far along the normal of the first frame each of them lies, in millimeters."""
    heights: NDArray[np.float64] = np.array([frame.position for frame in frames]) @ frames[0].normal
    return heights


def sort_in_space(frames: Sequence[Frame]) -> list[Frame]:
    """Return frames along their normal, or against it where one file stores them just so."""
    along = heights(frames)
    if frames[0].file is frames[-1].file and (np.diff(along) < 0).all():
        return list(frames)
    return [frames[n] for n in np.argsort(along, kind="stable")]


def same_place(frames: Sequence[Frame]) -> list[list[Frame]]:
    """Return frames along their normal, those at one place together."""
    pixel = min(frames[0].spacing or (1.0,))
    tolerance = min(_SAME_MM, _SAME_SHARE * pixel)
    along = heights(frames)
    order = np.argsort(along, kind="stable")
    places = [[frames[order[0]]]]
    for before, after in pairwise(order):
        if along[after] - along[before] > tolerance:
            places.append([])
        places[-1].append(frames[after])
    return places


def geometry_of(name: str, frames: Sequence[Frame]) -> tuple[Geometry, tuple[str, ...]]:
    """Return where frames lie, and what should be told of small deviations and of what had to be assumed.

    Args:
        name: what to call the volume.
        frames: sorted in space.

    Raises:
        MedSAMSegError: ``dicom_same_position``, ``dicom_slice_missing``, ``dicom_spacing_uneven`` or
            ``dicom_sheared``.
    """
    first = frames[0]
    notes = []
    if not first.has_place:
        notes.append(f"{first.file.path.name} does not say where in the patient it lies.")
    if first.spacing is None:
        notes.append(
            f"{first.file.path.name} does not say how large its pixels are: they are counted, but give no milliliters."
        )
    rows, columns = first.spacing or (1.0, 1.0)
    orientation = np.array(first.orientation or (1, 0, 0, 0, 1, 0), float)
    if len(frames) > 1:
        step, told = _even_step(name, frames)
        notes += told
    else:
        step = first.thickness or 1.0
        if not first.thickness or step <= 0:
            step = 1.0
            if first.spacing is not None:
                notes.append(
                    f"{first.file.path.name} is a single slice and does not say how thick it is; 1 mm is assumed, "
                    "and the milliliters follow from that."
                )
    normal = np.cross(orientation[:3], orientation[3:]) * math.copysign(1, step)
    direction = np.stack([orientation[:3], orientation[3:], normal], axis=1)
    origin = first.position or (0.0, 0.0, 0.0)
    return Geometry((columns, rows, abs(step)), tuple(origin), tuple(map(float, direction.ravel()))), tuple(notes)


def _even_step(name: str, frames: Sequence[Frame]) -> tuple[float, list[str]]:
    """Return the distance of slices, negative against their normal, and what should be told."""
    positions = np.array([frame.position for frame in frames])
    normal = frames[0].normal
    along = heights(frames)
    sign = 1 if along[-1] >= along[0] else -1
    distances = np.diff(along) * sign
    usual = float(np.median(distances))
    _check_distances(name, frames, distances, usual)
    sideways = positions - positions[0] - np.outer(along - along[0], normal)
    shift = float(np.linalg.norm(sideways, axis=1).max())
    steps = float(np.linalg.norm(np.diff(sideways, axis=0), axis=1).max())
    # A small tilt adds up from slice to slice.
    if steps > _REFUSED_SHEAR * usual or shift > 0.5 * min(frames[0].spacing or (1.0,)):
        angle = math.degrees(math.atan2(max(shift, steps), abs(along[-1] - along[0]))) if shift else 0.0
        raise misplaced(
            "dicom_sheared",
            f"The slices of {name} are shifted sideways (gantry tilt of {angle:.1f} degrees).",
        )
    mean = float(along[-1] - along[0]) / (len(frames) - 1)
    off = float(np.abs(along - along[0] - mean * np.arange(len(frames))).max())
    if off > 0.5 * usual:
        raise misplaced(
            "dicom_spacing_uneven",
            f"The slices of {name} are unevenly spaced: {off:.2f} mm off from even distances of {abs(mean):.2f} mm.",
        )
    unevenness = float(np.abs(distances - usual).max())
    if unevenness > _TOLD_UNEVENNESS * usual:
        return mean, [f"The distance between slices varies by up to {unevenness:.2f} mm; it is taken as even."]
    return mean, []


def _check_distances(name: str, frames: Sequence[Frame], distances: NDArray[np.float64], usual: float) -> None:
    for (before, after), distance in zip(pairwise(frames), distances, strict=True):
        names = _names(before, after)
        if distance < _REFUSED_UNEVENNESS * usual or usual <= 0:
            raise misplaced(
                "dicom_same_position",
                f"Images of {name} show the same place ({names}), as a series over time or duplicates do, and nothing "
                "in them tells which belong together.",
                "Take duplicates out of the folder. " + CONVERT,
            )
        if distance > 1.5 * usual:
            missing = round(distance / usual) - 1
            slices = "a slice is" if missing == 1 else f"{missing} slices are"
            raise misplaced(
                "dicom_slice_missing",
                f"In {name}, {slices} missing between {names}: "
                f"they are {distance:.2f} mm apart, the others {usual:.2f} mm.",
                "Copy or export the series again.",
            )
        if abs(distance - usual) > _REFUSED_UNEVENNESS * usual:
            raise misplaced(
                "dicom_spacing_uneven",
                f"The slices of {name} are unevenly spaced: {names} are {distance:.2f} mm apart, "
                f"most others {usual:.2f} mm.",
            )


def _names(before: Frame, after: Frame) -> str:
    if before.file is after.file:
        return f"the frames {before.index + 1} and {after.index + 1} of {before.file.path.name}"
    paths = before.file.path, after.file.path
    # Copies of a folder have the same names.
    names = [path.name if paths[0].name != paths[1].name else f"{path.parent.name}/{path.name}" for path in paths]
    return " and ".join(names)
