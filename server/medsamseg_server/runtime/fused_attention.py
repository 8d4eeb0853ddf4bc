"""SAM's ViT-B attention in one fused operation, with the same weights and the same result.

SAM computes a block's logits, adds the positions' part, and normalizes, each time through 805 MB for a whole image.
PyTorch's fused attention takes the positions' part as a bias and never keeps the logits. That bias is as large as they
are, so it is made for some rows of the image at a time.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from medsamseg_server.models.segment_anything_modeling import ImageEncoderViT

#: Positions that ask at once: of a whole image a quarter, whose bias takes 201 MB in single precision. Each part more
#: costs OpenVINO 1.5 MB for as long as the network is loaded, so that sixteen take more than four.
_ASKING_AT_ONCE = 1024


class FusedAttention(nn.Module):
    """An attention block of SAM's ViT: tokens (B, H, W, C) to the same shape.

    Args:
        attention: SAM's block; its modules and weights are shared.
    """

    rows: Tensor
    columns: Tensor

    def __init__(self, attention: Any) -> None:
        super().__init__()
        self.heads = attention.num_heads
        self.qkv = attention.qkv
        self.proj = attention.proj
        self.register_buffer("rows", _by_pair(attention.rel_pos_h), persistent=False)
        self.register_buffer("columns", _by_pair(attention.rel_pos_w), persistent=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the attended tokens."""
        batch, height, width, channels = tokens.shape
        shape = (batch, height * width, 3, self.heads, channels // self.heads)
        query, key, value = self.qkv(tokens).reshape(shape).permute(2, 0, 3, 1, 4).unbind(0)
        grid = query.reshape(batch, self.heads, height, width, -1)
        down = grid @ self.rows.transpose(1, 2)[None, None]
        across = (grid.transpose(2, 3) @ self.columns.transpose(1, 2)[None, None]).transpose(2, 3)
        at_once = max(1, _ASKING_AT_ONCE // int(width))
        parts = []
        for asking, below, beside in zip(*(each.split(at_once, 2) for each in (grid, down, across)), strict=True):
            bias = (below[..., :, None] + beside[..., None, :]).flatten(4, 5).flatten(2, 3)
            asked = asking.flatten(2, 3)
            parts.append(functional.scaled_dot_product_attention(asked, key, value, attn_mask=bias))
        attended = torch.cat(parts, 2)
        result: Tensor = self.proj(attended.transpose(1, 2).reshape(tokens.shape))
        return result


def with_fused_attention(encoder: nn.Module) -> nn.Module:
    """Return SAM's ViT with this attention in every block, which shares all weights; another encoder as it is."""
    if not isinstance(encoder, ImageEncoderViT):
        return encoder
    blocks: Any = encoder.blocks
    return _with(encoder, blocks=nn.ModuleList(_with(block, attn=FusedAttention(block.attn)) for block in blocks))


def _with(module: nn.Module, **parts: nn.Module) -> nn.Module:
    """Return a module with some parts replaced; the others are shared."""
    made = copy.copy(module)
    made._modules = {**module._modules, **parts}
    return made


def _by_pair(positions: Tensor) -> Tensor:
    """Return (S, S, d), for a query and a key along one axis, of SAM's (2·S - 1, d) by distance."""
    side = (positions.shape[0] + 1) // 2
    index = torch.arange(side)
    return positions[index[:, None] - index + side - 1].clone()
