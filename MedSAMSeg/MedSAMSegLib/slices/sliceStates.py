"""Compares a segment's slices with their records: what is ours, what is hand work, what may be written."""

import numpy as np

from MedSAMSegLib.segments.labelmapCrop import LabelmapCrop, cropOfLabel, imageVoxelsWithin
from MedSAMSegLib.segments.segmentationGrid import SegmentationGrid
from MedSAMSegLib.slices.sliceRecord import EDITED, SliceRecord, SliceState
from MedSAMSegLib.slices.sliceRecords import SliceRecords, sliceDigest
from MedSAMSegLib.volumes.sliceAxes import depthIJK, fromIJK
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry


class SliceAudit:
    """The slices of one segment along one axis as they are at this moment. ::

        audit = SliceAudit(segmentation, segmentID, volume, axis=0)
        for state in audit.states().values():
            print(state.index, state.provenance, state.confidence, state.isLocked)

    :param segmentationNode: the segmentation.
    :param segmentID: ID of a segment in it.
    :param volumeNode: the volume whose slices are meant.
    :param axis: array axis that they are taken along.
    :raises UserError: if a node is gone or their voxels do not coincide.
    """

    def __init__(self, segmentationNode, segmentID, volumeNode, axis):
        self._grid = SegmentationGrid(segmentationNode, volumeNode)
        self._geometry = SliceGeometry(volumeNode)
        self._axis = axis
        self._segmentationNode = segmentationNode
        self._segmentID = segmentID

    def states(self):
        """:return: {slice index: SliceState} of all slices that have voxels or a record, in the order of the slices."""
        records = self._records.ofAxis(self._axis)
        crops = self._crops()
        return {index: _state(index, records.get(index), crops.get(index)) for index in sorted({*records, *crops})}

    def state(self, sliceIndex):
        """:return: SliceState of one slice; None if it has neither voxels nor a record."""
        record, crop = self._records.ofAxis(self._axis).get(sliceIndex), self.crop(sliceIndex)
        return None if record is None and crop is None else _state(sliceIndex, record, crop)

    @property
    def hasSegment(self):
        """Whether the segment is still in the segmentation."""
        return self._segment is not None

    @property
    def sliceCount(self):
        """Number of slices that the volume has along the axis."""
        return self._geometry.shape[self._axis]

    @property
    def spacing(self):
        """Distances of the volume's voxel centers along its array axes (K, J, I), in millimeters."""
        return [float(length) for length in reversed(np.linalg.norm(self._geometry.IJKToWorld[:3, :3], axis=0))]

    def note(self, sliceIndex, provenance, confidence=None, parts=None, basis=""):
        """Record how what is on a slice now was made.

        :param sliceIndex: index of the slice.
        :param provenance: "box", "propagated" or "interpolated".
        :param confidence: 0 to 1, or None.
        :param parts: the signs that it is made of.
        :param basis: what the mask was computed from.
        """
        crop = self.crop(sliceIndex)
        record = SliceRecord(provenance, _digest(crop), confidence, parts or {}, basis)
        self._records.note(self._axis, {sliceIndex: record})

    def accept(self, sliceIndex, isAccepted=True):
        """Lock a slice as it is now, or unlock it.

        :param sliceIndex: index of a slice with voxels or a record.
        :param isAccepted: whether it is good.
        """
        state = self.state(sliceIndex)
        digest = _digest(self.crop(sliceIndex))
        record = SliceRecord(state.provenance, digest, state.confidence, state.parts, state.basis, isAccepted)
        if state.provenance == EDITED and not isAccepted:
            # Without a record, what is there is hand work still.
            record = None
        self._records.note(self._axis, {sliceIndex: record})

    def restore(self, state):
        """Record a slice as it was made, although others have changed its voxels since.

        :param state: SliceState of the slice from before that change; not of hand work.
        """
        digest = _digest(self.crop(state.index))
        record = SliceRecord(state.provenance, digest, state.confidence, state.parts, state.basis, state.isAccepted)
        if self._records.ofAxis(self._axis).get(state.index) != record:
            self._records.note(self._axis, {state.index: record})

    def record(self, sliceIndex):
        """:return: the SliceRecord of a slice; None if there is none, or not of what is there now."""
        record = self._records.ofAxis(self._axis).get(sliceIndex)
        return record if record is not None and record.digest == _digest(self.crop(sliceIndex)) else None

    def bringBack(self, sliceIndex, record):
        """Record again what was known of a slice before, if it is what it was then; forget the slice otherwise.

        :param sliceIndex: index of the slice.
        :param record: SliceRecord, or None.
        """
        isSame = record is not None and record.digest == _digest(self.crop(sliceIndex))
        self._records.note(self._axis, {sliceIndex: record if isSame else None})

    def forget(self, sliceIndex):
        """Drop what is known of a slice."""
        self._records.note(self._axis, {sliceIndex: None})

    def tightBox(self, sliceIndex):
        """:return: (x0, y0, x1, y1) round the segment's voxels on a slice, None where it has none."""
        crop = self.crop(sliceIndex)
        if crop is None:
            return None
        first, last = crop.extent[::2], crop.extent[1::2]
        _depth, x0, y0 = fromIJK(self._axis, first)
        _depth, x1, y1 = fromIJK(self._axis, last)
        return float(x0), float(y0), float(x1), float(y1)

    def crop(self, sliceIndex):
        """:return: trimmed LabelmapCrop of the segment on a slice, in voxels of the volume; None where it has none."""
        plane = self._grid.slicePlane(self._axis, sliceIndex)
        crop = self._grid.cropFromGrid(self._voxelsWithin(plane)).trimmed()
        return None if crop.isEmpty else crop

    # Undo puts other objects in the place of segment and labelmap: they are looked up each time.
    @property
    def _segment(self):
        return self._segmentationNode.GetSegmentation().GetSegment(self._segmentID)

    @property
    def _labelmap(self):
        return self._segmentationNode.GetBinaryLabelmapInternalRepresentation(self._segmentID)

    @property
    def _records(self):
        return SliceRecords(self._segment)

    def _crops(self):
        """:return: {slice index: trimmed LabelmapCrop in voxels of the volume} of the slices with voxels."""
        found = cropOfLabel(self._labelmap, self._segment.GetLabelValue())
        if found.isEmpty:
            return {}
        block = self._grid.cropFromGrid(found)
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


def _digest(crop):
    return "" if crop is None else sliceDigest(crop.voxels, crop.start)


def _state(index, record, crop):
    if record is None or record.digest != _digest(crop):
        return SliceState(index, EDITED, None, {}, "", False, crop is None)
    return SliceState(
        index, record.provenance, record.confidence, record.parts, record.basis, record.isAccepted, crop is None
    )
