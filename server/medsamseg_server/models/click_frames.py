"""Between an image's pixels and the cells of its embedding, whose centers are integers as those of pixels are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.models.frames import resized_shape
from medsamseg_server.models.specification import ModelSpecification


def to_cells(
    specification: ModelSpecification, points: NDArray[Any], image_size: tuple[int, int]
) -> NDArray[np.float32]:
    """Return points (…, 2), as x, y on an image of ``image_size`` (H, W), in cells of its embedding."""
    return ((np.asarray(points, np.float64) + 0.5) / cell_size(specification, image_size) - 0.5).astype(np.float32)


def to_pixels(
    specification: ModelSpecification, cells: NDArray[Any], image_size: tuple[int, int]
) -> NDArray[np.float64]:
    """Return places (…, 2), as x, y in cells of an embedding, on its image of ``image_size`` (H, W)."""
    pixels: NDArray[np.float64] = (np.asarray(cells, np.float64) + 0.5) * cell_size(specification, image_size) - 0.5
    return pixels


def box_round(
    specification: ModelSpecification, point: NDArray[Any], reach: NDArray[Any], image_size: tuple[int, int]
) -> NDArray[np.float64]:
    """Return the tight box (4,), as x0, y0, x1, y1, of an object in pixels of the image.

    Args:
        specification: the model.
        point: x, y on the object.
        reach: how far its edges are to the left, up, right and down, in cells.
        image_size: (H, W).
    """
    left, up, right, down = np.asarray(reach, np.float64) * np.tile(cell_size(specification, image_size), 2)
    x, y = point
    # A box tight around pixels i…j is [i, j], and their outer edges are half a pixel further.
    return np.array([x - left + 0.5, y - up + 0.5, x + right - 0.5, y + down - 0.5])


def reach_of(
    specification: ModelSpecification, point: NDArray[Any], box: NDArray[Any], image_size: tuple[int, int]
) -> NDArray[np.float32]:
    """Return how far the edges of an object with a tight box are from a point, (4,) in cells; undoes ``box_round``."""
    x0, y0, x1, y1 = box
    x, y = point
    pixels = np.array([x - x0 + 0.5, y - y0 + 0.5, x1 + 0.5 - x, y1 + 0.5 - y])
    return (pixels / np.tile(cell_size(specification, image_size), 2)).astype(np.float32)


def cell_size(specification: ModelSpecification, image_size: tuple[int, int]) -> NDArray[np.float64]:
    """Return width and height of a cell of the embedding, in pixels of an image of ``image_size`` (H, W)."""
    height, width = resized_shape(specification, image_size)
    reduction = specification.input_size / specification.embedding_shape[-1]
    return np.array([image_size[1] / width, image_size[0] / height]) * reduction
