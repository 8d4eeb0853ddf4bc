"""ROI markups that the user drew: a box on the middle slice, and the slices that the object has."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np
import slicer

from MedSAMSegLib.boxes.boxMarkup import LARGEST_TURN
from MedSAMSegLib.boxes.boxStore import BoxPromptStore
from MedSAMSegLib.boxes.excludedBoxes import EXCLUDED_ATTRIBUTE
from MedSAMSegLib.boxes.usedMarkups import isUsed
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.sliceAxes import AXES, depthIJK, fromIJK
from MedSAMSegLib.volumes.slicePrompt import SlicePrompt

if TYPE_CHECKING:
    from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

# A rounding error of this much, in slices, decides nothing.
_NO_DIFFERENCE = 1e-6


def promptFromROI(
    geometry: SliceGeometry, roi: slicer.vtkMRMLMarkupsROINode, axis: int | None = None
) -> tuple[SlicePrompt, tuple[int, int], list[str]]:
    """Return where the object in a ROI is.

    The slices are those whose centers the ROI has, or the one next to its center. A ROI that is turned against the
    voxels keeps its center and its side lengths, along the voxels' nearest directions.

    :param geometry: SliceGeometry of the volume.
    :param roi: ROI markup of any depth, under any linear transforms.
    :param axis: array axis of the slices; None for the one across which the ROI is less than a slice thick, or else 0.
    :return: (SlicePrompt on the middle slice, (slices below it, slices above it) that the object has, sentences on
        what was assumed).
    :raises UserError: when the ROI is empty, or its middle lies outside the volume.
    """
    center, sides, turn = _onVoxels(geometry, roi)
    depths = {each: sides[depthIJK(each)] for each in AXES}
    if axis is None:
        axis = min(AXES, key=lambda each: depths[each]) if min(depths.values()) < 1 else 0
    middle, x, y = fromIJK(axis, center)
    depth, width, height = fromIJK(axis, sides)
    first, last = _slices(middle, depth, geometry.shape[axis])
    index = (first + last) // 2
    prompt = SlicePrompt(axis, index, (x - width / 2, y - height / 2, x + width / 2, y + height / 2))
    return geometry.clip(prompt), (index - first, last - index), _notes(roi, turn)


def unusedROIs(geometry: SliceGeometry) -> list[slicer.vtkMRMLMarkupsROINode]:
    """Return the ROIs of the scene that lie in a volume, are visible, and that no segment was made from.

    Boxes of segments are none of them, and neither is a ROI as large as the volume's slices, as for cropping.

    :param geometry: SliceGeometry of the volume.
    """
    return [
        roi
        for roi in slicer.util.getNodesByClass("vtkMRMLMarkupsROINode")
        if not (BoxPromptStore.isBox(roi) or roi.GetAttribute(EXCLUDED_ATTRIBUTE) or isUsed(roi))
        and roi.GetDisplayVisibility()
        and min(roi.GetSize()) > 0
        and _isInside(geometry, roi)
    ]


def _onVoxels(geometry, roi):
    """:return: (center and side lengths in voxels, both by I, J, K; degrees by which the ROI is turned)."""
    if min(roi.GetSize()) <= 0:
        raise UserError(
            f"The ROI '{roi.GetName()}' is empty.", "Draw it round the object: two opposite corners.", "roi_empty"
        )
    objectToWorld = slicer.util.arrayFromVTKMatrix(roi.GetObjectToWorldMatrix())
    sides, voxels = objectToWorld[:3, :3] * roi.GetSize(), geometry.IJKToWorld[:3, :3]
    lengths, spacing = np.linalg.norm(sides, axis=0), np.linalg.norm(voxels, axis=0)
    cosines = np.abs((voxels / spacing).T @ (sides / lengths))
    # Which side of the ROI goes with I, which with J and K.
    order = list(max(itertools.permutations(range(3)), key=lambda each: cosines[range(3), list(each)].sum()))
    turn = math.degrees(math.acos(min(1.0, cosines[range(3), order].min())))
    return geometry.continuousIJK(objectToWorld[:3, 3]), lengths[order] / spacing, turn


def _slices(middle, depth, count):
    """:return: the first and the last of the volume's slices whose centers lie in the ROI; at least one."""
    first = math.ceil(middle - depth / 2 - _NO_DIFFERENCE)
    last = math.floor(middle + depth / 2 + _NO_DIFFERENCE)
    if first > last:
        first = last = math.floor(middle + 0.5)
    inside = max(first, 0), min(last, count - 1)
    # Of a ROI beside the volume as it is: whoever clips it says where it lies.
    return inside if inside[0] <= inside[1] else (first, last)


def _notes(roi, turn):
    if turn < LARGEST_TURN:
        return []
    return [
        f"The ROI '{roi.GetName()}' is turned by {turn:.0f}° against the volume: its box is taken along the voxels,"
        " with its own side lengths."
    ]


def _isInside(geometry, roi):
    """:return: whether a ROI lies in a volume, and is no frame round all of it."""
    center, sides, _turn = _onVoxels(geometry, roi)
    sizes = np.array(geometry.shape[::-1])
    low, high = center - sides / 2, center + sides / 2
    # A side that is as long as the volume's may stick out by what its last voxel has beyond its center.
    isWithin = (low >= -1).all() and (high <= sizes).all()
    return bool(isWithin and not (sides >= sizes - 1).sum() >= 2)
