"""Starts propagations through time, from the frame that is shown and from all others that somebody worked on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from MedSAMSegLib.boxes.boxFrame import noteFrame
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.segments.segmentTarget import SegmentContext
from MedSAMSegLib.sequences.segmentationSequence import SegmentationSequence
from MedSAMSegLib.sequences.timeFilms import FilmMaker
from MedSAMSegLib.sequences.timeRun import TimeRun
from MedSAMSegLib.sequences.timeSteps import TimeStep, TimeSteps
from MedSAMSegLib.slices.sliceStates import SliceStates
from MedSAMSegLib.volumes.imageSequence import ImageSequence
from MedSAMSegLib.volumes.obliqueStack import isStack

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.boxes.boxStore import BoxPromptStore
    from MedSAMSegLib.segments.segmentWriters import SegmentWriters


class TimePropagations:
    """Knows which propagations through time are under way, and what they did.

    :param connect: function without arguments that returns the client; runs on a worker, may start the server.
    :param writers: SegmentWriters.
    :param store: BoxPromptStore.
    """

    def __init__(self, connect: Callable[..., Any], writers: SegmentWriters, store: BoxPromptStore) -> None:
        self._connect = connect
        self._writers = writers
        self._store = store
        self._runs = {}
        #: :class:`TimeSteps`.
        self.steps = TimeSteps()

    def start(
        self,
        volume: slicer.vtkMRMLScalarVolumeNode,
        segmentation: slicer.vtkMRMLSegmentationNode,
        segment: str,
        axis: int,
        progress: Callable[..., None],
        **settings: Any,
    ) -> TimeRun:
        """:return: TimeRun; arguments as for `MedSAMSegLogic.startPropagationThroughTime`."""
        images = ImageSequence.of(volume)
        if images is None or images.frameCount < 2:
            raise UserError(
                f"'{volume.GetName()}' is no sequence: there is no other time to go to.",
                "Load the frames as a sequence, or propagate through the slices.",
                "no_sequence",
            )
        self._checkNoneRuns(segmentation)
        frames = SegmentationSequence.of(images, segmentation)
        images.check()
        self._checkOnSlices(volume, segmentation, segment)
        found = self._slicesWithObject(volume, segmentation, segment, axis)
        maker = FilmMaker(images, SegmentContext(volume, segmentation, segment), axis, self._store)
        if frames is None:
            maker.checkExcluded()
            frames = SegmentationSequence.make(images, segmentation, segment)
            for node in self._store.nodes(segmentation, segment, volume):
                noteFrame(node, volume, segmentation)
        step = TimeStep(frames)
        frames.takeCopiesOut(segment, axis, step.remember)
        films = {index: maker.film(frames, index) for index in found}
        run = TimeRun(
            self._connect,
            films,
            frames,
            segment,
            axis,
            step,
            settings,
            lambda step: self.steps.add(segmentation, step, self._writers.of(segmentation, volume).lastStep),
            progress,
        )
        self._runs[segmentation.GetID()] = run
        return run

    def _checkOnSlices(self, volume, segmentation, segment):
        nodes = self._store.nodes(segmentation, segment, volume, withStacks=True)
        if any(isStack(self._store.volume(node)) for node in nodes):
            name = segmentation.GetSegmentation().GetSegment(segment).GetName()
            raise UserError(
                f"The segment '{name}' has boxes on rotated planes; through time, objects are followed on the volume's "
                "own slices.",
                "Delete these boxes; draw one in a view that is not rotated, or with 'Nearest slice in rotated views'.",
                "planes_through_time",
            )

    @staticmethod
    def _slicesWithObject(volume, segmentation, segment, axis):
        states = SliceStates(segmentation, segment, volume, axis).states()
        found = [index for index, state in states.items() if not state.isEmpty]
        if not found:
            name = segmentation.GetSegmentation().GetSegment(segment).GetName()
            raise UserError(
                f"The segment '{name}' holds nothing on the frame that is shown.",
                "Draw a box round the object on this frame first.",
                "nothing_to_follow",
            )
        return found

    def isRunning(self, segmentation: slicer.vtkMRMLSegmentationNode) -> bool:
        """:return: whether an object is being followed through time in a segmentation."""
        self._runs = {nodeID: run for nodeID, run in self._runs.items() if not run.isOver}
        return segmentation.GetID() in self._runs

    def _checkNoneRuns(self, segmentation):
        if self.isRunning(segmentation):
            raise UserError(
                f"An object is still being followed through time in '{segmentation.GetName()}'.",
                "Wait until it is done, or cancel it.",
                "propagation_running",
            )
