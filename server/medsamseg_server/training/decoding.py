"""A batch of different images, each with its own box, through a network of the SAM family."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from medsamseg_server.models.frames import resized_shape
from medsamseg_server.models.networks import SamNetwork
from medsamseg_server.models.specification import ModelSpecification, SamDecoder

# SAM's masks are so many times as large as its embeddings.
_MASK_SCALE = 4


class BoxToMask(nn.Module):
    """From images or their embeddings, and a box on each, to logits and predicted IoU: what is trained.

    Whole slices and close-ups have inputs of different sizes. All of a batch go through in one call, as networks on
    several devices want it.

    Attributes:
        network: the network.
        encodes: whether the inputs are images that go through the encoder, or embeddings.
    """

    def __init__(self, network: SamNetwork, encodes: bool) -> None:
        super().__init__()
        self.network = network
        self.encodes = encodes

    def forward(self, inputs: Sequence[Tensor], boxes: Sequence[Tensor]) -> list[tuple[Tensor, Tensor]]:
        """Return the logits (B, 4 · G, 4 · G) and the predicted IoU (B,) of each group.

        Args:
            inputs: groups of images (B, 3, S, S) or embeddings (B, 256, G, G), each of one size.
            boxes: for each group (B, 4) as x0, y0, x1, y1 in the frame of its S×S input.
        """
        return [
            decode_each(self.network, self.network.encode(group) if self.encodes else group, its_boxes)
            for group, its_boxes in zip(inputs, boxes, strict=True)
        ]


def decode_each(network: SamNetwork, embeddings: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Return the logits (B, 4 · G, 4 · G) and the predicted IoU (B,) of one box (B, 4) on each of B images.

    SAM's decoder takes many prompts on one image. It adds the image to the dense part of each prompt, so B images go in
    as B dense prompts on an image of zeros.
    """
    network = network.for_embeddings(embeddings.shape[-1])
    sparse, dense = network.prompt_encoder(points=None, boxes=boxes, masks=None)
    # The type of a submodule's attribute is not known to the type checker.
    positions = network.prompt_encoder.get_dense_pe()  # type: ignore[operator]
    logits, scores = network.mask_decoder(
        image_embeddings=embeddings.new_zeros((1, *embeddings.shape[1:])),
        image_pe=positions,
        sparse_prompt_embeddings=sparse,
        dense_prompt_embeddings=dense + embeddings,
        multimask_output=False,
    )
    return logits[:, 0], scores[:, 0]


def mask_target(specification: ModelSpecification, mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return a mask (H, W) as the decoder should answer it: as large as its logits, 1 on the object, nearest pixels."""
    height, width = resized_shape(specification, (mask.shape[0], mask.shape[1]))
    side = specification.embedding_shape[-1]
    if isinstance(specification.decoder, SamDecoder):
        side *= _MASK_SCALE
    scale = side / specification.input_size
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    target = np.zeros((side, side), np.float32)
    target[: size[1], : size[0]] = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    return target
