"""The records of a segment's slices, kept in the segment itself: saved, copied and undone together with its voxels."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING

import numpy as np
import vtk

from MedSAMSegLib.slices.sliceRecord import SliceRecord

if TYPE_CHECKING:
    import slicer

#: Each block of slices has a tag of the segment: this name, followed by the axis and the block's number.
TAG = "MedSAMSeg.Slices"

#: The tag that tells which blocks there are, as {axis: [first, last]}: the tags of a segment cannot be listed.
BLOCKS_TAG = "MedSAMSeg.SliceBlocks"

#: A change of one slice reads and writes the records of so many.
BLOCK_SLICES = 16


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

    def __init__(self, segment: slicer.vtkSegment) -> None:
        self._segment = segment

    @property
    def axes(self) -> list[str]:
        """What there are records of: array axes as texts, and those of stacks (`obliqueStack.recordsAxis`)."""
        return list(self._read(BLOCKS_TAG))

    def ofAxis(self, axis: int | str) -> dict[int, SliceRecord]:
        """:return: {slice index: SliceRecord} along an array axis; of a stack, see `obliqueStack.recordsAxis`."""
        first, last = self._read(BLOCKS_TAG).get(str(axis), (0, -1))
        blocks = [self._read(_tagOf(axis, block)) for block in range(first, last + 1)]
        return {int(index): SliceRecord.fromJson(values) for block in blocks for index, values in block.items()}

    def of(self, axis: int | str, sliceIndex: int) -> SliceRecord | None:
        """:return: the SliceRecord of one slice along an array axis; None without one."""
        values = self._read(_tagOf(axis, sliceIndex // BLOCK_SLICES)).get(str(sliceIndex))
        return None if values is None else SliceRecord.fromJson(values)

    def note(self, axis: int | str, records: dict[int, SliceRecord] | dict[int, None]) -> None:
        """Add records of slices along an axis, in place of earlier ones.

        :param axis: array axis.
        :param records: {slice index: SliceRecord, or None to forget the slice}.
        """
        for block in sorted({index // BLOCK_SLICES for index in records}):
            self._noteBlock(axis, block, {index: records[index] for index in records if index // BLOCK_SLICES == block})

    def _noteBlock(self, axis, block, records):
        slices = self._read(_tagOf(axis, block))
        for index, record in records.items():
            if record is None:
                slices.pop(str(index), None)
            else:
                slices[str(index)] = record.toJson()
        self._segment.SetTag(_tagOf(axis, block), json.dumps(slices))
        self._widen(axis, block)

    def _widen(self, axis, block):
        blocks = self._read(BLOCKS_TAG)
        first, last = blocks.get(str(axis), (block, block))
        widened = [min(first, block), max(last, block)]
        if blocks.get(str(axis)) != widened:
            self._segment.SetTag(BLOCKS_TAG, json.dumps({**blocks, str(axis): widened}))

    def _read(self, tag):
        text = vtk.reference("")
        return json.loads(str(text)) if self._segment.GetTag(tag, text) and str(text) else {}


def _tagOf(axis, block):
    return f"{TAG}.{axis}.{block}"


def sliceDigest(voxels: np.ndarray, start: tuple[int, int, int]) -> str:
    """Return a text that differs when voxels of a slice differ.

    :param voxels: bool array of the set voxels, trimmed to them.
    :param start: where the array begins within the slice.
    """
    header = json.dumps([voxels.shape, [int(index) for index in start]]).encode()
    return f"{zlib.crc32(np.packbits(voxels).tobytes(), zlib.crc32(header)):08x}"
