"""A server that needs no network: every mask is exactly the pixels inside its box, so right answers are known."""

import math
import threading

import numpy as np

from MedSAMSegLib.backendReplies import PropagationEvent, SegmentReply, SliceMask, UploadReply

WINDOW = {"name": "soft", "lower": -160.0, "upper": 240.0}


def boxMask(box):
    """:return: the SliceMask of all pixels whose centers are inside the box."""
    x0, y0 = (math.ceil(edge) for edge in box[:2])
    x1, y1 = (math.floor(edge) for edge in box[2:])
    return SliceMask(x0, y0, np.ones((y1 - y0 + 1, x1 - x0 + 1), dtype=bool), 0.9)


class FakeMaskEvent(PropagationEvent):
    """A "slice" event whose mask is given as such."""

    @property
    def mask(self):
        return self.fields["mask"]


class FakeBackend:
    """Stands in for BackendProcess and BackendClient; keeps what it was asked.

    :param reach: a propagation goes this many slices from the prompt, each way.
    """

    url = "http://fake"

    def __init__(self, reach=2):
        self.requests = []
        self.uploads = []
        #: After so many slices a propagation waits to be cancelled; None for never.
        self.heldAfter = None
        self.wasCancelled = threading.Event()
        self.maskOfBox = boxMask
        self._reach = reach

    def client(self):
        return self

    def uploadVolume(self, upload):
        self.uploads.append(upload)
        return UploadReply(upload.key, WINDOW, [])

    def segment(self, key, axis, sliceIndex, boxes, window="auto", model=None):
        self.requests.append({"key": key, "axis": axis, "slice": sliceIndex, "boxes": boxes, "window": window})
        return SegmentReply([self.maskOfBox(box) for box in boxes], False, 0.2, 0.1, "fake", "fa" * 32, WINDOW)

    def propagate(self, key, axis, prompts, job, **options):
        self.requests.append({"key": key, "axis": axis, "prompts": prompts, **options})
        self.job = job
        self.wasCancelled.clear()
        return self._events(prompts[0])

    def cancel(self, job):
        assert job == self.job
        self.wasCancelled.set()

    def _events(self, prompt):
        sliceIndex, box = prompt
        total = 2 * self._reach + 1
        yield PropagationEvent(
            "start", {"slices_total": total, "model": "fake", "weights_sha256": "fa" * 32, "window": WINDOW}
        )
        for number, index in enumerate(range(sliceIndex - self._reach, sliceIndex + self._reach + 1)):
            if number == self.heldAfter:
                assert self.wasCancelled.wait(20), "the propagation was never cancelled"
                yield PropagationEvent("cancelled", {"slices": number})
                return
            yield FakeMaskEvent("slice", {"slice": index, "mask": self.maskOfBox(box)})
        yield PropagationEvent(
            "ended",
            {"direction": "forward", "slice": sliceIndex + self._reach, "reason": "range", "message": "Stopped."},
        )
        yield PropagationEvent("done", {"slices": total, "seconds": {"encode": 1.0, "decode": 0.5}})
