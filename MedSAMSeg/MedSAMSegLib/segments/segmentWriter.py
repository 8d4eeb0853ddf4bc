"""Writes masks of single slices into a segment, as the Segment Editor would."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import slicer

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.segments.editApplier import EditApplier
from MedSAMSegLib.segments.labelmapCrop import LabelmapCrop
from MedSAMSegLib.segments.obliqueGrid import ObliqueGrid
from MedSAMSegLib.segments.segmentationGrid import BINARY_LABELMAP, checkSegmentation, gridOf, isStoredAsVoxels
from MedSAMSegLib.segments.segmentChecks import checkWritable, isKeptWhole
from MedSAMSegLib.segments.segmentEdit import SliceEditPlanner
from MedSAMSegLib.segments.segmentListWriter import SegmentListWriter
from MedSAMSegLib.segments.segmentTarget import SegmentContext, SegmentTarget
from MedSAMSegLib.segments.writingNotes import noteOnGrid, noteOnKeepers, noteOnSurfaces
from MedSAMSegLib.volumes.segmentableVolumes import checkVolume
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

if TYPE_CHECKING:
    from MedSAMSegLib.segments.resampledGrid import ResampledGrid
    from MedSAMSegLib.segments.segmentationGrid import SegmentationGrid

MODES = ("add", "remove", "replace")


def nothingAccepted(
    _segmentationNode: slicer.vtkMRMLSegmentationNode, _segmentID: str, _volumeNode: slicer.vtkMRMLScalarVolumeNode
) -> Any:
    """What `SegmentWriter` takes for its `acceptedSlices` where no slices of segments are accepted."""
    return []


@dataclasses.dataclass(frozen=True, eq=False)
class Replacement:
    """What `SegmentWriter.replace` did, in voxels of the volume.

    :param hasChanged: whether any voxel changed.
    :param gained: LabelmapCrop of the voxels that the segment did not have before.
    :param overwritten: {ID of another segment: LabelmapCrop of the voxels that it lost}.
    """

    hasChanged: bool
    gained: LabelmapCrop
    overwritten: dict


class SegmentWriter(SegmentListWriter):
    """Changes segments slice by slice; only the voxels around the mask are touched. ::

        writer = SegmentWriter(segmentationNode, volumeNode)
        writer.write(segmentID, axis=0, sliceIndex=24, mask=mask, x0=54, y0=160)
        with writer.undoStep():
            for sliceIndex, mask in masks:
                writer.write(segmentID, 0, sliceIndex, mask, 54, 160, mode="replace")
        writer.undo()

    Masking and overwriting follow the Segment Editor's settings (see `EditorSettings`); without one in the scene,
    other segments keep their voxels. The undo history lives as long as the writer: keep one for each segmentation.

    :param segmentationNode: the segmentation; where its voxels do not coincide with the volume's, masks are resampled.
    :param volumeNode: the volume that the slices are of, or the planes of its stacks.
    :param acceptedSlices: function of a segmentation, the ID of a segment and a volume that returns [(volume or
        stack, axis, LabelmapCrop in its voxels)]: what that segment keeps, although others may overwrite it.
    :raises UserError: if one of them is gone or they are under transforms that move them apart.
    """

    def __init__(
        self,
        segmentationNode: slicer.vtkMRMLSegmentationNode,
        volumeNode: slicer.vtkMRMLScalarVolumeNode,
        acceptedSlices: Callable[..., Any] = nothingAccepted,
    ) -> None:
        checkSegmentation(segmentationNode)
        checkVolume(volumeNode)
        self._applier = EditApplier(segmentationNode)
        super().__init__(segmentationNode, self._applier.logic)
        self._volumeNode = volumeNode
        self._checkNotApart(None)
        self._acceptedSlices = acceptedSlices
        self._wereSurfaces = False
        self._keepers = {}

    @property
    def isUsable(self) -> bool:
        """Whether both nodes are still in the scene; if not, a new writer is needed."""
        return self._isSegmentationInScene and self._volumeNode.GetScene() is not None

    def write(
        self, segmentID: str, axis: int, sliceIndex: int, mask: np.ndarray, x0: int, y0: int, mode: str = "add"
    ) -> bool:
        """Change one segment on one slice, as one undo step or as a part of the enclosing `undoStep`.

        :param segmentID: ID of the segment.
        :param axis: array axis that the slice is taken along.
        :param sliceIndex: index of the slice.
        :param mask: array (rows, columns), not 0 where the object is; a piece of the slice or all of it.
        :param x0: column of the mask's first column within the slice.
        :param y0: row of the mask's first row within the slice.
        :param mode: "add" to the segment, "remove" from it, or "replace" what it has on this slice.
        :return: whether any voxel changed; if not, there is no undo step.
        :raises UserError: if a node or the segment is gone, the mask leaves the volume, or the voxels do not coincide.
        """
        if mode not in MODES:
            raise ValueError(f"mode is '{mode}', not one of {MODES}")
        with self.undoStep():
            target = self.target(segmentID, axis)
            crop = LabelmapCrop.ofSlice(axis, sliceIndex, mask, x0, y0).trimmed()
            self._checkInside(axis, sliceIndex, crop, target.grid)
            edit = self._planner(target).plan(mode, target.grid.cropOnGrid(crop, axis), sliceIndex)
            return self._carryOut(target, edit)

    def target(self, segmentID: str, axis: int, geometry: SliceGeometry | None = None) -> SegmentTarget:
        """Begin a write, inside an `undoStep`; a segmentation that is stored as surfaces becomes voxels.

        :param segmentID: ID of the segment.
        :param axis: array axis of the slices that will be written.
        :param geometry: SliceGeometry of the volume, where it is known that it is still this, or of a stack of it.
        :return: SegmentTarget.
        :raises UserError: if the segment cannot be written.
        """
        if self._isSegmentationInScene and not isStoredAsVoxels(self._segmentationNode):
            # A segmentation that cannot be written stays stored as surfaces.
            self.check(segmentID, geometry)
            self._storeAsVoxels()
        volumeNode = geometry.volumeNode if geometry else self._volumeNode
        return SegmentTarget.of(SegmentContext(volumeNode, self._segmentationNode, segmentID), axis, geometry)

    def replaceSlices(self, target: SegmentTarget, sliceIndices: Iterable[int], crop: LabelmapCrop) -> bool:
        """Put masks in the place of what a segment has on some slices, as `write` does in the mode "replace".

        :param target: SegmentTarget.
        :param sliceIndices: indices of the slices.
        :param crop: LabelmapCrop of the volume's voxels on these slices that the segment has afterwards.
        :return: whether any voxel changed.
        :raises UserError: if the masks leave the volume.
        """
        self._checkCropInside(crop, target.grid)
        onGrid = target.grid.cropOnGrid(crop, target.axis)
        return self._carryOut(target, self._planner(target).planReplacement(onGrid, sliceIndices))

    def emptySlice(self, target: SegmentTarget, sliceIndex: int) -> bool:
        """Take all of a segment's voxels on a slice out, as `write` does with a mask of them in the mode "remove".

        :param target: SegmentTarget.
        :param sliceIndex: index of the slice.
        :return: whether any voxel changed.
        """
        planner = self._planner(target)
        return self._carryOut(target, planner.plan("remove", planner.ownOnSlice(sliceIndex), sliceIndex))

    def notes(self, segmentID: str, grid: SegmentationGrid | ResampledGrid | None = None) -> list[str]:
        """Say what to know about how masks were written in the last undo step.

        :param segmentID: ID of the segment.
        :param grid: the grid of the segment, where it is known already; that of a stack does not tell.
        :return: list of sentences.
        """
        if not self.isUsable or self._segmentationNode.GetSegmentation().GetSegment(segmentID) is None:
            return []
        sentences = []
        if self._wereSurfaces:
            self._wereSurfaces = False
            sentences.append(noteOnSurfaces(self._segmentationNode))
        if grid is None or isinstance(grid, ObliqueGrid):
            grid = gridOf(self._segmentationNode, segmentID, SliceGeometry(self._volumeNode))
        if grid.isResampled:
            sentences.append(noteOnGrid(self._segmentationNode, self._volumeNode, grid))
        if self._keepers:
            sentences.append(noteOnKeepers(self._segmentationNode, self._keepers))
        return sentences

    def replace(
        self,
        target: SegmentTarget,
        removed: LabelmapCrop,
        added: LabelmapCrop,
        reassigned: dict[str, LabelmapCrop] | None = None,
    ) -> Replacement:
        """Take voxels out of a segment and put others in, as one undo step or as a part of the enclosing `undoStep`.

        :param target: SegmentTarget.
        :param removed: LabelmapCrop of the volume's voxels that the segment loses, unless they are added as well.
        :param added: LabelmapCrop of the volume's voxels that the segment has afterwards.
        :param reassigned: {ID of another segment: LabelmapCrop}: of the removed voxels, those that it gets.
        :return: Replacement.
        :raises UserError: if what is added lies outside of the volume.
        """
        grid, axis, planner = target.grid, target.axis, self._planner(target)
        self._checkCropInside(added, grid)
        onGrid = grid.cropOnGrid(added, axis)
        if not removed.isEmpty:
            removed = grid.cropOnGrid(removed.minus(added), axis).minus(onGrid)
        edit = planner.planChange(removed, onGrid)
        returned = {
            other: crop.common(grid.cropFromGrid(edit.toRemove))
            for other, crop in (reassigned or {}).items()
            if self._mayReceive(other)
        }
        return Replacement(
            self._carryOut(target, edit, returned),
            grid.cropFromGrid(edit.gained),
            {other: grid.cropFromGrid(crop) for other, crop in edit.overwritten.items()},
        )

    def presentIn(self, target: SegmentTarget, crop: LabelmapCrop) -> LabelmapCrop:
        """:return: those voxels of a LabelmapCrop of the volume that the segment of a SegmentTarget has now."""
        return self._present(target, crop, [target.context.segmentID])

    def presentElsewhere(self, target: SegmentTarget, crop: LabelmapCrop) -> LabelmapCrop:
        """:return: those voxels of a LabelmapCrop of the volume that any other segment has now."""
        segmentIDs = self._segmentationNode.GetSegmentation().GetSegmentIDs()
        return self._present(target, crop, [other for other in segmentIDs if other != target.context.segmentID])

    def _present(self, target, crop, segmentIDs):
        if crop.isEmpty or not segmentIDs:
            return crop.where(False)
        extent, planner = target.grid.blockAround(crop.extent), self._planner(target)
        voxels = np.logical_or.reduce([planner.voxels(each, extent) for each in segmentIDs])
        return crop.common(target.grid.cropFromGrid(LabelmapCrop(voxels, extent[::2])))

    def check(self, segmentID: str, geometry: SliceGeometry | None = None) -> None:
        """Tell whether a segment can be written now.

        :param segmentID: ID of the segment.
        :param geometry: as for `target`.
        :raises UserError: if not.
        """
        checkSegmentation(self._segmentationNode)
        if geometry is None:
            checkVolume(self._volumeNode)
        checkWritable(self._segmentationNode, segmentID)
        self._checkNotApart(segmentID)

    def _storeAsVoxels(self):
        """Make voxels of a segmentation that is stored as surfaces, inside an undo step."""
        self._saveState()
        segmentation = self._segmentationNode.GetSegmentation()
        with slicer.util.NodeModify(self._segmentationNode):
            segmentation.CreateRepresentation(BINARY_LABELMAP)
            segmentation.SetSourceRepresentationName(BINARY_LABELMAP)
        self._noteOwnChange()
        self._wereSurfaces = True

    def _checkNotApart(self, segmentID):
        # Nodes under the same transform are never moved apart.
        if self._segmentationNode.GetParentTransformNode() is not self._volumeNode.GetParentTransformNode():
            gridOf(self._segmentationNode, segmentID, SliceGeometry(self._volumeNode))

    def _planner(self, target):
        return SliceEditPlanner(target, self._acceptedSlices)

    def _mayReceive(self, segmentID):
        isPresent = self._segmentationNode.GetSegmentation().GetSegment(segmentID) is not None
        return isPresent and not isKeptWhole(self._segmentationNode, segmentID)

    def _checkInside(self, axis, sliceIndex, crop, grid):
        self._checkCropInside(LabelmapCrop.ofSlice(axis, sliceIndex, [[1]], 0, 0), grid)
        self._checkCropInside(crop, grid)

    def _checkCropInside(self, crop, grid):
        if not crop.isEmpty and not grid.contains(crop.extent):
            raise UserError(
                f"A mask leaves the volume '{self._volumeNode.GetName()}'.",
                "If the volume was replaced, draw the box again.",
                "mask_outside_image",
            )

    def _forgetSceneMessages(self):
        self._keepers = {}

    def _carryOut(self, target, edit, returned=None):
        """:return: whether any voxel changed."""
        self._keepers.update(edit.keepers)
        if edit.changesNothing:
            return False
        with self.undoStep():
            self._saveState()
            changed = {target.context.segmentID, *edit.overwritten, *(returned or {})} | ({edit.receiver} - {None})
            try:
                with self._surfaces.kept(changed):
                    self._applier.apply(target, edit, returned or {})
            finally:
                self._noteOwnChange()
        return True
