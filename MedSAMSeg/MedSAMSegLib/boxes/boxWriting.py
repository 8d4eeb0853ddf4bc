"""Writing what boxes find into their segments, with all that is known of it: undo steps, slices, other boxes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from MedSAMSegLib.boxes.boxAlignment import checkNotMovedApart
from MedSAMSegLib.boxes.boxProvenance import moveToSlice, recordBoxes
from MedSAMSegLib.boxes.boxReplacement import replaceVoxels
from MedSAMSegLib.boxes.boxRun import BoxResult
from MedSAMSegLib.client.sliceProbability import DEFAULT_THRESHOLD
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.segments.labelmapCrop import LabelmapCrop
from MedSAMSegLib.segments.segmentModel import noteModel
from MedSAMSegLib.slices.sliceRecord import BOX
from MedSAMSegLib.slices.sliceStates import SliceStates
from MedSAMSegLib.volumes.obliquePlanes import rotationOfStack
from MedSAMSegLib.volumes.obliqueStack import isStack

if TYPE_CHECKING:
    from MedSAMSegLib.boxes.boxRecords import BoxRecord, BoxState
    from MedSAMSegLib.boxes.boxRun import BoxRun
    from MedSAMSegLib.boxes.sceneBoxes import SceneBoxes
    from MedSAMSegLib.client.serverReplies import SegmentReply, SliceMask
    from MedSAMSegLib.segments.segmentTarget import SegmentTarget
    from MedSAMSegLib.segments.segmentWriter import SegmentWriter
    from MedSAMSegLib.segments.segmentWriters import SegmentWriters
    from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry
    from MedSAMSegLib.volumes.slicePrompt import SlicePrompt


class BoxWriting:
    """Writes for :class:`BoxWork`.

    :param writers: SegmentWriters.
    :param scene: :class:`SceneBoxes`, the boxes of the scene.
    """

    def __init__(self, writers: SegmentWriters, scene: SceneBoxes) -> None:
        self._writers = writers
        self._scene = scene

    def keep(self, run: BoxRun, record: BoxRecord) -> None:
        """Leave the segment as it is, in an undo step that is about the box alone."""
        writer = self.writerOf(record)
        with writer.undoStep(isAlways=True):
            run.step = writer.lastStep

    def replace(
        self,
        record: BoxRecord,
        state: BoxState,
        run: BoxRun,
        continues: BoxRun | None,
        isLast: bool,
        geometry: SliceGeometry,
    ) -> SegmentTarget:
        """Write what a box finds now in the place of what it had added.

        :param record: BoxRecord of the box.
        :param state: its BoxState from now on.
        :param run: the run that does it; `run.hasChanged` tells afterwards whether the segment changed.
        :param continues: the run whose undo step this is a part of.
        :param isLast: whether that step ends here.
        :param geometry: SliceGeometry of the volume.
        :return: the SegmentTarget that was written.
        """
        writer = self.writerOf(record)
        before = record.state
        joining = continues.step if continues else None
        latest = writer.lastStep
        with writer.undoStep(joining, isAlways=True, isLast=isLast):
            run.step = writer.lastStep
            run.ownsStep = continues.ownsStep if continues and run.step is joining else run.step is not latest
            run.hasChanged = continues is not None and continues.hasChanged
            target = writer.target(record.context.segmentID, state.prompt.axis, geometry)
            sliceStates = SliceStates.of(target)
            others = self._scene.records.others(record)
            hasMadeRoom, covered = moveToSlice(writer, target, sliceStates, before, state, isLast)
            target = target.renewed() if hasMadeRoom else target
            replacement = replaceVoxels(writer, target, before, state.found, others)
        state = state.changed(
            added=replacement.added, erased=replacement.erased, overwritten=replacement.overwritten, covered=covered
        )
        self._scene.history.remember(run.step, record, before, state)
        self._scene.records.note(record, state)
        if replacement.hasChanged or hasMadeRoom or before.covered != covered:
            self.noteSlices(record, (before, state), sliceStates)
        elif before.range != state.range:
            self._noteRange(record, sliceStates)
        for other, added in replacement.reassigned.items():
            changed = other.state.changed(added=added)
            self._scene.history.remember(run.step, other, other.state, changed)
            other.state = changed
        run.hasChanged |= replacement.hasChanged or hasMadeRoom
        return target

    def forgetIfBack(self, run: BoxRun, record: BoxRecord) -> None:
        """Forget the undo step of a threshold that was moved back, so that the voxels are the same again."""
        before = self._scene.history.before(run.step, record)
        isBack = before.threshold == record.state.threshold and before.found.isSame(record.state.found)
        if isBack and run.ownsStep and self.writerOf(record).forgetStep(run.step):
            self._scene.history.undo(run.step)
            run.hasChanged = False

    def noteSlices(self, record: BoxRecord, states: Sequence[BoxState], sliceStates: SliceStates | None = None) -> None:
        """Record on the slices of a box's states, such as before and now, which of them have a box."""
        records = [*self._scene.records.others(record), *([record] if record.isInScene else [])]
        volume, segmentation, segmentID = record.context
        sliceStates = sliceStates or SliceStates(segmentation, segmentID, volume, states[0].prompt.axis)
        for state in states:
            # A box that was moved onto a propagated slice and found nothing there leaves that slice as it was.
            changesNothing = state.covered is not None and state.found.isEmpty
            here = _onSliceOf(state, records)
            hasBox = bool(here) and not changesNothing
            recordBoxes(sliceStates, state.prompt.sliceIndex, hasBox, state.covered, _rangeOf(here))

    def _noteRange(self, record, sliceStates):
        """Record the new range of a slice on which the box found the same voxels, if the slice still has a box."""
        index = record.state.prompt.sliceIndex
        known = sliceStates.record(index)
        if known is not None and known.provenance == BOX:
            sizes = _rangeOf(_onSliceOf(record.state, self._scene.records.at(record.context)))
            sliceStates.restoreRecord(index, dataclasses.replace(known, range=sizes))

    def remember(self, forgotten: Sequence[BoxRecord], answers: Sequence[tuple[SliceMask, Any]]) -> None:
        """Put into records what their boxes found, where that was not in memory."""
        for record, (mask, _reply) in zip(forgotten, answers, strict=True):
            if not record.state.isKnown:
                state = record.state
                found = foundBy(state.prompt, state.threshold, mask)
                record.state = state.changed(found=found, range=mask.range)

    def result(
        self, record: BoxRecord, answer: tuple[SliceMask, SegmentReply], changedSegment: bool, notes: list[str]
    ) -> BoxResult:
        """Note with a segment which model found a box's voxels.

        :param record: BoxRecord of the box, with these voxels.
        :param answer: (SliceMask, the server's reply on it).
        :param changedSegment: whether the segment changed.
        :param notes: sentences for the user.
        :return: BoxResult.
        """
        mask, reply = answer
        volume, segmentation, segmentID = record.context
        noteModel(segmentation.GetSegmentation().GetSegment(segmentID), reply.model, reply.weightsSha256)
        return BoxResult(
            prompt=record.state.prompt,
            promptNode=record.node,
            voxelCount=int(record.state.found.voxels.sum()),
            changedSegment=changedSegment,
            score=mask.score,
            wasCached=reply.wasCached,
            secondsEncoding=reply.secondsEncoding,
            secondsDecoding=reply.secondsDecoding,
            model=reply.model,
            window=reply.window,
            notes=notes,
            agreement=reply.agreements[0] if reply.agreements else None,
            doubt=reply.doubts[0] if reply.doubts else None,
            suggestedWindow=record.state.window.partition(":")[2] if reply.windows else "",
            rotation=rotationOfStack(volume) if isStack(volume) else 0.0,
        )

    def checkWritable(self, record: BoxRecord) -> None:
        """Raise UserError, with the box where it was, if its segment cannot be written."""
        volume, segmentation, segmentID = record.context
        try:
            self.writerOf(record).check(segmentID)
            checkNotMovedApart(record.node, volume, segmentation)
        except UserError:
            self._scene.revert(record)
            raise

    def writerOf(self, record: BoxRecord) -> SegmentWriter:
        """:return: the SegmentWriter of a box's segmentation."""
        volume, segmentation, _segmentID = record.context
        return self._writers.of(segmentation, volume)


def foundBy(prompt: SlicePrompt, threshold: float, mask: SliceMask) -> LabelmapCrop:
    """:return: LabelmapCrop of what is likelier than a threshold in the answer to a prompt."""
    # The mask of the usual threshold needs no looking at probabilities.
    mask = mask if threshold == DEFAULT_THRESHOLD else mask.at(threshold)
    return LabelmapCrop.ofSlice(prompt.axis, prompt.sliceIndex, mask.pixels, mask.x0, mask.y0).trimmed()


def _onSliceOf(state, records):
    """:return: the BoxStates of those boxes that are on the slice of one."""
    place = state.prompt.axis, state.prompt.sliceIndex
    states = [record.state for record in records]
    return [each for each in states if (each.prompt.axis, each.prompt.sliceIndex) == place]


def _rangeOf(states):
    """:return: MaskRange of what the boxes of a slice found; None of several, whose masks make one together."""
    return states[0].range if len(states) == 1 else None
