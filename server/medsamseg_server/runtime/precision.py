"""In which number format a network computes on the processor."""

from __future__ import annotations

#: Models whose masks stay the same in bfloat16; docs/speed.md has the figures. All others compute in single precision.
BF16_MODELS = frozenset({"litemedsam", "medsam", "mobilesam", "sam"})


def choose_precision(model: str, has_bf16: bool) -> str:
    """Return ``bf16`` where the processor has it and the model's masks stay the same, else ``fp32``.

    Args:
        model: its name; one that was trained on this computer has not been measured.
        has_bf16: the processor multiplies bfloat16.
    """
    return "bf16" if has_bf16 and model in BF16_MODELS else "fp32"
