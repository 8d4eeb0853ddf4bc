"""One box on its way: answered by the server on a worker thread, written into the segment on the main thread."""

import dataclasses

from .eventStream import EventStream


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
    """

    prompt: object
    promptNode: object
    voxelCount: int
    changedSegment: bool
    score: float
    wasCached: bool
    secondsEncoding: float
    secondsDecoding: float
    model: str
    window: dict
    notes: list


class BoxRun:
    """Waits for the mask of one box and writes it when it is there.

    Call :meth:`advance` from a timer until it returns False, or with ``wait=True`` where waiting is fine; who stops
    calling it before has to :meth:`close` the run.

    :param ask: function without arguments that returns the server's reply; runs on the worker, may start the server.
    :param write: function of the reply that writes it and returns the result; runs on the main thread.
    """

    def __init__(self, ask, write):
        #: The :class:`BoxResult`; None until it is there.
        self.result = None
        self._write = write
        self._isClosed = False
        self._stream = EventStream(lambda: _once(ask))

    def advance(self, wait=False):
        """Write the mask if it has arrived; return True while it is still to come. Main thread only.

        :param wait: True to wait for it.
        :raises UserError: when the server cannot answer, or the segment or its volume was removed meanwhile.
        """
        if self._isClosed:
            return False
        for reply in self._stream.take(wait):
            self.result = self._write(reply)
        return not self._stream.hasEnded

    def close(self):
        """Write nothing any more. Main thread only."""
        self._isClosed = True


def _once(ask):
    yield ask()
