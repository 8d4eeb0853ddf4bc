"""In which number format a network computes. An encoder whose masks were not compared computes in single precision."""

from __future__ import annotations

from typing import Literal

from medsamseg_server.models.specification import Encoder, ModelSpecification, TinyViTParameters, ViTBParameters

#: On a processor that multiplies bfloat16, by what was measured; see `choose_precision`.
_ON_PROCESSOR: dict[type[Encoder], str] = {TinyViTParameters: "mixed", ViTBParameters: "bf16"}
#: A graphics card computes half floats several times as fast; 11 bits keep the masks, as 8 (bfloat16) do not.
_HALF_ON_CARD: tuple[type[Encoder], ...] = (TinyViTParameters, ViTBParameters)


def choose_precision(specification: ModelSpecification, has_bf16: bool) -> str:
    """Return ``bf16`` or ``mixed`` where the processor has bfloat16 and the encoder was measured, else ``fp32``.

    With ``bf16``, all but the prompts' positions is rounded; with ``mixed``, the decoder and most products of the
    encoder. docs/speed.md has the figures, also of a model that was trained from LiteMedSAM. Of a model that proposes
    objects, rounding moves predicted qualities across the bound that parts good masks from bad ones, so a fast one is
    not rounded; ViT-B would take several times as long.

    Args:
        specification: of the network; the kind of its encoder decides.
        has_bf16: the processor multiplies bfloat16.
    """
    if specification.proposes and type(specification.encoder) is TinyViTParameters:
        return "fp32"
    return _ON_PROCESSOR.get(type(specification.encoder), "fp32") if has_bf16 else "fp32"


def choose_torch_precision(specification: ModelSpecification, device: str) -> Literal["fp32", "fp16"]:
    """Return the precision of a network with PyTorch on ``cuda``, ``mps`` or ``cpu``."""
    return "fp16" if device != "cpu" and type(specification.encoder) in _HALF_ON_CARD else "fp32"
