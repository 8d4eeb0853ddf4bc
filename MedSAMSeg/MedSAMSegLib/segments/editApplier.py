"""Carries planned changes out in the voxels of segments, by the Segment Editor's own logic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import slicer

from MedSAMSegLib.segments.segmentationGrid import gridOf, isSameGrid

if TYPE_CHECKING:
    from MedSAMSegLib.segments.labelmapCrop import LabelmapCrop
    from MedSAMSegLib.segments.segmentEdit import SliceEdit
    from MedSAMSegLib.segments.segmentTarget import SegmentTarget

ADD = slicer.vtkSlicerSegmentEditorLogic.ModificationModeAdd
REMOVE = slicer.vtkSlicerSegmentEditorLogic.ModificationModeRemove
OVERWRITE_NONE = slicer.vtkMRMLSegmentEditorNode.OverwriteNone


class EditApplier:
    """Writes what a `SliceEditPlanner` has planned; undo and surfaces are its caller's.

    :param segmentationNode: the segmentation.
    """

    def __init__(self, segmentationNode: slicer.vtkMRMLSegmentationNode) -> None:
        self._segmentationNode = segmentationNode
        # Its own: in the user's node, writing would change what the Segment Editor shows as selected.
        self._editorNode = slicer.vtkMRMLSegmentEditorNode()
        self._editorNode.SetScene(segmentationNode.GetScene())
        self.logic = slicer.vtkSlicerSegmentEditorLogic()
        self.logic.SetMRMLScene(segmentationNode.GetScene())
        self.logic.SetSegmentEditorNode(self._editorNode)
        self.logic.SetSegmentationNode(segmentationNode)

    def apply(self, target: SegmentTarget, edit: SliceEdit, returned: dict[str, LabelmapCrop]) -> None:
        """Change a segment, and the others that lose or receive voxels by it.

        :param target: SegmentTarget.
        :param edit: what the planner has planned, in voxels of the segment's grid.
        :param returned: {ID of another segment: LabelmapCrop of the volume's voxels that it is given}.
        """
        segmentID, overwriteMode, grid = target.context.segmentID, target.settings.overwriteMode, target.grid
        self._modify(segmentID, edit.toRemove, REMOVE, overwriteMode, grid)
        if self._isOfOneGrid(edit.overwritten, target):
            self._modify(segmentID, edit.toAdd, ADD, overwriteMode, grid)
        else:
            # Slicer would bring all of the others to the segment's voxels.
            lost = grid.cropFromGrid(edit.toAdd)
            for other in edit.overwritten:
                self._modifyOther(other, lost, REMOVE, target)
            self._modify(segmentID, edit.toAdd, ADD, OVERWRITE_NONE, grid)
        if edit.receiver is not None:
            self._modifyOther(edit.receiver, grid.cropFromGrid(edit.toRemove), ADD, target)
        for other, crop in returned.items():
            self._modifyOther(other, crop, ADD, target)

    def _isOfOneGrid(self, segmentIDs, target):
        grids = (gridOf(self._segmentationNode, other, target.geometry) for other in segmentIDs)
        return all(isSameGrid(other.IJKToRAS, target.grid.IJKToRAS) for other in grids)

    def _modifyOther(self, segmentID, crop, operation, target):
        """Change another segment in its own voxels; the crop is one of the volume."""
        grid = gridOf(self._segmentationNode, segmentID, target.geometry)
        self._modify(segmentID, grid.cropOnGrid(crop, target.axis), operation, OVERWRITE_NONE, grid)

    def _modify(self, segmentID, crop, operation, overwriteMode, grid):
        if crop.isEmpty:
            return
        image = crop.image(grid.IJKToRAS)
        self._editorNode.SetOverwriteMode(overwriteMode)
        self.logic.ModifySegmentByLabelmap(
            self._segmentationNode, segmentID, image, operation, image.GetExtent(), False, False
        )
