"""Numbers as people type them."""

from __future__ import annotations


def number_or_nan(text: str) -> float:
    """Return the number; not a number, which no range contains, for what is none."""
    try:
        return float(text)
    except ValueError:
        return float("nan")
