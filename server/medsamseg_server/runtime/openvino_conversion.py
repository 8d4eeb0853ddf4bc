"""From a PyTorch network to the parts that OpenVINO runs: encoder, prompt tokens, decoder."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import openvino
import torch
from openvino.frontend import FrontEndManager
from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder
from torch import Tensor, nn

from medsamseg_server.models.networks import SamNetwork
from medsamseg_server.models.specification import EMBEDDING_CHANNELS, EMBEDDING_SIDE
from medsamseg_server.models.tiny_vit import TinyViT
from medsamseg_server.runtime.lean_decoder import LeanDecoder, PromptTokens

#: Stages of TinyViT, after the patch embedding, that are a part of their own.
EARLY_STAGES = 1


def convert_network(network: SamNetwork, input_size: int) -> dict[str, openvino.Model]:
    """Return the network's parts as OpenVINO models, in single precision.

    Args:
        network: in evaluation mode on the processor.
        input_size: side S of the encoder's input.

    Returns:
        ``encoder``: (1, 3, S, S) to (1, 256, 64, 64), in two for TinyViT, ``early`` and ``encoder``; ``prompts``:
        (B, n, 2) and (B, n) to (B, n, 256), see ``PromptTokens``; ``decoder``: (1, 256, 64, 64) and (B, n, 256) to
        (B, 256, 256) and (B,).
    """
    embedding = (1, EMBEDDING_CHANNELS, EMBEDDING_SIDE, EMBEDDING_SIDE)
    image = (1, 3, input_size, input_size)
    # Two objects with two tokens are an example; -1 stands for any number.
    tokens = torch.zeros(2, 2, EMBEDDING_CHANNELS)
    return {
        **_convert_encoder(network.image_encoder, image),
        "prompts": _convert(
            PromptTokens(network.prompt_encoder), (torch.zeros(2, 2, 2), torch.zeros(2, 2)), ((-1, -1, 2), (-1, -1))
        ),
        "decoder": _convert(
            LeanDecoder(network), (torch.zeros(embedding), tokens), (embedding, (-1, -1, EMBEDDING_CHANNELS))
        ),
    }


class _EarlyTinyViT(nn.Module):
    """The stages of TinyViT that lose most by short numbers: (B, 3, S, S) to the grid of a later stage."""

    def __init__(self, encoder: TinyViT) -> None:
        super().__init__()
        self.steps = nn.Sequential(encoder.patch_embed, *encoder.layers[:EARLY_STAGES])

    def forward(self, image: Tensor) -> Tensor:
        grid: Tensor = self.steps(image)
        return grid


class _LateTinyViT(nn.Module):
    """The other stages of TinyViT, to the embedding (B, 256, 64, 64)."""

    def __init__(self, encoder: TinyViT) -> None:
        super().__init__()
        self.steps = nn.Sequential(*encoder.layers[EARLY_STAGES:], encoder.neck)

    def forward(self, grid: Tensor) -> Tensor:
        embedding: Tensor = self.steps(grid)
        return embedding


def _convert_encoder(encoder: nn.Module, shape: tuple[int, ...]) -> dict[str, openvino.Model]:
    image = torch.zeros(shape)
    if not isinstance(encoder, TinyViT):
        return {"encoder": _convert(encoder, (image,), (shape,))}
    early = _EarlyTinyViT(encoder)
    with torch.inference_mode():
        grid = early(image)
    return {
        "early": _convert(early, (image,), (shape,)),
        "encoder": _convert(_LateTinyViT(encoder), (grid,), (tuple(grid.shape),)),
    }


def _convert(module: nn.Module, examples: tuple[Tensor, ...], shapes: Sequence[tuple[int, ...]]) -> openvino.Model:
    """Return ``module`` as a model whose inputs have ``shapes``; tracing runs it once on the examples."""
    with torch.inference_mode(), warnings.catch_warnings():
        # The tracer warns of sizes that become constants, as they are.
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(module.eval(), examples, check_trace=False)  # type: ignore[no-untyped-call]
    # Not openvino.convert_model, which reports its use to OpenVINO's makers.
    frontend = FrontEndManager().load_by_framework("pytorch")
    decoder = TorchScriptPythonDecoder(traced)
    model = frontend.convert(frontend.load(decoder))
    for parameter, shape in zip(model.inputs, shapes, strict=True):
        parameter.get_node().set_partial_shape(openvino.PartialShape(list(shape)))
    model.validate_nodes_and_infer_types()
    return model
