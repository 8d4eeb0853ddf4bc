"""The voxel grid of a segmentation, and where a volume's voxels are in it."""

import itertools

import numpy as np
import slicer
import vtk

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.segments.labelmapCrop import LabelmapCrop
from MedSAMSegLib.volumes.sliceAxes import depthIJK
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

# Far below what could move a voxel, far above what NIfTI's single-precision headers lose.
GRID_TOLERANCE = 0.01


class SegmentationGrid:
    """The reference geometry of a segmentation that lies on a volume's voxels.

    The voxels may be counted from elsewhere (a segmentation of a cropped volume) or backwards: Slicer reverses the
    slices of a left-handed image when it loads it as a volume, and not when it loads it as a segmentation.
    A segmentation without a geometry of its own gets the volume's.

    :param segmentationNode: the segmentation.
    :param volumeNode: the volume; any linear parent transforms on both sides, as long as the voxels coincide.
    :raises UserError: if one of them is gone or their voxels do not coincide.
    """

    def __init__(self, segmentationNode, volumeNode):
        _checkSegmentation(segmentationNode)
        geometry = SliceGeometry(volumeNode)
        self.IJKToRAS = _referenceIJKToRAS(segmentationNode, volumeNode)
        self._volumeShape = geometry.shape
        volumeIJKToGrid = np.linalg.inv(_IJKToWorld(segmentationNode, self.IJKToRAS)) @ geometry.IJKToWorld
        self._signs = np.where(np.diag(volumeIJKToGrid)[:3] < 0, -1, 1)
        self._offset = np.round(volumeIJKToGrid[:3, 3]).astype(int)
        if _largestDeviation(volumeIJKToGrid, self._signs, self._offset, geometry.shape) > GRID_TOLERANCE:
            raise _gridsDiffer(segmentationNode, volumeNode)

    def cropOnGrid(self, crop):
        """:return: a LabelmapCrop of the volume's voxels as one of the segmentation's."""
        return LabelmapCrop(self.turned(crop.voxels), self._extentOnGrid(crop.extent)[::2])

    def cropFromGrid(self, crop):
        """:return: a LabelmapCrop of the segmentation's voxels as one of the volume's."""
        ends = zip(crop.extent[::2], crop.extent[1::2], self._signs, self._offset, strict=True)
        start = tuple(min(int(sign * (end - offset)) for end in (first, last)) for first, last, sign, offset in ends)
        return LabelmapCrop(self.turned(crop.voxels), start)

    def turned(self, voxels):
        """:return: the voxels of a block, in the order of the volume from that of the grid, or the reverse."""
        return voxels[tuple(slice(None, None, sign) for sign in reversed(self._signs))]

    def slicePlane(self, axis, sliceIndex):
        """:return: the VTK extent in the segmentation's grid of a whole slice of the volume."""
        ranges = [(0, size - 1) for size in reversed(self._volumeShape)]
        ranges[depthIJK(axis)] = (sliceIndex, sliceIndex)
        return self._extentOnGrid(tuple(bound for bounds in ranges for bound in bounds))

    def contains(self, extent):
        """:return: whether the volume has all voxels of a VTK extent in its own grid."""
        return min(extent[::2]) >= 0 and all(
            last < size for last, size in zip(extent[1::2], reversed(self._volumeShape), strict=True)
        )

    def _extentOnGrid(self, extent):
        first, last = (self._signs * extent[start::2] + self._offset for start in (0, 1))
        bounds = zip(np.minimum(first, last), np.maximum(first, last), strict=True)
        return tuple(int(bound) for pair in bounds for bound in pair)


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


def _largestDeviation(volumeIJKToGrid, signs, offset, shape):
    """:return: how far, in voxels, the volume's outermost voxels are from where whole-voxel counting puts them."""
    corners = np.array(list(itertools.product(*[(0, size - 1) for size in reversed(shape)])))
    onGrid = corners @ volumeIJKToGrid[:3, :3].T + volumeIJKToGrid[:3, 3]
    return np.abs(onGrid - (corners * signs + offset)).max()


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
