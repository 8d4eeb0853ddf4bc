"""Gives all slices of a propagation another threshold, from the probabilities that are remembered of it."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.propagation.likelyVoxels import LikelyVoxels
from MedSAMSegLib.runs.run import Run
from MedSAMSegLib.segments.segmentChecks import presentSegment
from MedSAMSegLib.slices.neighborRecords import NeighborRecords
from MedSAMSegLib.slices.segmentThreshold import noteThreshold, thresholdOf
from MedSAMSegLib.slices.sliceRecords import SliceRecords
from MedSAMSegLib.slices.sliceStates import SliceStates
from MedSAMSegLib.volumes.obliqueStack import recordsAxis
from MedSAMSegLib.volumes.sliceAxes import AXES, depthIJK
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

if TYPE_CHECKING:
    from MedSAMSegLib.client.probabilityMemory import ProbabilityMemory
    from MedSAMSegLib.propagation.propagations import Propagations
    from MedSAMSegLib.segments.segmentTarget import SegmentContext
    from MedSAMSegLib.segments.segmentWriters import SegmentWriters


@dataclasses.dataclass(frozen=True)
class PropagationThreshold:
    """What another threshold made of a propagation.

    :param threshold: of the probability above which a voxel is the object's.
    :param slices: indices of the slices that have it now.
    :param keptSlices: indices of the other slices of the segment: with boxes, edited by hand, accepted, or filled by
        motion alone.
    :param voxelCount: number of voxels on the former.
    :param changedSegment: whether the segment changed.
    :param notes: sentences on how it was written.
    """

    threshold: float
    slices: list
    keptSlices: list
    voxelCount: int
    changedSegment: bool
    notes: list


class PropagationThresholdRun(Run):
    """Writes all slices at once, without asking the server.

    :param change: function of this run that writes them and returns the result.
    """

    def __init__(self, change: Callable[..., Any]) -> None:
        #: The :class:`PropagationThreshold`; None before.
        self.result = None
        #: The undo step that it belongs to.
        self.step = None
        #: The threshold before that step.
        self.before = None
        #: The :class:`LikelyVoxels` that were looked at, for the next run of the same drag.
        self.likely = None
        self._change = change

    def advance(self, wait: bool = False) -> bool:
        """Write; return False, because that is all.

        :raises UserError: when the segment cannot be written, or the probabilities are not known any more.
        """
        change, self._change = self._change, None
        if change is not None:
            self.result = change(self)
        return False

    def close(self) -> None:
        """Write nothing any more."""
        self._change = None


class PropagationThresholds:
    """Knows which slices of a segment have a threshold, and changes it.

    :param writers: SegmentWriters.
    :param propagations: :class:`Propagations`.
    :param memory: :class:`ProbabilityMemory` of what the masks were cut from.
    """

    def __init__(self, writers: SegmentWriters, propagations: Propagations, memory: ProbabilityMemory) -> None:
        self._writers = writers
        self._propagations = propagations
        self._memory = memory

    def problem(self, context: SegmentContext) -> UserError | None:
        """Tell why the threshold of a segment's propagations cannot be changed.

        :param context: SegmentContext.
        :return: :class:`UserError`, or None where it can.
        """
        context = self._propagations.onItsPlanes(context)
        axis = self._axis(context)
        records = SliceRecords(_segmentOf(context)).ofAxis(recordsAxis(context.volume, axis)).values()
        followed = [record.probability for record in records if record.isFollowed]
        problem = self._problem([probability for probability in followed if probability])
        if problem is None or not followed:
            # This is asked often, and looking at the voxels takes its time.
            return problem
        volume, segmentation, segmentID = context
        try:
            sliceStates = SliceStates(segmentation, segmentID, volume, axis)
            return self._problem(
                [state.probability for state in self._followed(sliceStates, sliceStates.states()).values()]
            )
        except UserError as error:
            return error

    def start(
        self, context: SegmentContext, threshold: float, continues: PropagationThresholdRun | None, isLast: bool
    ) -> PropagationThresholdRun:
        """:return: PropagationThresholdRun; arguments as for `MedSAMSegLogic.startPropagationThreshold`.

        :param context: SegmentContext.
        """
        return PropagationThresholdRun(lambda run: self._change(run, context, threshold, continues, isLast))

    def _change(self, run, context, threshold, continues, isLast):
        self._propagations.checkNoneRuns(context.segmentation)
        context = self._propagations.onItsPlanes(context)
        writer = self._writers.of(context.segmentation, context.volume)
        writer.check(context.segmentID)
        joining = continues.step if continues else None
        before = thresholdOf(_segmentOf(context))
        with writer.undoStep(joining, isAlways=True, isLast=isLast):
            run.step = writer.lastStep
            run.before = continues.before if continues and run.step is joining else before
            run.likely = continues.likely if continues else None
            result = self._write(run, writer, context, threshold)
        if isLast and threshold == run.before and writer.forgetStep(run.step):
            # The slider is back where it was, and so is everything else.
            result = dataclasses.replace(result, changedSegment=False)
        return result

    def _write(self, run, writer, context, threshold):
        target = writer.target(context.segmentID, self._axis(context), SliceGeometry(context.volume))
        sliceStates = SliceStates.of(target)
        states = sliceStates.states()
        followed = self._followed(sliceStates, states)
        problem = self._problem([state.probability for state in followed.values()])
        if problem is not None:
            raise problem
        names = {index: state.probability for index, state in followed.items()}
        if run.likely is None or run.likely.names != names:
            masks = {index: self._memory.find(name) for index, name in names.items()}
            run.likely = LikelyVoxels(target.axis, masks)
        crop = run.likely.addedAt(writer, target, threshold)
        with self._neighborsKept(writer, target, crop):
            hasChanged = writer.replaceSlices(target, followed, crop)
        sliceStates.restoreAll(followed.values())
        noteThreshold(_segmentOf(context), threshold)
        kept = [index for index, state in states.items() if index not in followed and not state.isEmpty]
        notes = writer.notes(context.segmentID)
        return PropagationThreshold(threshold, list(followed), kept, int(crop.voxels.sum()), hasChanged, notes)

    def _axis(self, context):
        """:return: the array axis of the propagated slices; the first one of several."""
        records = SliceRecords(_segmentOf(context))
        ofAxes = {axis: records.ofAxis(recordsAxis(context.volume, axis)).values() for axis in AXES}
        found = [axis for axis in AXES if any(record.isFollowed for record in ofAxes[axis])]
        return found[0] if found else AXES[0]

    @staticmethod
    def _followed(sliceStates, states):
        """:return: {slice index: SliceState} of the slices that have a threshold."""

        def isCut(index):
            return states[index].isFollowed and bool(states[index].probability)

        # In coarser voxels, a slice that shares voxels with a kept one is kept as well.
        return {
            index: state
            for index, state in states.items()
            if isCut(index) and all(isCut(other) for other in sliceStates.sharing(index) if other in states)
        }

    def _problem(self, names):
        """:return: why a propagation with probabilities of these names can have no other threshold; None if it can."""
        if not names:
            return UserError(
                "No propagated slice of the segment has a threshold.",
                "Propagate first; of a box alone, choose it in the list of boxes.",
                "no_propagation",
            )
        lost = [name for name in names if not self._memory.has(name)]
        if lost:
            slices = "1 propagated slice" if len(lost) == 1 else f"{len(lost)} propagated slices"
            return UserError(
                f"The probabilities behind {slices} are not in memory: they are not saved with the scene.",
                "Propagate again, which keeps the threshold.",
                "probabilities_forgotten",
            )
        return None

    @contextlib.contextmanager
    def _neighborsKept(self, writer, target, crop):
        """Let other segments lose voxels inside the `with` block without becoming manual edits."""
        lost = writer.presentElsewhere(target, crop)
        volume, segmentation, segmentID = target.context
        neighbors = NeighborRecords(segmentation, segmentID, volume, target.axis)
        depth = depthIJK(target.axis)
        with contextlib.ExitStack() as stack:
            for number, voxels in enumerate(np.moveaxis(lost.voxels, target.axis, 0)):
                if voxels.any():
                    stack.enter_context(neighbors.kept(lost.start[depth] + number))
            yield


def _segmentOf(context):
    # Undo puts another object in the place of a segment: it is looked up each time.
    return presentSegment(context.segmentation, context.segmentID)
