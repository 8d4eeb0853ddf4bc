"""Probabilities as gray levels of 8 bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_LEVELS = 256


def to_levels(probabilities: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return probabilities as 0…255, rounded up to the next 1/256, so that 128 and more are what exceeds 0.5.

    >>> to_levels(np.array([0.0, 0.5, 0.500001, 1.0], np.float32))
    array([  0, 127, 128, 255], dtype=uint8)
    """
    levels = np.ceil(probabilities.astype(np.float64) * _LEVELS) - 1
    return np.asarray(np.clip(levels, 0, _LEVELS - 1), np.uint8)
