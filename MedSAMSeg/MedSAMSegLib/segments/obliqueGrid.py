"""Where the planes of an oblique stack are in the voxels of a segmentation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from MedSAMSegLib.segments.labelmapCrop import LabelmapCrop
from MedSAMSegLib.segments.latticeSampling import TIE, coordinates, nearest, shapeOf
from MedSAMSegLib.segments.resampledGrid import ResampledGrid
from MedSAMSegLib.volumes.obliquePlanes import PLANES_AXIS
from MedSAMSegLib.volumes.sliceAxes import depthIJK

if TYPE_CHECKING:
    import vtk


class ObliqueGrid(ResampledGrid):
    """A grid that planes cut at an angle.

    A plane has the voxels whose centers are nearer to it than to the next one, and each of them shows the pixel that
    its center falls on along the normal. Read back, a pixel is the voxel that the plane has in the row of voxels
    through the pixel, along the grid's axis that is steepest to the plane: there is always one, so a mask that was
    written comes back without holes.

    :param IJKToRAS: vtkMatrix4x4 of the grid.
    :param stackIJKToGrid: 4 × 4 array.
    :param shape: (K, J, I) of the stack.
    :param stackIJKToSource: 4 × 4 array to the voxels of the volume that the stack is cut from.
    :param sourceShape: (K, J, I) of that volume: beyond it nothing is written.
    """

    def __init__(
        self,
        IJKToRAS: vtk.vtkMatrix4x4,
        stackIJKToGrid: np.ndarray,
        shape: Sequence[int],
        stackIJKToSource: np.ndarray,
        sourceShape: Sequence[int],
    ) -> None:
        super().__init__(IJKToRAS, stackIJKToGrid, shape)
        self._gridToSource = stackIJKToSource @ self.gridToVolumeIJK
        self._sourceShape = sourceShape

    def cropOnGrid(self, crop: LabelmapCrop, axis: int) -> LabelmapCrop:
        """:return: as ResampledGrid, without what is not in the volume."""
        found = super().cropOnGrid(crop, axis)
        isInside: Any = True
        for place, size in zip(coordinates(self._gridToSource, found.extent), reversed(self._sourceShape), strict=True):
            isInside = isInside & (place >= -0.5 - TIE) & (place < size - 0.5 + TIE)
        return found.where(isInside).trimmed()

    def _valuesAt(self, crop, extent):
        depths = self.gridToVolumeIJK[depthIJK(PLANES_AXIS)]
        steepest = int(np.abs(depths[:3]).argmax())
        index = [nearest(place, tie=0.0) for place in coordinates(self.volumeIJKToGrid, extent, -TIE)]
        plane = np.arange(extent[4], extent[5] + 1)[:, None, None]
        beside = sum(depths[other] * index[other] for other in range(3) if other != steepest)
        index[steepest] = nearest((plane - depths[3] - beside) / depths[steepest], tie=0.0)
        isInside: Any = True
        for number, (first, size) in enumerate(zip(crop.start, reversed(crop.voxels.shape), strict=True)):
            index[number] = index[number] - first
            isInside = isInside & (index[number] >= 0) & (index[number] < size)
            index[number] = np.clip(index[number], 0, size - 1)
        i, j, k = index
        return np.broadcast_to(isInside & crop.voxels[k, j, i], shapeOf(extent))
