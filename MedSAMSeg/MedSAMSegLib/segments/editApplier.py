"""Carries planned changes out in the voxels of segments, by the Segment Editor's own logic."""

import slicer

from MedSAMSegLib.segments.segmentationGrid import gridOf, isSameGrid

ADD = slicer.vtkSlicerSegmentEditorLogic.ModificationModeAdd
REMOVE = slicer.vtkSlicerSegmentEditorLogic.ModificationModeRemove
OVERWRITE_NONE = slicer.vtkMRMLSegmentEditorNode.OverwriteNone


class EditApplier:
    """Writes what a `SliceEditPlanner` has planned; undo and surfaces are its caller's.

    :param segmentationNode: the segmentation.
    :param volumeNode: the volume that the masks are of.
    """

    def __init__(self, segmentationNode, volumeNode):
        self._segmentationNode = segmentationNode
        self._volumeNode = volumeNode
        # Its own: in the user's node, writing would change what the Segment Editor shows as selected.
        self._editorNode = slicer.vtkMRMLSegmentEditorNode()
        self._editorNode.SetScene(segmentationNode.GetScene())
        self.logic = slicer.vtkSlicerSegmentEditorLogic()
        self.logic.SetMRMLScene(segmentationNode.GetScene())
        self.logic.SetSegmentEditorNode(self._editorNode)
        self.logic.SetSegmentationNode(segmentationNode)

    def apply(self, segmentID, edit, overwriteMode, grid, axis, returned):
        """Change a segment, and the others that lose or receive voxels by it.

        :param segmentID: ID of the segment.
        :param edit: what the planner has planned, in voxels of the segment's grid.
        :param overwriteMode: of vtkMRMLSegmentEditorNode.
        :param grid: the segment's grid.
        :param axis: array axis of the volume that the slices are taken along.
        :param returned: {ID of another segment: LabelmapCrop of the volume's voxels that it is given}.
        """
        self._modify(segmentID, edit.toRemove, REMOVE, overwriteMode, grid)
        if self._isOfOneGrid(edit.overwritten, grid):
            self._modify(segmentID, edit.toAdd, ADD, overwriteMode, grid)
        else:
            # Slicer would bring all of the others to the segment's voxels.
            lost = grid.cropFromGrid(edit.toAdd)
            for other in edit.overwritten:
                self._modifyOther(other, lost, REMOVE, axis)
            self._modify(segmentID, edit.toAdd, ADD, OVERWRITE_NONE, grid)
        if edit.receiver is not None:
            self._modifyOther(edit.receiver, grid.cropFromGrid(edit.toRemove), ADD, axis)
        for other, crop in returned.items():
            self._modifyOther(other, crop, ADD, axis)

    def _isOfOneGrid(self, segmentIDs, grid):
        grids = (gridOf(self._segmentationNode, other, self._volumeNode) for other in segmentIDs)
        return all(isSameGrid(other.IJKToRAS, grid.IJKToRAS) for other in grids)

    def _modifyOther(self, segmentID, crop, operation, axis):
        """Change another segment in its own voxels; the crop is one of the volume."""
        grid = gridOf(self._segmentationNode, segmentID, self._volumeNode)
        self._modify(segmentID, grid.cropOnGrid(crop, axis), operation, OVERWRITE_NONE, grid)

    def _modify(self, segmentID, crop, operation, overwriteMode, grid):
        if crop.isEmpty:
            return
        image = crop.image(grid.IJKToRAS)
        self._editorNode.SetOverwriteMode(overwriteMode)
        self.logic.ModifySegmentByLabelmap(
            self._segmentationNode, segmentID, image, operation, image.GetExtent(), False, False
        )
