"""The records of a segment's slices, kept in the segment itself: saved, copied and undone together with its voxels."""

import json
import zlib

import numpy as np
import vtk

from MedSAMSegLib.slices.sliceRecord import SliceRecord

#: The segment's tag that holds them.
TAG = "MedSAMSeg.Slices"


class SliceRecords:
    """Reads and writes the records of one segment, by axis and slice. ::

        >>> import slicer
        >>> segment = slicer.vtkSegment()
        >>> SliceRecords(segment).note(0, {24: SliceRecord("box", digest="1f")})
        >>> copy = slicer.vtkSegment()
        >>> copy.DeepCopy(segment)
        >>> SliceRecords(copy).ofAxis(0)[24].provenance
        'box'

    :param segment: vtkSegment.
    """

    def __init__(self, segment):
        self._segment = segment

    def ofAxis(self, axis):
        """:return: {slice index: SliceRecord} along an array axis."""
        return {int(index): SliceRecord.fromJson(values) for index, values in self._read().get(str(axis), {}).items()}

    def note(self, axis, records):
        """Add records of slices along an axis, in place of earlier ones.

        :param axis: array axis.
        :param records: {slice index: SliceRecord, or None to forget the slice}.
        """
        everything = self._read()
        slices = everything.setdefault(str(axis), {})
        for index, record in records.items():
            if record is None:
                slices.pop(str(index), None)
            else:
                slices[str(index)] = record.toJson()
        self._segment.SetTag(TAG, json.dumps(everything))

    def _read(self):
        text = vtk.reference("")
        return json.loads(str(text)) if self._segment.GetTag(TAG, text) and str(text) else {}


def sliceDigest(voxels, start):
    """Return a text that differs when voxels of a slice differ.

    :param voxels: bool array of the set voxels, trimmed to them.
    :param start: where the array begins within the slice.
    """
    header = json.dumps([voxels.shape, [int(index) for index in start]]).encode()
    return f"{zlib.crc32(np.packbits(voxels).tobytes(), zlib.crc32(header)):08x}"
