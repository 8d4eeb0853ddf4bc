"""The two parts of a network as other programs call them, with the names that exports of SAM usually have."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from medsamseg_server.models.networks import SamNetwork
from medsamseg_server.models.tiny_vit import TinyViT
from medsamseg_server.runtime.optimized_decoder import PromptTokens
from medsamseg_server.runtime.optimized_tiny_vit import OptimizedTinyViT

#: Names of what goes in and comes out.
IMAGE, EMBEDDING = "input_image", "image_embeddings"
POSITIONS, LABELS = "point_coords", "point_labels"
LOGITS, SCORES = "low_res_masks", "iou_predictions"
ENCODER_INPUTS, ENCODER_OUTPUTS = (IMAGE,), (EMBEDDING,)
DECODER_INPUTS, DECODER_OUTPUTS = (EMBEDDING, POSITIONS, LABELS), (LOGITS, SCORES)


def make_encoder(network: SamNetwork) -> nn.Module:
    """Return the image encoder, (1, 3, S, S) to (1, 256, G, G), in single precision."""
    encoder = network.image_encoder
    if type(encoder) is TinyViT:
        # The same network to rounding; ONNX Runtime takes a quarter less time for it.
        encoder = OptimizedTinyViT(encoder, short=False, side=network.embedding_side)
    return encoder.eval()


class PromptedDecoder(nn.Module):
    """Prompt encoder and mask decoder in one: an embedding and B objects of n points each to a mask of each object.

    Args:
        network: its modules and weights are shared, not copied.
    """

    no_mask: Tensor
    positions: Tensor

    def __init__(self, network: SamNetwork) -> None:
        super().__init__()
        prompts: Any = network.prompt_encoder
        self.tokens = PromptTokens(prompts)
        self.decoder = network.mask_decoder
        self.register_buffer("no_mask", prompts.no_mask_embed.weight.reshape(1, -1, 1, 1))
        self.register_buffer("positions", prompts.get_dense_pe())
        self.eval()

    def forward(self, embedding: Tensor, positions: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits (B, 1, 4 · G, 4 · G) and the predicted IoU (B, 1).

        Args:
            embedding: (1, 256, G, G).
            positions: (B, n, 2) as x, y in the frame of the S×S input.
            labels: (B, n): 0 off the object, 1 on it, 2 and 3 for a box's corners, -1 for what is no point.
        """
        sparse = self.tokens(positions, labels)
        side = embedding.shape[-1]
        logits, scores = self.decoder(
            image_embeddings=embedding,
            image_pe=self.positions,
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=self.no_mask.expand(sparse.shape[0], -1, side, side),
            multimask_output=False,
        )
        return logits, scores
