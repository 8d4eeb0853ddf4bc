"""What is done with a box that is there: moved, refined by points, given a threshold, deleted."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from MedSAMSegLib.boxes.boxAlignment import isMovedApart
from MedSAMSegLib.boxes.boxRecords import BoxState
from MedSAMSegLib.boxes.boxRun import BoxDeletion, BoxRun, BoxThreshold
from MedSAMSegLib.boxes.boxWriting import foundBy
from MedSAMSegLib.boxes.excludedSegment import withExcludedVoxels
from MedSAMSegLib.boxes.maskRequests import MaskRequest
from MedSAMSegLib.client.sliceProbability import DEFAULT_THRESHOLD
from MedSAMSegLib.segments.labelmapCrop import LabelmapCrop
from MedSAMSegLib.volumes.phases import Phases
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.boxes.boxAsking import BoxAsking
    from MedSAMSegLib.boxes.boxWriting import BoxWriting
    from MedSAMSegLib.boxes.sceneBoxes import SceneBoxes


class BoxChanges:
    """Starts the runs of :class:`BoxWork` that are about one box of the scene.

    :param asking: BoxAsking.
    :param writing: BoxWriting.
    :param scene: :class:`SceneBoxes`, the boxes of the scene.
    """

    def __init__(self, asking: BoxAsking, writing: BoxWriting, scene: SceneBoxes) -> None:
        self._asking = asking
        self._writing = writing
        self._scene = scene

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
                # The meaning was chosen from the answers of the other network.
                prompt = prompt.changed(meaning=None)
            prompt = prompt.changed(**changes)
            self._writing.checkWritable(record)
            number = record.ask()
            # While a handle is held, nobody can set a threshold: the probability, which takes time, is not asked for.
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
                return self._writing.result(record, answers[0], run.hasChanged, [*notes, *upload.notes])

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
                # If an earlier request about the box is not answered yet, its answer is written with this threshold.
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
        # The voxels in its place now are not those that the box added.
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
                self._remove(record, run, removeMask, geometry)
                return BoxDeletion(before.prompt, run.hasChanged, notes)

            volume = record.context.volume
            geometry = SliceGeometry(volume)
            return self._asking.request(geometry, self._asking.upload(volume, wanted), wanted, write)

        run = BoxRun(request)
        return run

    def _remove(self, record, run, removeMask, geometry):
        before = record.state
        if removeMask:
            self._writing.replace(record, before.changed(found=LabelmapCrop.empty()), run, None, True, geometry)
        else:
            self._writing.keep(run, record)
        self._scene.records.restore(record, None)
        if run.hasChanged or not removeMask:
            self._writing.noteSlices(record, (before,))
        self._scene.history.remember(self._writing.writerOf(record).lastStep, record, before, None)


def _wantedOf(record):
    """:return: MaskRequest for what a box found; at the usual threshold that is the mask alone."""
    state = record.state
    withProbability = state.threshold != DEFAULT_THRESHOLD
    prompt = withExcludedVoxels(state.prompt, record.context)
    return MaskRequest(prompt, state.window, state.model, state.phases, withProbability)
