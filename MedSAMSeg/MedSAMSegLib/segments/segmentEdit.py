"""What writing a mask to a segment will change, found out before anything is changed."""

from dataclasses import dataclass

import numpy as np

from MedSAMSegLib.segments.editorSettings import INSIDE_ONE_SEGMENT
from MedSAMSegLib.segments.labelmapCrop import LabelmapCrop, imageVoxelsWithin


@dataclass(frozen=True, eq=False)
class SliceEdit:
    """The change of one segment on one slice.

    :param toRemove: LabelmapCrop of the voxels that the segment loses.
    :param toAdd: LabelmapCrop of the voxels that the segment has afterwards.
    :param overwritten: IDs of the segments that lose voxels to it.
    :param receiver: ID of the segment that gets the removed voxels, None if they become empty.
    :param changesNothing: whether all is as it would be already.
    """

    toRemove: LabelmapCrop
    toAdd: LabelmapCrop
    overwritten: tuple
    receiver: str | None
    changesNothing: bool


class SliceEditPlanner:
    """Plans edits within what the Segment Editor's settings allow.

    :param segmentationNode: the segmentation.
    :param volumeNode: the volume being segmented.
    :param grid: SegmentationGrid of the two.
    :param settings: EditorSettings.
    """

    def __init__(self, segmentationNode, volumeNode, grid, settings):
        self._segmentationNode = segmentationNode
        self._volumeNode = volumeNode
        self._grid = grid
        self._settings = settings

    def plan(self, mode, segmentID, crop, slicePlane):
        """Find out what a mask will change.

        :param mode: "add", "remove" or "replace".
        :param segmentID: ID of the segment.
        :param crop: LabelmapCrop of the mask in the segmentation's grid.
        :param slicePlane: VTK extent of the slice in the segmentation's grid.
        :return: SliceEdit.
        """
        nothing = LabelmapCrop(np.zeros((0, 0, 0), bool), crop.start)
        toRemove, toAdd = nothing, nothing
        if mode == "remove":
            toRemove = self._erasable(segmentID, crop)
        elif mode == "replace":
            toRemove = self._leaving(segmentID, crop, slicePlane)
        if mode != "remove":
            toAdd = crop.where(self._editable(segmentID, crop)).trimmed()
        return self._edit(segmentID, toRemove, toAdd, self._receiver(segmentID) if mode == "remove" else None)

    def planExchange(self, segmentID, leaving, arriving):
        """Find out what taking some voxels out of a segment and putting others in will change.

        :param segmentID: ID of the segment.
        :param leaving: LabelmapCrop of the voxels to take out, in the segmentation's grid.
        :param arriving: LabelmapCrop of the voxels to put in.
        :return: SliceEdit.
        """
        toRemove = self._erasable(segmentID, leaving)
        toAdd = arriving.where(self._editable(segmentID, arriving)).trimmed()
        return self._edit(segmentID, toRemove, toAdd, receiver=None)

    def _edit(self, segmentID, toRemove, toAdd, receiver):
        overwritten = self._segmentsUnder(toAdd, segmentID)
        isGrowing = (toAdd.voxels & ~self.voxels(segmentID, toAdd.extent)).any()
        return SliceEdit(
            toRemove,
            toAdd,
            overwritten,
            receiver,
            changesNothing=toRemove.isEmpty and not isGrowing and not overwritten,
        )

    def _erasable(self, segmentID, crop):
        own = self.voxels(segmentID, crop.extent)
        editable = self._editable(segmentID, crop)
        if self._settings.maskMode == INSIDE_ONE_SEGMENT:
            # As in the Segment Editor, a segment can be erased outside of the one in which it may grow.
            editable = editable | own
        return crop.where(own & editable).trimmed()

    def _leaving(self, segmentID, crop, slicePlane):
        """:return: what the segment has on the slice beside the crop, and may lose."""
        own = LabelmapCrop(self.voxels(segmentID, slicePlane), slicePlane[::2]).trimmed()
        leaving = own.where(~crop.within(own.extent)).trimmed()
        return leaving.where(self._editable(segmentID, leaving)).trimmed()

    def _receiver(self, segmentID):
        # As in the Segment Editor, erasing inside one segment gives the voxels to that segment.
        isInsideAnother = self._settings.maskMode == INSIDE_ONE_SEGMENT and self._settings.maskSegmentID != segmentID
        return self._settings.maskSegmentID if isInsideAnother else None

    def _segmentsUnder(self, crop, segmentID):
        others = self._settings.overwrittenSegmentIDs(self._segmentationNode, segmentID)
        return tuple(other for other in others if (self.voxels(other, crop.extent) & crop.voxels).any())

    def _editable(self, segmentID, crop):
        if crop.isEmpty:
            return True
        return self._settings.editableVoxels(
            self._segmentationNode, segmentID, self._volumeNode, crop.extent, self._grid.IJKToRAS
        )

    def voxels(self, segmentID, extent):
        """:return: bool array over an extent of the grid: what a segment has there."""
        labelmap = self._segmentationNode.GetBinaryLabelmapInternalRepresentation(segmentID)
        labelValue = self._segmentationNode.GetSegmentation().GetSegment(segmentID).GetLabelValue()
        return imageVoxelsWithin(labelmap, extent) == labelValue
