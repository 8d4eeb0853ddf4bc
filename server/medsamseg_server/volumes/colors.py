"""Color images as the networks take them: red, green and blue, 8 bits each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Numbers of values per voxel that mean red, green and blue, the latter with opacity (alpha) as a fourth.
COLOR_COMPONENTS = (3, 4)


def is_color(shape: tuple[int, ...], dtype: np.dtype[Any]) -> bool:
    """Return whether an array (K, J, I, C) of this shape and type holds colors: 3 or 4 of 8 or 16 bits, unsigned."""
    return len(shape) == 4 and shape[-1] in COLOR_COMPONENTS and dtype.kind == "u" and dtype.itemsize <= 2


def to_rgb(array: NDArray[Any]) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Return colors as red, green and blue, 8 bits each, and sentences on what was left out.

    Args:
        array: (…, 3) or (…, 4), uint8 or uint16. 16 bits become 8 by the rule of PNG (W3C, PNG Third Edition, 13.12):
            0…65535 to 0…255, rounded, whatever part of it the image uses.

    Returns:
        (…, 3), C order.
    """
    notes: tuple[str, ...] = ()
    if array.shape[-1] == 4 and (array[..., 3] != np.iinfo(array.dtype).max).any():
        notes = ("The image is transparent in places; its colors were taken as they are stored there.",)
    colors = array[..., :3]
    if colors.dtype.itemsize == 2:
        colors = ((colors.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
    return np.ascontiguousarray(colors, np.uint8), notes
