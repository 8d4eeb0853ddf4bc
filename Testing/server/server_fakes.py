"""A network that needs no weights: the object is what is bright inside the box. Its steps can be watched and held."""

import copy
import io
import queue
import threading
from dataclasses import dataclass

import cv2
import numpy as np

from medsamseg_server.models.predictor import Alternatives

TOKEN = "token-of-the-tests"
FAKE_SHA256 = "fa" * 32
#: The side of the fake's input; slices must not be larger.
FRAME = 256
#: What LiteMedSAM's embedding of a slice of `rod` takes, 256 × 32 × 32 half floats.
EMBEDDING_BYTES = 2 * 256 * 32 * 32


@dataclass(frozen=True)
class FakePrediction:
    masks: np.ndarray
    scores: np.ndarray
    probabilities: np.ndarray | None = None


class FakePredictor:
    """Stands in for `models.predictor.Predictor`: the embedding is the prepared image itself, rearranged."""

    weights_sha256 = FAKE_SHA256
    precision = "fp32"
    device = "cpu"

    def __init__(self, specification, watch=None):
        self.specification = specification
        self._watch = watch or Watch()

    def at(self, input_size):
        if input_size == self.specification.input_size:
            return self
        made = copy.copy(self)
        made.specification = self.specification.at(input_size)
        return made

    def release(self):
        """Give back nothing: called in quiet moments."""

    def prepare(self, image):
        height, width = image.shape[:2]
        prepared = np.zeros((3, FRAME, FRAME), np.float32)
        channels = image.transpose(2, 0, 1) if image.ndim == 3 else image
        prepared[:, :height, :width] = channels / np.float32(255)
        # As the network's own input, what is prepared for another size has another shape.
        size = min(self.specification.input_size, FRAME)
        return prepared.reshape(-1, size, size)

    def encode_prepared(self, prepared):
        self._watch.encoding(prepared)
        side = min(self.specification.embedding_shape[-1], 64)
        step = FRAME // side
        embedding = np.zeros((256, side, side), np.float32)
        image = prepared.reshape(3, FRAME, FRAME)[0]
        tiles = image.reshape(side, step, side, step).transpose(1, 3, 0, 2)
        embedding[: step * step] = tiles.reshape(-1, side, side)
        return embedding

    def decode(self, embedding, image_size, boxes=None, points=None, labels=None, answer=0, coarse_surroundings=False):
        shown = shown_by(embedding)[: image_size[0], : image_size[1]]
        bright = shown > 0.5
        rows, columns = np.indices(image_size)
        masks, probabilities = [], []
        for number in range(len(boxes if boxes is not None else points)):
            inside = np.ones(image_size, bool)
            if boxes is not None:
                x0, y0, x1, y1 = boxes[number]
                inside &= (columns >= x0) & (columns <= x1) & (rows >= y0) & (rows <= y1)
            if points is not None:
                for (x, y), label in zip(points[number], labels[number], strict=True):
                    near = (abs(columns - x) <= 2) & (abs(rows - y) <= 2)
                    inside &= near if label else ~near
            masks.append(bright & inside)
            # As bright as a pixel is, so likely is it the object's.
            probabilities.append(np.where(inside, shown, np.float32(0)))
        scores = np.full(len(masks), 0.75, np.float32)
        return FakePrediction(np.array(masks), scores, np.array(probabilities, np.float32))


def shown_by(embedding):
    """Return the prepared image that the fake has made an embedding of."""
    side = embedding.shape[-1]
    step = FRAME // side
    tiles = embedding[: step * step].reshape(step, step, side, side)
    return tiles.transpose(2, 0, 3, 1).reshape(FRAME, FRAME)


def bright_objects(self, embedding, image_size, points, least_score):
    """Stand in for `Predictor.alternatives`: the bright object under a point, judged the better the larger it is."""
    _, parts = cv2.connectedComponents((shown_by(embedding) > 0.5).astype(np.uint8))
    logits, scores, numbers = [], [], []
    for number, (x, y) in enumerate(points.astype(int)):
        found = parts == parts[y, x]
        score = min(1.0, 0.9 + found.sum() / 100000)
        if parts[y, x] and score > least_score:
            # As SAM's, a 1024th of whose input is a pixel of a slice of 256.
            logits.append(np.where(found, np.float32(9), np.float32(-9)))
            scores.append(score)
            numbers.append(number)
    return Alternatives(np.array(logits, np.float32).reshape(-1, 256, 256), np.array(scores), np.array(numbers, int))


class Watch:
    """What the network was asked to encode, by the image's brightest gray level; can hold it at such an image.

    Test volumes give each slice its own brightest value, so that the log tells which slice it was.
    """

    def __init__(self):
        self.encoded = []
        self._holds = {}
        self.held = queue.Queue()

    def hold(self, level):
        """Make the network stop at the image with this brightest level, until `release`."""
        self._holds[level] = threading.Event()

    def wait_held(self):
        """Wait until the network stands at a held image; return its level."""
        return self.held.get(timeout=20)

    def release(self, level=None):
        for event in self._holds.values() if level is None else [self._holds[level]]:
            event.set()

    def encoding(self, prepared):
        level = round(float(prepared.max()) * 255)
        self.encoded.append(level)
        if level in self._holds:
            self.held.put(level)
            assert self._holds[level].wait(20), f"the image with level {level} was never released"


def rod(slices=12, size=32, object_slices=range(2, 10)):
    """A volume (slices, size, size) of uint8 with a bright square on some slices.

    The brightest value on slice k is 200 + k, so `Watch` tells slices apart; with `window="255,127.5"` gray levels are
    the voxels' values.
    """
    volume = np.zeros((slices, size, size), np.uint8)
    for index in range(slices):
        if index in object_slices:
            volume[index, 10:20, 8:18] = 200 + index
        else:
            # Bright enough to be told apart, in a corner that no box reaches.
            volume[index, 0, 0] = 200 + index
    return volume


IDENTITY_WINDOW = "255,127.5"
ROD_BOX = (7.0, 9.0, 18.0, 20.0)


def npy(array, **options):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, **options)
    return stream.getvalue()
