"""Whether what is inside of a mask looks like its rim: of a ring that was asked for by one box, it does not."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.masks import filled, part_with
from medsamseg_server.propagation.intensity_histogram import IntensityHistogram

#: Fewer pixels say nothing.
_LEAST_PIXELS = 5


def similarity_of_inside(gray: NDArray[np.uint8], mask: NDArray[np.bool_]) -> float:
    """Return how alike the gray levels of a mask's inner and outer half are, 0 to 1; of a mask too small to tell, 1.

    The outermost pixels, in which there is something of the background, do not count.

    Args:
        gray: the slice, (H, W).
        mask: the object, (H, W).
    """
    if not mask.any():
        return 1.0
    rows, columns = part_with(mask[None])
    gray, mask = gray[rows, columns], mask[rows, columns]
    # A pixel that is missing in the middle makes no rim there.
    depth = cv2.distanceTransform(np.pad(filled(mask), 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    middle = np.median(depth[mask])
    core, rim = mask & (depth > middle), mask & (depth <= middle) & (depth > 1)
    if min(np.count_nonzero(core), np.count_nonzero(rim)) < _LEAST_PIXELS:
        return 1.0
    return IntensityHistogram(gray, core).similarity(IntensityHistogram(gray, rim))
