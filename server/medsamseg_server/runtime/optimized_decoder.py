"""SAM's mask decoder with the same weights and the same result, in a third of the arithmetic.

SAM repeats the 4096 image positions for every object and projects each of them seven times. Here the projections go to
the few prompt tokens instead, which is the same by associativity, ``(X Wᵀ) q = X (Wᵀ q)``; the first layer's image
positions are shared by all objects; the last tokens to look at the image are those of the masks that are wanted, and
`optimized_upscaling` makes only these. Far from an object, means can stand for positions (see `seen_positions`).

Shapes: B objects, T tokens (5 of SAM's own, then the prompts'), N image positions (4096 of a whole slice), M that an
object sees, C = 256 channels, H = 8 heads of d = 16 channels.
"""

from __future__ import annotations

import math
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from medsamseg_server.models.networks import SamNetwork
from medsamseg_server.runtime.seen_positions import MEAN_SIDE

#: Kinds of prompt tokens: points off and on the object, a box's corners, SAM's filler where there is no box, and one
#: that only brings the others to a number for which the network has been compiled.
OFF_OBJECT, ON_OBJECT, FIRST_CORNER, SECOND_CORNER, FILLER, ABSENT = 0, 1, 2, 3, -1, -2
# Added to the logits of absent tokens: softmax makes exactly zero of it.
_HIDDEN: Final = -1e9


class TokensToImage(nn.Module):
    """Tokens attend to the image: queries (B, T, C), image (1 or B, M, C) with and without positions, to (B, T, C)."""

    key_weight: Tensor
    value_weight: Tensor
    value_bias: Tensor

    def __init__(self, attention: Any) -> None:
        super().__init__()
        heads, width = attention.num_heads, attention.internal_dim // attention.num_heads
        self.heads = heads
        self.query = attention.q_proj
        self.out = attention.out_proj
        # The keys' bias adds the same to all of a token's logits, which softmax does not see.
        key = attention.k_proj.weight.view(heads, width, -1) / math.sqrt(width)
        self.register_buffer("key_weight", key)
        self.register_buffer("value_weight", attention.v_proj.weight.view(heads, width, -1).transpose(1, 2))
        self.register_buffer("value_bias", attention.v_proj.bias)

    def forward(self, queries: Tensor, positioned: Tensor, image: Tensor, counts: Tensor | None = None) -> Tensor:
        """Return what the tokens gather; ``counts`` (1 or B, 1, M) is how many positions each stands for."""
        batch, _, channels = queries.shape
        probes = (_split(self.query(queries), self.heads) @ self.key_weight).reshape(batch, -1, channels)
        logits = probes @ positioned.transpose(1, 2)
        # Softmax in its parts: the division is left to the few sums, and OpenVINO does not replace all of it by one
        # operation that takes three times as long on so few rows.
        weights = torch.exp(logits - logits.amax(dim=-1, keepdim=True))
        if counts is not None:
            weights = weights * counts
        sums = (weights @ image) / weights.sum(dim=-1, keepdim=True)
        gathered = sums.reshape(batch, self.heads, -1, channels) @ self.value_weight
        result: Tensor = self.out(gathered.transpose(1, 2).flatten(2) + self.value_bias)
        return result


class ImageToTokens(nn.Module):
    """The image attends to the tokens: image (1 or B, M, C) with positions, keys and values (B, T, C), to (B, M, C)."""

    query_weight: Tensor
    query_bias: Tensor
    out_weight: Tensor
    out_bias: Tensor

    def __init__(self, attention: Any) -> None:
        super().__init__()
        heads, width = attention.num_heads, attention.internal_dim // attention.num_heads
        self.heads = heads
        self.key = attention.k_proj
        self.value = attention.v_proj
        scale = 1 / math.sqrt(width)
        self.register_buffer("query_weight", attention.q_proj.weight.view(heads, width, -1) * scale)
        self.register_buffer("query_bias", attention.q_proj.bias.view(heads, width, 1) * scale)
        self.register_buffer("out_weight", attention.out_proj.weight.t().reshape(heads, width, -1))
        self.register_buffer("out_bias", attention.out_proj.bias)

    def forward(self, positioned: Tensor, keys: Tensor, values: Tensor, hidden: Tensor) -> Tensor:
        """Return what each image position gathers; ``hidden`` (B, T) is added to the tokens' logits."""
        batch, _, channels = keys.shape
        key = _split(self.key(keys), self.heads)
        probes = (key @ self.query_weight).reshape(batch, -1, channels)
        bias = key @ self.query_bias + hidden[:, None, :, None]
        logits = probes @ positioned.transpose(1, 2) + bias.reshape(batch, -1, 1)
        # Tokens are normalized per head: (B, H, T, M), M last so that it runs along the processor's vectors.
        weights = torch.softmax(logits.reshape(batch, self.heads, -1, logits.shape[2]), dim=2)
        offers = (_split(self.value(values), self.heads) @ self.out_weight).reshape(batch, -1, channels)
        return weights.flatten(1, 2).transpose(1, 2) @ offers + self.out_bias


class MaskHeads(nn.Module):
    """SAM's perceptrons from a mask's token to its kernel, one a mask, of which some are computed.

    Args:
        heads: the decoder's ``output_hypernetworks_mlps``; their weights are copied.
    """

    def __init__(self, heads: Any) -> None:
        super().__init__()
        self.depth = len(heads[0].layers)
        for number in range(self.depth):
            layers = [head.layers[number] for head in heads]
            self.register_buffer(f"weight{number}", torch.stack([layer.weight.t() for layer in layers]))
            self.register_buffer(f"bias{number}", torch.stack([layer.bias[None] for layer in layers]))

    def forward(self, tokens: Tensor, answers: Tensor) -> Tensor:
        """Return the kernels (B, K, C / 8) of the masks ``answers`` (K,) from their tokens (B, K, C)."""
        values = tokens.transpose(0, 1)
        for number in range(self.depth):
            weight, bias = (
                torch.index_select(self.get_buffer(f"{name}{number}"), 0, answers) for name in ("weight", "bias")
            )
            values = values @ weight + bias
            if number < self.depth - 1:
                values = functional.relu(values)
        return values.transpose(0, 1)


class OptimizedDecoder(nn.Module):
    """A network's mask decoder up to upscaling, from an embedding (1, C, G, G) and prompt tokens (B, T - 5, C).

    Args:
        network: its decoder's modules and weights are shared, not copied.
        short: whether the image is returned as bfloat16, half as large.
    """

    positions: Tensor
    mean_positions: Tensor
    no_mask: Tensor
    own_tokens: Tensor

    def __init__(self, network: SamNetwork, short: bool = False) -> None:
        super().__init__()
        self.dtype = torch.bfloat16 if short else torch.float32
        decoder: Any = network.mask_decoder
        prompts: Any = network.prompt_encoder
        transformer = decoder.transformer
        self.layers = transformer.layers
        self.to_image = nn.ModuleList(TokensToImage(layer.cross_attn_token_to_image) for layer in self.layers)
        self.to_tokens = nn.ModuleList(ImageToTokens(layer.cross_attn_image_to_token) for layer in self.layers)
        self.last_to_image = TokensToImage(transformer.final_attn_token_to_image)
        self.last_norm = transformer.norm_final_attn
        self.mask_heads = MaskHeads(decoder.output_hypernetworks_mlps)
        self.score_head = decoder.iou_prediction_head
        grid = prompts.get_dense_pe()
        self.register_buffer("positions", grid.flatten(2).transpose(1, 2).contiguous())
        self.register_buffer("mean_positions", _with_means(grid)[:, self.positions.shape[1] :].contiguous())
        self.register_buffer("no_mask", prompts.no_mask_embed.weight[None])
        self.register_buffer("own_tokens", torch.cat([decoder.iou_token.weight, decoder.mask_tokens.weight])[None])

    def forward(
        self, embedding: Tensor, prompts: Tensor, kinds: Tensor, answers: Tensor, seen: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return each object's image (B, M, C), its masks' kernels there (B, K, C / 8), the IoU of all four (B, 4).

        The first mask is SAM's answer to a clear prompt, the others are three to one that may mean several things.
        Prompt tokens whose ``kinds`` (B, T - 5) are ``ABSENT`` change nothing.

        Args:
            embedding: as above.
            prompts: as above.
            kinds: as above.
            answers: int32 (K,), which of the four masks are wanted, 0 to 3.
            seen: int32 (B, M), or (1, M) for all alike, which positions and means an object sees, see `SeenPositions`;
                None for all positions.
        """
        counts = None
        if seen is None:
            image, positions = embedding.flatten(2).transpose(1, 2) + self.no_mask, self.positions
        else:
            rows = torch.cat([self.positions, self.mean_positions], dim=1)
            image, positions = _seen(_with_means(embedding) + self.no_mask, seen), _seen(rows, seen)
            counts = 1 + (MEAN_SIDE**2 - 1) * (seen >= self.positions.shape[1]).float()[:, None]
        tokens = torch.cat([self.own_tokens.expand(prompts.shape[0], -1, -1), prompts], dim=1)
        present = torch.zeros_like(tokens[:, : self.own_tokens.shape[1], 0])
        hidden = torch.cat([present, (kinds == ABSENT) * _HIDDEN], dim=1)
        queries = tokens
        for layer, to_image, to_tokens in zip(self.layers, self.to_image, self.to_tokens, strict=True):
            queries = _attend_to_self(layer, queries, tokens, hidden)
            positioned = image + positions
            queries = layer.norm2(queries + to_image(queries + tokens, positioned, image, counts))
            queries = layer.norm3(queries + layer.mlp(queries))
            image = layer.norm4(image + to_tokens(positioned, queries + tokens, queries, hidden))
        # No token looks at the others any more: the one that scores and those of the masks are all that is needed.
        wanted = torch.cat([torch.zeros_like(answers[:1]), answers + 1])
        queries, tokens = (torch.index_select(each, 1, wanted) for each in (queries, tokens))
        gathered = self.last_to_image(queries + tokens, image + positions, image, counts)
        queries = self.last_norm(queries + gathered)
        return image.to(self.dtype), self.mask_heads(queries[:, 1:], answers), self.score_head(queries[:, 0])


class PromptTokens(nn.Module):
    """SAM's tokens of points and box corners: positions (B, n, 2) as x, y and kinds (B, n) to (B, n, C).

    The kinds are ``ON_OBJECT`` to ``ABSENT``.

    Args:
        prompt_encoder: SAM's.
    """

    fillers: Tensor

    def __init__(self, prompt_encoder: Any) -> None:
        super().__init__()
        self.encoder = prompt_encoder
        self.register_buffer("fillers", prompt_encoder.not_a_point_embed.weight[None])

    def forward(self, positions: Tensor, kinds: Tensor) -> Tensor:
        """Return the tokens."""
        kind = kinds[..., None]
        # SAM counts from the corner of the first pixel.
        tokens: Tensor = self.encoder.pe_layer.forward_with_coords(positions + 0.5, self.encoder.input_image_size)
        tokens = torch.where(kind < 0, self.fillers, tokens)
        for number, embedding in enumerate(self.encoder.point_embeddings):
            tokens = tokens + (kind == number) * embedding.weight[None]
        return tokens


def _with_means(grid: Tensor) -> Tensor:
    """Return the values of a grid (1, C, G, G) as rows (1, 5 / 4 · G², C): each position's, then each mean of 2×2."""
    parts = (grid, functional.avg_pool2d(grid, MEAN_SIDE))
    return torch.cat([part.flatten(2) for part in parts], dim=2).transpose(1, 2).contiguous()


def _seen(rows: Tensor, seen: Tensor) -> Tensor:
    """Return the rows (1, R, C) that objects see, by their numbers (B, M), as (B, M, C)."""
    return torch.index_select(rows[0], 0, seen.flatten()).reshape(*seen.shape, -1)


def _attend_to_self(layer: Any, queries: Tensor, tokens: Tensor, hidden: Tensor) -> Tensor:
    """Return the tokens after they have attended to each other, (B, T, C)."""
    if layer.skip_first_layer_pe:
        attended = _mix_tokens(layer.self_attn, queries, queries, hidden)
    else:
        attended = queries + _mix_tokens(layer.self_attn, queries + tokens, queries, hidden)
    result: Tensor = layer.norm1(attended)
    return result


def _mix_tokens(attention: Any, positioned: Tensor, values: Tensor, hidden: Tensor) -> Tensor:
    """Return SAM's attention of tokens to tokens, (B, T, C); ``hidden`` (B, T) is added to the logits of the keys."""
    query, key, value = (
        _split(project(rows), attention.num_heads)
        for project, rows in (
            (attention.q_proj, positioned),
            (attention.k_proj, positioned),
            (attention.v_proj, values),
        )
    )
    logits = query @ key.transpose(2, 3) / math.sqrt(query.shape[-1]) + hidden[:, None, None]
    mixed = torch.softmax(logits, dim=-1) @ value
    result: Tensor = attention.out_proj(mixed.transpose(1, 2).flatten(2))
    return result


def _split(rows: Tensor, heads: int) -> Tensor:
    """Return (B, T, H·d) as (B, H, T, d)."""
    batch, tokens, channels = rows.shape
    return rows.reshape(batch, tokens, heads, channels // heads).transpose(1, 2)
