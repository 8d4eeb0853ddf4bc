"""A server that needs no network: every mask is exactly the pixels inside its box, so right answers are known.

So are probabilities: see :func:`withProbability`.
"""

import dataclasses
import io
import itertools
import math
import threading
import zlib

import numpy as np

from MedSAMSegLib.client.serverClient import PROTOCOL_VERSION
from MedSAMSegLib.client.serverReplies import (
    EncodingStatus,
    PropagationEvent,
    SegmentReply,
    ServerError,
    SliceMask,
    UploadReply,
)
from MedSAMSegLib.client.serverTransport import ServerUnavailableError
from MedSAMSegLib.client.sliceProbability import SliceProbability
from MedSAMSegLib.volumes.slicePrompt import MEANINGS

#: It has no part, object and whole.
ONE_MASK_MODEL = "medsam"

#: No server is taken for another one.
NUMBERS = itertools.count(1)

WINDOW = {"name": "soft", "lower": -160.0, "upper": 240.0}


def boxMask(box):
    """:return: the SliceMask of all pixels whose centers are inside the box."""
    x0, y0 = (math.ceil(edge) for edge in box[:2])
    x1, y1 = (math.floor(edge) for edge in box[2:])
    return SliceMask(x0, y0, np.ones((y1 - y0 + 1, x1 - x0 + 1), dtype=bool), 0.9)


def withProbability(mask):
    """:return: the SliceMask with what is behind it: 3/4 in the mask, 1/4 in a ring of one pixel round it."""
    levels = np.pad(np.where(mask.pixels, 191, 63).astype(np.uint8), 1, constant_values=63)
    # Nothing before the slice's first row and column; beyond its end, volumes of tests have room.
    x0, y0 = max(mask.x0 - 1, 0), max(mask.y0 - 1, 0)
    levels = np.ascontiguousarray(levels[y0 - mask.y0 + 1 :, x0 - mask.x0 + 1 :])
    likely = SliceProbability(x0, y0, levels.shape, zlib.compress(levels.tobytes()))
    return dataclasses.replace(mask, probability=likely)


def _setEvent():
    event = threading.Event()
    event.set()
    return event


def _boxOf(prompt):
    """:return: the box of a prompt; of one without, that of its points."""
    if prompt.box is not None:
        return prompt.box
    xs, ys, _labels = zip(*prompt.points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _told(prompts, locked=(), **limits):
    """:return: what is followed, with prompts as [(slice index, box)] and their masks by slice."""
    drawn = {prompt.sliceIndex: prompt.mask for prompt in prompts if prompt.mask is not None}
    masks = {index: (mask.x0, mask.y0, mask.pixels) for index, mask in drawn.items()}
    boxes = [(prompt.sliceIndex, prompt.box) for prompt in prompts]
    excluded = {prompt.sliceIndex: prompt.exclude for prompt in prompts if prompt.exclude}
    told = {"exclude": excluded} if excluded else {}
    return {"prompts": boxes, "masks": masks, "locked": locked, **told, **limits}


def _without(mask, others):
    """:return: a mask without the pixels of others, of which some may be None."""
    rows, columns = mask.pixels.shape
    pixels = mask.pixels.copy()
    for other in others:
        if other is not None:
            y, x = other.pixels.nonzero()
            y, x = y + other.y0 - mask.y0, x + other.x0 - mask.x0
            isInside = (y >= 0) & (y < rows) & (x >= 0) & (x < columns)
            pixels[y[isInside], x[isInside]] = False
    sizes = mask.range and dataclasses.replace(mask.range, count=int(pixels.sum()))
    return dataclasses.replace(mask, pixels=pixels, range=sizes)


def _meant(mask, meaning):
    """:return: the first 1, 2 or 3 columns of a mask for a part, an object or a whole; all of them for None."""
    if meaning is None:
        return mask
    return dataclasses.replace(mask, pixels=mask.pixels[:, : 1 + MEANINGS.index(meaning)])


class FakeMaskEvent(PropagationEvent):
    """A "slice" event whose mask is given as such."""

    @property
    def mask(self):
        return self.fields["mask"]


class FakeServer:
    """Stands in for ServerProcess and ServerClient; keeps what it was asked.

    Faults: :meth:`die`, and events that hold an answer back until they are set: ``letStart``, ``letAnswer`` (what
    :meth:`health` says), ``letSegment``, ``letUpload``.

    :param reach: a propagation goes this many slices from the prompt, each way.
    """

    logPath = "/fake/server.log"
    remote = None

    def __init__(self, reach=2):
        self._reach = reach
        self._starting = threading.Lock()
        self.beginAnew()

    def beginAnew(self):
        """Be a server that nobody has started or spoken to."""
        self._number = next(NUMBERS)
        self.requests = []
        #: What was uploaded, and to which of the servers that were started one after the other.
        self.uploads = []
        self.starts = 0
        self.isRunning = False
        self.hasDied = False
        #: What the start raises; None for a server that starts.
        self.startError = None
        self.letStart, self.letAnswer, self.letSegment, self.letUpload = (_setEvent() for _ in range(4))
        self.description = {
            "version": "1.0",
            "protocol": PROTOCOL_VERSION,
            "default_model": "fake",
            "model_installed": True,
            "model_loaded": True,
            "device": "cpu",
            "pid": 1,
        }
        #: What :meth:`models` says.
        self.knownModels = [
            {"name": "fake", "title": "Fake model", "installed": True, "default": True, "proposes": False},
            {"name": "proposer", "title": "Proposer", "installed": True, "default": False, "proposes": True},
        ]
        #: Slices that count as encoded: (key, axis, slice index, window); None for all.
        self.encodedSlices = None
        #: Background encodings that were asked for, and how far the latest one is.
        self.encodings = []
        self._encodingSubject = None
        self.encoding = EncodingStatus("idle", 0, 0, None)
        #: After so many slices a propagation waits to be cancelled; None for never.
        self.heldAfter = None
        #: After so many slices of a propagation the server dies; None for never.
        self.diesAfter = None
        #: Name of the last propagation; None before the first.
        self.job = None
        self.wasCancelled = threading.Event()
        self.maskOfBox = boxMask
        #: Function of x, y that returns the box round a click; None for a model that has not learned clicks.
        self.boxOfClick = None
        #: What three planes bring: {"notes": sentences, "seen": [(axis, slice index) that are looked at]}.
        self.planesOf = {"notes": [], "seen": []}
        #: What is said of the masks on a slice that are likely to be wrong.
        self.doubtOf = lambda sliceIndex: None
        #: What a search for objects finds on every slice: (SliceMask, quality), in this order.
        self.proposed = []
        #: Confidence of a propagated slice by its distance to the prompt.
        self.confidenceOf = lambda distance: 1 - 0.25 * distance
        self._withProbabilities = self._withRanges = False

    @property
    def url(self):
        return f"http://fake{self._number}:{self.starts}"

    @property
    def readyClient(self):
        return self if self.isRunning and self.letStart.is_set() else None

    def client(self, timeout=None):
        with self._starting:
            if not self.isRunning:
                self.starts += 1
                self.isRunning, self.hasDied = True, False
                assert self.letStart.wait(20), "the start was never let go on"
                if self.startError is not None:
                    self.isRunning = False
                    raise self.startError
        return self

    def stop(self):
        self.isRunning = self.hasDied = False
        self.encoding = EncodingStatus("idle", 0, 0, None)

    def kill(self):
        if self.isRunning:
            self.die()

    def die(self):
        """End as a process that crashes."""
        self.isRunning, self.hasDied = False, True
        self.encoding = EncodingStatus("idle", 0, 0, None)

    def rotateLog(self):
        """There is no log."""

    def health(self, timeout=None):
        if not self.letAnswer.wait(timeout) or not self.isRunning:
            raise ServerUnavailableError("The MedSAMSeg server does not answer.", "Try again.", "server_unavailable")
        return self.description

    def models(self, timeout=None):
        clicks = self.boxOfClick is not None
        return [{**model, "clicks": clicks} for model in self.knownModels]

    def uploadVolume(self, upload):
        assert self.letUpload.wait(20), "the upload was never let go on"
        self._answerIfAlive()
        self.uploads.append(upload)
        return UploadReply(upload.key, WINDOW, [])

    def contentOf(self, key):
        """:return: the voxels that were uploaded under a key, (K, J, I)."""
        upload = next(upload for upload in self.uploads if upload.key == key)
        return np.load(io.BytesIO(b"".join(bytes(chunk) for chunk in upload.chunks())))

    def segment(
        self, key, prompts, window="auto", model=None, cachedOnly=False, withProbabilities=False, spacing=None, **fused
    ):
        ((axis, sliceIndex),) = {(prompt.axis, prompt.sliceIndex) for prompt in prompts}
        boxes = [prompt.box for prompt in prompts]
        points = [[(x, y, int(isInObject)) for x, y, isInObject in prompt.points] for prompt in prompts]
        meanings = [prompt.meaning for prompt in prompts]
        request = {"key": key, "axis": axis, "slice": sliceIndex, "boxes": boxes, "window": window, **fused}
        lists = {"points": points, "meanings": meanings, "exclude": [prompt.exclude for prompt in prompts]}
        lists["excludeMasks"] = [prompt.excludeMask for prompt in prompts]
        self.requests.append({**request, **{name: each for name, each in lists.items() if any(each)}})
        assert self.letSegment.wait(20), "the answer was never let go"
        self._answerIfAlive()
        isEncoded = self.encodedSlices is None or (key, axis, sliceIndex, window) in self.encodedSlices
        if cachedOnly and not isEncoded:
            return None
        if any(meanings) and model == ONE_MASK_MODEL:
            raise ServerError("MedSAM learned one mask for a box.", "Choose another model.", "model_has_one_mask")
        found = [
            _without(self.maskOfBox(_boxOf(prompt)), [*map(boxMask, prompt.exclude), prompt.excludeMask])
            for prompt in prompts
        ]
        masks = [_meant(mask, prompt.meaning) for mask, prompt in zip(found, prompts, strict=True)]
        masks = [withProbability(mask) for mask in masks] if withProbabilities else masks
        masks = masks if spacing else [dataclasses.replace(mask, range=None) for mask in masks]
        doubts = [self.doubtOf(sliceIndex)] * len(masks)
        return SegmentReply(masks, False, 0.2, 0.1, "fake", "fa" * 32, WINDOW, doubts=doubts)

    def boxAt(self, key, axis, sliceIndex, point, window="auto", model=None):
        self.requests.append({"key": key, "axis": axis, "slice": sliceIndex, "point": point, "window": window})
        self._answerIfAlive()
        return self.boxOfClick(*point)

    def startEncoding(self, key, axis, sliceIndex, window="auto", model=None):
        self._answerIfAlive()
        request = {"key": key, "axis": axis, "slice": sliceIndex, "window": window, "model": model}
        subject = (key, axis, window, model)
        self.encodings.append(request)
        if subject != self._encodingSubject or not self.encoding.isUnderWay:
            self._encodingSubject = subject
            self.encoding = EncodingStatus("running", 0, 40, f"encoding {len(self.encodings)}")
        return self.encoding

    def encodingStatus(self, key):
        self._answerIfAlive()
        return self.encoding

    def propagate(self, key, axis, job, prompts=(), objects=None, **options):
        objects = objects and {name: _told(**each) for name, each in objects.items()}
        followed = {"objects": objects} if objects else _told(prompts, **options)
        self.requests.append({"key": key, "axis": axis, **options, **followed})
        self.job = job
        self.wasCancelled.clear()
        self._withProbabilities = options.get("withProbabilities", False)
        self._withRanges = options.get("withRanges", False)
        events = self._events(objects or {None: followed})
        return self._seenFromAllSides(events) if options.get("planes", 1) > 1 else events

    def propose(self, key, axis, sliceIndex, window="auto", model=None, job=None, **options):
        request = {"key": key, "axis": axis, "slice": sliceIndex, "window": window, "model": model, **options}
        self.requests.append(request)
        self._answerIfAlive()
        self.job = job
        self.wasCancelled.clear()
        return self._search(model)

    def _search(self, model):
        yield PropagationEvent("start", {"points_total": 16, "model": model or "proposer"})
        for number, points in enumerate((8, 16)):
            if number == self.heldAfter:
                assert self.wasCancelled.wait(20), "the search was never cancelled"
                yield PropagationEvent("cancelled", {})
                return
            yield PropagationEvent("progress", {"points": points})
        for mask, quality in self.proposed:
            yield FakeMaskEvent("proposal", {"mask": mask, "quality": quality, "stability": 0.97})
        yield PropagationEvent("done", {"proposals": len(self.proposed)})

    def cancel(self, job):
        if job == self.encoding.job:
            self.encoding = dataclasses.replace(self.encoding, state="cancelled")
            return
        # As on a real server, a job that has ended is no error.
        if job == self.job:
            self.wasCancelled.set()

    def _answerIfAlive(self):
        if self.hasDied:
            raise ServerUnavailableError("The MedSAMSeg server stopped.", "Try again.", "server_stopped")

    def _reached(self, prompts, locked):
        """:return: {slice index: distance to the prompt that it was followed from}, lowest slice first."""
        reached = {}
        for prompt in prompts:
            for step in (-1, 1):
                for distance in range(self._reach + 1):
                    index = prompt + step * distance
                    if index in locked:
                        break
                    reached[index] = min(distance, reached.get(index, distance))
        return dict(sorted(reached.items()))

    def _events(self, objects):
        total = len(objects) * (2 * self._reach + 1)
        start = {"slices_total": total, "model": "fake", "weights_sha256": "fa" * 32, "window": WINDOW}
        yield PropagationEvent("start", {**start, "notes": []})
        for number, event in enumerate(self._inStep(objects)):
            if number == self.diesAfter:
                self.die()
            self._answerIfAlive()
            if number == self.heldAfter:
                yield self._cancelled(number)
                return
            yield event
        for name, followed in objects.items():
            last = followed["prompts"][0][0] + self._reach
            ending = {"direction": "forward", "slice": last, "reason": "range", "message": "The end."}
            yield PropagationEvent("ended", {"object": name, **ending})
        yield PropagationEvent("done", {"slices": total, "seconds": {"encode": 1.0, "decode": 0.5}})

    def _inStep(self, objects):
        """Yield the slices of all objects, one of each in turn."""
        ofObjects = [self._slices(name, each) for name, each in objects.items()]
        for events in itertools.zip_longest(*ofObjects):
            yield from (event for event in events if event is not None)

    def _cancelled(self, slices):
        assert self.wasCancelled.wait(20), "the propagation was never cancelled"
        return PropagationEvent("cancelled", {"slices": slices})

    def _seenFromAllSides(self, events):
        """Yield what is told of a propagation, and before its end what is looked at, and slices without a box again."""
        followed, slices = [], 0
        for event in events:
            slices += event.kind == "slice"
            if event.kind == "start":
                event.fields["notes"] = self.planesOf["notes"]
            elif event.kind == "slice" and event.fields["provenance"] != "box":
                pixels = event.mask.pixels.copy()
                pixels[0, 0] = False
                mask = dataclasses.replace(event.mask, pixels=pixels)
                followed.append(FakeMaskEvent("slice", {**event.fields, "mask": mask}))
            elif event.kind == "done":
                seen = self.planesOf["seen"]
                for number, (axis, index) in enumerate(seen, start=1):
                    if self.heldAfter == slices + number - 1:
                        yield self._cancelled(slices)
                        return
                    fields = {"object": None, "axis": axis, "slice": index, "done": number, "total": len(seen)}
                    yield PropagationEvent("plane", fields)
                yield from followed
            yield event

    def _slices(self, name, followed):
        prompts, locked = dict(followed["prompts"]), set(followed["locked"])
        box = next(iter(prompts.values()))
        for index, distance in self._reached(prompts, locked).items():
            isPrompted = index in prompts
            excluded = followed.get("excludeMasks", {}).get(index)
            mask = _without(self.maskOfBox(prompts.get(index, box)), [excluded])
            mask = mask if self._withRanges else dataclasses.replace(mask, range=None)
            fields = {
                "object": name,
                "slice": index,
                "mask": withProbability(mask) if self._withProbabilities else mask,
                "provenance": "box" if isPrompted else "propagated",
                "confidence": None if isPrompted else self.confidenceOf(distance),
                "confidence_parts": {} if isPrompted else {"overlap": self.confidenceOf(distance)},
            }
            yield FakeMaskEvent("slice", fields)
