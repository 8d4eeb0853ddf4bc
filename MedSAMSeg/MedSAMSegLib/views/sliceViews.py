"""Which slice of a volume the user looks at."""

from __future__ import annotations

import dataclasses

import slicer

from MedSAMSegLib.volumes.obliqueStack import isStack
from MedSAMSegLib.volumes.sliceGeometry import SMALLEST_ROTATION, SliceGeometry


@dataclasses.dataclass(frozen=True)
class ShownSlice:
    """A slice of a volume in a view.

    :param axis: array axis of the slice.
    :param index: index of the slice, within the volume.
    """

    axis: int
    index: int


def shownSlice(geometry: SliceGeometry, axis: int | None = None) -> ShownSlice:
    """Return the slice of a volume that the first slice view of the layout shows.

    :param geometry: :class:`SliceGeometry` of the volume.
    :param axis: only views along this array axis, if given.
    :return: :class:`ShownSlice`; the middle slice along the axis (0 when not given) where no view shows one.
    """
    for shown in slicesInViews(geometry).values():
        if axis in (None, shown.axis):
            return shown
    axis = axis or 0
    return ShownSlice(axis, geometry.shape[axis] // 2)


def slicesInViews(geometry: SliceGeometry) -> dict[str, ShownSlice]:
    """Return the slice of a volume that lies in each slice view of the layout: {name of the view: ShownSlice}.

    Of a stack, without views that are not turned as its planes are.

    :param geometry: :class:`SliceGeometry` of the volume.
    """
    shown = {node: sliceInView(geometry, node) for node in _shownSliceNodes()}
    # The axis is the one that the view shows best, so only planes of a stack may be missing from it.
    ofStack = isStack(geometry.volumeNode)
    return {
        node.GetLayoutName(): each
        for node, each in shown.items()
        if not ofStack or geometry.showsSlices(node, each.axis)
    }


def isAnyViewTurned(geometry: SliceGeometry) -> bool:
    """Return whether any slice view of the layout is rotated against a volume.

    :param geometry: :class:`SliceGeometry` of the volume.
    """
    return any(geometry.axisForSliceNode(node)[1] >= SMALLEST_ROTATION for node in _shownSliceNodes())


def sliceInView(geometry: SliceGeometry, sliceNode: slicer.vtkMRMLSliceNode) -> ShownSlice:
    """Return the :class:`ShownSlice` of a volume that lies in a slice view, or is the nearest to it.

    :param geometry: :class:`SliceGeometry` of the volume.
    :param sliceNode: the slice node of the view.
    """
    axis = geometry.axisOf(sliceNode)
    matrix = sliceNode.GetSliceToRAS()
    center = [matrix.GetElement(row, 3) for row in range(3)]
    return ShownSlice(axis, min(max(geometry.sliceIndex(axis, center), 0), geometry.shape[axis] - 1))


def _shownSliceNodes():
    layoutManager = slicer.app.layoutManager()
    names = layoutManager.sliceViewNames() if layoutManager is not None else ()
    widgets = [layoutManager.sliceWidget(name) for name in names]
    return [widget.mrmlSliceNode() for widget in widgets if widget.visible]
