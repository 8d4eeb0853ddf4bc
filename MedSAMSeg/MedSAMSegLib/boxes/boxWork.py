"""Everything that is done with boxes: drawn, moved, refined by points, given a threshold, deleted, previewed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from MedSAMSegLib.boxes.boxAdding import addBox
from MedSAMSegLib.boxes.boxAlignment import isMovedApart
from MedSAMSegLib.boxes.boxAsking import BoxAsking
from MedSAMSegLib.boxes.boxOfClick import startClick
from MedSAMSegLib.boxes.boxPlaces import boxPlace
from MedSAMSegLib.boxes.boxRecords import BoxState
from MedSAMSegLib.boxes.boxRun import BoxDeletion, BoxPreview, BoxResult, BoxRun, BoxThreshold
from MedSAMSegLib.boxes.boxWriting import BoxWriting, foundBy
from MedSAMSegLib.boxes.excludedSegment import withExcludedVoxels
from MedSAMSegLib.boxes.maskRequests import MaskRequest
from MedSAMSegLib.boxes.segmentRejection import rejectSegment
from MedSAMSegLib.client.sliceProbability import DEFAULT_THRESHOLD
from MedSAMSegLib.segments.labelmapCrop import LabelmapCrop
from MedSAMSegLib.segments.segmentModel import noteModel
from MedSAMSegLib.segments.segmentTarget import SegmentContext
from MedSAMSegLib.volumes.obliquePlanes import rotationOfStack
from MedSAMSegLib.volumes.obliqueStack import isStack
from MedSAMSegLib.volumes.phases import Phases
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.boxes.sceneBoxes import SceneBoxes
    from MedSAMSegLib.client.serverReplies import SliceMask
    from MedSAMSegLib.client.volumeUpload import VolumeUploads
    from MedSAMSegLib.segments.segmentWriters import SegmentWriters
    from MedSAMSegLib.server.serverConnection import ServerConnection
    from MedSAMSegLib.volumes.slicePrompt import SlicePrompt


class BoxWork:
    """Starts the runs that :class:`MedSAMSegLogic` gives out for boxes.

    :param server: ServerProcess, or what stands in for it.
    :param uploads: VolumeUploads.
    :param writers: SegmentWriters.
    :param scene: :class:`SceneBoxes`, the boxes of the scene.
    """

    def __init__(
        self, server: ServerConnection, uploads: VolumeUploads, writers: SegmentWriters, scene: SceneBoxes
    ) -> None:
        self._server = server
        self._uploads = uploads
        self._writers = writers
        self._scene = scene
        self._asking = BoxAsking(server, uploads)
        self._writing = BoxWriting(writers, scene)

    def click(
        self,
        volume: slicer.vtkMRMLScalarVolumeNode,
        place: Sequence[float],
        view: str,
        window: str,
        model: str | None,
        nearestSlice: bool,
    ) -> BoxRun:
        """:return: BoxRun of the box round a click; arguments as for `MedSAMSegLogic.startClick`."""
        return startClick(self._server, self._uploads, volume, place, view, window, model, nearestSlice)

    def draw(
        self,
        volume: slicer.vtkMRMLScalarVolumeNode,
        segmentation: slicer.vtkMRMLSegmentationNode,
        segmentID: str,
        window: str,
        model: str | None,
        where: Mapping[str, Any],
        placeNotes: Sequence[str] = (),
        **known: Any,
    ) -> BoxRun:
        """:return: BoxRun of a new box; arguments as for `MedSAMSegLogic.startBox`, `where` as a dictionary.

        :param placeNotes: sentences on how the box was found.
        :param known: `reach` or `extent` of its BoxState.
        """

        def request():
            geometry, prompt, notes = boxPlace(volume, **where)
            context = SegmentContext(geometry.volumeNode, segmentation, segmentID)
            notes = [*placeNotes, *notes]
            # A segmentation that cannot be written is refused before the server has any work.
            self._writers.of(segmentation, volume).check(segmentID, geometry)
            prompt = prompt.changed(excludedSegment=self._scene.excludedSegment(context))
            asked = window, model, Phases.of(context.volume)
            wanted = [MaskRequest(withExcludedVoxels(prompt, context), *asked, withProbability=True)]
            upload = self._asking.upload(context.volume, wanted)
            state = BoxState(prompt, window, model, phases=wanted[0].phases, **known)
            return self._asking.request(
                geometry, upload, wanted, lambda answers: write(answers[0], context, state, geometry, upload, notes)
            )

        def write(answer, context, state, geometry, upload, notes):
            found = foundBy(state.prompt, DEFAULT_THRESHOLD, answer[0])
            state = state.changed(found=found, range=answer[0].range)
            writer = self._writers.of(segmentation, volume)
            added = addBox(writer, self._scene, context, state, geometry)
            notes = [*notes, *writer.notes(segmentID, added.target.grid), *upload.notes]
            return _result(added.record, answer, added.hasChanged, notes)

        return BoxRun(request)

    def place(
        self, context: SegmentContext, prompt: SlicePrompt, mask: SliceMask, window: str, model: str | None
    ) -> None:
        """Write a mask that is known already as that of a new box, inside an undo step.

        :param context: SegmentContext that it is for.
        :param prompt: SlicePrompt with the box round the mask.
        :param mask: SliceMask.
        :param window: what it is asked with when it is moved, as for `MedSAMSegLogic.startBox`; so is `model`.
        :raises UserError: when the segment cannot be written, or no voxel of the mask may be.
        """
        state = BoxState(prompt, window, model, found=foundBy(prompt, DEFAULT_THRESHOLD, mask))
        writer = self._writers.of(context.segmentation, context.volume)
        addBox(writer, self._scene, context, state, SliceGeometry(context.volume), mustChange=True)

    def update(
        self,
        node: slicer.vtkMRMLMarkupsROINode,
        window: str,
        model: str | None,
        continues: BoxRun | None = None,
        isLast: bool = True,
        **changes: Any,
    ) -> BoxRun:
        """:return: BoxRun of a box that was moved; arguments as for `MedSAMSegLogic.startBoxUpdate`.

        :param changes: other fields of its SlicePrompt.
        """
        record = self._scene.records.of(node)

        def request():
            prompt = self._scene.readOrRevert(record)
            if model != record.state.model:
                # It was one of the other network's answers.
                prompt = prompt.changed(meaning=None)
            prompt = prompt.changed(**changes)
            self._writing.checkWritable(record)
            number = record.ask()
            # While a handle is held there is no time for what nobody can ask for yet.
            withProbability = isLast or record.state.threshold != DEFAULT_THRESHOLD
            volume = record.context.volume
            phases = Phases.of(volume)
            wanted = [MaskRequest(withExcludedVoxels(prompt, record.context), window, model, phases, withProbability)]
            forgotten = self._scene.notInMemory(record)
            wanted += [_wantedOf(other) for other in forgotten]

            def write(answers):
                if record.isOutdated(number):
                    return None
                self._writing.remember(forgotten, answers[1:])
                threshold = record.state.threshold
                mask = answers[0][0]
                found = foundBy(prompt, threshold, mask)
                where = record.state.reach, phases, record.state.extent
                state = BoxState(prompt, window, model, threshold, *where, found, mask.range)
                target = self._writing.replace(record, state, run, continues, isLast, geometry)
                record.settle(number)
                if isLast:
                    self._scene.resetDepth(record)
                notes = self._writing.writerOf(record).notes(record.context.segmentID, target.grid)
                return _result(record, answers[0], run.hasChanged, [*notes, *upload.notes])

            geometry, upload = SliceGeometry(volume), self._asking.upload(volume, wanted)
            return self._asking.request(geometry, upload, wanted, write)

        run = BoxRun(request)
        return run

    def threshold(
        self, node: slicer.vtkMRMLMarkupsROINode, threshold: float, continues: BoxRun | None = None, isLast: bool = True
    ) -> BoxRun:
        """:return: BoxRun of a box with another threshold; arguments as for `MedSAMSegLogic.startThreshold`."""
        record = self._scene.records.of(node)

        def request():
            self._writing.checkWritable(record)
            volume = record.context.volume
            number = record.ask()
            asked = record.state
            own = dataclasses.replace(_wantedOf(record), withProbability=True)
            known = self._asking.probabilities.find(volume, own)
            forgotten = [other for other in self._scene.notInMemory(record) if other is not record]
            wanted = [] if known else [own]
            wanted += [_wantedOf(other) for other in forgotten]

            def write(answers):
                # What was asked about the box before is still to be answered, and has this threshold then.
                if record.isOutdated(number) or not record.state.isSameRequest(asked):
                    return None
                mask = known or answers[0][0]
                self._writing.remember(forgotten, answers[0 if known else 1 :])
                self._writing.remember([record], [(mask, None)])
                found = foundBy(record.state.prompt, threshold, mask)
                state = record.state.changed(threshold=threshold, found=found)
                target = self._writing.replace(record, state, run, continues, isLast, geometry)
                notes = self._writing.writerOf(record).notes(record.context.segmentID, target.grid)
                if isLast:
                    self._writing.forgetIfBack(run, record)
                count = int(state.found.voxels.sum())
                return BoxThreshold(state.prompt, threshold, count, run.hasChanged, notes)

            geometry = SliceGeometry(volume)
            return self._asking.request(geometry, self._asking.upload(volume, wanted), wanted, write)

        run = BoxRun(request)
        return run

    def delete(self, node: slicer.vtkMRMLMarkupsROINode, removeMask: bool) -> BoxRun:
        """:return: BoxRun of a box that is deleted; arguments as for `MedSAMSegLogic.startBoxDeletion`."""
        record = self._scene.records.of(node)
        # Where its voxels would be taken out now, they never were.
        isApart = removeMask and isMovedApart(node, record.context.volume, record.context.segmentation)
        removeMask = removeMask and not isApart
        notes = ("Its voxels stay: the volume was moved against the segmentation since.",) if isApart else ()

        def request():
            if removeMask:
                self._writing.checkWritable(record)
            forgotten = self._scene.notInMemory(record) if removeMask else []
            wanted = [_wantedOf(other) for other in forgotten]

            def write(answers):
                if not record.isInScene:
                    return None
                self._writing.remember(forgotten, answers)
                before = record.state
                if removeMask:
                    self._writing.replace(record, before.changed(found=LabelmapCrop.empty()), run, None, True, geometry)
                else:
                    self._writing.keep(run, record)
                self._scene.records.restore(record, None)
                if run.hasChanged or not removeMask:
                    self._writing.noteSlices(record, (before,))
                self._scene.history.remember(self._writing.writerOf(record).lastStep, record, before, None)
                return BoxDeletion(before.prompt, run.hasChanged, notes)

            volume = record.context.volume
            geometry = SliceGeometry(volume)
            return self._asking.request(geometry, self._asking.upload(volume, wanted), wanted, write)

        run = BoxRun(request)
        return run

    def reject(self, context: SegmentContext) -> None:
        """Remove a segment and its boxes as one undo step; raises UserError as `rejectSegment` does."""
        writer = self._writers.of(context.segmentation, context.volume)
        rejectSegment(writer, self._scene, context.segmentation, context.segmentID)

    def preview(
        self, volume: slicer.vtkMRMLScalarVolumeNode, window: str, model: str | None, where: Mapping[str, Any]
    ) -> BoxRun:
        """:return: BoxRun of what a box would find; arguments as for `MedSAMSegLogic.startPreview`."""
        place, prompt, _notes = boxPlace(volume, **where)
        shown = place.volumeNode
        wanted = [MaskRequest(prompt, window, model, Phases.of(shown))]

        def write(answers):
            return None if answers is None else BoxPreview(prompt, answers[0][0], shown)

        def request():
            return self._asking.request(
                SliceGeometry(shown), self._asking.upload(shown, wanted), wanted, write, isPreview=True
            )

        return BoxRun(request)


def _result(record, answer, changedSegment, notes):
    """:return: BoxResult of a box with the voxels that it found in its record."""
    mask, reply = answer
    _volume, segmentation, segmentID = record.context
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
        rotation=rotationOfStack(record.context.volume) if isStack(record.context.volume) else 0.0,
    )


def _wantedOf(record):
    """:return: MaskRequest for what a box found; at the usual threshold that is the mask alone."""
    state = record.state
    withProbability = state.threshold != DEFAULT_THRESHOLD
    prompt = withExcludedVoxels(state.prompt, record.context)
    return MaskRequest(prompt, state.window, state.model, state.phases, withProbability)
