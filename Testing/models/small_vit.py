"""SAM's ViT-B with a narrow encoder of two blocks for small images: all that the whole one computes, in a moment."""

import pytest
from random_weights import randomize

from medsamseg_server.models import networks
from medsamseg_server.models.segment_anything_modeling import ImageEncoderViT
from medsamseg_server.weights.catalog import get_specification

#: A block with windows and one that sees the whole image; heads of 64 channels, as those of ViT-B. Of the 20 × 20
#: patches of the image, windows of 14 × 14 reach beyond the end, as they do of 64 × 64.
WIDTH, BLOCKS, HEADS, IMAGE_SIDE = 128, 2, 2, 320
_SMALL = {
    "img_size": IMAGE_SIDE,
    "embed_dim": WIDTH,
    "depth": BLOCKS,
    "num_heads": HEADS,
    "global_attn_indexes": (BLOCKS - 1,),
}


def small_vit(model, seed):
    """Return MedSAM's or SAM's network with the small encoder and random weights; all else is built by the product."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(networks, "ImageEncoderViT", lambda **measures: ImageEncoderViT(**{**measures, **_SMALL}))
        network = networks.build_network(get_specification(model))
    return randomize(network.at(IMAGE_SIDE), seed)


def whole_vit(model, seed):
    """Return the same at its real size."""
    return randomize(networks.build_network(get_specification(model)), seed)
