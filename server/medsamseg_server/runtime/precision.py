"""In which number format a network computes on the processor."""

from __future__ import annotations

#: Where bfloat16 may be used: everywhere but for prompts' positions, or ``mixed``, in the decoder and in most products
#: of the encoder. docs/speed.md has the figures. All other models compute in single precision.
_SHORT = {"medsam": "bf16", "sam": "bf16", "litemedsam": "mixed", "mobilesam": "mixed"}


def choose_precision(model: str, has_bf16: bool) -> str:
    """Return ``bf16`` or ``mixed`` where the processor has bfloat16 and it suits the model, else ``fp32``.

    Args:
        model: its name; one that was trained on this computer has not been measured.
        has_bf16: the processor multiplies bfloat16.
    """
    return _SHORT.get(model, "fp32") if has_bf16 else "fp32"
