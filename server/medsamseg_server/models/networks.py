"""The networks of the SAM family: an image encoder, and SAM's prompt encoder and mask decoder."""

from __future__ import annotations

import copy
from functools import partial
from typing import Any

from torch import Tensor, nn

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.models.segment_anything_modeling import (
    ImageEncoderViT,
    MaskDecoder,
    PromptEncoder,
    TwoWayTransformer,
)
from medsamseg_server.models.specification import (
    EMBEDDING_CHANNELS,
    EMBEDDING_SIDE,
    ModelSpecification,
    SamDecoder,
    TinyViTParameters,
    ViTBParameters,
)
from medsamseg_server.models.tiny_vit import TinyViT


class SamNetwork(nn.Module):
    """A network of the SAM family; its tensors have the names of the authors' checkpoints.

    Attributes:
        image_encoder: (B, 3, S, S) to (B, 256, G, G); G is 64 at the size that the network was trained with.
        prompt_encoder: SAM's, for boxes and points in the frame of the S×S input.
        mask_decoder: SAM's, to logits (B, 1, 4 · G, 4 · G) and predicted IoU (B, 1).
    """

    def __init__(self, image_encoder: nn.Module, prompt_encoder: nn.Module, mask_decoder: nn.Module) -> None:
        super().__init__()
        self.image_encoder = image_encoder
        self.prompt_encoder = prompt_encoder
        self.mask_decoder = mask_decoder

    @property
    def embedding_side(self) -> int:
        """G, the side of an image's embedding."""
        side: int = self.prompt_encoder.image_embedding_size[0]  # type: ignore[index, assignment]
        return side

    def at(self, input_size: int) -> SamNetwork:
        """Return the network for another input size S; the weights are shared.

        TinyViT has no absolute positions, and SAM's prompt encoder and decoder have continuous ones, from 0 to 1.
        """
        prompts: Any = copy.copy(self.prompt_encoder)
        reduction = prompts.input_image_size[0] // prompts.image_embedding_size[0]
        prompts.input_image_size = (input_size, input_size)
        prompts.image_embedding_size = (input_size // reduction, input_size // reduction)
        return SamNetwork(self.image_encoder, prompts, self.mask_decoder).eval()

    def for_embeddings(self, side: int) -> SamNetwork:
        """Return the network for embeddings of another side G; the weights are shared."""
        if side == self.embedding_side:
            return self
        input_side: int = self.prompt_encoder.input_image_size[0]  # type: ignore[index, assignment]
        return self.at(side * input_side // self.embedding_side)

    def encode(self, images: Tensor) -> Tensor:
        """Return the embeddings (B, 256, G, G) of prepared images (B, 3, S, S)."""
        embeddings: Tensor = self.image_encoder(images)
        return embeddings

    def decode(
        self, embedding: Tensor, boxes: Tensor | None, points: tuple[Tensor, Tensor] | None, answer: int = 0
    ) -> tuple[Tensor, Tensor]:
        """Return the logits (B, 4 · G, 4 · G) and the predicted IoU (B,) of B objects on one image.

        Args:
            embedding: the image's (1, 256, G, G).
            boxes: (B, 4) as x0, y0, x1, y1 in the frame of the S×S input, or None.
            points: (B, N, 2) as x, y in the same frame with their labels (B, N) as 1 (on the object), 0 (off it) or
                -1 (not a point); or None.
            answer: 0 for the mask of a clear prompt, 1 to 3 for one of those of a prompt that may mean several things.
        """
        logits, scores = self._decode(embedding, boxes, points, several=answer > 0)
        # Without several answers, the decoder gives the first one alone.
        number = max(answer - 1, 0)
        return logits[:, number], scores[:, number]

    def decode_alternatives(self, embedding: Tensor, points: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Return the logits (B, 3, 4 · G, 4 · G) and the predicted IoU (B, 3) of B objects: SAM's three answers each.

        A point may mean a part, an object or a whole of several. The arguments are those of ``decode``.
        """
        return self._decode(embedding, None, points, several=True)

    def _decode(
        self, embedding: Tensor, boxes: Tensor | None, points: tuple[Tensor, Tensor] | None, several: bool
    ) -> tuple[Tensor, Tensor]:
        sparse, dense = self.prompt_encoder(points=points, boxes=boxes, masks=None)
        # The type of a submodule's attribute is not known to the type checker.
        positions = self.prompt_encoder.get_dense_pe()  # type: ignore[operator]
        logits, scores = self.mask_decoder(
            image_embeddings=embedding,
            image_pe=positions,
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
            multimask_output=several,
        )
        return logits, scores


def build_network(specification: ModelSpecification) -> SamNetwork:
    """Return the network of ``specification`` with random weights, in evaluation mode.

    Raises:
        MedSAMSegError: ``model_unsuitable`` for one with another encoder or decoder than those of the SAM family.
    """
    if type(specification.decoder) is not SamDecoder:
        raise _not_of_the_family(specification)
    encoder = _build_encoder(specification)
    network = SamNetwork(encoder, _build_prompt_encoder(specification), _build_mask_decoder())
    return network.eval().requires_grad_(False)


def _build_encoder(specification: ModelSpecification) -> nn.Module:
    match specification.encoder:
        case TinyViTParameters() as parameters:
            return TinyViT(parameters)
        case ViTBParameters():
            return _build_vit_b(specification)
        case _:
            raise _not_of_the_family(specification)


def _not_of_the_family(specification: ModelSpecification) -> MedSAMSegError:
    kinds = f"encoder {specification.encoder.kind}, decoder {specification.decoder.kind}"
    message = f"{specification.title} is no network of the SAM family ({kinds})."
    return MedSAMSegError(ErrorKind.INVALID_INPUT, "model_unsuitable", message, "Choose a model of that family.")


def _build_vit_b(specification: ModelSpecification) -> nn.Module:
    """Return SAM's ViT-B (``build_sam_vit_b`` of the segment-anything repository)."""
    encoder: nn.Module = ImageEncoderViT(
        img_size=specification.input_size,
        patch_size=specification.input_size // EMBEDDING_SIDE,
        embed_dim=768,
        depth=12,
        num_heads=12,
        mlp_ratio=4,
        qkv_bias=True,
        norm_layer=partial(nn.LayerNorm, eps=1e-6),
        use_rel_pos=True,
        window_size=14,
        global_attn_indexes=(2, 5, 8, 11),
        out_chans=EMBEDDING_CHANNELS,
    )
    return encoder


def _build_prompt_encoder(specification: ModelSpecification) -> nn.Module:
    side = specification.embedding_shape[-1]
    encoder: nn.Module = PromptEncoder(
        embed_dim=EMBEDDING_CHANNELS,
        image_embedding_size=(side, side),
        input_image_size=(specification.input_size, specification.input_size),
        mask_in_chans=16,
    )
    return encoder


def _build_mask_decoder() -> nn.Module:
    decoder: nn.Module = MaskDecoder(
        num_multimask_outputs=3,
        transformer=TwoWayTransformer(depth=2, embedding_dim=EMBEDDING_CHANNELS, mlp_dim=2048, num_heads=8),
        transformer_dim=EMBEDDING_CHANNELS,
        iou_head_depth=3,
        iou_head_hidden_dim=256,
    )
    return decoder
