"""Clicks as people may make them: round the middle of an object, and on it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.masks import SliceMask

#: How far a click is from the center of gravity at most, in widths and heights of the object's box.
LARGEST_OFFSET = 0.2


def random_click(mask: SliceMask, seed: Sequence[int], largest_offset: float = LARGEST_OFFSET) -> NDArray[np.float64]:
    """Return x, y near an object's center of gravity, in pixels of the slice.

    Where that is not on the object, as of a ring, it is the object's pixel that is nearest to it.

    Args:
        mask: the object; not empty.
        seed: the same seed gives the same click.
        largest_offset: in each direction, in widths and heights of the box.
    """
    assert mask.extent is not None, "objects of training slices are not empty"
    x0, y0, x1, y1 = mask.extent
    rows, columns = np.nonzero(mask.pixels)
    offsets = np.random.default_rng(seed).uniform(-largest_offset, largest_offset, 2)
    click = np.array([columns.mean(), rows.mean()]) + offsets * (x1 - x0 + 1, y1 - y0 + 1)
    distances = (columns - click[0]) ** 2 + (rows - click[1]) ** 2
    nearest = int(distances.argmin())
    if distances[nearest] > 0.5:
        click = np.array([columns[nearest], rows[nearest]], np.float64)
    on_slice: NDArray[np.float64] = click + np.array([x0, y0])
    return on_slice
