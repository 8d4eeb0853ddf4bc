"""The outline of an object's pixels: the straight edges halfway between those that are set and those that are not.

They are those of marching squares at 0.5, the same as scikit-image's ``find_contours`` gives, in no order, and without
that package, whose import takes longer than a click.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

#: x and y of points, (N, 2).
Points: TypeAlias = NDArray[np.float64]

# From a pixel's center to the middles between it and its neighbors to the right and below, and between these, in half
# pixels: x, y.
_TOP, _BOTTOM, _LEFT, _RIGHT = (1, 0), (1, 2), (0, 1), (2, 1)
# The edges between four pixels, by which of them are set: 1 the one itself, 2 right of it, 4 below, 8 right below.
# Pixels that touch at a corner belong together.
_EDGES = {
    1: [(_TOP, _LEFT)],
    2: [(_TOP, _RIGHT)],
    3: [(_LEFT, _RIGHT)],
    4: [(_LEFT, _BOTTOM)],
    5: [(_TOP, _BOTTOM)],
    6: [(_TOP, _LEFT), (_RIGHT, _BOTTOM)],
    7: [(_RIGHT, _BOTTOM)],
    8: [(_RIGHT, _BOTTOM)],
    9: [(_TOP, _RIGHT), (_LEFT, _BOTTOM)],
    10: [(_TOP, _BOTTOM)],
    11: [(_LEFT, _BOTTOM)],
    12: [(_LEFT, _RIGHT)],
    13: [(_TOP, _RIGHT)],
    14: [(_TOP, _LEFT)],
}


# The same as an array (16, 2, 2, 2): up to two edges of two ends each. A kind that has one has nothing in second place,
# and those that have none do not occur.
_NONE = ((0, 0), (0, 0))
_EDGES_OF_KIND = np.array([[*_EDGES.get(kind, []), _NONE, _NONE][:2] for kind in range(16)])
_TWO_EDGES = np.array([len(_EDGES.get(kind, [])) == 2 for kind in range(16)])


def outline_edges(mask: NDArray[np.bool_]) -> tuple[Points, NDArray[np.intp]]:
    """Return the corners of an outline, (N, 2), in pixels whose centers are integers, and which two each edge joins.

    Args:
        mask: (H, W), True on the object.
    """
    height, width = mask.shape
    padded = np.zeros((height + 2, width + 2), np.uint8)
    padded[1:-1, 1:-1] = mask
    kinds = padded[:-1, :-1] + 2 * padded[:-1, 1:] + 4 * padded[1:, :-1] + 8 * padded[1:, 1:]
    rows, columns = np.nonzero((kinds > 0) & (kinds < 15))
    found = kinds[rows, columns]
    # Of a mask with a rim of one pixel, in half pixels.
    places = 2 * np.stack([columns, rows], axis=1) - 2
    edges = places[:, None, None] + _EDGES_OF_KIND[found]
    ends = np.concatenate([edges[:, 0], edges[_TWO_EDGES[found], 1]])
    across = 2 * padded.shape[1]
    keys, numbers = np.unique(ends[..., 1] * across + ends[..., 0], return_inverse=True)
    corners = np.stack([(keys + 1) % across - 1, (keys + 1) // across], axis=1) / 2
    return corners, numbers.reshape(-1, 2)
