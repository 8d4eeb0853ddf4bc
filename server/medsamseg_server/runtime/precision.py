"""In which number format a network computes on the processor."""

from __future__ import annotations

from medsamseg_server.models.specification import ModelSpecification


def choose_precision(specification: ModelSpecification, has_bf16: bool) -> str:
    """Return ``bf16`` or ``mixed`` where the processor has bfloat16, else ``fp32``.

    With ``bf16``, all but the prompts' positions is rounded; with ``mixed``, the decoder and most products of the
    encoder. docs/speed.md has the figures, also of a model that was trained from LiteMedSAM.

    Args:
        specification: of the network; the kind of its encoder decides.
        has_bf16: the processor multiplies bfloat16.
    """
    if not has_bf16:
        return "fp32"
    return "mixed" if specification.tiny_vit else "bf16"
