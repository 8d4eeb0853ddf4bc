"""What a box that is drawn in a view lies on: a slice of the volume, or the turned plane that the view shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from MedSAMSegLib.boxes.boxArguments import placeFromArguments, rotationNotes, sliceNodeOf
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.obliquePlanes import PLANES_AXIS, isInVolume, stackThrough
from MedSAMSegLib.volumes.sliceGeometry import SMALLEST_ROTATION, SliceGeometry, viewAxes

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.volumes.slicePrompt import SlicePrompt

# Sine of the angle between two directions; at smaller angles they make no plane.
SMALLEST_SINE = 1e-3


def boxPlace(
    volumeNode: slicer.vtkMRMLScalarVolumeNode,
    boxRAS: tuple[Sequence[float], Sequence[float]] | None = None,
    view: str | None = None,
    plane: tuple[Sequence[float], Sequence[float]] | None = None,
    nearestSlice: bool = False,
    **inVoxels: Any,
) -> tuple[SliceGeometry, SlicePrompt, list[str]]:
    """Find out what the arguments of :meth:`MedSAMSegLogic.segmentBox` mean.

    :param volumeNode: the volume, or a stack of one.
    :param boxRAS: two opposite corners in RAS (mm), or None.
    :param view: name of the slice view that they were picked on, or None.
    :param plane: directions (right, up) of the plane that they lie on, in RAS, or None.
    :param nearestSlice: whether a plane that is turned is taken for the nearest slice of the volume.
    :param inVoxels: axis, slice and box, as for :func:`placeFromArguments`.
    :return: (SliceGeometry of the volume, or of the stack whose plane it is; the box in its voxels; sentences on how
        the view lies to the volume, none if it is as the box was drawn).
    :raises UserError: when too little or too much is given, or the box does not fit the volume.
    """
    geometry = SliceGeometry(volumeNode)
    directions = None if boxRAS is None else _directions(view, plane)
    if directions is None:
        return geometry, *placeFromArguments(geometry, boxRAS, view, **inVoxels)
    right, up = directions
    _axis, angle = geometry.axisForDirections(right, up, np.cross(right, up))
    if angle >= SMALLEST_ROTATION and not nearestSlice:
        _checkGivenOnce(inVoxels)
        return *_onPlane(geometry, boxRAS, right, up), []
    if plane is None:
        return geometry, *placeFromArguments(geometry, boxRAS, view, **inVoxels)
    _checkGivenOnce({**inVoxels, "view": view})
    cornerA, cornerB = boxRAS
    return geometry, geometry.boxFromDirections(cornerA, cornerB, right, up), rotationNotes(angle)


def _onPlane(geometry, corners, right, up):
    cornerA, cornerB = corners
    stack = SliceGeometry(stackThrough(geometry, right, up, np.mean(corners, axis=0)))
    prompt = stack.boxFromRAS(cornerA, cornerB, axis=PLANES_AXIS)
    if not isInVolume(stack, prompt.sliceIndex, prompt.box):
        raise UserError(
            f"The box lies outside the volume '{geometry.volumeNode.GetName()}'.",
            "Draw it where the view shows something of the volume.",
            "box_outside_image",
        )
    return stack, prompt


def _directions(view, plane):
    """:return: (right, up) of a view or plane, None without either."""
    if view is not None:
        right, up, _normal = viewAxes(sliceNodeOf(view))
        return right, up
    if plane is None:
        return None
    right, up = (np.asarray(direction, float) for direction in plane)
    if right.shape != (3,) or up.shape != (3,) or not np.isfinite([right, up]).all():
        raise _planeError(plane)
    if np.linalg.norm(np.cross(right, up)) <= SMALLEST_SINE * np.linalg.norm(right) * np.linalg.norm(up):
        raise _planeError(plane)
    right = right / np.linalg.norm(right)
    up = up - right * (right @ up)
    return right, up / np.linalg.norm(up)


def _planeError(plane):
    return UserError(
        f"The directions {plane!r} make no plane.",
        "Give two directions in RAS that are not parallel: to the right, and up.",
        "plane_invalid",
    )


def _checkGivenOnce(inVoxels):
    given = [name for name, value in inVoxels.items() if value is not None]
    if given:
        raise UserError(
            f"The place of the box is given twice: by boxRAS on a plane, and by {', '.join(given)}.",
            "Leave one of them out.",
            "box_given_twice",
        )
