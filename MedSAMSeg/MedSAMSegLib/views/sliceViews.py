"""Which slice of a volume the user looks at."""

import dataclasses

import slicer

from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry


@dataclasses.dataclass(frozen=True)
class ShownSlice:
    """A slice of a volume in a view.

    :param axis: array axis of the slice.
    :param index: index of the slice, within the volume.
    """

    axis: int
    index: int


def shownSlice(volumeNode, axis=None):
    """Return the slice of a volume that the first slice view of the layout shows.

    :param volumeNode: a scalar volume.
    :param axis: only views along this array axis, if given.
    :return: :class:`ShownSlice`; the middle slice along the axis (0 when not given) where no view shows one.
    """
    for shown in slicesInViews(volumeNode).values():
        if axis in (None, shown.axis):
            return shown
    axis = axis or 0
    return ShownSlice(axis, SliceGeometry(volumeNode).shape[axis] // 2)


def slicesInViews(volumeNode):
    """Return the slice of a volume that lies in each slice view of the layout: {name of the view: ShownSlice}.

    :param volumeNode: a scalar volume.
    """
    geometry = SliceGeometry(volumeNode)
    return {node.GetLayoutName(): sliceInView(geometry, node) for node in _shownSliceNodes()}


def sliceInView(geometry, sliceNode):
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
