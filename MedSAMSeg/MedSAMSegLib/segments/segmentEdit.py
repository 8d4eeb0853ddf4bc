"""What writing a mask to a segment will change, found out before anything is changed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import slicer
import vtk

from MedSAMSegLib.segments.editorSettings import INSIDE_ONE_SEGMENT
from MedSAMSegLib.segments.labelmapCrop import LabelmapCrop, imageVoxelsWithin, labelWithin
from MedSAMSegLib.segments.segmentationGrid import gridOf, isSameGrid
from MedSAMSegLib.segments.segmentChecks import isKeptWhole, whyKeptWhole
from MedSAMSegLib.volumes.obliqueStack import sourceOf
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

if TYPE_CHECKING:
    from MedSAMSegLib.segments.segmentTarget import SegmentTarget


@dataclass(frozen=True, eq=False)
class SliceEdit:
    """The change of one segment on one slice.

    :param toRemove: LabelmapCrop of the voxels that the segment loses.
    :param toAdd: LabelmapCrop of the voxels that the segment has afterwards.
    :param gained: LabelmapCrop of those of them that it does not have yet.
    :param overwritten: {ID of another segment: LabelmapCrop of the voxels that it loses to it}.
    :param receiver: ID of the segment that gets the removed voxels, None if they become empty.
    :param keepers: {ID of a segment that keeps voxels which it would have lost: why, in a word or two}.
    """

    toRemove: LabelmapCrop
    toAdd: LabelmapCrop
    gained: LabelmapCrop
    overwritten: dict
    receiver: str | None
    keepers: dict

    @property
    def changesNothing(self) -> bool:
        """Whether all is as it would be already."""
        return self.toRemove.isEmpty and self.gained.isEmpty and not self.overwritten


class SliceEditPlanner:
    """Plans edits within what the Segment Editor's settings allow.

    :param target: SegmentTarget of the segment that is edited.
    :param acceptedSlices: as for `SegmentWriter`.
    """

    def __init__(self, target: SegmentTarget, acceptedSlices: Callable[..., Any]) -> None:
        self._volumeNode, self._segmentationNode, self._segmentID = target.context
        self._axis = target.axis
        self._grid = target.grid
        self._settings = target.settings
        self._acceptedSlices = acceptedSlices

    def plan(self, mode: str, crop: LabelmapCrop, sliceIndex: int) -> SliceEdit:
        """Find out what a mask will change.

        :param mode: "add", "remove" or "replace".
        :param crop: LabelmapCrop of the mask in the segment's grid.
        :param sliceIndex: index of the slice that the mask is on.
        :return: SliceEdit.
        """
        nothing = LabelmapCrop(np.zeros((0, 0, 0), bool), crop.start)
        toRemove, toAdd, keepers = nothing, nothing, {}
        if mode == "remove":
            toRemove = self._erasable(crop)
        elif mode == "replace":
            toRemove = self._leaving(crop, self.ownOnSlice(sliceIndex))
        if mode != "remove":
            toAdd, keepers = self._addable(crop)
        return self._edit(toRemove, toAdd, self._receiver() if mode == "remove" else None, keepers)

    def planReplacement(self, crop: LabelmapCrop, sliceIndices: Iterable[int]) -> SliceEdit:
        """Find out what putting masks in the place of all that a segment has on some slices will change.

        :param crop: LabelmapCrop of the masks in the segment's grid.
        :param sliceIndices: indices of the slices.
        :return: SliceEdit.
        """
        toRemove = self._leaving(crop, LabelmapCrop.together([self.ownOnSlice(index) for index in sliceIndices]))
        toAdd, keepers = self._addable(crop)
        return self._edit(toRemove, toAdd, None, keepers)

    def planExchange(self, leaving: LabelmapCrop, arriving: LabelmapCrop) -> SliceEdit:
        """Find out what taking some voxels out of a segment and putting others in will change.

        :param leaving: LabelmapCrop of the voxels to take out, in the segmentation's grid.
        :param arriving: LabelmapCrop of the voxels to put in.
        :return: SliceEdit.
        """
        toRemove = self._erasable(leaving)
        toAdd, keepers = self._addable(arriving)
        return self._edit(toRemove, toAdd, None, keepers)

    def _edit(self, toRemove, toAdd, receiver, keepers):
        gained = toAdd.where(~self.voxels(self._segmentID, toAdd.extent))
        return SliceEdit(toRemove, toAdd, gained, self._overwritten(toAdd), receiver, keepers)

    def _erasable(self, crop):
        if crop.isEmpty:
            return crop
        own = self.voxels(self._segmentID, crop.extent)
        editable = self._editable(crop)
        if self._settings.maskMode == INSIDE_ONE_SEGMENT:
            # As in the Segment Editor, a segment can be erased outside of the one in which it may grow.
            editable = editable | own
        return crop.where(own & editable).trimmed()

    def ownOnSlice(self, sliceIndex: int) -> LabelmapCrop:
        """:return: trimmed LabelmapCrop in the segment's grid: what it has on a slice of the volume."""
        labelmap, _labelValue = self._labels(self._segmentID)
        extent = _overlap(self._grid.slicePlane(self._axis, sliceIndex), labelmap.GetExtent())
        own = LabelmapCrop(self.voxels(self._segmentID, extent), extent[::2]).trimmed()
        return own if own.isEmpty else own.where(self._grid.isOnSlice(self._axis, sliceIndex, own.extent)).trimmed()

    def _leaving(self, crop, own):
        """:return: what the segment has on some slices beside the crop, and may lose."""
        leaving = own.where(~crop.within(own.extent)).trimmed()
        return leaving.where(self._editable(leaving)).trimmed()

    def _receiver(self):
        # As in the Segment Editor, erasing inside one segment gives the voxels to that segment.
        receiver = self._settings.maskSegmentID
        isInsideAnother = self._settings.maskMode == INSIDE_ONE_SEGMENT and receiver != self._segmentID
        return receiver if isInsideAnother and not isKeptWhole(self._segmentationNode, receiver) else None

    def _overwritten(self, crop):
        lost = {other: crop.where(self.voxels(other, crop.extent)) for other in self._losers}
        return {other: voxels for other, voxels in lost.items() if not voxels.isEmpty}

    @functools.cached_property
    def _losers(self):
        """IDs of the segments that lose what this one gains."""
        return self._settings.overwrittenSegmentIDs(self._segmentationNode, self._segmentID)

    def _addable(self, crop):
        """:return: those voxels of a crop that a segment may gain, trimmed; and who keeps some: see `SliceEdit`."""
        keepers: dict[str, str] = {}
        if crop.isEmpty:
            return crop.trimmed(), keepers
        editable = crop.where(self._editable(crop))
        addable = editable
        for other in self._losers:
            kept, why = self._kept(other, crop.extent)
            if (editable.voxels & kept).any():
                keepers[other] = why
                addable = addable.where(~kept)
        return addable.trimmed(), keepers

    def _kept(self, other, extent):
        """:return: bool array over an extent of the grid: what another segment keeps there; and why."""
        voxels, why = self.voxels(other, extent), whyKeptWhole(self._segmentationNode, other)
        if why or not voxels.any():
            return voxels, why
        accepted = np.zeros_like(voxels)
        for volumeNode, axis, crop in self._acceptedSlices(self._segmentationNode, other, sourceOf(self._volumeNode)):
            accepted |= self._gridFor(volumeNode).cropOnGrid(crop, axis).within(extent)
        return voxels & accepted, "accepted slices"

    def _gridFor(self, volumeNode):
        """:return: the grid for crops of a volume, or of a stack of it."""
        if volumeNode is self._volumeNode:
            return self._grid
        return gridOf(self._segmentationNode, self._segmentID, SliceGeometry(volumeNode))

    def _editable(self, crop):
        if crop.isEmpty:
            return True
        return self._settings.editableVoxels(
            self._segmentationNode, self._segmentID, sourceOf(self._volumeNode), crop.extent, self._grid.IJKToRAS
        )

    def voxels(self, segmentID: str, extent: Sequence[int]) -> np.ndarray:
        """:return: bool array over an extent of the grid: what a segment has there, whatever its own voxels are."""
        labelmap, labelValue = self._labels(segmentID)
        own = vtk.vtkMatrix4x4()
        labelmap.GetImageToWorldMatrix(own)
        if labelmap.GetNumberOfPoints() == 0 or isSameGrid(own, self._grid.IJKToRAS):
            return imageVoxelsWithin(labelmap, extent) == labelValue
        own, ours = (slicer.util.arrayFromVTKMatrix(matrix) for matrix in (own, self._grid.IJKToRAS))
        return labelWithin(labelmap, labelValue, extent, np.linalg.solve(own, ours))

    def _labels(self, segmentID):
        labelmap = self._segmentationNode.GetBinaryLabelmapInternalRepresentation(segmentID)
        if labelmap is None:
            # Stored as surfaces, and not written yet.
            labelmap = slicer.vtkOrientedImageData()
        return labelmap, self._segmentationNode.GetSegmentation().GetSegment(segmentID).GetLabelValue()


def _overlap(extent, other):
    """:return: the common part of two VTK extents; without one, an extent that holds nothing."""
    bounds = zip(extent[::2], extent[1::2], other[::2], other[1::2], strict=True)
    return tuple(bound for a0, a1, b0, b1 in bounds for bound in (max(a0, b0), min(a1, b1)))
