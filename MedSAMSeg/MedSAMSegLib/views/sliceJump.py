"""Brings a slice of a volume before the user's eyes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import slicer

if TYPE_CHECKING:
    from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry


def jumpToSlice(geometry: SliceGeometry, axis: int, index: int) -> None:
    """Let every slice view along an axis show a slice; views in other directions stay where they are.

    :param geometry: :class:`SliceGeometry` of the volume.
    :param axis: array axis.
    :param index: index of the slice.
    """
    rows, columns = geometry.sliceShape(axis)
    center = geometry.worldFromContinuous(axis, index, (columns - 1) / 2, (rows - 1) / 2)
    for sliceNode in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
        if geometry.axisOf(sliceNode) == axis:
            sliceNode.JumpSliceByOffsetting(*center)


def jumpToMiddle(ends: Sequence[Sequence[float]]) -> None:
    """Let every slice view show the middle between two points.

    :param ends: both as (R, A, S) in the world.
    """
    middle = [(first + second) / 2 for first, second in zip(*ends, strict=True)]
    for sliceNode in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
        sliceNode.JumpSliceByOffsetting(*middle)
