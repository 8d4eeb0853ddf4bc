"""Which slice of a volume the user looks at."""

import dataclasses

import slicer

from .sliceGeometry import SliceGeometry


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
    geometry = SliceGeometry(volumeNode)
    for sliceNode in _shownSliceNodes():
        shownAxis, _angle = geometry.axisForSliceNode(sliceNode)
        if axis in (None, shownAxis):
            matrix = sliceNode.GetSliceToRAS()
            center = [matrix.GetElement(row, 3) for row in range(3)]
            last = geometry.shape[shownAxis] - 1
            return ShownSlice(shownAxis, min(max(geometry.sliceIndex(shownAxis, center), 0), last))
    axis = axis or 0
    return ShownSlice(axis, geometry.shape[axis] // 2)


def _shownSliceNodes():
    layoutManager = slicer.app.layoutManager()
    names = layoutManager.sliceViewNames() if layoutManager is not None else ()
    widgets = [layoutManager.sliceWidget(name) for name in names]
    return [widget.mrmlSliceNode() for widget in widgets if widget.visible]
