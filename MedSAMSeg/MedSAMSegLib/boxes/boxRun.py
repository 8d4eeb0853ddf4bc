"""One box on its way: answered by the server on a worker thread, written into the segment on the main thread."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import slicer

from MedSAMSegLib.client.serverReplies import SliceMask
from MedSAMSegLib.runs.eventStream import EventStream
from MedSAMSegLib.runs.run import Run
from MedSAMSegLib.segments.undoHistory import UndoStep
from MedSAMSegLib.volumes.slicePrompt import SlicePrompt


@dataclasses.dataclass(frozen=True)
class BoxResult:
    """What a box on a slice gave.

    :param prompt: the box in voxel indices of the volume.
    :param promptNode: the ROI markup that keeps it in the scene.
    :param voxelCount: number of voxels that the model found; 0 means that it found nothing, and nothing was written.
    :param changedSegment: False when nothing was written: the model found nothing, the segment had all the voxels
        before, or the Segment Editor's masking allows no change there.
    :param score: the intersection over union that the model predicts for its own mask.
    :param wasCached: True when the slice had been encoded before.
    :param secondsEncoding: time that the server spent on the embedding.
    :param secondsDecoding: time that it spent on the mask.
    :param model: name of the model.
    :param window: the window that was used: {"name", "lower", "upper"}.
    :param notes: sentences on what the server had to change in the volume, such as voxels that were not a number.
    :param agreement: how far slightly different boxes gave the same mask, 0 to 1; None where that is not known.
    :param doubt: a sentence on a mask that is likely to be wrong, and what to do; None of others.
    :param suggestedWindow: name of the window that suits the volume where the window was to go by the box; else "".
    :param rotation: degrees by which the plane of the box is turned against the volume; 0 on a slice of the volume.
    """

    prompt: SlicePrompt
    promptNode: slicer.vtkMRMLMarkupsROINode
    voxelCount: int
    changedSegment: bool
    score: float
    wasCached: bool
    secondsEncoding: float
    secondsDecoding: float
    model: str
    window: dict
    notes: list
    agreement: float | None = None
    doubt: str | None = None
    suggestedWindow: str = ""
    rotation: float = 0.0


@dataclasses.dataclass(frozen=True)
class BoxThreshold:
    """What another threshold made of a box.

    :param prompt: the box.
    :param threshold: of the probability above which a voxel is the object's.
    :param voxelCount: number of voxels that are; 0 means that none is likely enough.
    :param changedSegment: whether the segment changed.
    :param notes: sentences on how it was written.
    """

    prompt: SlicePrompt
    threshold: float
    voxelCount: int
    changedSegment: bool
    notes: list


@dataclasses.dataclass(frozen=True)
class BoxDeletion:
    """What deleting a box did.

    :param prompt: the box.
    :param changedSegment: whether the segment lost voxels.
    :param notes: sentences on what to know about it, such as why the voxels stay.
    """

    prompt: SlicePrompt
    changedSegment: bool
    notes: tuple = ()


@dataclasses.dataclass(frozen=True)
class BoxPreview:
    """What a box would find.

    :param prompt: the box in voxel indices of the volume.
    :param mask: the :class:`SliceMask`.
    :param volume: the volume whose slice it is on, or the stack whose plane.
    """

    prompt: SlicePrompt
    mask: SliceMask
    volume: slicer.vtkMRMLScalarVolumeNode


@dataclasses.dataclass(frozen=True)
class BoxRequest:
    """What a run asks the server.

    :param ask: function without arguments that returns the answer; runs on the worker, may start the server.
    :param write: function of the answer that writes it and returns the result; runs on the main thread.
    :param isCurrent: function without arguments that tells whether the request is still the right one.
    """

    ask: Callable[[], Any]
    write: Callable[[Any], Any]
    isCurrent: Callable[[], bool] = lambda: True


class BoxRun(Run):
    """Waits for the answer to one request and writes it when it is there.

    :param request: function without arguments that returns the :class:`BoxRequest`; called on the main thread, and once
        more when the volume was changed before the answer came.
    """

    def __init__(self, request: Callable[[], Any]) -> None:
        #: What came of it; None until it is there, and when the answer came too late to be of use.
        self.result = None
        #: The undo step that the answer belongs to, of a box that was changed; None until it is there.
        self.step: UndoStep | None = None
        #: Whether that step was made for it, or for the runs of the same drag before it: it may be forgotten again.
        self.ownsStep = False
        #: Whether the segment was changed by it, or by the runs of the same drag before it.
        self.hasChanged = False
        self._makeRequest = request
        self._isClosed = False
        self._begin()

    def advance(self, wait: bool = False) -> bool:
        """Write the answer if it has arrived; return True while it is still to come. Main thread only.

        :param wait: True to wait for it.
        :raises UserError: when the server cannot answer, or the segment or its volume was removed meanwhile.
        """
        if self._isClosed:
            return False
        for answer in self._stream.take(wait):
            if self._request.isCurrent():
                self.result = self._request.write(answer)
            else:
                self._begin()
                return True
        return not self._stream.hasEnded

    def close(self) -> None:
        """Write nothing any more. Main thread only."""
        self._isClosed = True

    def _begin(self):
        self._request = self._makeRequest()
        self._stream = EventStream(lambda ask=self._request.ask: _once(ask))


def _once(ask):
    yield ask()
