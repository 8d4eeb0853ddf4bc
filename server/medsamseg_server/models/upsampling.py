"""From the decoder's logits to mask values on the slice, as each model's authors do it.

OpenCV's bilinear interpolation is that of PyTorch with ``align_corners=False``.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from medsamseg_server.models.frames import resized_shape
from medsamseg_server.models.specification import ModelSpecification, Upsampling


def upsample_masks(
    specification: ModelSpecification, logits: NDArray[np.float32], image_size: tuple[int, int]
) -> NDArray[np.float32]:
    """Return mask values (B, H, W) on a slice of ``image_size`` (H, W).

    Args:
        specification: the model; its ``mask_threshold`` parts the values.
        logits: the decoder's output (B, 256, 256).
        image_size: (H, W) of the slice.
    """
    values = np.empty((len(logits), *image_size), np.float32)
    for target, plane in zip(values, logits, strict=True):
        _resize_into(target, _crop(specification, plane, image_size))
    return values


def _crop(
    specification: ModelSpecification, logits: NDArray[np.float32], image_size: tuple[int, int]
) -> NDArray[np.float32]:
    """Return the part of one object's (256, 256) logits that covers the slice, ready for the last interpolation."""
    if specification.upsampling is Upsampling.PROBABILITIES:
        return probability_of(logits)
    if specification.upsampling is Upsampling.LOGITS_AT_INPUT_SIZE:
        full = np.empty((specification.input_size, specification.input_size), np.float32)
        _resize_into(full, logits)
        logits = full
    height, width = resized_shape(specification, image_size)
    return logits[:height, :width]


def probability_of(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the probabilities, 0 to 1, that logits stand for."""
    # tanh does not overflow for logits far from zero.
    probabilities: NDArray[np.float32] = 0.5 + 0.5 * np.tanh(0.5 * logits)
    return probabilities


def _resize_into(target: NDArray[np.float32], source: NDArray[np.float32]) -> None:
    height, width = target.shape
    target[:] = cv2.resize(source, (width, height), interpolation=cv2.INTER_LINEAR)
