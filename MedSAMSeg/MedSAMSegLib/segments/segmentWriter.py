"""Writes masks of single slices into a segment, as the Segment Editor would."""

import contextlib
import dataclasses

import slicer

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.segments.closedSurfaces import ClosedSurfaces
from MedSAMSegLib.segments.editApplier import EditApplier
from MedSAMSegLib.segments.editorSettings import EditorSettings
from MedSAMSegLib.segments.labelmapCrop import LabelmapCrop
from MedSAMSegLib.segments.segmentationGrid import BINARY_LABELMAP, gridOf, isStoredAsVoxels
from MedSAMSegLib.segments.segmentChecks import checkWritable
from MedSAMSegLib.segments.segmentEdit import SliceEditPlanner
from MedSAMSegLib.segments.undoHistory import UndoHistory
from MedSAMSegLib.segments.writingRemarks import remarkOnGrid, remarkOnKeepers, remarkOnSurfaces
from MedSAMSegLib.slices.protectedSegments import isKeptWhole

MODES = ("add", "remove", "replace")


@dataclasses.dataclass(frozen=True, eq=False)
class Exchange:
    """What `SegmentWriter.exchange` did, in voxels of the volume.

    :param hasChanged: whether any voxel changed.
    :param gained: LabelmapCrop of the voxels that the segment did not have before.
    :param taken: {ID of another segment: LabelmapCrop of the voxels that it lost}.
    """

    hasChanged: bool
    gained: LabelmapCrop
    taken: dict


class SegmentWriter:
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
    :param volumeNode: the volume that the slices are of.
    :raises UserError: if one of them is gone or they are under transforms that move them apart.
    """

    def __init__(self, segmentationNode, volumeNode):
        gridOf(segmentationNode, None, volumeNode)
        self._segmentationNode = segmentationNode
        self._volumeNode = volumeNode
        self._applier = EditApplier(segmentationNode, volumeNode)
        self._history = UndoHistory(self._applier.logic)
        self._surfaces = ClosedSurfaces(segmentationNode)
        self._isInStep = False
        self._isStateSaved = False
        self._wereSurfaces = False
        self._keepers = {}

    @property
    def isUsable(self):
        """Whether both nodes are still in the scene; if not, a new writer is needed."""
        return self._isSegmentationInScene and self._volumeNode.GetScene() is not None

    @property
    def canUndo(self):
        """Whether there is a step to take back; never inside an `undoStep`."""
        return self._isSegmentationInScene and not self._isInStep and self._history.canUndo

    @property
    def canRedo(self):
        """Whether there is a step to do again; never inside an `undoStep`."""
        return self._isSegmentationInScene and not self._isInStep and self._history.canRedo

    @property
    def lastStep(self):
        """The UndoStep that `undo` would take back; None if there is none. The same object after `undo` and `redo`."""
        return self._history.lastStep

    def write(self, segmentID, axis, sliceIndex, mask, x0, y0, mode="add"):
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
        self._prepare(segmentID)
        with self.undoStep():
            self._storeAsVoxels()
            grid, planner, settings = self._prepare(segmentID)
            crop = LabelmapCrop.ofSlice(axis, sliceIndex, mask, x0, y0).trimmed()
            self._checkInside(axis, sliceIndex, crop, grid)
            edit = planner.plan(mode, segmentID, grid.cropOnGrid(crop, axis), axis, sliceIndex)
            self._carryOut(segmentID, edit, settings, grid, axis)
        return not edit.changesNothing

    def emptySlice(self, segmentID, axis, sliceIndex):
        """Take all of a segment's voxels on a slice out, as `write` does with a mask of them in the mode "remove".

        :return: whether any voxel changed.
        """
        grid, planner, settings = self._prepare(segmentID)
        edit = planner.plan("remove", segmentID, planner.ownOnSlice(segmentID, axis, sliceIndex), axis, sliceIndex)
        self._carryOut(segmentID, edit, settings, grid, axis)
        return not edit.changesNothing

    def remarks(self, segmentID):
        """:return: list of sentences on what to know about how masks were written in the last undo step."""
        if not self.isUsable or self._segmentationNode.GetSegmentation().GetSegment(segmentID) is None:
            return []
        sentences = []
        if self._wereSurfaces:
            self._wereSurfaces = False
            sentences.append(remarkOnSurfaces(self._segmentationNode))
        grid = gridOf(self._segmentationNode, segmentID, self._volumeNode)
        if grid.isResampled:
            sentences.append(remarkOnGrid(self._segmentationNode, self._volumeNode, grid))
        if self._keepers:
            sentences.append(remarkOnKeepers(self._segmentationNode, self._keepers))
        return sentences

    def exchange(self, segmentID, leaving, arriving, givingBack=None, axis=0):
        """Take voxels out of a segment and put others in, as one undo step or as a part of the enclosing `undoStep`.

        :param segmentID: ID of the segment.
        :param leaving: LabelmapCrop of the volume's voxels that leave the segment, unless they arrive as well.
        :param arriving: LabelmapCrop of the volume's voxels that the segment has afterwards.
        :param givingBack: {ID of another segment: LabelmapCrop}: of the leaving voxels, those that it gets.
        :param axis: array axis of the slices that the voxels are on.
        :return: Exchange.
        :raises UserError: as `write` does.
        """
        self._prepare(segmentID)
        with self.undoStep():
            self._storeAsVoxels()
            return self._exchange(segmentID, leaving, arriving, givingBack, axis)

    def _exchange(self, segmentID, leaving, arriving, givingBack, axis):
        grid, planner, settings = self._prepare(segmentID)
        self._checkCropInside(arriving, grid)
        onGrid = grid.cropOnGrid(arriving, axis)
        edit = planner.planExchange(segmentID, grid.cropOnGrid(leaving.minus(arriving), axis).minus(onGrid), onGrid)
        arrived = edit.toAdd.within(onGrid.extent)
        gained = arrived & ~planner.voxels(segmentID, onGrid.extent)
        taken = {other: arrived & planner.voxels(other, onGrid.extent) for other in edit.overwritten}
        returned = {
            other: crop.common(grid.cropFromGrid(edit.toRemove))
            for other, crop in (givingBack or {}).items()
            if self._mayReceive(other)
        }
        self._carryOut(segmentID, edit, settings, grid, axis, returned)
        return Exchange(
            not edit.changesNothing,
            grid.cropFromGrid(LabelmapCrop(gained, onGrid.start)),
            {other: grid.cropFromGrid(LabelmapCrop(voxels, onGrid.start)) for other, voxels in taken.items()},
        )

    def presentIn(self, segmentID, crop):
        """:return: those voxels of a LabelmapCrop of the volume that a segment has now.

        :raises UserError: as `write` does.
        """
        grid, planner, _settings = self._prepare(segmentID)
        if crop.isEmpty:
            return crop
        extent = grid.blockAround(crop.extent)
        return crop.common(grid.cropFromGrid(LabelmapCrop(planner.voxels(segmentID, extent), extent[::2])))

    def check(self, segmentID):
        """:raises UserError: if a segment cannot be written now."""
        self._prepare(segmentID)

    @contextlib.contextmanager
    def undoStep(self, joining=None, isAlways=False, isLast=True):
        """Make all writes inside the `with` block one undo step, or none if nothing changes.

        If the block raises, the segmentation is put back to what it was before, and there is no step. (Not if somebody
        else changed it in the meantime: that work is kept, and with it what was written. Not either what joined an
        earlier step.)

        :param joining: UndoStep that the block belongs to, if that is still the last one; None for a new step.
        :param isAlways: make the step also if no voxel changes.
        :param isLast: False if the step will be joined soon; 3D surfaces are renewed with the last block.
        """
        if self._isInStep:
            if isAlways:
                self._saveState()
            yield
            return
        isJoined = joining is not None and joining is self.lastStep and self.canUndo
        self._isInStep = True
        self._isStateSaved = isJoined
        self._keepers = {}
        try:
            if isAlways:
                self._saveState()
            yield
        except BaseException:
            if not isJoined:
                self._rollBack()
            raise
        finally:
            self._isInStep = False
            if isLast and self._isSegmentationInScene:
                self._surfaces.renew()

    def undo(self):
        """Take the last step back.

        :return: whether there was one.
        """
        return self.canUndo and self._history.undo()

    def redo(self):
        """Do the last undone step again.

        :return: whether there was one.
        """
        return self.canRedo and self._history.redo()

    def _storeAsVoxels(self):
        """Make voxels of a segmentation that is stored as surfaces, inside an undo step."""
        if isStoredAsVoxels(self._segmentationNode):
            return
        self._saveState()
        segmentation = self._segmentationNode.GetSegmentation()
        with slicer.util.NodeModify(self._segmentationNode):
            segmentation.CreateRepresentation(BINARY_LABELMAP)
            segmentation.SetSourceRepresentationName(BINARY_LABELMAP)
        self._history.noteOwnChange()
        self._wereSurfaces = True

    @property
    def _isSegmentationInScene(self):
        return self._segmentationNode.GetScene() is not None

    def _prepare(self, segmentID):
        # Nodes that are gone are told before segments that are gone with them.
        gridOf(self._segmentationNode, None, self._volumeNode)
        checkWritable(self._segmentationNode, segmentID)
        grid = gridOf(self._segmentationNode, segmentID, self._volumeNode)
        settings = EditorSettings.ofScene()
        return grid, SliceEditPlanner(self._segmentationNode, self._volumeNode, grid, settings), settings

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

    def _carryOut(self, segmentID, edit, settings, grid, axis, returned=None):
        self._keepers.update(edit.keepers)
        if edit.changesNothing:
            return
        with self.undoStep():
            self._saveState()
            changed = {segmentID, *edit.overwritten, *(returned or {})} | ({edit.receiver} - {None})
            try:
                with self._surfaces.kept(changed):
                    self._applier.apply(segmentID, edit, settings.overwriteMode, grid, axis, returned or {})
            finally:
                self._history.noteOwnChange()

    def _saveState(self):
        if not self._isStateSaved or self._history.isChangedElsewhere:
            self._history.save()
            self._isStateSaved = True

    def _rollBack(self):
        if self._isStateSaved and self._isSegmentationInScene and not self._history.isChangedElsewhere:
            self._surfaces.forget()
            self._history.rollBack()
