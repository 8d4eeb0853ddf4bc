"""From any real image to the 8-bit colors that every model's own preprocessing starts from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.errors import ErrorKind, MedSAMSegError


def to_color(image: NDArray[Any]) -> NDArray[np.uint8]:
    """Return ``image`` as 8-bit colors.

    Args:
        image: (H, W) or (H, W, 3) of a real dtype. uint8 is taken as it is; anything else is stretched from its own
            minimum and maximum to 0…255 and truncated, as MedSAM's ``pre_CT_MR.py`` does.

    Returns:
        (H, W, 1) for gray images and (H, W, 3) for color images.

    Raises:
        MedSAMSegError: ``image_invalid`` for another shape or dtype, an empty image, or values that are not finite.
    """
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] != 3) or image.size == 0:
        raise _invalid(f"An image of shape {image.shape} cannot be segmented; expected (H, W) or (H, W, 3).")
    if not (np.issubdtype(image.dtype, np.integer) or np.issubdtype(image.dtype, np.floating) or image.dtype == bool):
        raise _invalid(f"An image of type {image.dtype} cannot be segmented; expected real numbers.")
    levels = np.ascontiguousarray(image) if image.dtype == np.uint8 else _stretch(image)
    return levels[..., np.newaxis] if image.ndim == 2 else levels


def _stretch(image: NDArray[Any]) -> NDArray[np.uint8]:
    # Double precision: the difference of two 16-bit or 64-bit integers may not fit their own type.
    values = image.astype(np.float64)
    low, high = values.min(), values.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        raise _invalid("The image holds values that are not finite; replace NaN and infinity first.")
    if low == high:
        return np.zeros(image.shape, np.uint8)
    values -= low
    # Multiplied first, so that whole gray levels of whole numbers come out whole.
    values *= 255.0
    values /= high - low
    return values.astype(np.uint8)


def _invalid(message: str) -> MedSAMSegError:
    return MedSAMSegError(ErrorKind.INVALID_INPUT, "image_invalid", message)
