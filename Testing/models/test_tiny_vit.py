"""TinyViT's attention, against the plain formula with the biases in the order in which the authors number them."""

import numpy as np
import pytest
import torch
from random_weights import randomize

from medsamseg_server.models.specification import TinyViTParameters
from medsamseg_server.models.tiny_vit import TinyViT, TransformerBlock, WindowAttention


def authors_bias_table(window):
    """Number the distances (|Δrow|, |Δcolumn|) as they first appear among all pairs of tokens."""
    tokens = [(row, column) for row in range(window) for column in range(window)]
    numbers = {}
    return [[numbers.setdefault((abs(a[0] - b[0]), abs(a[1] - b[1])), len(numbers)) for b in tokens] for a in tokens]


def plain_attention(attention, tokens, window):
    """Attend head by head and token by token; tokens (N, C)."""
    state = {name: tensor.double().numpy() for name, tensor in attention.state_dict().items()}
    heads, width = attention.heads, tokens.shape[1]
    size = width // heads
    centered = tokens - tokens.mean(1, keepdims=True)
    normed = centered / np.sqrt(centered.var(1, keepdims=True) + 1e-5) * state["norm.weight"] + state["norm.bias"]
    projected = normed @ state["qkv.weight"].T + state["qkv.bias"]
    result = []
    for head in range(heads):
        of_head = projected[:, head * 3 * size : (head + 1) * 3 * size]
        query, key, value = of_head[:, :size], of_head[:, size : 2 * size], of_head[:, 2 * size :]
        weights = query @ key.T / np.sqrt(size) + state["attention_biases"][head][authors_bias_table(window)]
        weights = np.exp(weights - weights.max(1, keepdims=True))
        result.append(weights / weights.sum(1, keepdims=True) @ value)
    return np.concatenate(result, axis=1) @ state["proj.weight"].T + state["proj.bias"]


@pytest.mark.parametrize(("window", "heads"), [(3, 2), (7, 4)])
def test_window_attention_is_the_plain_formula(window, heads):
    attention = randomize(WindowAttention(16, heads, window), seed=1).eval()
    attention.attention_biases.requires_grad_(False).mul_(20)
    tokens = np.random.default_rng(0).standard_normal((2, window * window, 16))
    with torch.inference_mode():
        attended = attention(torch.from_numpy(tokens).float()).numpy()
    for one, expected in zip(attended, tokens, strict=True):
        np.testing.assert_allclose(one, plain_attention(attention, expected, window), rtol=1e-4, atol=1e-5)


def test_a_window_attends_to_itself_and_to_padding_but_not_to_its_neighbors():
    block = randomize(TransformerBlock(width=8, heads=2, window=4), seed=2).eval()
    grid = torch.randn(1, 8, 6, 6, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        attended = block._attend(grid)[0].numpy()
        corner = np.zeros((4, 4, 8))
        corner[:2, :2] = grid[0, :, 4:, 4:].permute(1, 2, 0).numpy()
    expected = plain_attention(block.attn, corner.reshape(16, 8), 4).reshape(4, 4, 8)[:2, :2]
    np.testing.assert_allclose(attended[:, 4:, 4:].transpose(1, 2, 0), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("kernel", "stride", "side"), [(1, 1, 32), (3, 2, 128)])
def test_encoder_makes_the_grid_smaller_by_its_strides(kernel, stride, side):
    encoder = TinyViT(TinyViTParameters(patch_kernel=kernel, patch_stride=stride)).eval()
    with torch.inference_mode():
        assert encoder(torch.zeros(2, 3, side, side)).shape == (2, 256, 8, 8)
