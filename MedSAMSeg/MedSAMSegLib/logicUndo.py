"""The part of the scripting API that takes changes back and does them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from MedSAMSegLib.errors import UserError

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.boxes.boxHistory import BoxHistory
    from MedSAMSegLib.segments.segmentWriters import SegmentWriters
    from MedSAMSegLib.sequences.timePropagations import TimePropagations


class UndoRedo:
    """The part of :class:`MedSAMSegLogic` that undoes and redoes what the other parts have done.

    :param writers: SegmentWriters.
    :param boxHistory: BoxHistory, which boxes the steps are about.
    :param throughTime: TimePropagations, whose steps change many frames.
    """

    def __init__(self, writers: SegmentWriters, boxHistory: BoxHistory, throughTime: TimePropagations) -> None:
        self._writers = writers
        self._boxHistory = boxHistory
        self._throughTime = throughTime

    def undo(self, segmentation: slicer.vtkMRMLSegmentationNode, volume: slicer.vtkMRMLScalarVolumeNode) -> bool:
        """Take the last change back, and with it the box that made it; return False when there is none.

        A box that was moved or deleted is again where it was. What was followed through time is removed from all
        frames.

        :param segmentation: the segmentation node.
        :param volume: the volume that was segmented.
        :raises UserError: when frames of a sequence were changed since, and stay as they are.
        """
        writer = self._writers.of(segmentation, volume)
        if self._throughTime.steps.isNextToUndo(segmentation, writer):
            _tellKept(self._throughTime.steps.undo(segmentation))
            return True
        step = writer.lastStep
        if not writer.undo():
            return False
        self._boxHistory.undo(step)
        return True

    def redo(self, segmentation: slicer.vtkMRMLSegmentationNode, volume: slicer.vtkMRMLScalarVolumeNode) -> bool:
        """Bring the last undone change and its box again; return False when there is none.

        :param segmentation: the segmentation node.
        :param volume: the volume that was segmented.
        """
        writer = self._writers.of(segmentation, volume)
        if self._throughTime.steps.isNextToRedo(segmentation, writer):
            _tellKept(self._throughTime.steps.redo(segmentation))
            return True
        if not writer.redo():
            return False
        self._boxHistory.redo(writer.lastStep)
        return True

    def canUndo(
        self, segmentation: slicer.vtkMRMLSegmentationNode | None, volume: slicer.vtkMRMLScalarVolumeNode | None
    ) -> bool:
        """Return whether :meth:`undo` has something to undo; never while a propagation is writing.

        :param segmentation: the segmentation node, or None.
        :param volume: the volume that was segmented, or None.
        """
        writer = self._writers.known(segmentation, volume)
        if writer is None or self._throughTime.isRunning(segmentation):
            return False
        return writer.canUndo or self._throughTime.steps.isNextToUndo(segmentation, writer)

    def canRedo(self, segmentation: slicer.vtkMRMLSegmentationNode, volume: slicer.vtkMRMLScalarVolumeNode) -> bool:
        """Return whether :meth:`redo` has something to redo; never while a propagation is writing.

        :param segmentation: the segmentation node, or None.
        :param volume: the volume that was segmented, or None.
        """
        writer = self._writers.known(segmentation, volume)
        if writer is None or self._throughTime.isRunning(segmentation):
            return False
        return writer.canRedo or self._throughTime.steps.isNextToRedo(segmentation, writer)


def _tellKept(frames):
    """:raises UserError: if frames were left as they are, after the others were put back."""
    if frames:
        numbers = ", ".join(str(number + 1) for number in frames)
        raise UserError(
            f"What was changed since on the frames {numbers} is kept; the other frames were put back.",
            "",
            "frames_kept",
        )
