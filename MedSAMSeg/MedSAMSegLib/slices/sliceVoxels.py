"""The voxels of one segment, slice by slice, wherever they are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from MedSAMSegLib.segments.labelmapCrop import LabelmapCrop, cropOfLabel, imageVoxelsWithin
from MedSAMSegLib.segments.latticeSampling import nearest
from MedSAMSegLib.segments.segmentationGrid import checkSegmentation, gridOf
from MedSAMSegLib.slices.sliceRecords import sliceDigest
from MedSAMSegLib.volumes.sliceAxes import depthIJK, fromIJK
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.segments.segmentTarget import SegmentTarget


class SliceVoxels:
    """What a segment has on the slices of a volume along one axis, at this moment. ::

        for index, crop in SliceVoxels(segmentation, segmentID, volume, axis=0).crops().items():
            print(index, crop.voxels.sum())

    :param segmentationNode: the segmentation.
    :param segmentID: ID of a segment in it.
    :param volumeNode: the volume whose slices are meant.
    :param axis: array axis that they are taken along.
    :param target: the SegmentTarget that it is about, while one write lasts; None for as long as one likes.
    :raises UserError: if a node is gone, or they are under transforms that move them apart.
    """

    def __init__(
        self,
        segmentationNode: slicer.vtkMRMLSegmentationNode,
        segmentID: str,
        volumeNode: slicer.vtkMRMLScalarVolumeNode,
        axis: int,
        target: SegmentTarget | None = None,
    ) -> None:
        if target is None:
            checkSegmentation(segmentationNode)
            self._geometry = SliceGeometry(volumeNode)
            gridOf(segmentationNode, None, self._geometry)
        else:
            self._geometry = target.geometry
        self._target = target
        self._volumeNode = volumeNode
        self._axis = axis
        self._segmentationNode = segmentationNode
        self._segmentID = segmentID

    @classmethod
    def of(cls, target: SegmentTarget) -> Self:
        """:return: the slices of the segment of a SegmentTarget."""
        volume, segmentation, segmentID = target.context
        return cls(segmentation, segmentID, volume, target.axis, target)

    @property
    def hasSegment(self) -> bool:
        """Whether the segment is still in the segmentation."""
        return self._segment is not None

    @property
    def sliceCount(self) -> int:
        """Number of slices that the volume has along the axis."""
        return self._geometry.shape[self._axis]

    @property
    def spacing(self) -> list[float]:
        """Distances of the volume's voxel centers along its array axes (K, J, I), in millimeters."""
        return self._geometry.spacing

    def tightBox(self, sliceIndex: int) -> tuple[float, float, float, float] | None:
        """:return: (x0, y0, x1, y1) round the segment's voxels on a slice, None where it has none."""
        grid = self._grid
        if grid.isResampled:
            return self._boxOfSlab(grid, self._slabs(grid).get(sliceIndex))
        crop = self._crop(grid, sliceIndex)
        if crop is None:
            return None
        first, last = crop.extent[::2], crop.extent[1::2]
        _depth, x0, y0 = fromIJK(self._axis, first)
        _depth, x1, y1 = fromIJK(self._axis, last)
        return float(x0), float(y0), float(x1), float(y1)

    def crop(self, sliceIndex: int) -> LabelmapCrop:
        """:return: trimmed LabelmapCrop of the segment on a slice, in voxels of the volume; None where it has none."""
        return self._crop(self._grid, sliceIndex)

    def crops(self) -> dict[int, LabelmapCrop]:
        """:return: {slice index: trimmed LabelmapCrop in voxels of the volume} of the slices with voxels."""
        grid = self._grid
        if not grid.isResampled:
            return self._crops(grid)
        found = self._found
        crops = {index: grid.sampledSlice(found, self._axis, index) for index in grid.slabs(found, self._axis)}
        return {index: crop for index, crop in crops.items() if not crop.isEmpty}

    def _crop(self, grid, sliceIndex):
        if grid.isResampled:
            crop = grid.sampledSlice(self._found, self._axis, sliceIndex)
        else:
            crop = grid.cropFromGrid(self._voxelsWithin(grid.slicePlane(self._axis, sliceIndex))).trimmed()
        return None if crop.isEmpty else crop

    def sharing(self, sliceIndex: int) -> list[int]:
        """:return: indices of the other slices that have voxels in common with a slice: where those are coarser."""
        return self._grid.sharing(self._axis, sliceIndex)

    # Undo puts other objects in the place of segment and labelmap: they are looked up each time.
    @property
    def _segment(self):
        return self._segmentationNode.GetSegmentation().GetSegment(self._segmentID)

    @property
    def _labelmap(self):
        return self._segmentationNode.GetBinaryLabelmapInternalRepresentation(self._segmentID)

    @property
    def _found(self):
        """All voxels of the segment, as a LabelmapCrop of its labelmap."""
        return cropOfLabel(self._labelmap, self._segment.GetLabelValue())

    @property
    def _grid(self):
        if self._target is not None and self._target.hasGrid:
            return self._target.grid
        return gridOf(self._segmentationNode, self._segmentID, SliceGeometry(self._volumeNode))

    def _digests(self, crops=None):
        """:return: {slice index: text that differs when the segment differs there} of the slices with voxels."""
        grid = self._grid
        if grid.isResampled:
            return {index: _digestOfSlab(voxels) for index, voxels in self._slabs(grid).items()}
        crops = self._crops(grid) if crops is None else crops
        return {index: sliceDigest(crop.voxels, crop.start) for index, crop in crops.items()}

    def _digest(self, sliceIndex):
        grid = self._grid
        if grid.isResampled:
            return _digestOfSlab(self._slabs(grid).get(sliceIndex))
        crop = self._crop(grid, sliceIndex)
        return "" if crop is None else sliceDigest(crop.voxels, crop.start)

    def _slabs(self, grid):
        return grid.slabs(self._found, self._axis)

    def _boxOfSlab(self, grid, indices):
        if indices is None:
            return None
        place = (indices @ grid.gridToVolumeIJK[:3, :3].T + grid.gridToVolumeIJK[:3, 3]).T
        _depth, x, y = (nearest(values) for values in fromIJK(self._axis, place))
        return float(x.min()), float(y.min()), float(x.max()), float(y.max())

    def _crops(self, grid):
        """:return: as `crops`, where the segment has the volume's voxels."""
        found = self._found
        if found.isEmpty:
            return {}
        # Drawn on a whole scan and worked on in a piece of it, a segment reaches beyond the volume.
        block = grid.cropFromGrid(found).cutTo(self._geometry.shape)
        depth = depthIJK(self._axis)
        crops = {}
        # One copy in the order of the slices: picking each of them out of rows would read the block again every time.
        for number, pixels in enumerate(np.ascontiguousarray(np.moveaxis(block.voxels, self._axis, 0))):
            start = list(block.start)
            start[depth] += number
            crop = LabelmapCrop(np.expand_dims(pixels, self._axis), tuple(start)).trimmed()
            if not crop.isEmpty:
                crops[start[depth]] = crop
        return crops

    def _voxelsWithin(self, extent):
        voxels = imageVoxelsWithin(self._labelmap, extent) == self._segment.GetLabelValue()
        return LabelmapCrop(voxels, tuple(extent[::2]))


def _digestOfSlab(indices):
    return "" if indices is None else sliceDigest(np.ones(1, bool), indices.ravel())
