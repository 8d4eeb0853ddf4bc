"""Between the slice's frame and the network's: sizes, boxes and points.

In both frames pixel centers are integers, x runs to the right and y down. The authors multiply coordinates by the
scale alone, without regard to the half pixel by which centers move; so do we, because the networks learned it so.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.models.specification import Coordinates, ModelSpecification, Resize


def resized_shape(specification: ModelSpecification, image_size: tuple[int, int]) -> tuple[int, int]:
    """Return (height, width) that a slice of ``image_size`` (H, W) has inside the S×S input, without padding."""
    size = specification.input_size
    if specification.resize is Resize.STRETCH_BICUBIC:
        return size, size
    height, width = image_size
    scale = size / max(height, width)
    # A line of pixels does not vanish, however long the slice is.
    return max(1, int(height * scale + 0.5)), max(1, int(width * scale + 0.5))


def boxes_to_network(
    specification: ModelSpecification, boxes: NDArray[Any], image_size: tuple[int, int]
) -> NDArray[np.float32]:
    """Return boxes (B, 4), as x0, y0, x1, y1 in a slice of ``image_size`` (H, W), in the frame of the S×S input."""
    mapped = np.asarray(boxes, np.float64).reshape(-1, 4) * np.tile(_scales(specification, image_size), 2)
    if specification.coordinates is Coordinates.ONE_RATIO_TRUNCATED:
        mapped = np.trunc(mapped)
    return mapped.astype(np.float32)


def points_to_network(
    specification: ModelSpecification, points: NDArray[Any], image_size: tuple[int, int]
) -> NDArray[np.float32]:
    """Return points (B, N, 2), as x, y in a slice of ``image_size`` (H, W), in the frame of the S×S input."""
    return (np.asarray(points, np.float64) * _scales(specification, image_size)).astype(np.float32)


def _scales(specification: ModelSpecification, image_size: tuple[int, int]) -> NDArray[np.float64]:
    """Return the factors of x and y."""
    height, width = image_size
    if specification.coordinates is Coordinates.ONE_RATIO_TRUNCATED:
        return np.full(2, specification.input_size / max(height, width))
    new_height, new_width = resized_shape(specification, image_size)
    return np.array([new_width / width, new_height / height])
