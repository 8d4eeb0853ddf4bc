"""TinyViT as the image encoder of LiteMedSAM and MobileSAM.

The architecture is that of Wu et al., "TinyViT: Fast Pretraining Distillation for Small Vision Transformers" (ECCV
2022), with the changes that MobileSAM (arXiv:2306.14289) made: the last transition keeps the 64×64 grid, and SAM's neck
takes the place of the classifier. Attribute names are those of the published checkpoints, so that these load strictly.

Shapes: B images, C channels, H×W grid; transformer stages work on tokens (B, H·W, C).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from medsamseg_server.models.segment_anything_modeling import LayerNorm2d
from medsamseg_server.models.specification import EMBEDDING_CHANNELS, TinyViTParameters

_EXPANSION = 4


class ConvolutionNorm(nn.Sequential):
    """A convolution without bias and its batch normalization: (B, C_in, H, W) to (B, C_out, H/stride, W/stride)."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        self.add_module("c", nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False))
        self.add_module("bn", nn.BatchNorm2d(outputs))


class PatchEmbedding(nn.Module):
    """Two convolutions from the image (B, 3, S, S) to the first stage's grid (B, C, S/stride², S/stride²)."""

    def __init__(self, width: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.seq = nn.Sequential(
            ConvolutionNorm(3, width // 2, kernel, stride),
            nn.GELU(),
            ConvolutionNorm(width // 2, width, kernel, stride),
        )

    def forward(self, image: Tensor) -> Tensor:
        """Return the first stage's grid."""
        embedded: Tensor = self.seq(image)
        return embedded


class InvertedBottleneck(nn.Module):
    """A residual block of the convolutional stage (MobileNet's MBConv): (B, C, H, W) to the same shape."""

    def __init__(self, width: int) -> None:
        super().__init__()
        hidden = width * _EXPANSION
        self.conv1 = ConvolutionNorm(width, hidden)
        self.conv2 = ConvolutionNorm(hidden, hidden, kernel=3, groups=hidden)
        self.conv3 = ConvolutionNorm(hidden, width)

    def forward(self, grid: Tensor) -> Tensor:
        """Return the transformed grid, same shape."""
        hidden = functional.gelu(self.conv1(grid))
        hidden = functional.gelu(self.conv2(hidden))
        return functional.gelu(grid + self.conv3(hidden))


class PatchMerging(nn.Module):
    """The transition to the next stage: (B, C, H, W) to (B, C_next, H/stride, W/stride)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = ConvolutionNorm(inputs, outputs)
        self.conv2 = ConvolutionNorm(outputs, outputs, kernel=3, stride=stride, groups=outputs)
        self.conv3 = ConvolutionNorm(outputs, outputs)

    def forward(self, grid: Tensor) -> Tensor:
        """Return the next stage's grid."""
        hidden = functional.gelu(self.conv1(grid))
        hidden = functional.gelu(self.conv2(hidden))
        merged: Tensor = self.conv3(hidden)
        return merged


class WindowAttention(nn.Module):
    """Multi-head self-attention inside a window of w×w tokens, with a learned bias per head and distance.

    Takes and returns (windows, w·w, C).
    """

    bias_index: Tensor

    def __init__(self, width: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.attention_biases = nn.Parameter(torch.zeros(heads, window * window))
        self.register_buffer("bias_index", _distance_index(window), persistent=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the attended tokens, same shape."""
        windows, count, width = tokens.shape
        # Each head's query, key and value lie side by side in the projection: (windows, heads, w·w, 3·C/heads).
        projected = self.qkv(self.norm(tokens)).view(windows, count, self.heads, -1).transpose(1, 2)
        query, key, value = projected.chunk(3, dim=-1)
        bias = self.attention_biases[:, self.bias_index]
        attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        result: Tensor = self.proj(attended.transpose(1, 2).reshape(windows, count, width))
        return result


def _distance_index(window: int) -> Tensor:
    """Return (w·w, w·w): which bias a pair of tokens uses, |Δrow|·w + |Δcolumn|.

    The published biases are numbered in the order in which distances first appear, row by row, which is this.
    """
    rows, columns = torch.meshgrid(torch.arange(window), torch.arange(window), indexing="ij")
    rows, columns = rows.flatten(), columns.flatten()
    return (rows[:, None] - rows).abs() * window + (columns[:, None] - columns).abs()


class Perceptron(nn.Module):
    """The token-wise network of a transformer block: (B, N, C) to the same shape."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.fc1 = nn.Linear(width, width * _EXPANSION)
        self.fc2 = nn.Linear(width * _EXPANSION, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the transformed tokens, same shape."""
        result: Tensor = self.fc2(functional.gelu(self.fc1(self.norm(tokens))))
        return result


class TransformerBlock(nn.Module):
    """Windowed attention, a 3×3 depth-wise convolution, and a perceptron: (B, C, H, W) to the same shape."""

    def __init__(self, width: int, heads: int, window: int) -> None:
        super().__init__()
        self.window = window
        self.attn = WindowAttention(width, heads, window)
        self.local_conv = ConvolutionNorm(width, width, kernel=3, groups=width)
        self.mlp = Perceptron(width)

    def forward(self, grid: Tensor) -> Tensor:
        """Return the transformed grid, same shape."""
        mixed: Tensor = self.local_conv(grid + self._attend(grid))
        tokens = mixed.flatten(2).transpose(1, 2)
        transformed: Tensor = tokens + self.mlp(tokens)
        return transformed.transpose(1, 2).reshape(grid.shape)

    def _attend(self, grid: Tensor) -> Tensor:
        """Cut the grid into windows, padded with zeros to the right and below, and attend inside each."""
        batch, width, rows, columns = grid.shape
        side = self.window
        padded = functional.pad(grid, (0, -columns % side, 0, -rows % side))
        down, across = padded.shape[2] // side, padded.shape[3] // side
        windows = padded.reshape(batch, width, down, side, across, side).permute(0, 2, 4, 3, 5, 1)
        attended: Tensor = self.attn(windows.reshape(batch * down * across, side * side, width))
        attended = attended.reshape(batch, down, across, side, side, width).permute(0, 5, 1, 3, 2, 4)
        return attended.reshape(padded.shape)[:, :, :rows, :columns]


class Stage(nn.Module):
    """Blocks on one grid, then the transition to the next: (B, C, H, W) to (B, C_next, H/stride, W/stride)."""

    def __init__(self, blocks: list[nn.Module], downsample: nn.Module | None) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.downsample = downsample

    def forward(self, grid: Tensor) -> Tensor:
        """Return the next stage's grid."""
        for block in self.blocks:
            grid = block(grid)
        return grid if self.downsample is None else self.downsample(grid)


class TinyViT(nn.Module):
    """TinyViT with SAM's neck: image (B, 3, S, S) to embedding (B, 256, 64, 64)."""

    def __init__(self, parameters: TinyViTParameters) -> None:
        super().__init__()
        widths = parameters.widths
        self.patch_embed = PatchEmbedding(widths[0], parameters.patch_kernel, parameters.patch_stride)
        self.layers = nn.ModuleList(_make_stage(parameters, number) for number in range(len(widths)))
        self.neck = nn.Sequential(
            nn.Conv2d(widths[-1], EMBEDDING_CHANNELS, kernel_size=1, bias=False),
            LayerNorm2d(EMBEDDING_CHANNELS),
            nn.Conv2d(EMBEDDING_CHANNELS, EMBEDDING_CHANNELS, kernel_size=3, padding=1, bias=False),
            LayerNorm2d(EMBEDDING_CHANNELS),
        )

    def forward(self, image: Tensor) -> Tensor:
        """Return the image embedding (B, 256, 64, 64)."""
        grid = self.patch_embed(image)
        for stage in self.layers:
            grid = stage(grid)
        embedding: Tensor = self.neck(grid)
        return embedding


def _make_stage(parameters: TinyViTParameters, number: int) -> Stage:
    """Return stage ``number``: the first is convolutional, the others are transformers."""
    width = parameters.widths[number]

    def make_block() -> nn.Module:
        if number == 0:
            return InvertedBottleneck(width)
        return TransformerBlock(width, parameters.heads[number - 1], parameters.windows[number - 1])

    is_last = number == len(parameters.widths) - 1
    downsample = (
        None if is_last else PatchMerging(width, parameters.widths[number + 1], parameters.merge_strides[number])
    )
    return Stage([make_block() for _ in range(parameters.depths[number])], downsample)
