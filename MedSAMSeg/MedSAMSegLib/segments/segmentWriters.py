"""One writer for each segmentation and volume, which holds their undo history."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from MedSAMSegLib.segments.segmentWriter import SegmentWriter
from MedSAMSegLib.volumes.obliqueStack import sourceOf

if TYPE_CHECKING:
    import slicer


class SegmentWriters:
    """Gives one and the same :class:`SegmentWriter` for every call on the same nodes.

    :param acceptedSlices: as for :class:`SegmentWriter`.
    """

    def __init__(self, acceptedSlices: Callable[..., Any]) -> None:
        self._acceptedSlices = acceptedSlices
        self._writers = {}

    def of(self, segmentation: slicer.vtkMRMLSegmentationNode, volume: slicer.vtkMRMLScalarVolumeNode) -> SegmentWriter:
        """:return: the SegmentWriter of a segmentation and a volume.

        :raises UserError: if one of them is gone or their voxels do not coincide.
        """
        # What is written on the planes of a stack is undone with the rest.
        volume = sourceOf(volume) if volume is not None else None
        # Those of removed nodes hold whole segmentations in memory, and IDs are given again in a new scene.
        self._writers = {key: writer for key, writer in self._writers.items() if writer.isUsable}
        if segmentation is None or volume is None:
            return SegmentWriter(segmentation, volume, self._acceptedSlices)
        key = (segmentation.GetID(), volume.GetID())
        if key not in self._writers:
            self._writers[key] = SegmentWriter(segmentation, volume, self._acceptedSlices)
        return self._writers[key]

    def known(
        self, segmentation: slicer.vtkMRMLSegmentationNode | None, volume: slicer.vtkMRMLScalarVolumeNode | None
    ) -> SegmentWriter | None:
        """:return: the SegmentWriter that was made for these nodes already; None without one."""
        if segmentation is None or volume is None:
            return None
        source = sourceOf(volume)
        writer = source and self._writers.get((segmentation.GetID(), source.GetID()))
        return writer if writer is not None and writer.isUsable else None
