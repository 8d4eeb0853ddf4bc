"""One predictor for every model: encode a slice once, decode many prompts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.models.frames import boxes_to_network, points_to_network
from medsamseg_server.models.preprocessing import prepare_image
from medsamseg_server.models.specification import ModelSpecification
from medsamseg_server.models.upsampling import probability_of, upsample_masks

_HALF = np.float32(0.5)


class NetworkRunner(Protocol):
    """A network, loaded somewhere. Everything is numpy here; coordinates are those of the S×S input."""

    @property
    def device(self) -> str:
        """Where it runs: ``cuda``, ``mps`` or ``cpu``."""

    @property
    def precision(self) -> str:
        """Number format of its arithmetic, such as ``fp32``."""

    def encode(self, prepared: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the embedding (256, G, G) of an encoder input (3, S, S); G is 64 for a whole slice."""

    def decode(
        self,
        embedding: NDArray[np.floating[Any]],
        boxes: NDArray[np.float32] | None,
        points: tuple[NDArray[np.float32], NDArray[np.float32]] | None,
        answer: int,
        coarse_surroundings: bool,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the logits (B, 4 · G, 4 · G) and the predicted IoU (B,) of B objects.

        Args:
            embedding: (256, G, G), float16 or float32.
            boxes: (B, 4) as x0, y0, x1, y1, or None.
            points: (B, N, 2) as x, y with their labels (B, N) as 1, 0 or -1; or None.
            answer: which of SAM's four masks; see ``Predictor.decode``.
            coarse_surroundings: means may stand for what is far from the boxes; a runner may do without.
        """

    def decode_alternatives(
        self,
        embedding: NDArray[np.floating[Any]],
        points: tuple[NDArray[np.float32], NDArray[np.float32]],
        least_score: float,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the logits (M, 4 · G, 4 · G) and the predicted IoU (B, 3) of SAM's three answers to B prompts.

        The M masks are those whose IoU is above ``least_score``, object by object.

        Args:
            embedding: as in ``decode``.
            points: as in ``decode``.
            least_score: masks that the network thinks worse of are not made.
        """

    def release(self) -> None:
        """Give back the memory of intermediate results, until the next call; not while another call is under way."""


@dataclass(frozen=True)
class MaskPrediction:
    """The masks of B objects on one slice.

    Attributes:
        values: float32 (B, H, W), probabilities or logits as the model's authors interpolate them.
        threshold: a pixel belongs to the object where its value is above this.
        scores: float32 (B,), the IoU that the network predicts for its mask. MedSAM's was never trained.
    """

    values: NDArray[np.float32]
    threshold: float
    scores: NDArray[np.float32]

    @property
    def masks(self) -> NDArray[np.bool_]:
        """The objects, bool (B, H, W)."""
        masks: NDArray[np.bool_] = self.values > self.threshold
        return masks

    @property
    def probabilities(self) -> NDArray[np.float32]:
        """How likely each pixel is the object's, float32 (B, H, W), 0 to 1; above 0.5 exactly on the masks.

        Logits are interpolated first, and then made probabilities, where the model's authors interpolate logits.
        """
        if self.threshold == _HALF:
            return self.values
        # Of a logit next to 0 the digits of a float would make 0.5.
        lowest = np.where(self.masks, np.nextafter(_HALF, np.float32(1)), np.float32(0))
        return np.maximum(probability_of(self.values), lowest)


@dataclass(frozen=True)
class Alternatives:
    """SAM's answers to points that may each mean several things, as far as the network thinks well of them.

    Attributes:
        logits: float32 (M, 4 · G, 4 · G), not interpolated yet.
        scores: float32 (M,), the IoU that the network predicts.
        numbers: int (M,), ascending, the point that each is an answer to.
    """

    logits: NDArray[np.float32]
    scores: NDArray[np.float32]
    numbers: NDArray[np.int64]


class Predictor:
    """Masks of objects on slices, from boxes and points, with one of the models.

    Usage::

        predictor = load_predictor(get_specification("litemedsam"), path, "auto")
        embedding = predictor.encode(slice_)
        prediction = predictor.decode(embedding, slice_.shape, boxes=np.array([[54, 160, 101, 204]]))
        mask = prediction.masks[0]

    Attributes:
        specification: the model.
        weights_sha256: checksum of the weights' file, which tells embeddings of different weights apart.

    Args:
        specification: the model.
        runner: its network.
        weights_sha256: as above.
        load_at: gives the same network for another side of the encoder's input; None for a model that has one only.
    """

    def __init__(
        self,
        specification: ModelSpecification,
        runner: NetworkRunner,
        weights_sha256: str,
        load_at: Callable[[int], NetworkRunner] | None = None,
    ) -> None:
        self.specification = specification
        self.weights_sha256 = weights_sha256
        self._runner = runner
        self._load_at = load_at
        self._others: dict[int, Predictor] = {}

    def at(self, input_size: int) -> Predictor:
        """Return the predictor for an encoder input of another side, loaded on first use."""
        if input_size == self.specification.input_size:
            return self
        if input_size not in self._others:
            if self._load_at is None:
                raise ValueError(f"{self.specification.title} has no encoder for {input_size} pixels.")
            specification = self.specification.at(input_size)
            self._others[input_size] = Predictor(specification, self._load_at(input_size), self.weights_sha256)
        return self._others[input_size]

    def release(self) -> None:
        """Give back the memory of intermediate results, until the next call; not while another call is under way."""
        for predictor in (self, *self._others.values()):
            predictor._runner.release()

    @property
    def device(self) -> str:
        """Where the network runs: ``cuda``, ``mps`` or ``cpu``."""
        return self._runner.device

    @property
    def precision(self) -> str:
        """Number format of the network's arithmetic, such as ``fp32``."""
        return self._runner.precision

    def prepare(self, image: NDArray[Any]) -> NDArray[np.float32]:
        """Return the exact encoder input, float32 (3, S, S), of a slice (H, W) or (H, W, 3) of any real dtype.

        Raises:
            MedSAMSegError: ``image_invalid``.
        """
        return prepare_image(self.specification, image)

    def encode_prepared(self, prepared: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the embedding, float32 (256, G, G), of an encoder input (3, S, S)."""
        return self._runner.encode(prepared)

    def encode(self, image: NDArray[Any]) -> NDArray[np.float32]:
        """Return the embedding, float32 (256, G, G), of a slice (H, W) or (H, W, 3) of any real dtype.

        Raises:
            MedSAMSegError: ``image_invalid``.
        """
        return self.encode_prepared(self.prepare(image))

    def decode(
        self,
        embedding: NDArray[np.floating[Any]],
        image_size: tuple[int, int],
        boxes: NDArray[Any] | None = None,
        points: NDArray[Any] | None = None,
        labels: NDArray[Any] | None = None,
        answer: int = 0,
        coarse_surroundings: bool = False,
    ) -> MaskPrediction:
        """Return one mask per object, all B objects in one batch.

        Every object has a box, points, or both; within one call all have the same of these. Coordinates are pixels of
        the slice, pixel centers are integers, and a box tight around pixels i…j is [i, j].

        Args:
            embedding: float16 or float32 (256, G, G).
            image_size: (H, W) of the slice that was encoded.
            boxes: (B, 4) as x0, y0, x1, y1.
            points: (B, N, 2) as x, y.
            labels: (B, N): 1 on the object, 0 off it, -1 for a filler where an object has fewer points.
            answer: 0 for SAM's answer to a clear prompt, 1 to 3 for one of those to a prompt that may mean several
                things, which only models whose specification ``proposes`` have learned.
            coarse_surroundings: on the processor, means of 2×2 positions may stand for what is far from the boxes, if
                there are no points: faster, and nearly the same masks.

        Raises:
            MedSAMSegError: ``prompt_invalid`` when shapes or labels do not fit.
        """
        _check_prompts(boxes, points, labels)
        network_boxes = network_points = None
        if boxes is not None:
            network_boxes = boxes_to_network(self.specification, boxes, image_size)
        if points is not None:
            network_points = (
                points_to_network(self.specification, points, image_size),
                np.asarray(labels, np.float32),
            )
        logits, scores = self._runner.decode(embedding, network_boxes, network_points, answer, coarse_surroundings)
        values = upsample_masks(self.specification, logits, image_size)
        return MaskPrediction(values, self.specification.mask_threshold, scores)

    def alternatives(
        self,
        embedding: NDArray[np.floating[Any]],
        image_size: tuple[int, int],
        points: NDArray[Any],
        least_score: float,
    ) -> Alternatives:
        """Return up to three masks for each of B points on objects, all in one batch.

        Args:
            embedding: float16 or float32 (256, G, G).
            image_size: (H, W) of the slice that was encoded.
            points: (B, 2) as x, y in pixels of the slice.
            least_score: only masks whose predicted IoU is above it are made.
        """
        network_points = points_to_network(self.specification, points[:, None], image_size)
        labels = np.ones((len(points), 1), np.float32)
        logits, scores = self._runner.decode_alternatives(embedding, (network_points, labels), least_score)
        chosen = scores > least_score
        return Alternatives(logits, scores[chosen], np.nonzero(chosen)[0])


def _check_prompts(boxes: NDArray[Any] | None, points: NDArray[Any] | None, labels: NDArray[Any] | None) -> None:
    if boxes is None and points is None:
        raise _invalid("There is neither a box nor a point to segment.")
    if boxes is not None and (np.ndim(boxes) != 2 or np.shape(boxes)[1] != 4):
        raise _invalid(f"Boxes have the shape {np.shape(boxes)}; expected (objects, 4).")
    if (points is None) != (labels is None):
        raise _invalid("Points and their labels belong together; one of them is missing.")
    if points is None or labels is None:
        return
    if np.ndim(points) != 3 or np.shape(points)[2] != 2 or np.shape(labels) != np.shape(points)[:2]:
        raise _invalid(
            f"Points have the shape {np.shape(points)} and labels {np.shape(labels)}; "
            "expected (objects, points, 2) and (objects, points)."
        )
    if boxes is not None and len(boxes) != len(points):
        raise _invalid(f"There are {len(boxes)} boxes and points of {len(points)} objects; expected as many.")
    if not np.isin(labels, (-1, 0, 1)).all():
        raise _invalid("A point's label is 1 (on the object), 0 (off it) or -1 (filler); there are others.")


def _invalid(message: str) -> MedSAMSegError:
    return MedSAMSegError(ErrorKind.INVALID_INPUT, "prompt_invalid", message)
