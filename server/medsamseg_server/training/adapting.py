"""Which parts of a network are trained: the mask decoder, everything but the prompt encoder, or low-rank adapters."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from torch import nn

from medsamseg_server.models.networks import SamNetwork

#: Rank of the adapters; SAMed (arXiv:2304.13785) uses 4 in SAM's encoder.
LORA_RANK = 4
# The linear layers of TinyViT, of SAM's ViT-B, and of SAM's two-way transformer.
_ADAPTED = r".*\.(qkv|proj|fc1|fc2|lin1|lin2|q_proj|k_proj|v_proj|out_proj)"


class Parts(StrEnum):
    """What is trained."""

    #: The mask decoder, on embeddings that are computed once.
    DECODER = "decoder"
    #: Image encoder and mask decoder; the prompt encoder is frozen, as published.
    ALL = "all"
    #: Low-rank adapters in image encoder and mask decoder, which move the network less.
    LORA = "lora"


def choose_parts(network: SamNetwork, parts: Parts) -> None:
    """Let the chosen parts of a network learn, in place.

    The network stays in evaluation mode: batch normalization keeps the statistics of the many images that the network
    was trained on, since the small batches here would replace them by noise.
    """
    network.requires_grad_(False)
    if parts is Parts.LORA:
        _add_adapters(network)
        return
    network.mask_decoder.requires_grad_(True)
    if parts is Parts.ALL:
        network.image_encoder.requires_grad_(True)


def merge_adapters(network: SamNetwork) -> None:
    """Put what adapters have learned into the layers that they adapt, and take them out."""
    # It imports Transformers, which takes seconds.
    from peft.tuners.lora import Linear

    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, Linear):
                child.merge()
                base: nn.Module = child.get_base_layer()
                setattr(parent, name, base)


def _add_adapters(network: SamNetwork) -> None:
    from peft import LoraConfig, inject_adapter_in_model

    configuration = LoraConfig(r=LORA_RANK, lora_alpha=2 * LORA_RANK, target_modules=_ADAPTED)
    inject: Any = inject_adapter_in_model
    inject(configuration, network)
