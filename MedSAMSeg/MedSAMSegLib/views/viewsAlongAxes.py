"""Which slice views show slices along which axis of a volume."""

from __future__ import annotations

from typing import TYPE_CHECKING

import slicer

from MedSAMSegLib.volumes.sliceAxes import AXES

if TYPE_CHECKING:
    from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry


def viewsAlongAxes(geometry: SliceGeometry) -> dict[int, list[str]]:
    """Return {array axis: IDs of the slice nodes whose views show slices along it}, as the views are turned now.

    A view that is turned against the volume counts for the axis whose slices it shows best; for the planes of a stack,
    as `SliceGeometry.showsSlices` says.

    :param geometry: :class:`SliceGeometry` of the volume.
    """
    sliceNodes = slicer.util.getNodesByClass("vtkMRMLSliceNode")
    return {axis: [node.GetID() for node in sliceNodes if geometry.showsSlices(node, axis)] for axis in AXES}
