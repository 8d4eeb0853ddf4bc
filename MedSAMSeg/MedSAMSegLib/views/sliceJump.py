"""Brings a slice of a volume before the user's eyes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import slicer

from MedSAMSegLib.volumes.obliqueStack import isStack
from MedSAMSegLib.volumes.sliceAxes import inPlaneIJK
from MedSAMSegLib.volumes.sliceGeometry import viewAxes

if TYPE_CHECKING:
    from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry


def jumpToSlice(geometry: SliceGeometry, axis: int, index: int) -> None:
    """Let every slice view along an axis show a slice; views in other directions stay where they are.

    Where no view is turned as the planes of a stack are, the one that is nearest to them is turned.

    :param geometry: :class:`SliceGeometry` of the volume, or of a stack.
    :param axis: array axis.
    :param index: index of the slice.
    """
    rows, columns = geometry.sliceShape(axis)
    center = geometry.worldFromContinuous(axis, index, (columns - 1) / 2, (rows - 1) / 2)
    sliceNodes = slicer.util.getNodesByClass("vtkMRMLSliceNode")
    shown = [node for node in sliceNodes if geometry.showsSlices(node, axis)]
    if isStack(geometry.volumeNode) and not shown:
        shown = [_turned(geometry, axis, sliceNodes)]
    for sliceNode in shown:
        sliceNode.JumpSliceByOffsetting(*center)


def jumpToMiddle(ends: Sequence[Sequence[float]]) -> None:
    """Let every slice view show the middle between two points.

    :param ends: both as (R, A, S) in the world.
    """
    middle = [(first + second) / 2 for first, second in zip(*ends, strict=True)]
    for sliceNode in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
        sliceNode.JumpSliceByOffsetting(*middle)


def _turned(geometry, axis, sliceNodes):
    """:return: the view that is nearest to the planes of a stack, turned as they are."""
    column, row = (geometry.IJKToWorld[:3, index] for index in inPlaneIJK(axis))
    right, up = column / np.linalg.norm(column), -row / np.linalg.norm(row)
    normal = np.cross(right, up)
    nearest = max(sliceNodes, key=lambda node: abs(viewAxes(node)[2] @ normal))
    # Scrolling goes on in the direction in which it went: Slicer's axial views are left-handed.
    axes = np.array([right, up, normal * np.sign(np.linalg.det(viewAxes(nearest)))])
    for (column, row), value in np.ndenumerate(axes):
        nearest.GetSliceToRAS().SetElement(row, column, float(value))
    nearest.UpdateMatrices()
    return nearest
