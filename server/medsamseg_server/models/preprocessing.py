"""From a slice to the exact encoder input, as each model's authors do it."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage import transform

from medsamseg_server.models.frames import resized_shape
from medsamseg_server.models.gray_levels import to_color
from medsamseg_server.models.specification import ModelSpecification, Resize, Scaling

#: Of ImageNet's training images, red, green, blue (segment_anything/build_sam.py).
IMAGENET_MEAN = np.array([123.675, 116.28, 103.53], np.float32)
IMAGENET_DEVIATION = np.array([58.395, 57.12, 57.375], np.float32)


def prepare_image(specification: ModelSpecification, image: NDArray[Any]) -> NDArray[np.float32]:
    """Return the exact encoder input of ``image``.

    Args:
        specification: the model.
        image: (H, W) or (H, W, 3), any real dtype. uint8 holds gray levels already; anything else is stretched from
            its own minimum and maximum to 0…255 first.

    Returns:
        float32 (3, S, S), C order, S the model's input size.

    Raises:
        MedSAMSegError: ``image_invalid`` when it is no such image.
    """
    color = to_color(image)
    height, width = resized_shape(specification, color.shape[:2])
    resized = _resize(specification.resize, color, height, width)
    size = specification.input_size
    prepared = np.zeros((3, size, size), np.float32)
    # One gray channel is written to all three.
    prepared[:, :height, :width] = _scale(specification.scaling, resized).transpose(2, 0, 1)
    return prepared


def _resize(policy: Resize, color: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Return ``color`` (H, W, 1 or 3) as (height, width, 1 or 3)."""
    channels = color.shape[2]
    plane = color[..., 0] if channels == 1 else color
    if policy is Resize.STRETCH_BICUBIC:
        resized = transform.resize(plane, (height, width), order=3, preserve_range=True, anti_aliasing=True)
    elif policy is Resize.LONGEST_SIDE_AREA:
        resized = cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA)
    else:
        # SAM resizes with Pillow, whose bilinear filter widens when it makes smaller; OpenCV's does not.
        resized = Image.fromarray(plane).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(resized).astype(np.uint8, copy=False).reshape(height, width, channels)


def _scale(policy: Scaling, color: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return (H, W, 3), or (H, W, 1) where all channels are the same."""
    if policy is Scaling.IMAGENET:
        return (color - IMAGENET_MEAN) / IMAGENET_DEVIATION
    low, high = int(color.min()), int(color.max())
    # A constant slice becomes zeros.
    scaled = (np.arange(256) - low) / max(high - low, 1)
    return scaled.astype(np.float32)[color]
