"""Which way the slices of a volume lie in the body."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from MedSAMSegLib.volumes.obliqueStack import isStack
from MedSAMSegLib.volumes.sliceAxes import depthIJK

if TYPE_CHECKING:
    from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

#: By the world axis (R, A, S) that is across the slices.
PLANES = ("sagittal", "coronal", "axial")

#: What the planes of a stack are called, which are turned against their volume.
OBLIQUE = "oblique"


def planeOf(geometry: SliceGeometry, axis: int) -> str:
    """Return which of PLANES the slices along an array axis are nearest to; OBLIQUE for those of a stack.

    :param geometry: SliceGeometry of the volume.
    :param axis: array axis.
    """
    if isStack(geometry.volumeNode):
        return OBLIQUE
    return PLANES[int(np.argmax(np.abs(geometry.worldToIJK[depthIJK(axis), :3])))]
