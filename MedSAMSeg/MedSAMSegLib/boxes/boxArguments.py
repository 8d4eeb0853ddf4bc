"""The ways to say where a box is, each turned into a :class:`SlicePrompt`."""

from __future__ import annotations

from collections.abc import Sequence

import slicer

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.sliceGeometry import SMALLEST_ROTATION, SliceGeometry
from MedSAMSegLib.volumes.slicePrompt import SlicePrompt


def placeFromArguments(
    geometry: SliceGeometry,
    boxRAS: tuple[Sequence[float], Sequence[float]] | None = None,
    view: str | None = None,
    axis: int | None = None,
    slice: int | None = None,
    box: Sequence[float] | None = None,
) -> tuple[SlicePrompt, list[str]]:
    """Find out what the arguments of :meth:`MedSAMSegLogic.segmentBox` mean.

    :param geometry: SliceGeometry of the volume.
    :param boxRAS: two opposite corners in RAS (mm), or None.
    :param view: name of the slice view that they were picked on, or None.
    :param axis: array axis of the slice, or None.
    :param slice: slice index along that axis, or None.
    :param box: (x0, y0, x1, y1) in in-plane voxel indices, or None.
    :return: (:class:`SlicePrompt`, sentences on how the view lies to the volume; none if it shows the volume's slices).
    :raises UserError: when too little or too much is given, or the box does not fit the volume.
    """
    if boxRAS is None:
        if any(argument is None for argument in (axis, slice, box)):
            raise UserError(
                "A box needs either boxRAS, or all of axis, slice and box.",
                "For example axis=0, slice=24, box=(54, 160, 101, 204).",
                "box_missing",
            )
        return geometry.clip(SlicePrompt.ofNumbers(axis, slice, box)), _rotationNotes(geometry, view)
    if slice is not None or box is not None:
        raise UserError("A box is given twice: in RAS and in voxels.", "Leave one of them out.", "box_given_twice")
    if axis is not None and view is not None:
        raise UserError("A slice is given twice: by axis and by view.", "Leave one out.", "axis_given_twice")
    if view is None:
        return geometry.boxFromRAS(*boxRAS, axis=axis), []
    return geometry.boxFromView(*boxRAS, sliceNodeOf(view)), _rotationNotes(geometry, view)


def _rotationNotes(geometry, view):
    if view is None:
        return []
    return rotationNotes(geometry.axisForSliceNode(sliceNodeOf(view))[1])


def rotationNotes(angle: float) -> list[str]:
    """:return: what to say of a box on the nearest slice to a plane; nothing where that shows the slice.

    :param angle: degrees by which the plane is turned against the volume.
    """
    if angle < SMALLEST_ROTATION:
        return []
    return [f"The view is rotated by {angle:.0f}° against the volume: using the nearest slice."]


def sliceNodeOf(view: str) -> slicer.vtkMRMLSliceNode:
    """:return: vtkMRMLSliceNode of the slice view with a name.

    :raises UserError: if there is none.
    """
    nodes = slicer.util.getNodesByClass("vtkMRMLSliceNode")
    for node in nodes:
        if node.GetLayoutName() == view:
            return node
    raise UserError(
        f"There is no slice view named '{view}'.",
        f"The slice views are {', '.join(sorted(node.GetLayoutName() for node in nodes)) or 'none'}.",
        "view_unknown",
    )
