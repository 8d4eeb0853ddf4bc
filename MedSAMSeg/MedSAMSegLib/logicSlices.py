"""The part of the scripting API that is about the slices of a segment: what they are, which are good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.segments.segmentationGrid import isStoredAsVoxels
from MedSAMSegLib.slices.sliceStates import SliceStates

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.slices.sliceRecord import SliceState


class SliceReview:
    """What :class:`MedSAMSegLogic` knows about slices."""

    def slices(
        self,
        segmentation: slicer.vtkMRMLSegmentationNode,
        volume: slicer.vtkMRMLScalarVolumeNode,
        segment: str,
        axis: int,
    ) -> list[SliceState]:
        """Return what the slices of a segment are now, as a list of :class:`SliceState` in the order of the slices.

        Each has a provenance ("box", "propagated", "interpolated", or "edited" by hand), a confidence from 0 to 1
        where one is known, and whether it is locked: manual edits and accepted slices are never changed by propagation.

        :param segmentation: the segmentation node.
        :param volume: the volume node.
        :param segment: ID of the segment.
        :param axis: array axis that the slices are taken along: 0, 1 or 2.
        :raises UserError: when a node is gone, not stored as voxels, or under transforms that move them apart.
        """
        return list(self._sliceStates(segmentation, volume, segment, axis).states().values())

    def acceptSlice(
        self,
        segmentation: slicer.vtkMRMLSegmentationNode,
        volume: slicer.vtkMRMLScalarVolumeNode,
        segment: str,
        axis: int,
        slice: int,
        isAccepted: bool = True,
    ) -> None:
        """Accept a slice as good, which locks it, or take that back.

        :param segmentation: the segmentation node.
        :param volume: the volume node.
        :param segment: ID of the segment.
        :param axis: array axis of the slice: 0, 1 or 2.
        :param slice: index of the slice; the segment must have something there.
        :param isAccepted: False to take it back; manual edits stay locked.
        :raises UserError: when the segment has nothing on the slice.
        """
        sliceStates = self._sliceStates(segmentation, volume, segment, axis)
        if sliceStates.state(slice) is None:
            raise UserError(
                f"The segment has nothing on slice {slice}.", "Choose a slice of the object.", "slice_empty"
            )
        sliceStates.accept(slice, isAccepted)

    def _sliceStates(self, segmentation, volume, segment, axis):
        if segmentation.GetSegmentation().GetSegment(segment) is None:
            raise UserError(
                f"The segment '{segment}' is not in the segmentation '{segmentation.GetName()}'.",
                "It may have been deleted: choose another one.",
                "segment_missing",
            )
        if not isStoredAsVoxels(segmentation):
            raise UserError(
                f"The segmentation '{segmentation.GetName()}' is not stored as voxels.",
                "A box that you draw makes voxels of its surfaces.",
                "segmentation_not_binary",
            )
        return SliceStates(segmentation, segment, volume, axis)
