"""Tells whether a volume is still what it was when a question about it was asked."""

import numpy as np

from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry


class VolumeState:
    """Voxels and geometry of a volume at one moment.

    :param volumeNode: the scalar volume node.
    :raises UserError: as SliceGeometry does.
    """

    def __init__(self, volumeNode):
        self._volumeNode = volumeNode
        self._geometry, self._voxels = self._now()

    @property
    def isCurrent(self):
        """Whether the volume is still the same.

        :raises UserError: when it was removed.
        """
        geometry, voxels = self._now()
        return voxels == self._voxels and np.array_equal(geometry, self._geometry)

    def _now(self):
        geometry = SliceGeometry(self._volumeNode)
        image = self._volumeNode.GetImageData()
        return geometry.IJKToWorld, (image, image.GetMTime())
