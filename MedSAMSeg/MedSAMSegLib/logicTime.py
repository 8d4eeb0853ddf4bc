"""What the scripting API can do with sequences: follow an object through time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from MedSAMSegLib.volumes.imageSequence import ImageSequence

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.sequences.timePropagations import TimePropagations
    from MedSAMSegLib.sequences.timeRun import TimeResult, TimeRun


class TimeFollowing:
    """The part of :class:`MedSAMSegLogic` about sequences. ::

        logic.segmentBox(volume, segmentation, segment, axis=0, slice=0, box=(40, 50, 90, 120))
        result = logic.propagateThroughTime(volume, segmentation, segment, progress=print)
        print(len(result.frames), "frames,", len(result.lostFrames), "without the object")

    :param times: :class:`TimePropagations`.
    """

    def __init__(self, times: TimePropagations) -> None:
        self._times = times

    def isSequence(self, volume: slicer.vtkMRMLScalarVolumeNode | None) -> bool:
        """Return whether a volume shows the frames of a sequence.

        :param volume: a volume node, or None.
        """
        images = ImageSequence.of(volume)
        return images is not None and images.frameCount > 1

    def propagateThroughTime(
        self,
        volume: slicer.vtkMRMLScalarVolumeNode,
        segmentation: slicer.vtkMRMLSegmentationNode,
        segment: str,
        axis: int = 0,
        progress: Callable[..., None] | None = None,
        **settings: Any,
    ) -> TimeResult:
        """Follow the object from the frame that is shown through the other frames; wait until it is done.

        Each frame gets a segmentation of its own, which plays with the images. The whole is one undo step; an interrupt
        (Ctrl+C) keeps the frames so far.

        :param volume: the volume node that shows the frames of a sequence.
        :param segmentation: the segmentation node.
        :param segment: ID of a segment that holds the object on the frame that is shown.
        :param axis: array axis of the slices on which the object is followed: each slice on which the segment holds
            something, by itself.
        :param progress: called after each frame with a :class:`TimeProgress`, which prints as a sentence; when it
            returns False, it is cancelled.
        :param settings: direction, window and model, as for :meth:`startPropagationThroughTime`.
        :return: :class:`TimeResult`.
        :raises UserError: when the server fails; frames that were done before are kept.
        """
        return self.startPropagationThroughTime(volume, segmentation, segment, axis, progress, **settings).finish()

    def startPropagationThroughTime(
        self,
        volume: slicer.vtkMRMLScalarVolumeNode,
        segmentation: slicer.vtkMRMLSegmentationNode,
        segment: str,
        axis: int = 0,
        progress: Callable[..., None] | None = None,
        direction: str = "both",
        window: str = "auto",
        model: str | None = None,
    ) -> TimeRun:
        """Start what :meth:`propagateThroughTime` does and return at once, with a run to be advanced to its end.

        It starts from all frames that somebody worked on: with a box, by hand or by accepting; these stay as they are.
        The others may be lost and found again: an object hides, leaves and comes back. What boxes exclude is left out
        on every frame, and the volume's phases are asked as well where they are sequences of as many frames.

        :param volume: the volume node that shows the frames of a sequence.
        :param segmentation: the segmentation node.
        :param segment: ID of a segment that holds the object on the frame that is shown.
        :param axis: array axis of the slices on which the object is followed.
        :param progress: as for :meth:`propagateThroughTime`.
        :param direction: "both", "forward" (later) or "backward" (earlier).
        :param window: intensity window, as for :meth:`segmentBox`.
        :param model: name of the model; None for the server's default.
        :return: :class:`TimeRun`.
        :raises UserError: when the volume is no sequence, its frames differ in geometry, there is nothing to follow, a
            phase has other frames, or a segment that a box excludes was not followed yet.
        """
        settings = {"direction": direction, "window": window, "model": model}
        return self._times.start(volume, segmentation, segment, axis, progress, **settings)
