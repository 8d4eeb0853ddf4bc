"""Compares a segment's slices with their records: what is ours, what are manual edits, what may be written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from MedSAMSegLib.segments.labelmapCrop import LabelmapCrop, cropOfLabel, imageVoxelsWithin
from MedSAMSegLib.segments.latticeSampling import nearest
from MedSAMSegLib.segments.segmentationGrid import checkSegmentation, gridOf
from MedSAMSegLib.slices.sliceRecord import EDITED, SliceRecord, SliceState
from MedSAMSegLib.slices.sliceRecords import SliceRecords, sliceDigest
from MedSAMSegLib.volumes.obliqueStack import recordsAxis
from MedSAMSegLib.volumes.sliceAxes import depthIJK, fromIJK
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.client.maskRange import MaskRange
    from MedSAMSegLib.segments.segmentTarget import SegmentTarget
    from MedSAMSegLib.segments.segmentWriter import SegmentWriter


class SliceStates:
    """The slices of one segment along one axis as they are at this moment. ::

        sliceStates = SliceStates(segmentation, segmentID, volume, axis=0)
        for state in sliceStates.states().values():
            print(state.index, state.provenance, state.confidence, state.isLocked)

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
        self._recordsAxis = recordsAxis(volumeNode, axis)
        self._segmentationNode = segmentationNode
        self._segmentID = segmentID

    @classmethod
    def of(cls, target: SegmentTarget) -> SliceStates:
        """:return: the slices of the segment of a SegmentTarget."""
        volume, segmentation, segmentID = target.context
        return cls(segmentation, segmentID, volume, target.axis, target)

    def states(self) -> dict[int, SliceState]:
        """:return: {slice index: SliceState} of all slices that have voxels or a record, in the order of the slices."""
        # A segment that was worked on in a larger volume knows of slices that this one does not have.
        records = {index: known for index, known in self._records.ofAxis(self._recordsAxis).items() if self._has(index)}
        digests = self._digests()
        return {
            index: _state(index, records.get(index), digests.get(index, "")) for index in sorted({*records, *digests})
        }

    def state(self, sliceIndex: int) -> SliceState | None:
        """:return: SliceState of one slice; None if it has neither voxels nor a record."""
        record, digest = self._records.of(self._recordsAxis, sliceIndex), self._digest(sliceIndex)
        return None if record is None and not digest else _state(sliceIndex, record, digest)

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

    def note(
        self,
        sliceIndex: int,
        provenance: str,
        confidence: float | None = None,
        parts: dict[str, float] | None = None,
        basis: str = "",
        probability: str = "",
        sizes: MaskRange | None = None,
    ) -> None:
        """Record how what is on a slice now was made.

        :param sliceIndex: index of the slice.
        :param provenance: "box", "propagated" or "interpolated".
        :param confidence: 0 to 1, or None.
        :param parts: the signs that it is made of.
        :param basis: what the mask was computed from.
        :param probability: name of what it is cut from; see :class:`SliceRecord`.
        :param sizes: the :class:`MaskRange` of what was found.
        """
        digest = self._digest(sliceIndex)
        record = SliceRecord(provenance, digest, confidence, parts or {}, basis, probability=probability, range=sizes)
        self._records.note(self._recordsAxis, {sliceIndex: record})

    def accept(self, sliceIndex: int, isAccepted: bool = True) -> None:
        """Lock a slice as it is now, or unlock it.

        :param sliceIndex: index of a slice with voxels or a record.
        :param isAccepted: whether it is good.
        """
        digest = self._digest(sliceIndex)
        state = _state(sliceIndex, self._records.of(self._recordsAxis, sliceIndex), digest)
        record = None
        # Without a record, what is there are manual edits still.
        if isAccepted or state.provenance != EDITED:
            record = _recordOf(state, digest, isAccepted)
        self._records.note(self._recordsAxis, {sliceIndex: record})

    def acceptAll(self) -> int:
        """Lock all slices with voxels as they are now.

        :return: how many there are.
        """
        records, digests = self._records.ofAxis(self._recordsAxis), self._digests()
        states = [_state(index, records.get(index), digest) for index, digest in digests.items()]
        self._records.note(
            self._recordsAxis,
            {
                state.index: _recordOf(state, digests[state.index], isAccepted=True)
                for state in states
                if not state.isAccepted
            },
        )
        return len(states)

    def restore(self, state: SliceState) -> None:
        """Record a slice as it was made, although others have changed its voxels since.

        :param state: SliceState of the slice from before that change; not of manual edits.
        """
        digest = self._digest(state.index)
        record = _recordOf(state, digest, state.isAccepted)
        if self._records.of(self._recordsAxis, state.index) != record:
            self._records.note(self._recordsAxis, {state.index: record})

    def restoreAll(self, states: Any) -> None:
        """Record slices as they were made, as `restore` does with one; of many this is faster.

        :param states: the SliceState of each.
        """
        digests = self._digests()
        records = {each.index: _recordOf(each, digests.get(each.index, ""), each.isAccepted) for each in states}
        self._records.note(self._recordsAxis, records)

    def record(self, sliceIndex: int) -> SliceRecord | None:
        """:return: the SliceRecord of a slice; None if there is none, or not of what is there now."""
        record = self._records.of(self._recordsAxis, sliceIndex)
        return record if record is not None and record.digest == self._digest(sliceIndex) else None

    def restoreRecord(self, sliceIndex: int, record: SliceRecord | None) -> None:
        """Record again what was known of a slice before, if it is what it was then; forget the slice otherwise.

        :param sliceIndex: index of the slice.
        :param record: SliceRecord, or None.
        """
        isSame = record is not None and record.digest == self._digest(sliceIndex)
        self._records.note(self._recordsAxis, {sliceIndex: record if isSame else None})

    def forget(self, sliceIndex: int) -> None:
        """Drop what is known of a slice."""
        self._records.note(self._recordsAxis, {sliceIndex: None})

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

    @property
    def _records(self):
        return SliceRecords(self._segment)

    def _digests(self):
        """:return: {slice index: text that differs when the segment differs there} of the slices with voxels."""
        grid = self._grid
        if grid.isResampled:
            return {index: _digestOfSlab(voxels) for index, voxels in self._slabs(grid).items()}
        return {index: sliceDigest(crop.voxels, crop.start) for index, crop in self._crops(grid).items()}

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

    def _has(self, sliceIndex):
        return 0 <= sliceIndex < self.sliceCount

    def _voxelsWithin(self, extent):
        voxels = imageVoxelsWithin(self._labelmap, extent) == self._segment.GetLabelValue()
        return LabelmapCrop(voxels, tuple(extent[::2]))


def emptySlice(writer: SegmentWriter, sliceStates: SliceStates, target: SegmentTarget, sliceIndex: int) -> bool:
    """Take all of a segment's voxels on a slice out, and forget what is known of the slice.

    :param writer: :class:`SegmentWriter` of the segmentation.
    :param sliceStates: :class:`SliceStates` of the segment along the axis.
    :param target: :class:`SegmentTarget`.
    :param sliceIndex: index of the slice.
    :return: whether the segment changed.
    """
    hasChanged = writer.emptySlice(target, sliceIndex)
    sliceStates.forget(sliceIndex)
    return hasChanged


def _digestOfSlab(indices):
    return "" if indices is None else sliceDigest(np.ones(1, bool), indices.ravel())


def _recordOf(state, digest, isAccepted):
    how = state.provenance, digest, state.confidence, state.parts, state.basis
    return SliceRecord(*how, isAccepted, state.probability, state.range)


def _state(index, record, digest):
    if record is None or record.digest != digest:
        return SliceState(index, EDITED, None, {}, "", False, not digest)
    how = record.provenance, record.confidence, record.parts, record.basis, record.isAccepted
    return SliceState(index, *how, not digest, record.probability, record.range)
