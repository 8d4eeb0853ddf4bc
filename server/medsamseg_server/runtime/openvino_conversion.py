"""From a PyTorch network to the parts that OpenVINO runs: encoder, prompt tokens, decoder, upscaling."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import openvino
import torch
from openvino.frontend import FrontEndManager
from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder
from torch import Tensor, nn

from medsamseg_server.models.networks import SamNetwork
from medsamseg_server.models.segment_anything_modeling import MaskDecoder, PromptEncoder
from medsamseg_server.models.specification import EMBEDDING_CHANNELS
from medsamseg_server.models.tiny_vit import TinyViT
from medsamseg_server.runtime.fused_attention import with_fused_attention
from medsamseg_server.runtime.optimized_decoder import ABSENT, OptimizedDecoder, PromptTokens
from medsamseg_server.runtime.optimized_tiny_vit import OptimizedTinyViT
from medsamseg_server.runtime.optimized_upscaling import OptimizedUpscaling


def convert_network(
    network: SamNetwork, input_size: int, short: bool = False, coarse: bool = False
) -> dict[str, openvino.Model]:
    """Return the network's parts as OpenVINO models, in single precision.

    Args:
        network: in evaluation mode on the processor, with SAM's own decoder; see ``SamNetwork.at`` for another input
            size.
        input_size: side S of the encoder's input.
        short: whether bfloat16 is used where it suits; see ``OptimizedTinyViT`` and ``OptimizedDecoder``.
        coarse: whether the decoder is told which positions and means each object sees.

    Returns:
        ``encoder``: (1, 3, S, S) to (1, 256, G, G); ``prompts``: (B, n, 2) and (B, n) to (B, n, 256), see
        ``PromptTokens``; ``decoder``: (1, 256, G, G), (B, n, 256), (B, n), (K,) and, if ``coarse``, (B, M) or (1, M),
        to (B, M, 256), (B, K, 32) and (B, 4), see ``OptimizedDecoder``; ``upscaling``: (B, M, 256), (L, K, 32) and
        (L, P) to (L, P, 16, K), see ``OptimizedUpscaling``.

    Raises:
        TypeError: the decoder is another one than SAM's.
    """
    if type(network.mask_decoder) is not MaskDecoder or type(network.prompt_encoder) is not PromptEncoder:
        # Others have attributes of the same names, and would be run as SAM's.
        raise TypeError(f"{type(network.mask_decoder).__name__} is another decoder than SAM's")
    side = network.embedding_side
    embedding = (1, EMBEDDING_CHANNELS, side, side)
    image = (1, 3, input_size, input_size)
    encoder = with_fused_attention(network.image_encoder)
    if type(encoder) is TinyViT:
        encoder = OptimizedTinyViT(encoder, short, side)
    # Two objects with two tokens are an example; -1 stands for any number.
    tokens = torch.zeros(2, 2, EMBEDDING_CHANNELS)
    rows, kernels = torch.zeros(2, 3, dtype=torch.int32), torch.zeros(2, 3, EMBEDDING_CHANNELS // 8)
    return {
        "encoder": _convert(encoder, (torch.zeros(image),), (image,)),
        "prompts": _convert(
            PromptTokens(network.prompt_encoder), (torch.zeros(2, 2, 2), torch.zeros(2, 2)), ((-1, -1, 2), (-1, -1))
        ),
        "decoder": _convert(
            OptimizedDecoder(network, short),
            (
                torch.zeros(embedding),
                tokens,
                torch.tensor([[1.0, ABSENT], [1.0, 1.0]]),
                torch.tensor([1, 2], dtype=torch.int32),
                *([torch.arange(2 * 4, dtype=torch.int32).reshape(2, 4)] if coarse else []),
            ),
            (embedding, (-1, -1, EMBEDDING_CHANNELS), (-1, -1), (-1,), *([(-1, -1)] if coarse else [])),
        ),
        "upscaling": _convert(
            OptimizedUpscaling(network),
            (
                torch.zeros(2, 4, EMBEDDING_CHANNELS, dtype=torch.bfloat16 if short else torch.float32),
                kernels,
                rows,
            ),
            ((-1, -1, EMBEDDING_CHANNELS), (-1, -1, kernels.shape[2]), (-1, -1)),
        ),
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
