"""Compares a segment's slices with their records: which are of boxes or propagated, edited by hand, locked."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from MedSAMSegLib.slices.sliceRecord import EDITED, SliceRecord, SliceState
from MedSAMSegLib.slices.sliceRecords import SliceRecords
from MedSAMSegLib.slices.sliceVoxels import SliceVoxels
from MedSAMSegLib.volumes.obliqueStack import recordsAxis

if TYPE_CHECKING:
    from MedSAMSegLib.client.maskRange import MaskRange
    from MedSAMSegLib.segments.labelmapCrop import LabelmapCrop
    from MedSAMSegLib.segments.segmentTarget import SegmentTarget
    from MedSAMSegLib.segments.segmentWriter import SegmentWriter


class SliceStates(SliceVoxels):
    """The slices of one segment along one axis as they are at this moment. ::

        sliceStates = SliceStates(segmentation, segmentID, volume, axis=0)
        for state in sliceStates.states().values():
            print(state.index, state.provenance, state.confidence, state.isLocked)

    Parameters and errors are those of :class:`SliceVoxels`.
    """

    @functools.cached_property
    def _recordsAxis(self):
        return recordsAxis(self._volumeNode, self._axis)

    def states(self, crops: dict[int, LabelmapCrop] | None = None) -> dict[int, SliceState]:
        """:return: {slice index: SliceState} of all slices that have voxels or a record, in the order of the slices.

        :param crops: what :meth:`crops` gives at this moment, where it has been asked already: of a large segment it
            takes most of the time.
        """
        # A segment that was worked on in a larger volume knows of slices that this one does not have.
        records = {index: known for index, known in self._records.ofAxis(self._recordsAxis).items() if self._has(index)}
        digests = self._digests(crops)
        return {
            index: _state(index, records.get(index), digests.get(index, "")) for index in sorted({*records, *digests})
        }

    def state(self, sliceIndex: int) -> SliceState | None:
        """:return: SliceState of one slice; None if it has neither voxels nor a record."""
        record, digest = self._records.of(self._recordsAxis, sliceIndex), self._digest(sliceIndex)
        return None if record is None and not digest else _state(sliceIndex, record, digest)

    def note(
        self,
        sliceIndex: int,
        provenance: str,
        confidence: float | None = None,
        parts: dict[str, float] | None = None,
        basis: str = "",
        probability: str = "",
        sizes: MaskRange | None = None,
    ) -> None:
        """Record how what is on a slice now was made.

        :param sliceIndex: index of the slice.
        :param provenance: "box", "propagated" or "interpolated".
        :param confidence: 0 to 1, or None.
        :param parts: the signs that it is made of.
        :param basis: what the mask was computed from.
        :param probability: name of what it is cut from; see :class:`SliceRecord`.
        :param sizes: the :class:`MaskRange` of what was found.
        """
        digest = self._digest(sliceIndex)
        record = SliceRecord(provenance, digest, confidence, parts or {}, basis, probability=probability, range=sizes)
        self._records.note(self._recordsAxis, {sliceIndex: record})

    def accept(self, sliceIndex: int, isAccepted: bool = True) -> None:
        """Lock a slice as it is now, or unlock it.

        :param sliceIndex: index of a slice with voxels or a record.
        :param isAccepted: whether it is good.
        """
        digest = self._digest(sliceIndex)
        state = _state(sliceIndex, self._records.of(self._recordsAxis, sliceIndex), digest)
        record = None
        # Without a record, what is there are manual edits still.
        if isAccepted or state.provenance != EDITED:
            record = _recordOf(state, digest, isAccepted)
        self._records.note(self._recordsAxis, {sliceIndex: record})

    def acceptAll(self) -> int:
        """Lock all slices with voxels as they are now.

        :return: how many there are.
        """
        records, digests = self._records.ofAxis(self._recordsAxis), self._digests()
        states = [_state(index, records.get(index), digest) for index, digest in digests.items()]
        self._records.note(
            self._recordsAxis,
            {
                state.index: _recordOf(state, digests[state.index], isAccepted=True)
                for state in states
                if not state.isAccepted
            },
        )
        return len(states)

    def restore(self, state: SliceState) -> None:
        """Record a slice as it was made, although others have changed its voxels since.

        :param state: SliceState of the slice from before that change; not of manual edits.
        """
        digest = self._digest(state.index)
        record = _recordOf(state, digest, state.isAccepted)
        if self._records.of(self._recordsAxis, state.index) != record:
            self._records.note(self._recordsAxis, {state.index: record})

    def restoreAll(self, states: Any) -> None:
        """Record slices as they were made, as `restore` does with one; of many this is faster.

        :param states: the SliceState of each.
        """
        digests = self._digests()
        records = {each.index: _recordOf(each, digests.get(each.index, ""), each.isAccepted) for each in states}
        self._records.note(self._recordsAxis, records)

    def record(self, sliceIndex: int) -> SliceRecord | None:
        """:return: the SliceRecord of a slice; None if there is none, or not of what is there now."""
        record = self._records.of(self._recordsAxis, sliceIndex)
        return record if record is not None and record.digest == self._digest(sliceIndex) else None

    def restoreRecord(self, sliceIndex: int, record: SliceRecord | None) -> None:
        """Record again what was known of a slice before, if it is what it was then; forget the slice otherwise.

        :param sliceIndex: index of the slice.
        :param record: SliceRecord, or None.
        """
        isSame = record is not None and record.digest == self._digest(sliceIndex)
        self._records.note(self._recordsAxis, {sliceIndex: record if isSame else None})

    def forget(self, sliceIndex: int) -> None:
        """Drop what is known of a slice."""
        self._records.note(self._recordsAxis, {sliceIndex: None})

    @property
    def _records(self):
        return SliceRecords(self._segment)

    def _has(self, sliceIndex):
        return 0 <= sliceIndex < self.sliceCount


def emptySlice(writer: SegmentWriter, sliceStates: SliceStates, target: SegmentTarget, sliceIndex: int) -> bool:
    """Take all of a segment's voxels on a slice out, and forget what is known of the slice.

    :param writer: :class:`SegmentWriter` of the segmentation.
    :param sliceStates: :class:`SliceStates` of the segment along the axis.
    :param target: :class:`SegmentTarget`.
    :param sliceIndex: index of the slice.
    :return: whether the segment changed.
    """
    hasChanged = writer.emptySlice(target, sliceIndex)
    sliceStates.forget(sliceIndex)
    return hasChanged


def _recordOf(state, digest, isAccepted):
    how = state.provenance, digest, state.confidence, state.parts, state.basis
    return SliceRecord(*how, isAccepted, state.probability, state.range)


def _state(index, record, digest):
    if record is None or record.digest != digest:
        return SliceState(index, EDITED, None, {}, "", False, not digest)
    how = record.provenance, record.confidence, record.parts, record.basis, record.isAccepted
    return SliceState(index, *how, not digest, record.probability, record.range)
