"""The voxel grid of a segmentation, and where a volume's voxels are in it."""

import numpy as np
import slicer
import vtk

from .errors import UserError
from .sliceGeometry import SliceGeometry

# Far below what could move a voxel, far above what NIfTI's single-precision headers lose.
GRID_TOLERANCE = 0.01


class SegmentationGrid:
    """The reference geometry of a segmentation that lies on a volume's voxels, maybe shifted by whole voxels.

    A segmentation without a geometry of its own gets the volume's.

    :param segmentationNode: the segmentation.
    :param volumeNode: the volume; any linear parent transforms on both sides, as long as the voxels coincide.
    :raises UserError: if one of them is gone or their voxels do not coincide.
    """

    def __init__(self, segmentationNode, volumeNode):
        _checkSegmentation(segmentationNode)
        geometry = SliceGeometry(volumeNode)
        self.IJKToRAS = _referenceIJKToRAS(segmentationNode, volumeNode)
        volumeIJKToGrid = np.linalg.inv(_IJKToWorld(segmentationNode, self.IJKToRAS)) @ geometry.IJKToWorld
        self.shape = geometry.shape
        self.offset = _wholeVoxelOffset(volumeIJKToGrid, geometry.shape)
        if self.offset is None:
            raise _gridsDiffer(segmentationNode, volumeNode)


def _checkSegmentation(segmentationNode):
    if segmentationNode is None or segmentationNode.GetScene() is None:
        raise UserError(
            "The segmentation is no longer in the scene.", "Choose or create another one.", "segmentation_removed"
        )
    name = segmentationNode.GetName()
    binaryLabelmap = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
    if segmentationNode.GetSegmentation().GetSourceRepresentationName() != binaryLabelmap:
        raise UserError(
            f"The segmentation '{name}' is not stored as voxels.",
            "In the Segmentations module, create its binary labelmap representation and make it the source.",
            "segmentation_not_binary",
        )
    parent = segmentationNode.GetParentTransformNode()
    if parent is not None and not parent.IsTransformToWorldLinear():
        raise UserError(
            f"The segmentation '{name}' is under a transform that is not linear ('{parent.GetName()}').",
            "Take the segmentation out of it in the Data module.",
            "transform_not_linear",
        )


def _referenceIJKToRAS(segmentationNode, volumeNode):
    segmentation = segmentationNode.GetSegmentation()
    geometry = slicer.vtkSlicerSegmentEditorLogic.GetReferenceImageGeometryStringFromSegmentation(segmentation)
    if not geometry:
        segmentationNode.SetReferenceImageGeometryParameterFromVolumeNode(volumeNode)
        geometry = slicer.vtkSlicerSegmentEditorLogic.GetReferenceImageGeometryStringFromSegmentation(segmentation)
    image = slicer.vtkOrientedImageData()
    slicer.vtkSegmentationConverter.DeserializeImageGeometry(geometry, image, False)
    IJKToRAS = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(IJKToRAS)
    return IJKToRAS


def _IJKToWorld(segmentationNode, IJKToRAS):
    RASToWorld = vtk.vtkMatrix4x4()
    parent = segmentationNode.GetParentTransformNode()
    slicer.vtkMRMLTransformNode.GetMatrixTransformBetweenNodes(parent, None, RASToWorld)
    return slicer.util.arrayFromVTKMatrix(RASToWorld) @ slicer.util.arrayFromVTKMatrix(IJKToRAS)


def _wholeVoxelOffset(volumeIJKToGrid, shape):
    """:return: (i, j, k) shift in whole voxels, None if the grids do not coincide at the volume's corners."""
    corners = np.array(np.meshgrid(*[(0, size - 1) for size in reversed(shape)])).reshape(3, -1)
    onGrid = volumeIJKToGrid @ np.vstack([corners, np.ones(corners.shape[1])])
    shifts = onGrid[:3] - corners
    offset = np.round(shifts[:, 0])
    isSameGrid = np.abs(shifts - offset[:, np.newaxis]).max() <= GRID_TOLERANCE
    return tuple(int(component) for component in offset) if isSameGrid else None


def _gridsDiffer(segmentationNode, volumeNode):
    names = f"'{segmentationNode.GetName()}' and the volume '{volumeNode.GetName()}'"
    if segmentationNode.GetParentTransformNode() is not volumeNode.GetParentTransformNode():
        return UserError(
            f"The segmentation {names} are under different transforms.",
            "Put the segmentation under the volume's transform in the Data module.",
            "transforms_differ",
        )
    return UserError(
        f"The voxels of the segmentation {names} do not coincide.",
        "Use a new segmentation, or set the volume as source geometry in the Segment Editor (Specify geometry).",
        "geometry_differs",
    )
