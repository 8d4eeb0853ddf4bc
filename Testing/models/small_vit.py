"""SAM's ViT-B with a narrow encoder of two blocks: it computes what the whole one does, in a tenth of the time."""

import pytest
from random_weights import randomize

from medsamseg_server.models import networks
from medsamseg_server.models.segment_anything_modeling import ImageEncoderViT
from medsamseg_server.weights.catalog import get_specification

#: A block with windows and one that sees the whole image; heads of 64 channels, as those of ViT-B.
WIDTH, BLOCKS, HEADS = 128, 2, 2
_SMALL = {"embed_dim": WIDTH, "depth": BLOCKS, "num_heads": HEADS, "global_attn_indexes": (BLOCKS - 1,)}


def small_vit(model, seed):
    """Return MedSAM's or SAM's network with the small encoder and random weights; all else is built by the product."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(networks, "ImageEncoderViT", lambda **measures: ImageEncoderViT(**{**measures, **_SMALL}))
        return randomize(networks.build_network(get_specification(model)), seed)


def whole_vit(model, seed):
    """Return the same at its real size."""
    return randomize(networks.build_network(get_specification(model)), seed)
