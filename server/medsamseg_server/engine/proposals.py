"""Objects of a slice that nobody has pointed at: SAM's automatic mode, on a slice that is encoded already.

A grid of points asks the decoder for three masks each. What the network thinks badly of is never made; what a small
change of the threshold changes much is dropped; of masks whose boxes are nearly the same, the best one is kept. These
are the rules and defaults of ``SamAutomaticMaskGenerator`` (``automatic_mask_generator.py`` of
facebookresearch/segment-anything) for one crop, the whole slice.
"""

from __future__ import annotations

import math
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.masks import Extent, SliceMask
from medsamseg_server.engine.slice_embeddings import Embedded
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.models.partial_upsampling import PartialUpsampling
from medsamseg_server.models.predictor import Alternatives
from medsamseg_server.models.specification import SPECIFICATIONS, ModelSpecification

#: Points along a side at most: four times the time of the default.
MOST_POINTS_PER_SIDE = 64
#: Points of one step. More would take no less time each, and a click waits for the step under way.
POINTS_AT_ONCE = 8


@dataclass(frozen=True)
class ProposalOptions:
    """What is asked and what is kept; the defaults are those of ``SamAutomaticMaskGenerator``, named in brackets.

    Attributes:
        points_per_side: the grid has its square of points [``points_per_side``].
        least_quality: masks have a predicted IoU above it; 0 keeps all [``pred_iou_thresh``].
        least_stability: … and at least this stability; 0 keeps all [``stability_score_thresh``].
        stability_offset: in logits; stability is the area above it over the area above its negative, 0 to 1
            [``stability_score_offset``].
        most_overlap: two proposals' boxes have at most this IoU [``box_nms_thresh``].
    """

    points_per_side: int = 32
    least_quality: float = 0.88
    least_stability: float = 0.95
    stability_offset: float = 1.0
    most_overlap: float = 0.7

    def check(self) -> None:
        """Raise ``proposal_option`` for a number out of its range."""
        most = float(MOST_POINTS_PER_SIDE)
        for name, value, low, high in (
            ("points per side", self.points_per_side, 1.0, most),
            ("quality", self.least_quality, 0.0, 1.0),
            ("stability", self.least_stability, 0.0, 1.0),
            ("stability offset", self.stability_offset, 0.0, math.inf),
            ("overlap", self.most_overlap, 0.0, 1.0),
        ):
            if not (low <= value <= high and math.isfinite(value)):
                message = f"The {name} of proposals is {value:g}; expected {low:g} to {high:g}."
                raise MedSAMSegError(ErrorKind.INVALID_INPUT, "proposal_option", message, "Leave it out for the usual.")


@dataclass(frozen=True)
class Proposal:
    """An object that the network has found by itself.

    Attributes:
        mask: the object, never empty; its ``score`` is the quality.
        quality: the IoU that the network predicts for it; trained to be at most 1, and sometimes above.
        stability: 0 to 1, see ``ProposalOptions.stability_offset``.
        point: x, y of the grid's point that led to it, in pixels of the slice.
    """

    mask: SliceMask
    quality: float
    stability: float
    point: tuple[float, float]

    @property
    def box(self) -> Extent:
        """Tight rectangle round the object, x0, y0, x1, y1, inclusive."""
        assert self.mask.extent is not None
        return self.mask.extent

    @property
    def area(self) -> int:
        """Number of pixels."""
        return self.mask.voxels


def require_proposer(specification: ModelSpecification) -> None:
    """Raise ``model_cannot_propose`` unless a model's answers to points were trained."""
    if not specification.proposes:
        message = (
            f"{specification.title} is not made to propose objects: it learned one mask for a box, not what a point "
            "may mean, nor how good its masks are."
        )
        names = " or ".join(name for name, each in SPECIFICATIONS.items() if each.proposes)
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "model_cannot_propose", message, f"Choose the model {names}.")


class ProposalSearch:
    """The search for the objects of one slice, in short steps.

    Args:
        embedded: the embedding of the whole slice.
        options: which have been checked.
        decoding: held while the network decodes.

    Attributes:
        points_total: number of points of the grid.
        seconds: time spent so far.

    Raises:
        MedSAMSegError: ``model_cannot_propose``.
    """

    def __init__(self, embedded: Embedded, options: ProposalOptions, decoding: Lock) -> None:
        specification = embedded.predictor.specification
        require_proposer(specification)
        self._embedded = embedded
        self._options = options
        self._decoding = decoding
        self._points = point_grid(options.points_per_side, embedded.framing.view.shape)
        self._upsampling = PartialUpsampling(specification, embedded.mask_side, embedded.framing.view.shape)
        self._candidates: list[_Candidate] = []
        self.points_total = len(self._points)
        self.seconds = 0.0

    def steps(self) -> Iterator[int]:
        """Ask some points per ``next``; yield how many have been asked."""
        for start in range(0, self.points_total, POINTS_AT_ONCE):
            started = time.perf_counter()
            points = self._points[start : start + POINTS_AT_ONCE]
            # Quality 0 is no bound: a prediction may be below.
            least = self._options.least_quality or -math.inf
            with self._decoding:
                answers = self._embedded.predictor.alternatives(
                    self._embedded.embedding, self._embedded.framing.view.shape, points, least
                )
            self._candidates += self._stable(answers, points)
            self.seconds += time.perf_counter() - started
            yield start + len(points)

    def proposals(self) -> list[Proposal]:
        """Return the objects that the points so far have led to, the best first."""
        boxes = np.array([each.box for each in self._candidates], np.float32).reshape(-1, 4)
        qualities = np.array([each.quality for each in self._candidates], np.float32)
        kept = without_duplicates(boxes, qualities, self._options.most_overlap)
        return [self._candidates[number].unpacked() for number in kept]

    def _stable(self, answers: Alternatives, points: NDArray[np.float64]) -> Iterator[_Candidate]:
        offset = self._options.stability_offset
        for logits, score, number in zip(answers.logits, answers.scores, answers.numbers, strict=True):
            part = self._upsampling.above(logits, -offset)
            if part is None:
                continue
            loose = int(np.count_nonzero(part.values > -offset))
            # Rounding can leave nothing of a part.
            stability = np.count_nonzero(part.values > offset) / max(loose, 1)
            if stability < self._options.least_stability:
                continue
            mask = SliceMask.from_mask(part.values > 0, float(score)).moved(part.x0, part.y0)
            if mask.extent is not None:
                x, y = points[number].tolist()
                yield _Candidate.packed(Proposal(mask, float(score), stability, (x, y)))


@dataclass(frozen=True)
class _Candidate:
    """A proposal whose pixels take little memory: there are thousands before duplicates are dropped."""

    box: Extent
    quality: float
    stability: float
    point: tuple[float, float]
    bits: bytes

    @classmethod
    def packed(cls, proposal: Proposal) -> _Candidate:
        bits = zlib.compress(np.packbits(proposal.mask.pixels).tobytes(), 1)
        return cls(proposal.box, proposal.quality, proposal.stability, proposal.point, bits)

    def unpacked(self) -> Proposal:
        x0, y0, x1, y1 = self.box
        shape = (y1 - y0 + 1, x1 - x0 + 1)
        bits = np.frombuffer(zlib.decompress(self.bits), np.uint8)
        pixels = np.unpackbits(bits, count=shape[0] * shape[1]).reshape(shape).astype(bool)
        return Proposal(SliceMask(self.box, pixels, self.quality), self.quality, self.stability, self.point)


def point_grid(points_per_side: int, image_size: tuple[int, int]) -> NDArray[np.float64]:
    """Return the points of a grid over a slice of ``image_size`` (H, W), row by row: (N, 2) as x, y.

    >>> point_grid(2, (40, 100)).tolist()
    [[25.0, 10.0], [75.0, 10.0], [25.0, 30.0], [75.0, 30.0]]
    """
    height, width = image_size
    places = (np.arange(points_per_side) + 0.5) / points_per_side
    x, y = np.meshgrid(places * width, places * height)
    return np.stack([x.ravel(), y.ravel()], axis=1)


def without_duplicates(boxes: NDArray[np.float32], qualities: NDArray[np.float32], most_overlap: float) -> list[int]:
    """Return which of N boxes are kept, the best first: each that no better kept one overlaps too much.

    Sides are differences of corners, as torchvision's ``nms`` takes them, so a box of one row overlaps nothing.

    Args:
        boxes: (N, 4) as x0, y0, x1, y1.
        qualities: (N,).
        most_overlap: IoU of two kept boxes at most.
    """
    left = np.argsort(-qualities, kind="stable")
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    kept: list[int] = []
    while len(left):
        best, left = int(left[0]), left[1:]
        kept.append(best)
        others = boxes[left]
        sides = np.minimum(boxes[best, 2:], others[:, 2:]) - np.maximum(boxes[best, :2], others[:, :2])
        shared = np.maximum(sides, 0).prod(axis=1)
        left = left[shared <= most_overlap * (areas[best] + areas[left] - shared)]
    return kept
