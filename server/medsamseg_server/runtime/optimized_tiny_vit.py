"""TinyViT with the same weights and the same result, laid out for the processor, and with short products on request.

Transformer blocks work on rows of channels, one a token, from one end of a stage to the other: cutting the grid into
windows and putting it together again are then two gatherings of whole rows. Query, key and value are products of their
own, and only real tokens are projected; a window's padding is the one further row that TinyViT makes of zeros.

With short products, what transformer blocks and the neck multiply is rounded to bfloat16, and multiplied several times
as fast. The sum that runs through the blocks, normalizations, and the convolutions of the first stage and between the
stages stay in single precision: rounding those too would change masks (docs/speed.md has the figures).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import fuse_conv_bn_eval

from medsamseg_server.models.specification import EMBEDDING_SIDE
from medsamseg_server.models.tiny_vit import TinyViT


class OptimizedTinyViT(nn.Module):
    """An image encoder: image (1, 3, S, S) to embedding (1, 256, G, G).

    Args:
        encoder: whose weights are taken.
        short: whether products of transformer blocks and neck are of bfloat16.
        side: G, that of the embedding, which goes with S.
    """

    def __init__(self, encoder: TinyViT, short: bool, side: int = EMBEDDING_SIDE) -> None:
        super().__init__()
        dtype = torch.bfloat16 if short else torch.float32
        stages: Any = list(encoder.layers)
        neck: Any = encoder.neck
        first, _, second = encoder.patch_embed.seq
        self.embed = nn.Sequential(_Convolution(first), nn.GELU(), _Convolution(second))
        self.bottlenecks = nn.ModuleList(_Bottleneck(block) for block in stages[0].blocks)
        self.stages = nn.ModuleList(
            nn.Sequential(*(_Block(block, own_side, dtype) for block in stage.blocks))
            for stage, own_side in zip(stages[1:], _sides(stages[1:], side), strict=True)
        )
        self.merges = nn.ModuleList(_Merge(stage.downsample) for stage in stages[:-1])
        narrow, self.first_norm, wide, self.second_norm = neck
        self.narrow, self.wide = (_Convolution(convolution, dtype) for convolution in (narrow, wide))

    def forward(self, image: Tensor) -> Tensor:
        """Return the embedding."""
        grid = self.embed(image)
        for bottleneck in self.bottlenecks:
            grid = bottleneck(grid)
        for merge, blocks in zip(self.merges, self.stages, strict=True):
            grid = merge(grid)
            grid = _to_grid(blocks(_to_rows(grid)), grid.shape[2])
        grid = self.first_norm(self.narrow(grid).float())
        embedding: Tensor = self.second_norm(self.wide(grid).float())
        return embedding


class _Product(nn.Module):
    """A linear layer in a number format: (…, C) to (…, D) of that format."""

    weight: Tensor
    bias: Tensor

    def __init__(self, weight: Tensor, bias: Tensor, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype
        self.register_buffer("weight", weight.detach().contiguous())
        self.register_buffer("bias", bias.detach().contiguous())

    def forward(self, values: Tensor) -> Tensor:
        # Rounded here and not once for all: OpenVINO's converter does not keep PyTorch's short constants in memory.
        return functional.linear(values.to(self.dtype), self.weight.to(self.dtype), self.bias.to(self.dtype))

    def branch(self, values: Tensor) -> Tensor:
        """Return the same for a sum in single precision: neither the bias nor the sum is rounded."""
        return functional.linear(values.to(self.dtype), self.weight.to(self.dtype)).float() + self.bias


class _Convolution(nn.Module):
    """A convolution, with its batch normalization where it has one, in a number format: (1, C, H, W) to that format."""

    def __init__(self, part: Any, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.dtype = dtype
        self.convolution = part if isinstance(part, nn.Conv2d) else fuse_conv_bn_eval(part.c, part.bn)

    def forward(self, grid: Tensor) -> Tensor:
        inner, dtype = self.convolution, self.dtype
        bias = None if inner.bias is None else inner.bias.to(dtype)
        return functional.conv2d(
            grid.to(dtype), inner.weight.to(dtype), bias, inner.stride, inner.padding, groups=inner.groups
        )


class _Convolutions(nn.Module):
    """The three convolutions of a part of TinyViT."""

    def __init__(self, part: Any) -> None:
        super().__init__()
        self.steps = nn.ModuleList(_Convolution(step) for step in (part.conv1, part.conv2, part.conv3))


class _Bottleneck(_Convolutions):
    """TinyViT's ``InvertedBottleneck``."""

    def forward(self, grid: Tensor) -> Tensor:
        widen, mix, narrow = self.steps
        hidden = functional.gelu(mix(functional.gelu(widen(grid))))
        return functional.gelu(grid + narrow(hidden))


class _Merge(_Convolutions):
    """TinyViT's ``PatchMerging``."""

    def forward(self, grid: Tensor) -> Tensor:
        first, shrink, last = self.steps
        merged: Tensor = last(functional.gelu(shrink(functional.gelu(first(grid)))))
        return merged


class _Block(nn.Module):
    """TinyViT's ``TransformerBlock`` on the rows (N, C) of a grid with N = side² tokens."""

    padding: Tensor
    bias: Tensor
    order: Tensor
    place: Tensor

    def __init__(self, block: Any, side: int, dtype: torch.dtype) -> None:
        super().__init__()
        attention = block.attn
        self.side, self.heads, self.window = side, attention.heads, block.window
        self.norm = attention.norm
        width = attention.proj.in_features
        weights = attention.qkv.weight.view(self.heads, 3, -1, width)
        biases = attention.qkv.bias.view(self.heads, 3, -1)
        scales = ((width // self.heads) ** -0.5, 1.0, 1.0)
        self.query, self.key, self.value = (
            _Product(weights[:, part].reshape(width, width) * scale, biases[:, part].reshape(width) * scale, dtype)
            for part, scale in enumerate(scales)
        )
        self.proj = _Product(attention.proj.weight, attention.proj.bias, dtype)
        self.local = _Convolution(block.local_conv)
        self.mlp_norm = block.mlp.norm
        self.widen = _Product(block.mlp.fc1.weight, block.mlp.fc1.bias, dtype)
        self.narrow = _Product(block.mlp.fc2.weight, block.mlp.fc2.bias, dtype)
        order, place = _window_order(side, self.window)
        self.register_buffer("order", order)
        self.register_buffer("place", place)
        self.register_buffer("bias", attention.attention_biases[:, attention.bias_index][None].detach())
        self.register_buffer("padding", torch.zeros(1, width))

    def forward(self, rows: Tensor) -> Tensor:
        rows = rows + self._attend(self.norm(torch.cat([rows, self.padding])))
        rows = _to_rows(self.local(_to_grid(rows, self.side)))
        return rows + self.narrow.branch(functional.gelu(self.widen(self.mlp_norm(rows))))

    def _attend(self, rows: Tensor) -> Tensor:
        """Return what the tokens (N + 1, C), the last one for the padding, gather in their windows: (N, C)."""
        query, key, value = (
            torch.index_select(part(rows), 0, self.order)
            .reshape(-1, self.window**2, self.heads, rows.shape[1] // self.heads)
            .transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )
        weights = torch.softmax(query @ key.transpose(2, 3) + self.bias.to(query.dtype), dim=-1)
        gathered = (weights @ value).transpose(1, 2).reshape(-1, rows.shape[1])
        return self.proj.branch(torch.index_select(gathered, 0, self.place))


def _window_order(side: int, window: int) -> tuple[Tensor, Tensor]:
    """Return int32: which row each place of the windows, one after the other, takes; and each row's place there.

    Rows are numbered along the grid of side² tokens; side² stands for padding, to the right and below.
    """
    count = -(-side // window)
    grid = torch.full((count * window, count * window), side**2)
    grid[:side, :side] = torch.arange(side**2).reshape(side, side)
    order = grid.reshape(count, window, count, window).transpose(1, 2).flatten()
    return order.int(), torch.argsort(order, stable=True)[: side**2].int()


def _sides(stages: Sequence[Any], last: int) -> list[int]:
    """Return the sides of the stages' grids; the last one's is the embedding's."""
    sides = [last]
    for stage in reversed(stages[:-1]):
        sides.insert(0, sides[0] * stage.downsample.conv2.c.stride[0])
    return sides


def _to_rows(grid: Tensor) -> Tensor:
    """Return a grid (1, C, H, W) as rows (H · W, C)."""
    return grid.permute(0, 2, 3, 1).reshape(-1, grid.shape[1])


def _to_grid(rows: Tensor, side: int) -> Tensor:
    """Return rows (side², C) as a grid (1, C, side, side)."""
    return rows.reshape(1, side, side, -1).permute(0, 3, 1, 2)
