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


def outline_edges(mask: NDArray[np.bool_]) -> tuple[Points, NDArray[np.intp]]:
    """Return the corners of an outline, (N, 2), in pixels whose centers are integers, and which two each edge joins.

    Args:
        mask: (H, W), True on the object.
    """
    padded = np.pad(mask, 1).astype(np.uint8)
    kinds = padded[:-1, :-1] + 2 * padded[:-1, 1:] + 4 * padded[1:, :-1] + 8 * padded[1:, 1:]
    starts, ends = [np.zeros((0, 2), int)], [np.zeros((0, 2), int)]
    for kind, edges in _EDGES.items():
        rows, columns = np.nonzero(kinds == kind)
        # Of a mask with a rim of one pixel, in half pixels.
        places = 2 * np.stack([columns, rows], axis=1) - 2
        for start, end in edges:
            starts.append(places + start)
            ends.append(places + end)
    ends_of_edges = np.concatenate([*starts, *ends])
    width = 2 * padded.shape[1]
    keys, numbers = np.unique(ends_of_edges[:, 1] * width + ends_of_edges[:, 0], return_inverse=True)
    corners = np.stack([(keys + 1) % width - 1, (keys + 1) // width], axis=1) / 2
    return corners, numbers.reshape(2, -1).T
