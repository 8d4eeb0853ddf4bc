"""Segments that are added to a segmentation and removed from it, in steps that can be undone."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from MedSAMSegLib.segments.undoableWriter import UndoableWriter


class SegmentListWriter(UndoableWriter):
    """What :class:`SegmentWriter` does with whole segments."""

    @contextlib.contextmanager
    def newSegment(self, name: str) -> Iterator[str]:
        """Add an empty segment, inside an `undoStep`; if the `with` block raises, it is taken away again.

        :param name: name of the segment.
        :return: context manager that gives its ID.
        """
        segmentation = self._segmentationNode.GetSegmentation()
        self._saveState()
        segmentID = segmentation.AddEmptySegment("", name)
        self._noteOwnChange()
        try:
            yield segmentID
        except BaseException:
            segmentation.RemoveSegment(segmentID)
            self._noteOwnChange()
            raise

    def removeSegment(self, segmentID: str) -> None:
        """Take a segment out of the segmentation, inside an `undoStep`; undo brings it back to its place in the list.

        :param segmentID: ID of the segment.
        """
        self._saveState()
        self._segmentationNode.GetSegmentation().RemoveSegment(segmentID)
        self._noteOwnChange()
