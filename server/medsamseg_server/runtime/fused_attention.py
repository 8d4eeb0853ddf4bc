"""SAM's ViT-B attention in one fused operation, with the same weights and the same result.

SAM computes a block's logits, adds the positions' part, and normalizes, each time through 805 MB for a whole image.
PyTorch's fused attention takes the positions' part as a bias and never keeps the logits.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


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
        bias = (down[..., :, None] + across[..., None, :]).flatten(4, 5).flatten(2, 3)
        attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        result: Tensor = self.proj(attended.transpose(1, 2).reshape(tokens.shape))
        return result


def fuse_attention(encoder: nn.Module) -> None:
    """Replace the attention of every block of SAM's ViT in place; other encoders are left as they are."""
    blocks: Any = getattr(encoder, "blocks", ())
    for block in blocks:
        block.attn = FusedAttention(block.attn)


def _by_pair(positions: Tensor) -> Tensor:
    """Return (S, S, d), for a query and a key along one axis, of SAM's (2·S - 1, d) by distance."""
    side = (positions.shape[0] + 1) // 2
    index = torch.arange(side)
    return positions[index[:, None] - index + side - 1].clone()
