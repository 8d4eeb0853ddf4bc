"""A box on small test volumes, and the voxels that are the right answer when every mask is the whole box."""

import numpy as np
import slicer

#: Edges half-way between pixel centers 2…6 and 1…4: the right answer does not hang on rounding.
BOX = (1.5, 0.5, 6.5, 4.5)
SLICE = 4


def boxVoxels(volume, axis, slices):
    """:return: the voxels of BOX on some slices, as bool (K, J, I)."""
    voxels = np.zeros(slicer.util.arrayFromVolume(volume).shape, dtype=bool)
    np.moveaxis(voxels, axis, 0)[list(slices), 1:5, 2:7] = True
    return voxels


def segmentVoxels(volume, segmentation, segment):
    """:return: the voxels of a segment, as bool (K, J, I) of the volume."""
    return slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segment, volume) > 0
