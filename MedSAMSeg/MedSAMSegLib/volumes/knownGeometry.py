"""The geometry of a volume as it is now, found out again only when something of it has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

if TYPE_CHECKING:
    import slicer


class KnownGeometry:
    """Gives the same :class:`SliceGeometry` until a volume changes or is moved."""

    def __init__(self) -> None:
        self._state: tuple | None = None
        self._geometry: SliceGeometry | None = None

    def of(self, volumeNode: slicer.vtkMRMLScalarVolumeNode | None) -> SliceGeometry | None:
        """:return: the SliceGeometry; None where there is no volume, or one that cannot be segmented.

        :param volumeNode: a volume, or None.
        """
        state = _stateOf(volumeNode)
        if state != self._state:
            self._state, self._geometry = state, _geometryOf(volumeNode)
        return self._geometry


def _geometryOf(volumeNode):
    try:
        return SliceGeometry(volumeNode)
    except UserError:
        return None


def _stateOf(volumeNode):
    """:return: what changes whenever a geometry may be another one. No two changes have the same modification time."""
    if volumeNode is None:
        return None
    image, parent = volumeNode.GetImageData(), volumeNode.GetParentTransformNode()
    return (
        volumeNode.GetID(),
        volumeNode.GetScene() is None,
        volumeNode.GetMTime(),
        image and image.GetMTime(),
        parent and parent.GetTransformToWorldMTime(),
    )
