"""Several co-registered volumes of one object, the phases of one patient, asked together: probabilities are fused.

Hu et al. (arXiv:2304.08506) so asked SAM for liver tumors in the phases of contrast-enhanced CT, and took the mean or
the maximum. Here every box that a click or a propagation asks for is asked on each phase, and the fused answers go on
as those of one volume do: what is fused is what votes.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.answers import SliceSegmentation
from medsamseg_server.engine.box_vote import MARGINS
from medsamseg_server.engine.engine import Engine
from medsamseg_server.engine.masks import Candidates, SliceMask
from medsamseg_server.engine.probabilities import DEFAULT_THRESHOLD, ProbabilityMap
from medsamseg_server.engine.prompts import Box, Prompt
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.propagation.source import EngineSlices
from medsamseg_server.volumes.volume import Volume

_Value = TypeVar("_Value")

Fusion = Literal["mean", "max"]
FUSIONS: tuple[Fusion, ...] = ("mean", "max")


@dataclass(frozen=True)
class Phases:
    """Further volumes of the same voxels, and how their probabilities are fused with those of the first.

    Attributes:
        also: the further volumes.
        fusion: ``mean`` or ``max``.
    """

    also: tuple[Volume, ...] = ()
    fusion: Fusion = "mean"

    def check(self, volume: Volume) -> None:
        """Raise ``phases_differ`` unless all have the shape of the first volume, and are gray or in color as it is."""
        for other in self.also:
            if other.shape != volume.shape:
                message = f"A further volume has {other.shape} voxels (K, J, I), but the first has {volume.shape}."
                raise MedSAMSegError(ErrorKind.INVALID_INPUT, "phases_differ", message, "Resample it to the first.")
            if other.is_color != volume.is_color:
                message = "Of the volumes to be fused, some are in color and some are gray."
                raise MedSAMSegError(ErrorKind.INVALID_INPUT, "phases_differ", message, "Save all of them as gray.")


NO_PHASES = Phases()


class FusedSlices:
    """The slices of several volumes as those of one; see ``source.SliceSource``. Each slice is encoded once a volume.

    Where an object moves to, and what it looks like, is taken from the mean of what the network sees of each volume: in
    all of them it is in the same place, but not in each it can be seen.

    Args:
        phases: the slices of each volume, whose masks bring their probabilities along; two at least.
        fusion: of the probabilities.
        with_probabilities: the fused masks bring theirs along.
    """

    def __init__(self, phases: Sequence[EngineSlices], fusion: Fusion, with_probabilities: bool = False) -> None:
        self._phases = list(phases)
        self._fusion = fusion
        self._with_probabilities = with_probabilities

    def of_object(self, boxes: Mapping[int, Box], margins: Sequence[float] = MARGINS) -> FusedSlices:
        """Return the same slices, each volume in the window that suits an object; see ``EngineSlices.of_object``."""
        made = copy.copy(self)
        made._phases = [phase.of_object(boxes, margins) for phase in self._phases]
        return made

    def across(self, axis: int) -> FusedSlices:
        """Return the slices of all volumes along another axis; see ``EngineSlices.across``."""
        made = copy.copy(self)
        made._phases = [phase.across(axis) for phase in self._phases]
        return made

    @property
    def window(self) -> str:
        """Which intensities the network sees of the first volume."""
        return self._phases[0].window

    @property
    def encode_seconds(self) -> float:
        """Total time for embeddings, of all objects and volumes."""
        return sum(phase.encode_seconds for phase in self._phases)

    @property
    def decode_seconds(self) -> float:
        """Total time for masks, of all objects and volumes."""
        return sum(phase.decode_seconds for phase in self._phases)

    @property
    def encoder_calls(self) -> int:
        """Number of slices and close-ups that were asked for, of all volumes."""
        return sum(phase.encoder_calls for phase in self._phases)

    @property
    def decoder_calls(self) -> int:
        """Number of batches of boxes that were decoded, of all volumes."""
        return sum(phase.decoder_calls for phase in self._phases)

    def masks(self, index: int, boxes: Sequence[Box]) -> list[SliceMask]:
        """Return the object in each box on the whole slice ``index``; errors as ``Engine.segment``."""
        answers = [phase.masks(index, boxes) for phase in self._phases]
        size = self.image_size(index)
        return [self._fused_mask(each, size) for each in zip(*answers, strict=True)]

    def in_box(self, index: int, box: Box) -> tuple[SliceMask, float | None]:
        """Return the object in a box of the user on slice ``index``; what phases agree on is not known: None."""
        return self.in_prompt(index, Prompt(box)), None

    def in_prompt(self, index: int, prompt: Prompt) -> SliceMask:
        """Return the object that a prompt shows on slice ``index``; errors as ``Engine.segment``."""
        answers = [phase.in_prompt(index, prompt) for phase in self._phases]
        return self._fused_mask(answers, self.image_size(index))

    def candidates(self, index: int, box: Box, more_boxes: Sequence[Box] = ()) -> Candidates:
        """Return masks for a vote, one for each box that ``Engine.candidates`` asks; errors as ``Engine.segment``."""
        answers = [phase.candidates(index, box, more_boxes) for phase in self._phases]
        # What the network gets to see goes by the box alone, so that all answers have the same boxes and place.
        fused = _fuse([_known(answer.probabilities) for answer in answers], self._fusion)
        scores = np.mean([answer.scores for answer in answers], axis=0)
        behind = fused if self._with_probabilities else None
        return replace(answers[0], pixels=fused > DEFAULT_THRESHOLD, scores=scores, probabilities=behind)

    def gray(self, index: int) -> NDArray[np.uint8]:
        """Return the mean of slice ``index`` (H, W) of all volumes, as the network sees them."""
        return _mean([phase.gray(index) for phase in self._phases])

    def pixels(self, index: int) -> NDArray[np.uint8]:
        """Return the mean of slice ``index``, (H, W) or (H, W, 3), of all volumes, as the network sees them."""
        return _mean([phase.pixels(index) for phase in self._phases])

    def image_size(self, index: int) -> tuple[int, int]:
        """Return (H, W) of slice ``index``."""
        return self._phases[0].image_size(index)

    def _fused_mask(self, answers: Sequence[SliceMask], image_size: tuple[int, int]) -> SliceMask:
        return _fuse_masks(answers, self._fusion, image_size, self._with_probabilities)


def make_slices(
    engine: Engine,
    volume: Volume,
    axis: int,
    window: str,
    model: str | None,
    with_probabilities: bool = False,
    phases: Phases = NO_PHASES,
) -> EngineSlices | FusedSlices:
    """Return the slices of a volume, fused with those of its further phases where there are some.

    Args:
        engine: what segments.
        volume: the first volume.
        axis: 0, 1 or 2.
        window: which intensities the network sees of each; see ``windows.resolve_window``.
        model: name of the network; None for the engine's default.
        with_probabilities: masks bring their probabilities along.
        phases: further volumes; checked.
    """
    if not phases.also:
        return EngineSlices(engine, volume, axis, window, model, with_probabilities)
    slices = [EngineSlices(engine, each, axis, window, model, True) for each in (volume, *phases.also)]
    return FusedSlices(slices, phases.fusion, with_probabilities)


def fuse_answers(
    answers: Sequence[SliceSegmentation], fusion: Fusion, image_size: tuple[int, int], with_probabilities: bool = False
) -> SliceSegmentation:
    """Return the answers of several volumes to the same prompts on one slice as one; times are those of all.

    Args:
        answers: of each volume, the first one's first; their masks bring their probabilities along.
        fusion: of the probabilities.
        image_size: (H, W) of the slice.
        with_probabilities: the fused masks bring theirs along.
    """
    each_prompt = zip(*(answer.masks for answer in answers), strict=True)
    return replace(
        answers[0],
        masks=[_fuse_masks(masks, fusion, image_size, with_probabilities) for masks in each_prompt],
        # As of ``FusedSlices.in_box``.
        agreements=[None] * len(answers[0].masks),
        was_cached=all(answer.was_cached for answer in answers),
        encode_seconds=sum(answer.encode_seconds for answer in answers),
        decode_seconds=sum(answer.decode_seconds for answer in answers),
    )


def _fuse_masks(
    masks: Sequence[SliceMask], fusion: Fusion, image_size: tuple[int, int], with_probabilities: bool
) -> SliceMask:
    fused = _fuse([_known(mask.probability).to_array(image_size) for mask in masks], fusion)
    score = sum(mask.score for mask in masks) / len(masks)
    behind = ProbabilityMap(fused) if with_probabilities else None
    return SliceMask.from_mask(fused > DEFAULT_THRESHOLD, score, behind)


def _fuse(probabilities: Sequence[NDArray[np.float32]], fusion: Fusion) -> NDArray[np.float32]:
    fuse = np.mean if fusion == "mean" else np.max
    return np.asarray(fuse(np.stack(probabilities), axis=0), np.float32)


def _mean(images: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    return np.rint(np.mean(np.stack(images), axis=0, dtype=np.float32)).astype(np.uint8)


def _known(value: _Value | None) -> _Value:
    assert value is not None
    return value
