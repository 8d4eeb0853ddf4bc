"""What the engine answers: masks on one slice, and how they came about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from medsamseg_server.engine.masks import Candidates, SliceMask
from medsamseg_server.engine.slice_embeddings import Embedded
from medsamseg_server.engine.slice_request import Framing
from medsamseg_server.volumes.windows import IntensityRange


@dataclass(frozen=True)
class SliceSegmentation:
    """The answer for one slice: a mask per prompt, and how it came about.

    Attributes:
        masks: in the order of the prompts.
        agreements: how far slightly different boxes gave each mask, 0 to 1; None where one box only was asked.
        framings: what the network saw for each prompt.
        was_cached: all embeddings were known.
        encode_seconds: time for the embeddings.
        decode_seconds: time for the masks.
        model: name of the network.
        weights_sha256: which weights it had.
    """

    masks: list[SliceMask]
    agreements: list[float | None]
    framings: list[Framing]
    was_cached: bool
    encode_seconds: float
    decode_seconds: float
    model: str
    weights_sha256: str

    @property
    def window(self) -> IntensityRange:
        """The intensities that the network saw for the first prompt."""
        return self.framings[0].window


@dataclass(frozen=True)
class SliceCandidates:
    """Several masks of one object on a slice, for a vote, and how they came about.

    Attributes:
        masks: as the network gave them.
        framing: what the network saw.
        encode_seconds: time for the embedding.
        decode_seconds: time for the masks.
    """

    masks: Candidates
    framing: Framing
    encode_seconds: float
    decode_seconds: float


def slice_segmentation(
    embedded: Sequence[Embedded], masks: list[SliceMask], agreements: list[float | None], decode_seconds: float
) -> SliceSegmentation:
    """Return the answer for a slice.

    Args:
        embedded: what each mask was decoded on, and what else was looked at, such as for what is excluded.
        masks: one a prompt.
        agreements: one a mask.
        decode_seconds: time for the masks.
    """
    predictor = embedded[0].predictor
    different = {id(each): each for each in embedded}.values()
    return SliceSegmentation(
        masks,
        agreements,
        [each.framing for each in embedded[: len(masks)]],
        all(each.was_cached for each in different),
        sum(each.seconds for each in different),
        decode_seconds,
        predictor.specification.name,
        predictor.weights_sha256,
    )
