"""One object followed through time: asked for on a worker thread, written into the frames on the main thread."""

from __future__ import annotations

import dataclasses
import functools
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from MedSAMSegLib.runs.streamedRun import StreamedRun, include
from MedSAMSegLib.slices.sliceRecord import PROPAGATED
from MedSAMSegLib.slices.sliceStates import SliceStates

if TYPE_CHECKING:
    from MedSAMSegLib.sequences.segmentationSequence import SegmentationSequence
    from MedSAMSegLib.sequences.timeFilms import Film
    from MedSAMSegLib.sequences.timeSteps import TimeStep

#: How the server follows what may jump, hide and come back.
METHOD = "film"


@dataclasses.dataclass(frozen=True)
class TimeProgress:
    """What a progress function is told after each frame; prints as a sentence.

    :param frame: number of the frame that was just done, from 0.
    :param done: number of frames so far, over all slices.
    :param total: the most frames that it can become.
    """

    frame: int
    done: int
    total: int

    def __str__(self):
        return f"frame {self.frame + 1} done ({self.done} of at most {self.total})"


@dataclasses.dataclass
class TimeResult:
    """What following an object through time did.

    :param frames: numbers of the frames on which the object was found, in the order of arrival.
    :param changedFrames: those of them on which the segment changed.
    :param keptFrames: those that were left alone: somebody had drawn or accepted them.
    :param lostFrames: numbers of the frames on which it was looked for and not found.
    :param wasCancelled: True when it was stopped before its end; the frames so far are kept.
    """

    frames: list = dataclasses.field(default_factory=list)
    changedFrames: list = dataclasses.field(default_factory=list)
    keptFrames: list = dataclasses.field(default_factory=list)
    lostFrames: list = dataclasses.field(default_factory=list)
    wasCancelled: bool = True


class TimeRun(StreamedRun):
    """Writes the frames of one propagation through time as they arrive; the whole is one undo step.

    :param connect: function without arguments that returns the client; runs on the worker, may start the server.
    :param films: {slice index: :class:`Film`} of the slices on which the object is followed.
    :param frames: :class:`SegmentationSequence` that is written.
    :param segmentID: ID of the segment.
    :param axis: array axis of the slices.
    :param step: the :class:`TimeStep` that it is; it may hold what was changed before.
    :param settings: window, model and direction, as for :meth:`ServerClient.propagate`.
    :param onEnd: called with the :class:`TimeStep` when nothing more will be written and something was.
    :param progress: called with a :class:`TimeProgress` after each frame; returning False cancels.
    """

    def __init__(
        self,
        connect: Callable[..., Any],
        films: Mapping[int, Film],
        frames: SegmentationSequence,
        segmentID: str,
        axis: int,
        step: TimeStep,
        settings: Mapping[str, Any],
        onEnd: Callable[..., None],
        progress: Callable[..., None] | None = None,
    ) -> None:
        self.result = TimeResult()
        self._films = films
        self._frames = frames
        self._segmentID = segmentID
        self._axis = axis
        self._settings = settings
        self._onEnd = onEnd
        self._progress = progress
        self._step = step
        self._done = 0
        super().__init__(connect, [uuid.uuid4().hex for _film in films])

    @property
    def total(self) -> int:
        """The most frames that can be done, over all slices."""
        return len(self._films) * self._frames.images.frameCount

    def _events(self):
        """Yield (slice index, event of the server); runs on the worker thread."""
        for job, (sliceIndex, film) in zip(self._jobs, self._films.items(), strict=True):
            if self._isCancelled.is_set():
                return
            request = {**self._settings, **film.request, "axis": 0, "method": METHOD}
            start = functools.partial(_propagate, job, request)
            for event in self._streamed(film.upload, start):
                yield sliceIndex, event

    def _apply(self, event):
        sliceIndex, event = event
        if event.kind != "slice":
            return
        number = event.fields["slice"]
        self._done += 1
        if not event.mask.isEmpty:
            include(self.result.frames, number)
            if number not in self._films[sliceIndex].prompts:
                self._write(number, sliceIndex, event)
        if self._progress and self._progress(TimeProgress(number, self._done, self.total)) is False:
            self.cancel()

    def _write(self, number, sliceIndex, event):
        frame = self._frames.frame(number)
        self._frames.checkWritable(self._segmentID)
        self._step.remember(number)
        sliceStates = SliceStates(frame, self._segmentID, self._frames.images.volumeNode, self._axis)
        state = sliceStates.state(sliceIndex)
        if state is not None and state.isLocked:
            include(self.result.keptFrames, number)
            return
        mask = event.mask
        place = self._axis, sliceIndex, mask.pixels, mask.x0, mask.y0
        if self._frames.writer(number).write(self._segmentID, *place, mode="replace"):
            include(self.result.changedFrames, number)
        sliceStates.note(sliceIndex, PROPAGATED, event.fields["confidence"], event.fields["confidence_parts"], "time")
        if number == self._frames.images.shownFrame:
            self._frames.showChanges()

    def _arrive(self):
        self.result.wasCancelled = self._isCancelled.is_set()
        if not self.result.wasCancelled:
            found = set(self.result.frames)
            self.result.lostFrames = [number for number in range(self._frames.images.frameCount) if number not in found]

    def _end(self):
        if self._frames.segmentationNode.GetScene() is not None:
            self._frames.showChanges()
            if not self._step.isEmpty:
                self._step.end()
                self._onEnd(self._step)


def _propagate(job, request, client, keys):
    also = [keys.phases[volumeID] for volumeID in request.get("also", ())]
    return client.propagate(keys.volume, job=job, **{**request, **({"also": also} if also else {})})
