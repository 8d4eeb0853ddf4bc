"""A small piece of a labelmap: voxels with their place, never the whole volume."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import slicer
import vtk
import vtk.util.numpy_support

from MedSAMSegLib.segments.latticeSampling import lookUp, shapeOf
from MedSAMSegLib.volumes.sliceAxes import fromIJK, toIJK


@dataclass(frozen=True, eq=False)
class LabelmapCrop:
    """Voxels of a block, and where the block begins. ::

        >>> crop = LabelmapCrop.ofSlice(axis=0, sliceIndex=24, mask=np.ones((3, 5)), x0=54, y0=160)
        >>> crop.voxels.shape, crop.start, crop.extent
        ((1, 3, 5), (54, 160, 24), (54, 58, 160, 162, 24, 24))

    :param voxels: bool array in (K, J, I) order; nobody changes it.
    :param start: (i, j, k) of the first voxel.
    """

    voxels: np.ndarray
    start: tuple

    @classmethod
    def ofSlice(cls, axis: int, sliceIndex: int, mask: np.ndarray | list[list[int]], x0: int, y0: int) -> LabelmapCrop:
        """:return: the crop that a mask (rows, columns) beginning at (x0, y0) covers on a slice."""
        voxels = np.expand_dims(np.asarray(mask) != 0, axis)
        return cls(voxels, tuple(int(index) for index in toIJK(axis, sliceIndex, x0, y0)))

    @classmethod
    def empty(cls) -> LabelmapCrop:
        """:return: a crop without voxels."""
        return cls(np.zeros((0, 0, 0), bool), (0, 0, 0))

    @classmethod
    def together(cls, crops: Iterable[LabelmapCrop]) -> LabelmapCrop:
        """:return: the voxels that are set in any of several crops."""
        extents = [crop.extent for crop in crops if crop.voxels.size]
        if not extents:
            return cls.empty()
        bounds = zip(*extents, strict=True)
        extent = tuple(choose(each) for choose, each in zip((min, max) * 3, bounds, strict=True))
        voxels = np.zeros(shapeOf(extent), bool)
        for crop in crops:
            block = tuple(
                slice(start - first, start - first + size)
                for start, first, size in zip(reversed(crop.start), extent[4::-2], crop.voxels.shape, strict=True)
            )
            voxels[block] |= crop.voxels
        return cls(voxels, extent[::2])

    @functools.cached_property
    def extent(self) -> tuple[int, ...]:
        """Inclusive VTK extent (i0, i1, j0, j1, k0, k1)."""
        sizes = reversed(self.voxels.shape)
        return tuple(
            bound for first, size in zip(self.start, sizes, strict=True) for bound in (first, first + size - 1)
        )

    @functools.cached_property
    def isEmpty(self) -> bool:
        """Whether no voxel is set."""
        return not self.voxels.any()

    def isSame(self, other: LabelmapCrop) -> bool:
        """:return: whether another crop has the same voxels set."""
        return self.minus(other).isEmpty and other.minus(self).isEmpty

    def where(self, condition: bool | np.ndarray) -> LabelmapCrop:
        """:return: the voxels that are set here and in `condition`, an array of the same shape or a bool."""
        return LabelmapCrop(self.voxels & condition, self.start)

    def flat(self, axis: int) -> tuple[int, int, np.ndarray]:
        """:return: (x0, y0, bool array (rows, columns)) of a crop that is on one slice along an array axis."""
        _depth, x0, y0 = fromIJK(axis, self.start)
        return int(x0), int(y0), self.voxels.take(0, axis=axis)

    def within(self, extent: Sequence[int]) -> np.ndarray:
        """:return: bool array over another extent: the voxels that are set there."""
        return _cutOut(self.voxels, self.extent, extent)

    def cutTo(self, shape: Sequence[int]) -> LabelmapCrop:
        """:return: the piece that lies within a volume of a shape (K, J, I)."""
        return self.piece([bound for size in reversed(shape) for bound in (0, size - 1)])

    def piece(self, extent: Sequence[int]) -> LabelmapCrop:
        """:return: the piece that lies within a VTK extent."""
        first = [max(low, start) for low, start in zip(extent[::2], self.start, strict=True)]
        ends = [min(mine, other) + 1 for mine, other in zip(self.extent[1::2], extent[1::2], strict=True)]
        bounds = list(zip(first, ends, self.start, strict=True))
        block = tuple(slice(low - start, max(end, low) - start) for low, end, start in reversed(bounds))
        return LabelmapCrop(self.voxels[block], tuple(first))

    def common(self, other: LabelmapCrop) -> LabelmapCrop:
        """:return: the voxels that are set here and in another crop."""
        return self.where(other.within(self.extent))

    def minus(self, other: LabelmapCrop) -> LabelmapCrop:
        """:return: the voxels that are set here and not in another crop."""
        return self.where(~other.within(self.extent))

    def united(self, other: LabelmapCrop) -> LabelmapCrop:
        """:return: the voxels that are set here or in another crop."""
        if other.isEmpty or self.isEmpty:
            return self if other.isEmpty else other
        bounds = zip(self.extent, other.extent, (min, max) * 3, strict=True)
        extent = tuple(choose(mine, theirs) for mine, theirs, choose in bounds)
        return LabelmapCrop(self.within(extent) | other.within(extent), extent[::2])

    def trimmed(self) -> LabelmapCrop:
        """:return: the smallest crop with the same set voxels."""
        if self.isEmpty:
            return LabelmapCrop(np.zeros((0, 0, 0), bool), self.start)
        used = [np.flatnonzero(self.voxels.any(axis=others)) for others in ((1, 2), (0, 2), (0, 1))]
        block = tuple(slice(indices[0], indices[-1] + 1) for indices in used)
        start = tuple(first + int(indices[0]) for first, indices in zip(self.start, reversed(used), strict=True))
        return LabelmapCrop(self.voxels[block], start)

    def image(self, IJKToRAS: vtk.vtkMatrix4x4) -> slicer.vtkOrientedImageData:
        """:return: the voxels as vtkOrientedImageData of 0 and 1.

        :param IJKToRAS: vtkMatrix4x4 of the labelmap that this is a piece of.
        """
        image = emptyImage(self.extent, IJKToRAS)
        image.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 1)
        imageVoxels(image)[:] = self.voxels
        return image


def emptyImage(extent: Sequence[int], IJKToRAS: vtk.vtkMatrix4x4) -> slicer.vtkOrientedImageData:
    """:return: vtkOrientedImageData with a place and a size, and no voxels."""
    image = slicer.vtkOrientedImageData()
    image.SetExtent(extent)
    image.SetImageToWorldMatrix(IJKToRAS)
    return image


def imageVoxels(image: slicer.vtkOrientedImageData) -> np.ndarray:
    """:return: the voxels of a vtkImageData as a (K, J, I) array, without copying them."""
    scalars = vtk.util.numpy_support.vtk_to_numpy(image.GetPointData().GetScalars())
    return scalars.reshape(tuple(reversed(image.GetDimensions())))


def imageVoxelsWithin(image: slicer.vtkOrientedImageData, extent: Sequence[int]) -> np.ndarray:
    """:return: array over an extent: the voxels of an image; 0 where it does not reach, or where there is none."""
    if image is None or image.GetNumberOfPoints() == 0:
        return np.zeros(shapeOf(extent), np.uint8)
    return _cutOut(imageVoxels(image), image.GetExtent(), extent)


def labelWithin(
    image: slicer.vtkOrientedImageData, labelValue: int, extent: Sequence[int], toImageIJK: np.ndarray
) -> np.ndarray:
    """:return: bool array over an extent of another grid: where a vtkImageData has a label value there.

    :param toImageIJK: 4 × 4 array from indices of the other grid to those of the image.
    """
    if image.GetNumberOfPoints() == 0:
        return np.zeros(shapeOf(extent), bool)
    return lookUp(imageVoxels(image), image.GetExtent()[::2], toImageIJK, extent) == labelValue


def cropOfLabel(image: slicer.vtkOrientedImageData, labelValue: int) -> LabelmapCrop:
    """:return: the smallest LabelmapCrop with all voxels of a vtkImageData that have a label value.

    The segments of a segmentation may share one labelmap as large as the volume. It is looked through plane by plane:
    a plane stays in the processor's cache, a copy of the whole would not.
    """
    if image is None or image.GetNumberOfPoints() == 0:
        return LabelmapCrop.empty()
    voxels = imageVoxels(image)
    used = [k for k, plane in enumerate(voxels) if (plane == labelValue).any()]
    if not used:
        return LabelmapCrop.empty()
    footprint = np.zeros(voxels.shape[1:], bool)
    for k in used:
        footprint |= voxels[k] == labelValue
    rows, columns = (np.flatnonzero(footprint.any(axis=axis)) for axis in (1, 0))
    first = int(columns[0]), int(rows[0]), used[0]
    block = voxels[first[2] : used[-1] + 1, first[1] : rows[-1] + 1, first[0] : columns[-1] + 1]
    start = tuple(low + index for low, index in zip(image.GetExtent()[::2], first, strict=True))
    return LabelmapCrop(block == labelValue, start)


def _cutOut(voxels, voxelsExtent, extent):
    result = np.zeros(shapeOf(extent), voxels.dtype)
    target, source = [], []
    for index in (4, 2, 0):
        first = max(extent[index], voxelsExtent[index])
        last = min(extent[index + 1], voxelsExtent[index + 1])
        if first > last:
            return result
        target.append(slice(first - extent[index], last - extent[index] + 1))
        source.append(slice(first - voxelsExtent[index], last - voxelsExtent[index] + 1))
    result[tuple(target)] = voxels[tuple(source)]
    return result
