"""Starts propagations from the boxes of one or more segments, one at a time in each segmentation."""

from __future__ import annotations

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
        if planes > 1:
            settings["planes"] = planes
        phases = Phases.of(volume)
        if phases.volumeIDs:
            settings.update(also=list(phases.volumeIDs), fuse=phases.fuse)
        self.checkNoneRuns(segmentation)
        if not segments:
            raise UserError("There is no segment to propagate.", "Draw a box round an object first.", "no_box")
        writer = self._writers.of(segmentation, volume)
        for segment in segments:
            writer.check(segment)
        prompts = {segment: self._prompts(volume, segmentation, segment) for segment in segments}
        axis = _commonAxis(prompts.values())
        statesOfSegments = {segment: SliceStates(segmentation, segment, volume, axis) for segment in segments}
        isLimited = first is not None or last is not None
        ends = {
            segment: (first, last) if isLimited else self._extent(volume, segmentation, segment) for segment in segments
        }
        plans = {
            # Of several boxes on one slice the last is what the user wants now.
            segment: planPropagation(
                {prompt.sliceIndex: prompt.box for prompt in prompts[segment]},
                statesOfSegments[segment],
                axis,
                ends[segment][0],
                ends[segment][1],
                direction,
                fromSlice,
                reach=self._reach(volume, segmentation, segment),
                # What several objects share out, or other planes show, is known only when all of it is computed.
                isWhole=len(segments) > 1 or planes > 1,
                excluded={prompt.sliceIndex: prompt.exclude for prompt in prompts[segment] if prompt.exclude},
                excludedCrops=excludedCrops(SegmentContext(volume, segmentation, segment), prompts[segment], axis),
                **settings,
            )
            for segment in segments
        }
        mayOverlap = EditorSettings.ofScene().allowsOverlap
        targets = {
            segment: PropagatedSlices(
                writer,
                statesOfSegments[segment],
                NeighborRecords(segmentation, segment, volume, axis),
                segment,
                plan,
                self._memory,
                thresholdOf(segmentation.GetSegmentation().GetSegment(segment)),
                volume,
                followedTogether=[]
                if mayOverlap
                else [states for other, states in statesOfSegments.items() if other != segment],
            )
            for segment, plan in plans.items()
        }
        spacing = next(iter(statesOfSegments.values())).spacing
        request = {**_request(plans, mayOverlap), "spacing": spacing, "withProbabilities": True, "withRanges": True}
        if isStack(volume):
            upload = self._uploads.planesUpload(volume, 0, SliceGeometry(volume).shape[axis] - 1, phases)
        else:
            upload = self._uploads.jointUpload(volume, phases)
        run = PropagationRun(self._connect, upload, request, targets, progress)
        self._runs[segmentation.GetID()] = run
        return run

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
