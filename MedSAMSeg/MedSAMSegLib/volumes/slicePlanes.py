"""Which way the slices of a volume lie in the body."""

import numpy as np

from MedSAMSegLib.volumes.sliceAxes import depthIJK

#: By the world axis (R, A, S) that is across the slices.
PLANES = ("sagittal", "coronal", "axial")


def planeOf(geometry, axis):
    """Return which of PLANES the slices along an array axis are nearest to.

    :param geometry: SliceGeometry of the volume.
    :param axis: array axis.
    """
    return PLANES[int(np.argmax(np.abs(geometry.worldToIJK[depthIJK(axis), :3])))]
