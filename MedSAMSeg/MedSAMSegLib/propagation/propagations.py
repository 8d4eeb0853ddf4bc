"""Starts propagations from the boxes of one or more segments, one at a time in each segmentation."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from MedSAMSegLib.boxes.boxAlignment import checkNotMovedApart
from MedSAMSegLib.boxes.boxVolumes import volumeOfBoxes
from MedSAMSegLib.boxes.excludedSegment import excludedCrops
from MedSAMSegLib.boxes.storedBox import storedPrompt, storedRequest
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.propagation.propagatedSlices import PropagatedSlices
from MedSAMSegLib.propagation.propagationPlan import planPropagation
from MedSAMSegLib.propagation.propagationRun import PropagationRun
from MedSAMSegLib.segments.editorSettings import EditorSettings
from MedSAMSegLib.segments.segmentTarget import SegmentContext
from MedSAMSegLib.slices.neighborRecords import NeighborRecords
from MedSAMSegLib.slices.segmentThreshold import thresholdOf
from MedSAMSegLib.slices.sliceStates import SliceStates
from MedSAMSegLib.volumes.obliqueStack import isStack
from MedSAMSegLib.volumes.phases import Phases
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.boxes.boxStore import BoxPromptStore
    from MedSAMSegLib.client.probabilityMemory import ProbabilityMemory
    from MedSAMSegLib.client.volumeUpload import VolumeUploads
    from MedSAMSegLib.segments.segmentWriters import SegmentWriters
    from MedSAMSegLib.volumes.slicePrompt import SlicePrompt


@dataclasses.dataclass(frozen=True)
class _Followed:
    """The segments that are followed together.

    :param volume: the volume through whose slices, or the stack through whose planes.
    :param segmentation: the segmentation.
    :param axis: array axis of these slices.
    :param prompts: {ID of a segment: the SlicePrompts of its boxes}.
    :param states: {ID of a segment: its SliceStates along the axis}.
    """

    volume: slicer.vtkMRMLScalarVolumeNode
    segmentation: slicer.vtkMRMLSegmentationNode
    axis: int
    prompts: dict[str, list[SlicePrompt]]
    states: dict[str, SliceStates]

    def others(self, segment):
        """:return: the SliceStates of all segments but one."""
        return [states for other, states in self.states.items() if other != segment]


class Propagations:
    """Knows which propagations are under way.

    :param connect: function without arguments that returns the client; runs on a worker, may start the server.
    :param uploads: VolumeUploads.
    :param writers: SegmentWriters.
    :param store: BoxPromptStore.
    :param memory: :class:`ProbabilityMemory` of what the masks are cut from.
    """

    def __init__(
        self,
        connect: Callable[..., Any],
        uploads: VolumeUploads,
        writers: SegmentWriters,
        store: BoxPromptStore,
        memory: ProbabilityMemory,
    ) -> None:
        self._connect = connect
        self._uploads = uploads
        self._writers = writers
        self._store = store
        self._memory = memory
        self._runs = {}

    def start(
        self,
        volume: slicer.vtkMRMLScalarVolumeNode,
        segmentation: slicer.vtkMRMLSegmentationNode,
        segments: list[str],
        progress: Callable[..., None],
        first: int | None,
        last: int | None,
        direction: str,
        fromSlice: int | None,
        planes: int = 1,
        **settings: Any,
    ) -> PropagationRun | None:
        """:return: PropagationRun.

        :param segments: IDs of the segments; several are followed together.

        The other arguments are as for `MedSAMSegLogic.startPropagation`.
        """
        volume = self._volumeOfBoxes(volume, segmentation, segments)
        phases = Phases.of(volume)
        self.checkNoneRuns(segmentation)
        followed = self._followed(volume, segmentation, segments)
        if planes > 1:
            settings["planes"] = planes
        if phases.volumeIDs:
            settings.update(also=list(phases.volumeIDs), fuse=phases.fuse)
        # What several objects share out, or other planes show, is known only when all of it is computed.
        settings.update(direction=direction, fromSlice=fromSlice, isWhole=len(segments) > 1 or planes > 1)
        limits = None if first is None and last is None else (first, last)
        plans = {segment: self._plan(followed, segment, limits, settings) for segment in segments}
        mayOverlap = EditorSettings.ofScene().allowsOverlap
        targets = {
            segment: self._target(followed, segment, plan, [] if mayOverlap else followed.others(segment))
            for segment, plan in plans.items()
        }
        spacing = followed.states[segments[0]].spacing
        request = {**_request(plans, mayOverlap), "spacing": spacing, "withProbabilities": True, "withRanges": True}
        run = PropagationRun(self._connect, self._upload(followed, phases), request, targets, progress)
        self._runs[segmentation.GetID()] = run
        return run

    def _followed(self, volume, segmentation, segments):
        """:return: _Followed; raises UserError for segments that cannot be followed together."""
        if not segments:
            raise UserError("There is no segment to propagate.", "Draw a box round an object first.", "no_box")
        writer = self._writers.of(segmentation, volume)
        for segment in segments:
            writer.check(segment)
        prompts = {segment: self._prompts(volume, segmentation, segment) for segment in segments}
        axis = _commonAxis(prompts.values())
        states = {segment: SliceStates(segmentation, segment, volume, axis) for segment in segments}
        return _Followed(volume, segmentation, axis, prompts, states)

    def _plan(self, followed, segment, limits, settings):
        volume, segmentation, prompts = followed.volume, followed.segmentation, followed.prompts[segment]
        first, last = limits or self._extent(volume, segmentation, segment)
        return planPropagation(
            # Of several boxes on one slice the last is what the user wants now.
            {prompt.sliceIndex: prompt.box for prompt in prompts},
            followed.states[segment],
            followed.axis,
            first,
            last,
            reach=self._reach(volume, segmentation, segment),
            excluded={prompt.sliceIndex: prompt.exclude for prompt in prompts if prompt.exclude},
            excludedCrops=excludedCrops(SegmentContext(volume, segmentation, segment), prompts, followed.axis),
            **settings,
        )

    def _target(self, followed, segment, plan, followedTogether):
        volume, segmentation = followed.volume, followed.segmentation
        return PropagatedSlices(
            self._writers.of(segmentation, volume),
            followed.states[segment],
            NeighborRecords(segmentation, segment, volume, followed.axis),
            segment,
            plan,
            self._memory,
            thresholdOf(segmentation.GetSegmentation().GetSegment(segment)),
            volume,
            followedTogether=followedTogether,
        )

    def _upload(self, followed, phases):
        volume = followed.volume
        if isStack(volume):
            return self._uploads.planesUpload(volume, 0, SliceGeometry(volume).shape[followed.axis] - 1, phases)
        return self._uploads.jointUpload(volume, phases)

    def boxedSegments(
        self,
        volume: slicer.vtkMRMLScalarVolumeNode,
        segmentation: slicer.vtkMRMLSegmentationNode,
        axis: int | None = None,
    ) -> list[str]:
        """:return: IDs of the segments that can be followed; arguments as for `MedSAMSegLogic.boxedSegments`."""
        writer = self._writers.of(segmentation, volume)
        return [
            segment
            for segment in segmentation.GetSegmentation().GetSegmentIDs()
            if _isWritable(writer, segment) and self._isBoxed(volume, segmentation, segment, axis)
        ]

    def _isBoxed(self, volume, segmentation, segment, axis):
        axes = {storedPrompt(node).axis for node in self._store.nodes(segmentation, segment, volume)}
        return len(axes) == 1 and axis in (None, *axes)

    def _volumeOfBoxes(self, volume, segmentation, segments):
        """:return: the volume whose slices all boxes of the segments are on, or the stack whose planes."""
        nodes = [node for each in segments for node in self._store.nodes(segmentation, each, volume, withStacks=True)]
        volumes = {self._store.volume(node) for node in nodes}
        if isStack(volume) or not volumes:
            return volume
        if len(volumes) > 1:
            raise UserError(
                f"The boxes on '{volume.GetName()}' lie on planes that are turned against each other.",
                "Propagation follows one direction: remove the boxes of the other ones.",
                "mixed_axes",
            )
        return volumes.pop()

    def _prompts(self, volume, segmentation, segment):
        boxes = self._store.list(segmentation, segment, volume)
        if not boxes:
            name = segmentation.GetSegmentation().GetSegment(segment).GetName()
            raise UserError(
                f"There is no box to propagate from in the segment '{name}' and this volume.",
                "Draw a box round the object on one slice first.",
                "no_box",
            )
        for node, _prompt in boxes:
            checkNotMovedApart(node, volume, segmentation)
        return [prompt for _node, prompt in boxes]

    def _reach(self, volume, segmentation, segment):
        """:return: how many slices from its outermost boxes the object can be: as far as from the box that says most.

        None where any box leaves that open.
        """
        nodes = self._store.nodes(segmentation, segment, volume)
        reaches = [storedRequest(node)["reach"] for node in nodes]
        return None if None in reaches else max(reaches)

    def _extent(self, volume, segmentation, segment):
        """:return: the first and the last slice that the object has, as its boxes say; None, None where any is open."""
        nodes = self._store.nodes(segmentation, segment, volume)
        extents = [storedRequest(node)["extent"] for node in nodes]
        if None in extents:
            return None, None
        indices = [self._store.read(node).sliceIndex for node in nodes]
        count = SliceGeometry(volume).shape[self._store.read(nodes[0]).axis]
        first = min(index - below for index, (below, _above) in zip(indices, extents, strict=True))
        last = max(index + above for index, (_below, above) in zip(indices, extents, strict=True))
        return max(first, 0), min(last, count - 1)

    def onItsPlanes(self, context: SegmentContext) -> SegmentContext:
        """:return: a SegmentContext on the volume, or the stack, that the boxes of its segment are on."""
        volume, segmentation, segmentID = context
        return context._replace(volume=volumeOfBoxes(self._store, segmentation, segmentID, volume))

    def checkNoneRuns(self, segmentation: slicer.vtkMRMLSegmentationNode) -> None:
        """:raises UserError: if a propagation is still writing into a segmentation."""
        self._runs = {nodeID: run for nodeID, run in self._runs.items() if not run.isOver}
        if segmentation.GetID() in self._runs:
            raise UserError(
                f"A propagation is still writing into '{segmentation.GetName()}'.",
                "Wait until it is done, or cancel it.",
                "propagation_running",
            )


def _isWritable(writer, segment):
    try:
        writer.check(segment)
    except UserError:
        return False
    return True


def _commonAxis(prompts):
    axes = sorted({prompt.axis for ofSegment in prompts for prompt in ofSegment})
    if len(axes) > 1:
        raise UserError(
            f"The boxes lie on slices of different directions (array axes {axes}).",
            "Propagation follows one direction: remove the boxes of the other ones.",
            "mixed_axes",
        )
    return axes[0]


def _request(plans, mayOverlap):
    """:return: arguments of :meth:`ServerClient.propagate`."""
    first = next(iter(plans.values()))
    if len(plans) == 1:
        return first.request
    return {
        **first.common,
        "objects": {segment: plan.own for segment, plan in plans.items()},
        "mayOverlap": mayOverlap,
    }
