"""Tells whether a volume is still what it was when a question about it was asked."""

from MedSAMSegLib.volumes.obliqueStack import sourceOf
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry


class VolumeState:
    """Voxels and geometry of a volume at one moment.

    :param geometry: SliceGeometry of the volume, made at this moment.
    """

    def __init__(self, geometry: SliceGeometry) -> None:
        self.geometry = geometry
        self._voxels = self._voxelsNow()

    @property
    def isCurrent(self) -> bool:
        """Whether the volume is still the same, and the geometry with it.

        :raises UserError: when it was removed.
        """
        return self.geometry.isCurrent and self._voxelsNow() == self._voxels

    def _voxelsNow(self):
        image = sourceOf(self.geometry.volumeNode).GetImageData()
        return image, image.GetMTime()
