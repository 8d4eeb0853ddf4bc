"""How an object moves from one slice to the next: dense optical flow between their gray levels, no network.

Carrying masks by flow alone from one tight box reached a mean Dice of 0.68 on the 17 development targets (the published
recipe: 0.65), and 0.82 from the true first mask: contours move with the image, and do not leak to where it does not.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.masks import Extent

#: The longer side of what the flow is computed on, in pixels, so that small and large objects are seen equally well.
#: 128 cost 0.01.
_FLOW_SIDE = 192
_LEAST_SIDE = 32
#: How much of the image round the object takes part: this part of the object's size, and at least so many pixels.
_MARGIN = 0.4
_LEAST_MARGIN = 12


def carry(mask: NDArray[np.bool_], before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return where the object of slice ``before`` is on slice ``after``.

    Args:
        mask: the object on ``before``, (H, W), not empty.
        before: gray levels (H, W).
        after: gray levels (H, W) of a slice close by.

    Returns:
        (H, W); empty when the object shrinks to nothing. Where the images are the same, the mask.
    """
    x0, y0, x1, y1 = _surroundings(mask)
    height, width = y1 - y0, x1 - x0
    scale = _FLOW_SIDE / max(height, width)
    size = (max(_LEAST_SIDE, round(width * scale)), max(_LEAST_SIDE, round(height * scale)))
    old, new = (cv2.resize(gray[y0:y1, x0:x1], size, interpolation=cv2.INTER_LINEAR) for gray in (before, after))
    # From the new slice to the old one, so that every new pixel knows where it comes from. The stubs lack the class.
    method = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)  # type: ignore[attr-defined]
    flow: NDArray[np.float32] = method.calc(new, old, None)
    # The distance to the outline moves more smoothly than the mask itself.
    distance = cv2.resize(signed_distance(mask[y0:y1, x0:x1]), size, interpolation=cv2.INTER_LINEAR)
    columns, rows = np.meshgrid(np.arange(size[0], dtype=np.float32), np.arange(size[1], dtype=np.float32))
    moved = cv2.remap(
        distance, columns + flow[..., 0], rows + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    carried = np.zeros(mask.shape, bool)
    carried[y0:y1, x0:x1] = cv2.resize(moved, (width, height), interpolation=cv2.INTER_AREA) > 0
    return carried


def blend(first: NDArray[np.bool_], second: NDArray[np.bool_], weight: float) -> NDArray[np.bool_]:
    """Return a shape between two masks (H, W): the first where ``weight`` is 0, the second where it is 1."""
    if not first.any() or not second.any():
        return second if first.any() < second.any() else first
    between: NDArray[np.bool_] = (1 - weight) * signed_distance(first) + weight * signed_distance(second) > 0
    return between


def signed_distance(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the distance to the outline in pixels, positive inside; ``mask`` (H, W)."""
    inside = mask.astype(np.uint8)
    distance: NDArray[Any] = cv2.distanceTransform(inside, cv2.DIST_L2, 5) - cv2.distanceTransform(
        1 - inside, cv2.DIST_L2, 5
    )
    return distance.astype(np.float32)


def _surroundings(mask: NDArray[np.bool_]) -> Extent:
    """Return x0, y0, x1, y1 of the object and what is round it, ends exclusive."""
    height, width = mask.shape
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    x0, x1, y0, y1 = int(columns[0]), int(columns[-1]) + 1, int(rows[0]), int(rows[-1]) + 1
    beside, above = (max(_LEAST_MARGIN, int(_MARGIN * extent)) for extent in (x1 - x0, y1 - y0))
    return max(0, x0 - beside), max(0, y0 - above), min(width, x1 + beside), min(height, y1 + above)
