"""From a click on an object to its box: a small network on the frozen embedding of a network of the SAM family.

The embedding is looked at along rays from the click, close by more densely than far off. The head says of each place on
a ray whether the object is still there; where it ends on all rays is its box. That one click and a frozen embedding are
enough for a box is the idea of MedSAM-BoxPredictor (arXiv:2606.04705); the rays are those of StarDist (Schmidt et al.,
MICCAI 2018).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from medsamseg_server.models.specification import EMBEDDING_CHANNELS

#: Directions of the rays.
DIRECTIONS = 16
#: Places on a ray, in cells of the embedding: from 0.6 to 31, the half of a whole slice.
RADII = tuple(0.6 * 1.39**number for number in range(13))
_REDUCED = 24
_HIDDEN = 32


class ClickHead(nn.Module):
    """Tells where an object ends round a click, with 46,000 weights."""

    def __init__(self) -> None:
        super().__init__()
        self.reduce = nn.Linear(EMBEDDING_CHANNELS, _REDUCED)
        self.mix = nn.Conv2d(3 * _REDUCED + 2, _HIDDEN, 1)
        self.blocks = nn.ModuleList(nn.Conv2d(_HIDDEN, _HIDDEN, 3) for _ in range(4))
        self.inside = nn.Conv2d(_HIDDEN, 1, 1)

    def forward(self, embeddings: Tensor, clicks: Tensor) -> Tensor:
        """Return how sure the object is at each place on the rays: logits (B, D, R).

        Args:
            embeddings: (B, 256, G, G).
            clicks: (B, 2) as x, y in cells of the embedding, whose centers are integers.
        """
        side = embeddings.shape[-1]
        places = clicks[:, None, None] + ray_places().to(clicks)
        with_click = torch.cat([clicks[:, None, None].expand(-1, DIRECTIONS, 1, 2), places], 2)
        grid = (with_click + 0.5) * (2 / side) - 1
        seen = functional.grid_sample(embeddings, grid, align_corners=False)
        reduced = functional.normalize(self.reduce(seen.movedim(1, -1)), dim=-1) * math.sqrt(_REDUCED)
        click, found = reduced[:, :, :1], reduced[:, :, 1:]
        is_there = (grid[:, :, 1:].abs().amax(-1, keepdim=True) <= 1).to(found)
        far = torch.tensor(RADII).log().to(found)[None, None, :, None].expand(*found.shape[:3], 1)
        features = torch.cat([found, found * click, (found - click).square(), is_there, far], -1)
        hidden = functional.gelu(self.mix(features.movedim(-1, 1)))
        for block in self.blocks:
            # The last direction is beside the first one.
            padded = functional.pad(functional.pad(hidden, (0, 0, 1, 1), mode="circular"), (1, 1, 0, 0))
            hidden = hidden + functional.gelu(block(padded))
        logits: Tensor = self.inside(hidden)[:, 0]
        return logits


def ray_places() -> Tensor:
    """Return the places on the rays of a click at 0, 0: (D, R, 2) as x, y in cells."""
    angles = torch.arange(DIRECTIONS) * (2 * math.pi / DIRECTIONS)
    directions = torch.stack([angles.cos(), angles.sin()], -1)
    return directions[:, None] * torch.tensor(RADII)[None, :, None]


def reach(logits: Tensor) -> Tensor:
    """Return how far an object's edges are from the click to the left, up, right and down: (B, 4) in cells.

    An object ends on a ray where it is first absent.
    """
    radii = torch.tensor(RADII).to(logits)
    # Each place stands for the ray from halfway to the one before it to halfway to the next.
    ends = torch.cat([(radii[1:] * radii[:-1]).sqrt(), radii[-1:]])
    steps = torch.diff(ends, prepend=ends.new_zeros(1))
    lengths = (logits.sigmoid().cumprod(-1) * steps).sum(-1)
    unit = (ray_places()[:, 0] / RADII[0]).to(logits)
    tips = lengths[..., None] * unit
    return torch.cat([(-tips).amax(1), tips.amax(1)], -1)
