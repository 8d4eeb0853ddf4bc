"""Everything that is done with boxes: drawn, moved, refined by points, deleted, previewed."""

from MedSAMSegLib.boxes.boxAlignment import checkNotMovedApart, isMovedApart
from MedSAMSegLib.boxes.boxArguments import promptFromArguments, rotationNotes
from MedSAMSegLib.boxes.boxExchange import exchangeVoxels
from MedSAMSegLib.boxes.boxProvenance import makeRoom, moveOnto, noteBoxes
from MedSAMSegLib.boxes.boxQuestions import Wanted, askMasks
from MedSAMSegLib.boxes.boxRecords import BoxState
from MedSAMSegLib.boxes.boxRun import BoxDeletion, BoxPreview, BoxResult, BoxRun, Question
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.segments.labelmapCrop import LabelmapCrop
from MedSAMSegLib.volumes.volumeState import VolumeState


class BoxWork:
    """Starts the runs that :class:`MedSAMSegLogic` gives out for boxes.

    :param backend: BackendProcess, or what stands in for it.
    :param uploads: VolumeUploads.
    :param writers: SegmentWriters.
    :param scene: :class:`SceneBoxes`, the boxes of the scene.
    """

    def __init__(self, backend, uploads, writers, scene):
        self._backend = backend
        self._uploads = uploads
        self._writers = writers
        self._scene = scene

    def draw(self, volume, segmentation, segmentID, window, model, where):
        """:return: BoxRun of a new box; arguments as for `MedSAMSegLogic.startBox`, `where` as a dictionary."""

        def question():
            prompt = promptFromArguments(volume, **where)
            # A segmentation that cannot be written is refused before the server has any work.
            self._writers.of(segmentation, volume).check(segmentID)
            wanted = [Wanted(prompt, (), window, model)]
            notes = rotationNotes(volume, where.get("view"))
            return self._question(volume, wanted, lambda answer: write(answer[0], wanted[0], notes))

        def write(answer, wanted, notes):
            place = volume, segmentation, segmentID
            state = BoxState(wanted.prompt, (), window, model, found=_cropOf(wanted.prompt, answer[0]))
            writer = self._writers.of(segmentation, volume)
            # What could be written when it was asked may be gone or hidden by now.
            writer.check(segmentID)
            others = self._scene.records.at(place)
            with writer.undoStep():
                hasMadeRoom = not state.found.isEmpty and makeRoom(writer, place, state.prompt)
                exchange = exchangeVoxels(writer, segmentID, state.prompt.axis, None, state.found, others)
                record = self._scene.records.add(place, state.changed(added=exchange.added, taken=exchange.taken))
            hasChanged = exchange.hasChanged or hasMadeRoom
            if hasChanged:
                noteBoxes(place, state.prompt, hasBox=True)
                self._scene.history.remember(writer.lastStep, record, None, record.state)
            return self._result(record, answer, hasChanged, notes)

        return BoxRun(question)

    def update(self, node, window, model, continues=None, isLast=True):
        """:return: BoxRun of a box that was moved; arguments as for `MedSAMSegLogic.startBoxUpdate`."""
        record = self._scene.records.of(node)

        def question():
            prompt, points = self._scene.readOrPutBack(record)
            self._checkWritable(record)
            number = record.ask()
            wanted = [Wanted(prompt, points, window, model)]
            forgotten = self._scene.forgotten(record)
            wanted += [_wantedOf(other.state) for other in forgotten]

            def write(answers):
                if record.isOutdated(number):
                    return None
                self._remember(forgotten, answers[1:])
                state = BoxState(prompt, points, window, model, found=_cropOf(prompt, answers[0][0]))
                changed = self._replace(record, state, run, continues, isLast)
                record.settle(number)
                if isLast:
                    self._scene.straighten(record)
                return self._result(record, answers[0], changed, [])

            return self._question(record.place[0], wanted, write)

        run = BoxRun(question)
        return run

    def delete(self, node, removeMask):
        """:return: BoxRun of a box that is deleted; arguments as for `MedSAMSegLogic.startBoxDeletion`."""
        record = self._scene.records.of(node)
        # Where its voxels would be taken out now, they never were.
        isApart = removeMask and isMovedApart(node, *record.place[:2])
        removeMask = removeMask and not isApart
        notes = ("Its voxels stay: the volume was moved against the segmentation since.",) if isApart else ()

        def question():
            if removeMask:
                self._checkWritable(record)
            forgotten = self._scene.forgotten(record) if removeMask else []
            wanted = [_wantedOf(other.state) for other in forgotten]

            def write(answers):
                if not record.isInScene:
                    return None
                self._remember(forgotten, answers)
                before = record.state
                state = before.changed(found=LabelmapCrop.empty()) if removeMask else None
                changed = self._replace(record, state, run, None, True)
                self._scene.records.restore(record, None)
                if changed or not removeMask:
                    self._noteSlices(record, (before,))
                self._scene.history.remember(self._writerOf(record).lastStep, record, before, None)
                return BoxDeletion(before.prompt, changed, notes)

            return self._question(record.place[0], wanted, write)

        run = BoxRun(question)
        return run

    def preview(self, volume, window, model, where):
        """:return: BoxRun of what a box would find; arguments as for `MedSAMSegLogic.startPreview`."""
        prompt = promptFromArguments(volume, **where)
        wanted = [Wanted(prompt, (), window, model)]

        def write(answers):
            return None if answers is None else BoxPreview(prompt, answers[0][0])

        return BoxRun(lambda: self._question(volume, wanted, write, isPreview=True))

    def _question(self, volume, wanted, write, isPreview=False):
        state = VolumeState(volume)
        if not wanted:
            return Question(list, write)
        upload = self._uploads.uploadOf(volume)

        def ask():
            if isPreview:
                # It waits for nothing: neither for the server's start nor for an embedding.
                client = self._backend.readyClient
                return client and upload.call(client, lambda key: askMasks(client, key, wanted, cachedOnly=True))
            return upload.ask(self._backend.client, lambda client, key: askMasks(client, key, wanted))

        return Question(ask, write, lambda: state.isCurrent)

    def _replace(self, record, state, run, continues, isLast):
        """:return: whether the segment changed; `state` None leaves it as it is."""
        writer = self._writerOf(record)
        before = record.state
        joining = continues.step if continues else None
        with writer.undoStep(joining, isAlways=True, isLast=isLast):
            run.step = writer.lastStep
            run.hasChanged = continues is not None and continues.hasChanged
            if state is None:
                return False
            others = self._scene.records.others(record)
            hasMadeRoom, covered = moveOnto(writer, record.place, before, state, isLast)
            exchange = exchangeVoxels(writer, record.place[2], state.prompt.axis, before, state.found, others)
        state = state.changed(added=exchange.added, erased=exchange.erased, taken=exchange.taken, covered=covered)
        self._scene.history.remember(run.step, record, before, state)
        self._scene.records.note(record, state)
        if exchange.hasChanged or hasMadeRoom or before.covered != covered:
            self._noteSlices(record, (before, state))
        for other, added in exchange.handedOver.items():
            changed = other.state.changed(added=added)
            self._scene.history.remember(run.step, other, other.state, changed)
            other.state = changed
        run.hasChanged |= exchange.hasChanged or hasMadeRoom
        return run.hasChanged

    def _noteSlices(self, record, states):
        records = [*self._scene.records.others(record), *([record] if record.isInScene else [])]
        boxed = {(other.state.prompt.axis, other.state.prompt.sliceIndex) for other in records}
        for state in states:
            # Where a box was moved onto found nothing, what was there is as it was.
            changesNothing = state.covered is not None and state.found.isEmpty
            hasBox = (state.prompt.axis, state.prompt.sliceIndex) in boxed and not changesNothing
            noteBoxes(record.place, state.prompt, hasBox, state.covered)

    def _remember(self, forgotten, answers):
        for record, (mask, _reply) in zip(forgotten, answers, strict=True):
            if not record.state.isKnown:
                record.state = record.state.changed(found=_cropOf(record.state.prompt, mask))

    def _checkWritable(self, record):
        volume, segmentation, segmentID = record.place
        try:
            self._writerOf(record).check(segmentID)
            checkNotMovedApart(record.node, volume, segmentation)
        except UserError:
            self._scene.putBack(record)
            raise

    def _writerOf(self, record):
        volume, segmentation, _segmentID = record.place
        return self._writers.of(segmentation, volume)

    def _result(self, record, answer, changedSegment, notes):
        mask, reply = answer
        remarks = self._writerOf(record).remarks(record.place[2])
        return BoxResult(
            prompt=record.state.prompt,
            promptNode=record.node,
            voxelCount=mask.voxelCount,
            changedSegment=changedSegment,
            score=mask.score,
            wasCached=reply.wasCached,
            secondsEncoding=reply.secondsEncoding,
            secondsDecoding=reply.secondsDecoding,
            model=reply.model,
            window=reply.window,
            notes=[*notes, *remarks, *self._uploads.uploadOf(record.place[0]).notes],
            agreement=reply.agreements[0] if reply.agreements else None,
            suggestedWindow=record.state.window.partition(":")[2] if reply.windows else "",
        )


def _wantedOf(state):
    return Wanted(state.prompt, state.points, state.window, state.model)


def _cropOf(prompt, mask):
    return LabelmapCrop.ofSlice(prompt.axis, prompt.sliceIndex, mask.pixels, mask.x0, mask.y0)
