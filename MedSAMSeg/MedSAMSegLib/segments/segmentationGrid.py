"""The voxel grids of a segmentation, and where a volume's voxels are in them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import slicer
import vtk

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.segments.labelmapCrop import LabelmapCrop, emptyImage, imageVoxels
from MedSAMSegLib.segments.obliqueGrid import ObliqueGrid
from MedSAMSegLib.segments.resampledGrid import ResampledGrid
from MedSAMSegLib.volumes.obliqueStack import isStack, sourceOf
from MedSAMSegLib.volumes.sliceAxes import depthIJK
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

BINARY_LABELMAP = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
CLOSED_SURFACE = slicer.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()

# In voxels: far below what could move one, far above what NIfTI's single-precision headers lose.
GRID_TOLERANCE = 0.01


def gridOf(
    segmentationNode: slicer.vtkMRMLSegmentationNode, segmentID: str | None, geometry: SliceGeometry
) -> SegmentationGrid | ResampledGrid:
    """Find the grid that a segment is written in: that of its own voxels, or of the segmentation while it has none.

    :param segmentationNode: the segmentation; without a geometry of its own it gets the volume's.
    :param segmentID: ID of a segment in it; None for the segmentation's own grid.
    :param geometry: SliceGeometry of the volume; any linear parent transforms on both sides.
    :return: SegmentationGrid where the voxels coincide with the volume's, ObliqueGrid of a stack, else ResampledGrid.
    :raises UserError: if the segmentation is gone, or they are under transforms that move them apart.
    """
    checkSegmentation(segmentationNode)
    volumeNode = geometry.volumeNode
    reference = _referenceIJKToRAS(segmentationNode, sourceOf(volumeNode))
    IJKToRAS = _ownIJKToRAS(segmentationNode, segmentID, reference)
    volumeIJKToGrid = np.linalg.inv(_IJKToWorld(segmentationNode, IJKToRAS)) @ geometry.IJKToWorld
    signs = np.where(np.diag(volumeIJKToGrid)[:3] < 0, -1, 1)
    offset = np.round(volumeIJKToGrid[:3, 3]).astype(int)
    if _largestDeviation(volumeIJKToGrid, signs, offset, geometry.shape) <= GRID_TOLERANCE:
        return SegmentationGrid(IJKToRAS, geometry.shape, signs, offset)
    if segmentationNode.GetParentTransformNode() is not volumeNode.GetParentTransformNode():
        raise _transformsDiffer(segmentationNode, volumeNode)
    if isStack(volumeNode):
        source = SliceGeometry(sourceOf(volumeNode))
        toSource = source.worldToIJK @ geometry.IJKToWorld
        return ObliqueGrid(IJKToRAS, volumeIJKToGrid, geometry.shape, toSource, source.shape)
    return ResampledGrid(IJKToRAS, volumeIJKToGrid, geometry.shape)


class SegmentationGrid:
    """A grid of a segmentation that lies on a volume's voxels.

    The voxels may be counted from elsewhere (a segmentation of a cropped volume) or backwards: Slicer reverses the
    slices of a left-handed image when it loads it as a volume, and not when it loads it as a segmentation.

    :param IJKToRAS: vtkMatrix4x4 of the grid.
    :param shape: (K, J, I) of the volume.
    :param signs: for i, j and k, -1 where they are counted backwards, 1 elsewhere.
    :param offset: (i, j, k) in the grid of the volume's voxel (0, 0, 0).
    """

    isResampled = False

    def __init__(self, IJKToRAS: vtk.vtkMatrix4x4, shape: Sequence[int], signs: np.ndarray, offset: np.ndarray) -> None:
        self.IJKToRAS = IJKToRAS
        self._volumeShape = shape
        self._signs = signs
        self._offset = offset

    def sharing(self, axis: int, sliceIndex: int) -> list[int]:
        """:return: indices of the other slices that have voxels in common with a slice: none."""
        return []

    def cropOnGrid(self, crop: LabelmapCrop, axis: int | None = None) -> LabelmapCrop:
        """:return: a LabelmapCrop of the volume's voxels as one of the grid's; the axis does not matter here."""
        return LabelmapCrop(self.turned(crop.voxels), self._extentOnGrid(crop.extent)[::2])

    def cropFromGrid(self, crop: LabelmapCrop) -> LabelmapCrop:
        """:return: a LabelmapCrop of the segmentation's voxels as one of the volume's."""
        ends = zip(crop.extent[::2], crop.extent[1::2], self._signs, self._offset, strict=True)
        start = tuple(min(int(sign * (end - offset)) for end in (first, last)) for first, last, sign, offset in ends)
        return LabelmapCrop(self.turned(crop.voxels), start)

    def turned(self, voxels: np.ndarray) -> np.ndarray:
        """:return: the voxels of a block, in the order of the volume from that of the grid, or the reverse."""
        return voxels[tuple(slice(None, None, sign) for sign in reversed(self._signs))]

    def slicePlane(self, axis: int, sliceIndex: int) -> tuple[int, ...]:
        """:return: the VTK extent in the segmentation's grid of a whole slice of the volume."""
        ranges = [(0, size - 1) for size in reversed(self._volumeShape)]
        ranges[depthIJK(axis)] = (sliceIndex, sliceIndex)
        return self._extentOnGrid(tuple(bound for bounds in ranges for bound in bounds))

    def blockAround(self, extent: Sequence[int]) -> tuple[int, ...]:
        """:return: VTK extent in the grid of a VTK extent in the volume's own."""
        return self._extentOnGrid(extent)

    def isOnSlice(self, axis: int, sliceIndex: int, extent: Sequence[int]) -> bool:
        """:return: whether the voxels of the `slicePlane` are on the slice: all of them."""
        return True

    def contains(self, extent: Sequence[int]) -> bool:
        """:return: whether the volume has all voxels of a VTK extent in its own grid."""
        return min(extent[::2]) >= 0 and all(
            last < size for last, size in zip(extent[1::2], reversed(self._volumeShape), strict=True)
        )

    def _extentOnGrid(self, extent):
        first, last = (self._signs * extent[start::2] + self._offset for start in (0, 1))
        bounds = zip(np.minimum(first, last), np.maximum(first, last), strict=True)
        return tuple(int(bound) for pair in bounds for bound in pair)


def checkSegmentation(segmentationNode: slicer.vtkMRMLSegmentationNode) -> None:
    """:raises UserError: if a segmentation is gone, holds no voxels, or is under a transform that is not linear."""
    if segmentationNode is None or segmentationNode.GetScene() is None:
        raise UserError(
            "The segmentation is no longer in the scene.", "Choose or create another one.", "segmentation_removed"
        )
    name = segmentationNode.GetName()
    if not isStoredAsVoxels(segmentationNode) and not canBecomeVoxels(segmentationNode):
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


def isStoredAsVoxels(segmentationNode: slicer.vtkMRMLSegmentationNode) -> bool:
    """:return: whether a segmentation's segments are binary labelmaps in the first place."""
    return segmentationNode.GetSegmentation().GetSourceRepresentationName() == BINARY_LABELMAP


def canBecomeVoxels(segmentationNode: slicer.vtkMRMLSegmentationNode) -> bool:
    """:return: whether Slicer can make voxels of what a segmentation is stored as: of closed surfaces."""
    return segmentationNode.GetSegmentation().GetSourceRepresentationName() == CLOSED_SURFACE


def referenceImage(segmentationNode: slicer.vtkMRMLSegmentationNode) -> slicer.vtkOrientedImageData:
    """:return: vtkOrientedImageData without voxels, in the geometry that new segments get; one voxel if not known."""
    geometry = _referenceGeometry(segmentationNode)
    image = slicer.vtkOrientedImageData()
    if geometry:
        slicer.vtkSegmentationConverter.DeserializeImageGeometry(geometry, image, False)
    return image


def _referenceGeometry(segmentationNode):
    segmentation = segmentationNode.GetSegmentation()
    return slicer.vtkSlicerSegmentEditorLogic.GetReferenceImageGeometryStringFromSegmentation(segmentation)


def _referenceIJKToRAS(segmentationNode, volumeNode):
    if not _referenceGeometry(segmentationNode):
        segmentationNode.SetReferenceImageGeometryParameterFromVolumeNode(volumeNode)
    IJKToRAS = vtk.vtkMatrix4x4()
    referenceImage(segmentationNode).GetImageToWorldMatrix(IJKToRAS)
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


def _transformsDiffer(segmentationNode, volumeNode):
    names = f"'{segmentationNode.GetName()}' and the volume '{volumeNode.GetName()}'"
    return UserError(
        f"The segmentation {names} are under different transforms.",
        "Put the segmentation under the volume's transform in the Data module.",
        "transforms_differ",
    )


def _ownIJKToRAS(segmentationNode, segmentID, reference):
    """:return: vtkMatrix4x4 of the grid of a segment's voxels; that of the reference where it has none."""
    labelmap = segmentationNode.GetBinaryLabelmapInternalRepresentation(segmentID) if segmentID else None
    if labelmap is None or labelmap.GetNumberOfPoints() == 0:
        return reference
    own = vtk.vtkMatrix4x4()
    labelmap.GetImageToWorldMatrix(own)
    if isSameGrid(own, reference):
        return reference
    labelValue = segmentationNode.GetSegmentation().GetSegment(segmentID).GetLabelValue()
    # Segments share labelmaps, also new ones that have nothing in them yet.
    return own if (imageVoxels(labelmap) == labelValue).any() else reference


def isSameGrid(first: int | None, second: vtk.vtkMatrix4x4) -> bool:
    """:return: whether two vtkMatrix4x4 place voxels the same, as Slicer compares them."""
    if (slicer.util.arrayFromVTKMatrix(first) == slicer.util.arrayFromVTKMatrix(second)).all():
        return True
    anyBlock = (0, 0, 0, 0, 0, 0)
    return slicer.vtkOrientedImageDataResample.DoGeometriesMatch(
        emptyImage(anyBlock, first), emptyImage(anyBlock, second)
    )
