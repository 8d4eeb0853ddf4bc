"""Writes the slices of a propagation into a segment, and nothing that is not the propagation's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from MedSAMSegLib.client.sliceProbability import DEFAULT_THRESHOLD
from MedSAMSegLib.propagation.likelyVoxels import LikelyVoxels
from MedSAMSegLib.segments.labelmapCrop import LabelmapCrop
from MedSAMSegLib.slices.sliceRecord import BOX, INTERPOLATED, PROPAGATED
from MedSAMSegLib.slices.sliceStates import emptySlice
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.client.probabilityMemory import ProbabilityMemory
    from MedSAMSegLib.client.serverReplies import SliceMask
    from MedSAMSegLib.propagation.propagationPlan import PropagationPlan
    from MedSAMSegLib.segments.segmentWriter import SegmentWriter
    from MedSAMSegLib.slices.neighborRecords import NeighborRecords
    from MedSAMSegLib.slices.sliceStates import SliceStates


class PropagatedSlices:
    """The slices of one segment that one propagation may write.

    Manual edits and accepted slices are left alone, also those that become so while the propagation goes on. Masks are
    cut at the threshold of the segment's propagations, and what they are cut from is remembered.

    :param writer: :class:`SegmentWriter` of the segmentation.
    :param sliceStates: :class:`SliceStates` of the segment along the axis.
    :param neighbors: :class:`NeighborRecords` of the other segments.
    :param segmentID: ID of the segment.
    :param plan: :class:`PropagationPlan`.
    :param memory: :class:`ProbabilityMemory` that keeps each :class:`SliceProbability` by its name.
    :param threshold: of the segment's propagations.
    :param volumeNode: the volume whose slices they are, or the stack whose planes.
    :param followedTogether: the :class:`SliceStates` of each segment that is followed together with this one and must
        not overlap with it; what is locked there is not written.
    """

    def __init__(
        self,
        writer: SegmentWriter,
        sliceStates: SliceStates,
        neighbors: NeighborRecords,
        segmentID: str,
        plan: PropagationPlan,
        memory: ProbabilityMemory,
        threshold: float,
        volumeNode: slicer.vtkMRMLScalarVolumeNode,
        followedTogether: Sequence[SliceStates] = (),
    ) -> None:
        self._writer = writer
        self._sliceStates = sliceStates
        self._neighbors = neighbors
        self._segmentID = segmentID
        self._plan = plan
        self._memory = memory
        self._threshold = threshold
        self._volumeNode = volumeNode
        self._followedTogether = followedTogether

    def undoStep(self) -> Any:
        """:return: context manager that makes all writes inside one undo step."""
        return self._writer.undoStep()

    def notes(self) -> list[str]:
        """:return: list of sentences on what to know about how the slices were written."""
        return self._writer.notes(self._segmentID)

    def write(
        self, sliceIndex: int, mask: SliceMask, provenance: str, confidence: float | None, parts: dict[str, float]
    ) -> bool:
        """Put a mask in the place of an earlier propagation's, and record how it came about.

        :param sliceIndex: index of the slice.
        :param mask: :class:`SliceMask`, not empty.
        :param provenance: "box", "propagated" or "interpolated".
        :param confidence: 0 to 1, or None.
        :param parts: the signs that it is made of.
        :return: whether the segment changed.
        """
        self._writer.check(self._segmentID)
        state = self._sliceStates.state(sliceIndex)
        if state is not None and state.isLocked:
            return False
        given = self._plan.masks.get(sliceIndex)
        if given is not None:
            isCut = bool(self._followedTogether) and mask.voxelCount < given.voxels.sum()
            return isCut and self._cut(state, mask)
        sharing = self._statesSharing(sliceIndex)
        if any(other.isLocked or other.index in self._plan.masks for other in sharing):
            # Its voxels are those of a slice that is kept.
            return False
        # A mask from a box has the threshold of that box.
        likely = None if provenance == BOX else mask.probability
        hasChanged = self._replace(sliceIndex, mask, likely)
        for other in sharing:
            self._sliceStates.restore(other)
        if hasChanged or state is not None:
            name = self._remember(likely)
            how = provenance, confidence, parts, self._plan.basis(sliceIndex), name
            self._sliceStates.note(sliceIndex, *how, mask.range)
        return hasChanged

    def clear(self, sliceIndex: int) -> bool:
        """Empty a slice of which nothing is left to this segment, unless it is locked.

        :param sliceIndex: index of the slice.
        :return: whether the segment changed.
        """
        self._writer.check(self._segmentID)
        state = self._sliceStates.state(sliceIndex)
        if state is None or state.isLocked:
            return False
        return self._empty(sliceIndex)

    def removeOutdated(self, reached: list[int]) -> list[int]:
        """Empty the slices that an earlier propagation had filled and that this one, now at its end, did not reach.

        :param reached: indices of the slices that it reached.
        :return: indices of the slices that were emptied.
        """
        self._writer.check(self._segmentID)
        outdated = [
            index
            for index, state in self._sliceStates.states().items()
            if state.provenance in (PROPAGATED, INTERPOLATED)
            and not state.isLocked
            and index not in reached
            and self._plan.covers(index)
            and not any(other in reached or other in self._plan.kept for other in self._sliceStates.sharing(index))
        ]
        return [index for index in outdated if self._empty(index)]

    def _empty(self, sliceIndex):
        return emptySlice(self._writer, self._sliceStates, self._target(), sliceIndex)

    def _target(self):
        return self._writer.target(self._segmentID, self._plan.axis, SliceGeometry(self._volumeNode))

    def _statesSharing(self, sliceIndex):
        """:return: SliceStates of the slices with voxels in common with a slice, as in segments of coarser voxels."""
        states = [self._sliceStates.state(index) for index in self._sliceStates.sharing(sliceIndex)]
        return [state for state in states if state is not None]

    def _cut(self, state, mask):
        """Take away what a box had found and others are given; it is from that box still."""
        hasChanged = self._replace(state.index, mask)
        self._sliceStates.restore(state)
        return hasChanged

    def _remember(self, likely):
        """:return: the name of a SliceProbability, by which it is found again; "" for None."""
        if likely is None:
            return ""
        self._memory.keep(likely.name, likely, likely)
        return likely.name

    def _replace(self, sliceIndex, mask, likely=None):
        axis = self._plan.axis
        with self._writer.undoStep(), self._neighbors.kept(sliceIndex):
            target = self._target()
            if likely is None or self._threshold == DEFAULT_THRESHOLD:
                crop = LabelmapCrop.ofSlice(axis, sliceIndex, mask.pixels, mask.x0, mask.y0)
            else:
                crop = LikelyVoxels(axis, {sliceIndex: likely}).addedAt(self._writer, target, self._threshold)
            for other in self._followedTogether:
                state = other.state(sliceIndex) if other.hasSegment else None
                if state is not None and state.isLocked and not state.isEmpty:
                    crop = crop.minus(other.crop(sliceIndex))
            return self._writer.replaceSlices(target, [sliceIndex], crop)
