"""Numbers as people type them, in options and elsewhere."""

from __future__ import annotations

import argparse
from collections.abc import Callable

#: No option means a number of more digits.
_MOST_DIGITS = 9


def number_or_nan(text: str) -> float:
    """Return the number; NaN, which no range contains, for a text that is none."""
    try:
        return float(text)
    except ValueError:
        return float("nan")


def number(expected: str, fits: Callable[[float], bool]) -> Callable[[str], float]:
    """Return what reads the number of an option, for argparse, which reports one that does not fit.

    >>> share = number("a share above 0 and up to 1", lambda value: 0 < value <= 1)
    >>> share("0.25")
    0.25
    >>> share("many")
    Traceback (most recent call last):
    argparse.ArgumentTypeError: 'many' is not a share above 0 and up to 1

    Args:
        expected: what the option takes, as the end of the message.
        fits: whether a number is one of these; NaN must not be.
    """

    def read(text: str) -> float:
        value = number_or_nan(text)
        if not fits(value):
            raise argparse.ArgumentTypeError(f"'{text[:20]}' is not {expected}")
        return value

    return read


def whole_number(expected: str, lowest: int = 0, highest: int = 10**_MOST_DIGITS) -> Callable[[str], int]:
    """Return what reads the whole number of an option, as ``number`` does; both limits are included."""

    def read(text: str) -> int:
        if not text.isdecimal() or len(text) > _MOST_DIGITS or not lowest <= int(text) <= highest:
            raise argparse.ArgumentTypeError(f"'{text[:20]}' is not {expected}")
        return int(text)

    return read
