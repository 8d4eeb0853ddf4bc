"""Brings a slice of a volume before the user's eyes."""

import slicer


def jumpToSlice(geometry, axis, index):
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
