"""Boxes as the published protocol gives them to a network in training: tight ones, pushed outward at random."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.masks import SliceMask

#: Each side moves outward by 0…20 pixels of a 1024-pixel input (``train_one_gpu.py`` of bowang-lab/MedSAM).
LARGEST_SHIFT = 20
_FRAME = 1024


def tight_box(mask: SliceMask) -> NDArray[np.float64]:
    """Return the box (4,) tight round a mask that is not empty: x0, y0, x1, y1 in pixels of the slice."""
    assert mask.extent is not None, "objects of training slices are not empty"
    return np.array(mask.extent, np.float64)


def jittered_box(
    mask: SliceMask,
    image_size: tuple[int, int],
    seed: Sequence[int],
    largest_shift: int = LARGEST_SHIFT,
    seen: int | None = None,
) -> NDArray[np.float64]:
    """Return the tight box with each side pushed outward by a random whole number of pixels of a 1024-pixel input.

    Args:
        mask: the object; not empty.
        image_size: (H, W) of its slice; the box ends at its border.
        seed: the same seed gives the same box.
        largest_shift: in pixels of an input of 1024; 0 for the tight box.
        seen: longer side, in pixels of the slice, of what fills the input; None for the whole slice.
    """
    height, width = image_size
    shifts = np.random.default_rng(seed).integers(0, largest_shift, 4, endpoint=True)
    moved = tight_box(mask) + np.array([-1, -1, 1, 1]) * shifts * (seen or max(image_size)) / _FRAME
    clipped: NDArray[np.float64] = np.clip(moved, 0, np.array([width, height, width, height]) - 1.0)
    return clipped
