"""One propagation through a volume: asked for on a worker thread, written into the segment on the main thread."""

from __future__ import annotations

import contextlib
import dataclasses
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from MedSAMSegLib.client.serverReplies import ServerError
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.runs.streamedRun import StreamedRun, include

if TYPE_CHECKING:
    from MedSAMSegLib.client.jointUpload import JointUpload
    from MedSAMSegLib.propagation.propagatedSlices import PropagatedSlices


@dataclasses.dataclass(frozen=True)
class PropagationProgress:
    """What a progress function is told after each slice; prints as a sentence.

    :param sliceIndex: the slice that was just done.
    :param segment: ID of the segment that it is of.
    :param done: number of slices so far, those of all segments together; across another axis, those of this segment.
    :param total: how many slices it can be at most.
    :param acrossAxis: array axis of a slice that was only looked at, to see the object from another side; None for one
        that the object was followed to.
    """

    sliceIndex: int
    segment: str
    done: int
    total: int
    acrossAxis: int | None = None

    def __str__(self):
        if self.acrossAxis is not None:
            return f"slice {self.sliceIndex} across axis {self.acrossAxis} seen ({self.done} of {self.total})"
        return f"slice {self.sliceIndex} done ({self.done} of at most {self.total})"


@dataclasses.dataclass
class SegmentSlices:
    """What a propagation did to one of several segments.

    :param slices: indices of the slices on which the model found the object, in the order of arrival.
    :param changedSlices: those of them on which the segment changed.
    :param removedSlices: indices of the slices that the object does not reach any more.
    :param endings: why each direction ended.
    """

    slices: list = dataclasses.field(default_factory=list)
    changedSlices: list = dataclasses.field(default_factory=list)
    removedSlices: list = dataclasses.field(default_factory=list)
    endings: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class PropagationResult:
    """What a propagation did; of several segments, to any of them.

    :param segments: {ID: :class:`SegmentSlices`} of each segment.
    :param wasCancelled: True when it was stopped before its end; the slices so far are kept.
    :param secondsEncoding: time that the server spent on embeddings.
    :param secondsDecoding: time that it spent on masks.
    :param model: name of the model.
    :param weightsSha256: checksum of the model's weights.
    :param window: the window that was used: {"name", "lower", "upper"}.
    :param notes: sentences on what was done otherwise than asked for, and on how the slices were written, such as
        which segments keep voxels.
    """

    segments: dict = dataclasses.field(default_factory=dict)
    wasCancelled: bool = True
    secondsEncoding: float = 0.0
    secondsDecoding: float = 0.0
    model: str = ""
    weightsSha256: str = ""
    window: dict = dataclasses.field(default_factory=dict)
    notes: list = dataclasses.field(default_factory=list)

    @property
    def slices(self) -> Any:
        """Indices of the slices on which the model found the object, in the order of arrival."""
        return self._ofAll("slices")

    @property
    def changedSlices(self) -> Any:
        """Those of the slices on which the segment changed.

        It does not where it had just these voxels before, on slices of manual edits and accepted ones, or where the
        Segment Editor's masking allows no change.
        """
        return self._ofAll("changedSlices")

    @property
    def removedSlices(self) -> Any:
        """Indices of the slices that an earlier propagation had filled, and that the object does not reach any more."""
        return self._ofAll("removedSlices")

    @property
    def endings(self) -> Any:
        """Why each direction ended: {"direction", "slice", "reason", "message"}."""
        return [ending for segment in self.segments.values() for ending in segment.endings]

    def _ofAll(self, name):
        return list(dict.fromkeys(index for segment in self.segments.values() for index in getattr(segment, name)))


class PropagationRun(StreamedRun):
    """Writes the slices of one propagation as they arrive; the whole is one undo step.

    :param connect: function without arguments that returns the client; runs on the worker, may start the server.
    :param upload: the :class:`JointUpload` of the volume with its phases.
    :param request: keyword arguments of :meth:`ServerClient.propagate` without key and job; phases by their node IDs.
    :param targets: {segment ID: the :class:`PropagatedSlices` that are written}.
    :param progress: called with a :class:`PropagationProgress` after each slice; returning False cancels.
    """

    def __init__(
        self,
        connect: Callable[..., Any],
        upload: JointUpload,
        request: dict[str, Any],
        targets: dict[str, PropagatedSlices],
        progress: Callable[..., None] | None = None,
    ) -> None:
        self.result = PropagationResult({segment: SegmentSlices() for segment in targets})
        self._upload = upload
        self._request = request
        self._targets = targets
        self._progress = progress
        #: Name of the job on the server.
        self.job = uuid.uuid4().hex
        self._done = set()
        self._total = 0
        self._serverNotes = []
        self._undoStep = contextlib.ExitStack()
        self._undoStep.enter_context(next(iter(targets.values())).undoStep())
        super().__init__(connect, [self.job])

    def _events(self):
        return self._streamed(self._upload, self._start)

    def _start(self, client, keys):
        also = [keys.phases[volumeID] for volumeID in self._request.get("also", ())]
        request = {**self._request, **({"also": also} if also else {})}
        return client.propagate(keys.volume, job=self.job, **request)

    def _end(self):
        self._undoStep.close()
        # That one of the nodes was put under a transform meanwhile is reported by the next action.
        with contextlib.suppress(UserError):
            sentences = [sentence for target in self._targets.values() for sentence in target.notes()]
            notes = [*self._upload.resamplingNotes, *self._serverNotes, *sentences]
            self.result.notes = list(dict.fromkeys(notes))

    def _apply(self, event):
        fields = event.fields
        if event.kind == "start":
            self._noteStart(fields)
        elif event.kind == "slice":
            self._writeSlice(fields, event.mask)
        elif event.kind == "plane":
            where = fields["slice"], self._segmentOf(fields), fields["done"], fields["total"], fields["axis"]
            self._tell(PropagationProgress(*where))
        elif event.kind == "ended":
            ending = {name: fields[name] for name in ("direction", "slice", "reason", "message")}
            self.result.segments[self._segmentOf(fields)].endings.append(ending)
        elif event.kind == "done":
            self._complete(fields)

    def _noteStart(self, fields):
        self._total = fields["slices_total"]
        self.result.model = fields["model"]
        self.result.weightsSha256 = fields["weights_sha256"]
        self.result.window = fields["window"]
        self._serverNotes = fields["notes"]

    def _complete(self, fields):
        self.result.wasCancelled = False
        for segment, done in self.result.segments.items():
            done.removedSlices = self._targets[segment].removeOutdated(done.slices)
        self.result.secondsEncoding = fields["seconds"]["encode"]
        self.result.secondsDecoding = fields["seconds"]["decode"]

    def _segmentOf(self, fields):
        # Where there is one alone, the server does not name it.
        return fields.get("object") or next(iter(self._targets))

    def _writeSlice(self, fields, mask):
        sliceIndex, segment = fields["slice"], self._segmentOf(fields)
        target, done = self._targets[segment], self.result.segments[segment]
        if not mask.isEmpty:
            include(done.slices, sliceIndex)
            how = fields["provenance"], fields["confidence"], fields["confidence_parts"]
            if target.write(sliceIndex, mask, *how):
                include(done.changedSlices, sliceIndex)
        elif sliceIndex in done.slices:
            # The slice came before with voxels, all of which another object has got since.
            done.slices.remove(sliceIndex)
            target.clear(sliceIndex)
        self._done.add((segment, sliceIndex))
        self._tell(PropagationProgress(sliceIndex, segment, len(self._done), self._total))

    def _tell(self, progress):
        if self._progress and self._progress(progress) is False:
            self.cancel()

    def _told(self, error):
        """:return: the server's error with what is kept of the work."""
        if not isinstance(error, ServerError):
            return error
        count = sum(len(done.changedSlices) for done in self.result.segments.values())
        if not count:
            return error
        slices = "1 slice was" if count == 1 else f"{count} slices were"
        kept = f"{slices} done before and kept; one undo takes everything back."
        return type(error)(error.message, f"{error.hint} {kept}".strip(), error.code)
