"""Writes masks of single slices into a segment, as the Segment Editor would."""

import contextlib

import slicer

from .closedSurfaces import ClosedSurfaces
from .editorSettings import EditorSettings
from .errors import UserError
from .labelmapCrop import LabelmapCrop, emptyImage
from .segmentationGrid import SegmentationGrid
from .sliceEdit import SliceEditPlanner
from .undoHistory import UndoHistory

ADD = slicer.vtkSlicerSegmentEditorLogic.ModificationModeAdd
REMOVE = slicer.vtkSlicerSegmentEditorLogic.ModificationModeRemove
OVERWRITE_NONE = slicer.vtkMRMLSegmentEditorNode.OverwriteNone
MODES = ("add", "remove", "replace")


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

    :param segmentationNode: the segmentation; its voxels must coincide with the volume's.
    :param volumeNode: the volume that the slices are of.
    :raises UserError: if one of them is gone or their voxels do not coincide.
    """

    def __init__(self, segmentationNode, volumeNode):
        SegmentationGrid(segmentationNode, volumeNode)
        self._segmentationNode = segmentationNode
        self._volumeNode = volumeNode
        # The writer's own: in the user's node, writing would change what the Segment Editor shows as selected.
        self._editorNode = slicer.vtkMRMLSegmentEditorNode()
        self._editorNode.SetScene(segmentationNode.GetScene())
        self._logic = slicer.vtkSlicerSegmentEditorLogic()
        self._logic.SetMRMLScene(segmentationNode.GetScene())
        self._logic.SetSegmentEditorNode(self._editorNode)
        self._logic.SetSegmentationNode(segmentationNode)
        self._history = UndoHistory(self._logic)
        self._surfaces = ClosedSurfaces(segmentationNode)
        self._isInStep = False
        self._isStateSaved = False

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
        grid = SegmentationGrid(self._segmentationNode, self._volumeNode)
        self._checkSegment(segmentID, grid)
        crop = LabelmapCrop.ofSlice(axis, sliceIndex, mask, x0, y0).trimmed()
        self._checkInside(axis, sliceIndex, crop, grid)
        settings = EditorSettings.ofScene()
        planner = SliceEditPlanner(self._segmentationNode, self._volumeNode, grid, settings)
        edit = planner.plan(mode, segmentID, grid.cropOnGrid(crop), grid.slicePlane(axis, sliceIndex))
        if edit.changesNothing:
            return False
        with self.undoStep():
            self._saveState()
            self._apply(segmentID, edit, settings.overwriteMode, grid)
        return True

    @contextlib.contextmanager
    def undoStep(self):
        """Make all writes inside the `with` block one undo step, or none if nothing changes.

        If the block raises, the segmentation is put back to what it was before, and there is no step. (Not if somebody
        else changed it in the meantime: that work is kept, and with it what was written.)
        """
        if self._isInStep:
            yield
            return
        self._isInStep = True
        self._isStateSaved = False
        try:
            yield
        except BaseException:
            self._rollBack()
            raise
        finally:
            self._isInStep = False
            if self._isSegmentationInScene:
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

    @property
    def _isSegmentationInScene(self):
        return self._segmentationNode.GetScene() is not None

    def _checkSegment(self, segmentID, grid):
        segment = self._segmentationNode.GetSegmentation().GetSegment(segmentID) if segmentID else None
        name = self._segmentationNode.GetName()
        if segment is None:
            raise UserError(
                f"The segment '{segmentID}' is not in the segmentation '{name}'.",
                "It may have been deleted: choose or add another one.",
                "segment_missing",
            )
        labelmap = self._segmentationNode.GetBinaryLabelmapInternalRepresentation(segmentID)
        anyBlock = emptyImage((0, 0, 0, 0, 0, 0), grid.IJKToRAS)
        hasVoxels = labelmap.GetNumberOfPoints() > 0
        if hasVoxels and not slicer.vtkOrientedImageDataResample.DoGeometriesMatch(labelmap, anyBlock):
            raise UserError(
                f"The voxels of the segment '{segment.GetName()}' do not coincide with those of '{name}'.",
                "Use a new segment, or set the source geometry again in the Segment Editor (Specify geometry).",
                "geometry_differs",
            )

    def _checkInside(self, axis, sliceIndex, crop, grid):
        onSlice = LabelmapCrop.ofSlice(axis, sliceIndex, [[1]], 0, 0)
        if not grid.contains(onSlice.extent) or not (crop.isEmpty or grid.contains(crop.extent)):
            raise UserError(
                f"A mask on slice {sliceIndex} along axis {axis} leaves the volume '{self._volumeNode.GetName()}'.",
                "If the volume was replaced, draw the box again.",
                "mask_outside_image",
            )

    def _apply(self, segmentID, edit, overwriteMode, grid):
        changed = {segmentID, *edit.overwritten} | ({edit.receiver} - {None})
        try:
            with self._surfaces.kept(changed):
                self._modify(segmentID, edit.toRemove, REMOVE, overwriteMode, grid)
                self._modify(segmentID, edit.toAdd, ADD, overwriteMode, grid)
                if edit.receiver is not None:
                    self._modify(edit.receiver, edit.toRemove, ADD, OVERWRITE_NONE, grid)
        finally:
            self._history.noteOwnChange()

    def _modify(self, segmentID, crop, operation, overwriteMode, grid):
        if crop.isEmpty:
            return
        image = crop.image(grid.IJKToRAS)
        self._editorNode.SetOverwriteMode(overwriteMode)
        self._logic.ModifySegmentByLabelmap(
            self._segmentationNode, segmentID, image, operation, image.GetExtent(), False, False
        )

    def _saveState(self):
        if not self._isStateSaved or self._history.isChangedElsewhere:
            self._history.save()
            self._isStateSaved = True

    def _rollBack(self):
        if self._isStateSaved and self._isSegmentationInScene and not self._history.isChangedElsewhere:
            self._surfaces.forget()
            self._history.rollBack()
