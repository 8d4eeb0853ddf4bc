"""Which slice views show slices along which axis of a volume."""

import slicer

from MedSAMSegLib.volumes.sliceAxes import AXES
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry


def viewsAlongAxes(volumeNode):
    """Return {array axis: IDs of the slice nodes whose views show slices along it}, as the views are turned now.

    A view that is turned against the volume counts for the axis whose slices it shows best.

    :param volumeNode: scalar volume in the scene.
    :raises UserError: as :class:`SliceGeometry`.
    """
    geometry = SliceGeometry(volumeNode)
    sliceNodes = slicer.util.getNodesByClass("vtkMRMLSliceNode")
    axes = {node.GetID(): geometry.axisForSliceNode(node)[0] for node in sliceNodes}
    return {axis: [nodeID for nodeID, shown in axes.items() if shown == axis] for axis in AXES}
