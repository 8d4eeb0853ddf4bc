"""The voxels of a stack of turned planes, interpolated linearly in its volume."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import slicer

from MedSAMSegLib.volumes.obliqueStack import sourceOf
from MedSAMSegLib.volumes.resampling import atItsIndices, outsideOf, resliced
from MedSAMSegLib.volumes.voxelPlaces import IJKToRASOf, IJKToWorldOf


def reslicing(
    stack: slicer.vtkMRMLScalarVolumeNode, volume: slicer.vtkMRMLScalarVolumeNode, first: int, last: int
) -> Callable[[], np.ndarray]:
    """Prepare the reslicing of some planes of a stack; what beyond the volume has no value gets its smallest one.

    :param stack: the stack.
    :param volume: the volume that is resliced: that of the stack, or another one, under no transform or linear ones.
    :param first: index of the first plane.
    :param last: index of the last plane.
    :return: function without arguments, for any thread, that returns the voxels in the volume's type: (K, J, I), or
        (K, J, I, values) of colors. It reads the volume's voxels as they are then.
    """
    image = atItsIndices(volume.GetImageData())
    # A stack is under the transform of its own volume.
    placeOf = IJKToRASOf if volume is sourceOf(stack) else IJKToWorldOf
    matrix = np.linalg.solve(placeOf(volume), placeOf(stack))
    matrix[:3, 3] += matrix[:3, 2] * first
    columns, rows, _planes = stack.GetImageData().GetDimensions()
    return lambda: resliced(image, matrix, (columns, rows, last - first + 1), outsideOf(image), isLinear=True)
