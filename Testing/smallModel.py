"""A model with an encoder that takes a moment, for tests that need some network and not a good one."""

import dataclasses
import io

import torch

from medsamseg_server.models.specification import TinyViTParameters
from medsamseg_server.weights.catalog import get_specification

_PARAMETERS = TinyViTParameters(
    patch_kernel=1, patch_stride=1, widths=(8, 8, 8, 16), depths=(1, 1, 1, 1), heads=(1, 1, 1), windows=(7, 7, 7)
)


def smallSpecification(name="tiny", title="Tiny"):
    """:return: LiteMedSAM's protocol with the small encoder, on images a quarter as large."""
    return dataclasses.replace(
        get_specification("litemedsam"),
        name=name,
        title=title,
        encoder=_PARAMETERS,
        input_size=128,
        close_up_size=64,
    )


def savedState(network):
    """:return: what writes a network's weights to a path, for `register_trained`.

    The same weights are the same file: PyTorch writes the file's name into it, and the networks that were converted
    for one test would not be those of the next.
    """
    content = io.BytesIO()
    torch.save(network.state_dict(), content)
    return lambda path: path.write_bytes(content.getvalue())
