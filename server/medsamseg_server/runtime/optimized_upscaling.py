"""SAM's upscaling from image positions to mask logits, with the same weights and the same result, where it is wanted.

It looks at one position at a time: a transposed convolution whose stride is its kernel makes 2×2 of each, twice, with a
normalization over channels between them. So the logits around a box cost only as much as that part of the image, and
each step is one matrix product over rows of channels.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from medsamseg_server.models.networks import SamNetwork
from medsamseg_server.runtime.mask_windows import GROWTH


class OptimizedUpscaling(nn.Module):
    """A network's upscaling of some image positions to logits.

    Shapes: B objects on N positions of C = 256 channels; L of the objects at M positions each, with K masks.

    Args:
        network: its decoder's modules are shared, their weights brought into other shapes.
    """

    first_weight: Tensor
    first_bias: Tensor
    second_weight: Tensor
    second_bias: Tensor

    def __init__(self, network: SamNetwork) -> None:
        super().__init__()
        decoder: Any = network.mask_decoder
        first, self.norm, _, second, _ = decoder.output_upscaling
        for name, convolution in (("first", first), ("second", second)):
            self.register_buffer(f"{name}_weight", convolution.weight.permute(0, 2, 3, 1).flatten(1).contiguous())
            self.register_buffer(f"{name}_bias", convolution.bias.repeat(GROWTH**2))

    def forward(self, image: Tensor, kernels: Tensor, rows: Tensor) -> Tensor:
        """Return logits (L, M, 16, K): the position's 2×2 parts, row by row, each with its own 2×2 parts.

        Args:
            image: all objects' image positions (B, N, C).
            kernels: what marks each of the L objects, in K ways (L, K, C / 8).
            rows: int32 (L, M), which positions; position n of object b is row b · N + n.
        """
        count = kernels.shape[0]
        chosen = torch.index_select(image.flatten(0, 1), 0, rows.flatten()).float()
        grown = (chosen @ self.first_weight + self.first_bias).reshape(-1, self.norm.weight.shape[0])
        normalized = functional.layer_norm(
            grown, grown.shape[1:], self.norm.weight.flatten(), self.norm.bias.flatten(), self.norm.eps
        )
        grown = functional.gelu(functional.gelu(normalized) @ self.second_weight + self.second_bias)
        logits = grown.reshape(count, -1, kernels.shape[2]) @ kernels.transpose(1, 2)
        return logits.reshape(count, -1, GROWTH**4, kernels.shape[1])
