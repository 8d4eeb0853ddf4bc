"""What makes one model of the family different from the others: its encoder and its protocol, as data.

The facts are those of the authors' own inference code: ``MedSAM_Inference.py`` and ``CVPR24_LiteMedSAM_infer.py`` of
bowang-lab/MedSAM, ``predictor.py`` and ``utils/transforms.py`` of facebookresearch/segment-anything, and
``tiny_vit_sam.py`` of ChaoningZhang/MobileSAM.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import ClassVar, TypeAlias

#: Channels, and side for a whole slice, of the embeddings of the SAM family.
EMBEDDING_CHANNELS = 256
EMBEDDING_SIDE = 64


class Resize(Enum):
    """How a slice is brought to the network's input size."""

    #: To the whole square, aspect ratio not kept; bicubic, smoothed before it is made smaller.
    STRETCH_BICUBIC = auto()
    #: Longest side to the input size, mean of the covered pixels; zeros to the right and below.
    LONGEST_SIDE_AREA = auto()
    #: Longest side to the input size, bilinear, widened when made smaller; zeros to the right and below.
    LONGEST_SIDE_BILINEAR = auto()


class Scaling(Enum):
    """How gray levels 0…255 become the network's numbers; always after resizing, before padding."""

    #: The resized slice's minimum to 0, its maximum to 1.
    MIN_MAX = auto()
    #: ImageNet's mean and standard deviation per color channel.
    IMAGENET = auto()


class Coordinates(Enum):
    """How positions in the slice become positions in the network's input."""

    #: Each axis times its own ratio of resized to original size.
    RATIO_PER_AXIS = auto()
    #: Both axes times the input size over the longest side; box corners then lose their fraction.
    ONE_RATIO_TRUNCATED = auto()


class Upsampling(Enum):
    """How the decoder's 256×256 logits become a mask of the slice's size; always bilinear."""

    #: Probabilities are interpolated and compared with 0.5.
    PROBABILITIES = auto()
    #: The padding is cropped, logits are interpolated and compared with 0.
    CROPPED_LOGITS = auto()
    #: Logits are interpolated to the input size, cropped, interpolated to the slice and compared with 0.
    LOGITS_AT_INPUT_SIZE = auto()


@dataclass(frozen=True)
class TinyViTParameters:
    """The measures of a TinyViT encoder (Wu et al., ECCV 2022), as the SAM family uses it.

    Attributes:
        patch_kernel: kernel of the two convolutions that embed the image.
        patch_stride: stride of each of the two.
        widths: channels of the four stages.
        depths: blocks of the four stages.
        heads: attention heads of stages two to four.
        windows: side of the attention windows of stages two to four, in tokens.
        merge_strides: by how much the transition after each of the first three stages makes the grid smaller.
    """

    kind: ClassVar[str] = "tiny_vit"

    patch_kernel: int
    patch_stride: int
    widths: tuple[int, int, int, int] = (64, 128, 160, 320)
    depths: tuple[int, int, int, int] = (2, 2, 6, 2)
    heads: tuple[int, int, int] = (4, 5, 10)
    windows: tuple[int, int, int] = (7, 14, 7)
    merge_strides: tuple[int, int, int] = (2, 2, 1)

    @property
    def reduction(self) -> int:
        """By how much the embedding's grid is smaller than the image."""
        return self.patch_stride**2 * math.prod(self.merge_strides)

    def embedding_shape(self, input_size: int) -> tuple[int, int, int]:
        """Return the shape of the embedding of an input of side ``input_size``."""
        side = input_size // self.reduction
        return (EMBEDDING_CHANNELS, side, side)


@dataclass(frozen=True)
class ViTBParameters:
    """SAM's ViT-B encoder, which has one size (``build_sam_vit_b`` of the segment-anything repository)."""

    kind: ClassVar[str] = "vit_b"

    def embedding_shape(self, input_size: int) -> tuple[int, int, int]:
        """Return the shape of the embedding, which is the same for every input."""
        return (EMBEDDING_CHANNELS, EMBEDDING_SIDE, EMBEDDING_SIDE)


@dataclass(frozen=True)
class NoEncoder:
    """No encoder: one channel of the prepared slice stands in the place of its embedding."""

    kind: ClassVar[str] = "none"

    def embedding_shape(self, input_size: int) -> tuple[int, int, int]:
        """Return the shape of the prepared slice."""
        return (1, input_size, input_size)


@dataclass(frozen=True)
class SamDecoder:
    """SAM's prompt encoder and mask decoder, which have one size."""

    kind: ClassVar[str] = "sam"


@dataclass(frozen=True)
class UNetParameters:
    """The measures of a 2D U-Net that gets the box as a second channel: the specialist that MedSAM is compared with.

    Attributes:
        widths: channels of the levels, from fine to coarse.
        strides: by how much the grid becomes smaller from one level to the next; one fewer than the widths.
        residual_units: convolutions of each level's residual block.
    """

    kind: ClassVar[str] = "u_net"

    widths: tuple[int, ...] = (32, 64, 128, 256, 512)
    strides: tuple[int, ...] = (2, 2, 2, 2)
    residual_units: int = 2


#: What a network is made of. What depends on the kind goes by the type: networks, runtimes, precision.
Encoder: TypeAlias = TinyViTParameters | ViTBParameters | NoEncoder
Decoder: TypeAlias = SamDecoder | UNetParameters


@dataclass(frozen=True)
class ModelSpecification:
    """One model of the family.

    Attributes:
        name: short name, as in ``--model``.
        title: name for people.
        encoder: which encoder, and its measures.
        input_size: side S of the encoder's square input, in pixels.
        resize: how a slice is brought to that size.
        scaling: how gray levels become the network's numbers.
        upsampling: how the decoder's logits become a mask.
        coordinates: how boxes and points are brought into the network's frame.
        unused_weights: beginnings of the names of tensors in the published file that play no part here.
        decoder: which decoder, and its measures.
        close_up_size: side of the encoder's input for close-ups; see ``close_ups``. None for a model that has none.
        coarse_surroundings: in a whole slice, the decoder may see means where it is far from a box: LiteMedSAM's masks
            stay what they are (docs/speed.md). Others were not measured.
        learned_scores: its estimate of a mask's IoU was trained on medical images, so that it finds bad masks.
        proposes: its three answers to a prompt, and the quality that it predicts for them, were trained; MedSAM's and
            LiteMedSAM's were not, which learned one mask for a box.
    """

    name: str
    title: str
    encoder: Encoder
    input_size: int
    resize: Resize
    scaling: Scaling
    upsampling: Upsampling
    coordinates: Coordinates = Coordinates.RATIO_PER_AXIS
    unused_weights: tuple[str, ...] = ()
    decoder: Decoder = SamDecoder()
    close_up_size: int | None = None
    coarse_surroundings: bool = False
    learned_scores: bool = False
    proposes: bool = False

    def at(self, input_size: int) -> ModelSpecification:
        """Return the same model with an encoder input of another side, whose decoder sees everything."""
        return replace(self, input_size=input_size, coarse_surroundings=False)

    @property
    def embedding_shape(self) -> tuple[int, int, int]:
        """Shape of a slice's embedding."""
        return self.encoder.embedding_shape(self.input_size)

    @property
    def embedding_bytes(self) -> int:
        """What a slice's embedding takes, in half floats, as it is kept."""
        return 2 * math.prod(self.embedding_shape)

    @property
    def mask_threshold(self) -> float:
        """The value above which an upsampled mask value belongs to the object."""
        return 0.5 if self.upsampling is Upsampling.PROBABILITIES else 0.0


#: Every model by its name, the default first.
SPECIFICATIONS: dict[str, ModelSpecification] = {
    specification.name: specification
    for specification in (
        ModelSpecification(
            name="litemedsam",
            title="LiteMedSAM",
            encoder=TinyViTParameters(patch_kernel=1, patch_stride=1),
            input_size=256,
            resize=Resize.LONGEST_SIDE_AREA,
            scaling=Scaling.MIN_MAX,
            upsampling=Upsampling.CROPPED_LOGITS,
            coordinates=Coordinates.ONE_RATIO_TRUNCATED,
            close_up_size=128,
            coarse_surroundings=True,
            learned_scores=True,
        ),
        ModelSpecification(
            name="medsam",
            title="MedSAM ViT-B",
            encoder=ViTBParameters(),
            input_size=1024,
            resize=Resize.STRETCH_BICUBIC,
            scaling=Scaling.MIN_MAX,
            upsampling=Upsampling.PROBABILITIES,
        ),
        ModelSpecification(
            name="mobilesam",
            title="MobileSAM",
            encoder=TinyViTParameters(patch_kernel=3, patch_stride=2),
            input_size=1024,
            resize=Resize.LONGEST_SIDE_BILINEAR,
            scaling=Scaling.IMAGENET,
            upsampling=Upsampling.LOGITS_AT_INPUT_SIZE,
            # The classifier that TinyViT was pre-trained with; the authors' code loads it and never runs it.
            unused_weights=("image_encoder.norm_head.", "image_encoder.head."),
            proposes=True,
        ),
        ModelSpecification(
            name="sam",
            title="SAM ViT-B",
            encoder=ViTBParameters(),
            input_size=1024,
            resize=Resize.LONGEST_SIDE_BILINEAR,
            scaling=Scaling.IMAGENET,
            upsampling=Upsampling.LOGITS_AT_INPUT_SIZE,
            proposes=True,
        ),
    )
}
