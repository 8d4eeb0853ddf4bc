"""Undo and redo of propagations through time, which change many frames while one is shown."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import slicer
import vtk.util.numpy_support

from MedSAMSegLib.segments.segmentationGrid import BINARY_LABELMAP

if TYPE_CHECKING:
    from MedSAMSegLib.segments.segmentWriter import SegmentWriter
    from MedSAMSegLib.sequences.segmentationSequence import SegmentationSequence

# As in the Segment Editor.
MAXIMUM_NUMBER_OF_STEPS = 10


class TimeStep:
    """What the frames of a SegmentationSequence held before and after one propagation through time.

    :param frames: SegmentationSequence.
    """

    def __init__(self, frames: SegmentationSequence) -> None:
        #: The UndoStep of the segmentation in the scene after which this one was done; None for none.
        self.previous = None
        self._frames = frames
        self._before = {}
        self._after = {}

    @property
    def isEmpty(self) -> bool:
        """Whether no frame was remembered."""
        return not self._before

    def remember(self, number: int) -> None:
        """Keep what a frame holds before it is changed for the first time.

        :param number: number of the frame, from 0.
        """
        if number not in self._before:
            self._before[number] = _copy(self._frames.frame(number).GetSegmentation())

    def end(self) -> None:
        """Keep what the frames hold after the last change."""
        self._after = {number: _copy(self._frames.frame(number).GetSegmentation()) for number in self._before}

    def undo(self) -> list[int]:
        """Put frames back to what they held before, but for those that somebody changed since.

        :return: numbers of the frames that were left as they are.
        """
        return self._exchange(self._after, self._before)

    def redo(self) -> list[int]:
        """Put frames to what they held after the step, but for those that somebody changed since.

        :return: numbers of the frames that were left as they are.
        """
        return self._exchange(self._before, self._after)

    def _exchange(self, expected, wanted):
        kept = []
        for number, segmentation in wanted.items():
            present = self._frames.frame(number).GetSegmentation()
            if _digest(present) == _digest(expected[number]):
                present.DeepCopy(segmentation)
            else:
                kept.append(number)
        self._frames.showChanges()
        return kept


class TimeSteps:
    """The steps of all segmentations, each in its order, between the steps of the segmentation in the scene."""

    def __init__(self) -> None:
        self._undoable = {}
        self._redoable = {}

    def add(self, segmentationNode: slicer.vtkMRMLSegmentationNode, step: TimeStep, previous: Any) -> None:
        """Note a step that was done.

        :param segmentationNode: the segmentation.
        :param step: TimeStep.
        :param previous: the last UndoStep of the segmentation in the scene; None for none.
        """
        step.previous = previous
        steps = self._undoable.setdefault(segmentationNode.GetID(), [])
        steps.append(step)
        del steps[:-MAXIMUM_NUMBER_OF_STEPS]
        self._redoable.pop(segmentationNode.GetID(), None)

    def isNextToUndo(self, segmentationNode: slicer.vtkMRMLSegmentationNode, writer: SegmentWriter) -> bool:
        """:return: whether the last step was a propagation through time.

        :param segmentationNode: the segmentation.
        :param writer: its SegmentWriter.
        """
        step = _last(self._undoable, segmentationNode)
        return step is not None and (step.previous is writer.lastStep or not writer.canUndo)

    def isNextToRedo(self, segmentationNode: slicer.vtkMRMLSegmentationNode, writer: SegmentWriter) -> bool:
        """:return: whether the last undone step was a propagation through time; arguments as for `isNextToUndo`."""
        step = _last(self._redoable, segmentationNode)
        return step is not None and (step.previous is writer.lastStep or not writer.canRedo)

    def undo(self, segmentationNode: slicer.vtkMRMLSegmentationNode) -> list[int]:
        """Take the last step back.

        :return: numbers of the frames that were left as they are.
        """
        return _move(self._undoable, self._redoable, segmentationNode).undo()

    def redo(self, segmentationNode: slicer.vtkMRMLSegmentationNode) -> list[int]:
        """Redo the step that was undone last.

        :return: numbers of the frames that were left as they are.
        """
        return _move(self._redoable, self._undoable, segmentationNode).redo()


def _last(steps, segmentationNode):
    known = steps.get(segmentationNode.GetID())
    return known[-1] if known else None


def _move(source, target, segmentationNode):
    step = source[segmentationNode.GetID()].pop()
    target.setdefault(segmentationNode.GetID(), []).append(step)
    return step


def _copy(segmentation):
    copy = slicer.vtkSegmentation()
    copy.DeepCopy(segmentation)
    return copy


def _digest(segmentation):
    """:return: a value that differs when the voxels of any segment differ."""
    return {
        segmentID: _digestOfSegment(segmentation.GetSegment(segmentID)) for segmentID in segmentation.GetSegmentIDs()
    }


def _digestOfSegment(segment):
    labelmap = segment.GetRepresentation(BINARY_LABELMAP)
    scalars = labelmap.GetPointData().GetScalars() if labelmap is not None else None
    if scalars is None:
        return None
    voxels = vtk.util.numpy_support.vtk_to_numpy(scalars) == segment.GetLabelValue()
    # An empty segment is empty wherever its labelmap lies.
    return (labelmap.GetExtent(), zlib.crc32(voxels.tobytes())) if voxels.any() else None
