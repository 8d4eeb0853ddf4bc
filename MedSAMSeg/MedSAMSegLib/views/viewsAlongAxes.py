"""Which slice views show slices along which axis of a volume."""

from __future__ import annotations

from typing import TYPE_CHECKING

import slicer

from MedSAMSegLib.volumes.sliceAxes import AXES

if TYPE_CHECKING:
    from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry


def viewsAlongAxes(geometry: SliceGeometry) -> dict[int, list[str]]:
    """Return {array axis: IDs of the slice nodes whose views show slices along it}, as the views are turned now.

    A view that is turned against the volume counts for the axis whose slices it shows best.

    :param geometry: :class:`SliceGeometry` of the volume.
    """
    sliceNodes = slicer.util.getNodesByClass("vtkMRMLSliceNode")
    axes = {node.GetID(): geometry.axisOf(node) for node in sliceNodes}
    return {axis: [nodeID for nodeID, shown in axes.items() if shown == axis] for axis in AXES}
