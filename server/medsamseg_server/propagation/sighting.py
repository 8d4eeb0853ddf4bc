"""What an object in a film looks like, and where in a frame something looks like it: colors alone, no network.

An object of a film is lost where it leaves, hides or jumps farther than optical flow sees, and the light changes. Its
colors, measured against the brightness of the frame, tell it from its background through all of these.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

#: Levels per color channel, and of gray where there is no color.
_COLOR_LEVELS = 8
_GRAY_LEVELS = 32
#: The brightness that a frame's median is brought to, so that the light may change.
_MEDIAN = 110.0
#: The longer side of what is searched, in pixels.
_SEARCH_SIDE = 160
#: Pixels to each side that a blur of 1 pixel goes by; OpenCV takes no more of images of 8 bits.
_BLUR_REACH = 3
#: At most so many places of a frame are looked at by the network.
_MOST_PLACES = 2
#: A place is looked at where it has at least this part of the object's area …
_LEAST_AREA = 0.15
#: … and its pixels look more like the object than like the background.
_LIKELY = 0.5


class Sighting:
    """The colors of an object and of what was round it on the frame where the user showed it.

    Args:
        pixels: the frame, uint8 (H, W) or (H, W, 3).
        mask: the object, bool (H, W), not empty.
    """

    def __init__(self, pixels: NDArray[np.uint8], mask: NDArray[np.bool_]) -> None:
        bins = _bins(pixels, _gain(pixels))
        self._count = _bin_count(pixels)
        self.area = int(np.count_nonzero(mask))
        self._object = _distribution(bins[mask], self._count)
        self._background = _distribution(bins[~mask], self._count)

    def similarity(self, pixels: NDArray[np.uint8], mask: NDArray[np.bool_]) -> float:
        """Return how far what is in ``mask``, (H, W), not empty, has the object's colors and not the background's.

        The share of its pixels whose colors are likelier on the object: 0 to 1.
        """
        rows, columns = _surroundings(mask)
        bins = _bins(pixels[rows, columns], _gain(pixels))
        return float(np.mean(self._likelihood(bins)[mask[rows, columns]] > _LIKELY))

    def places(self, pixels: NDArray[np.uint8]) -> list[NDArray[np.bool_]]:
        """Return where the object may be on a frame, the likeliest place first: masks (H, W), mostly one or none."""
        height, width = pixels.shape[:2]
        scale = min(1.0, _SEARCH_SIDE / max(height, width))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
        likely = cv2.GaussianBlur(self._likelihood(_bins(small, _gain(small))), (0, 0), 1.5) > _LIKELY
        closed = cv2.morphologyEx(likely.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        _, labels, statistics, _ = cv2.connectedComponentsWithStats(closed)
        areas = statistics[1:, cv2.CC_STAT_AREA] / scale**2
        numbers = [number for number in np.argsort(-areas) if areas[number] >= _LEAST_AREA * self.area]
        return [
            cv2.resize((labels == number + 1).astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) > 0
            for number in numbers[:_MOST_PLACES]
        ]

    def _likelihood(self, bins: NDArray[np.intp]) -> NDArray[np.float32]:
        share: NDArray[np.float32] = (self._object / (self._object + self._background)).astype(np.float32)
        return share[bins]


def _bin_count(pixels: NDArray[np.uint8]) -> int:
    return _COLOR_LEVELS**3 if pixels.ndim == 3 else _GRAY_LEVELS


def _gain(pixels: NDArray[np.uint8]) -> float:
    """Return what brings a frame's brightness to that of all frames."""
    gray = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    levels = np.cumsum(np.bincount(gray.ravel(), minlength=256))
    half = gray.size // 2
    # As numpy's median: of an even number, the mean of the two in the middle.
    above, below = np.searchsorted(levels, half, "right"), np.searchsorted(levels, (gray.size - 1) // 2, "right")
    return _MEDIAN / max((float(above) + float(below)) / 2, 1.0)


def _surroundings(mask: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Return the rows and columns of a mask, not empty, with what the blur of its colors reaches to."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return slice(max(0, rows[0] - _BLUR_REACH), rows[-1] + 1 + _BLUR_REACH), slice(
        max(0, columns[0] - _BLUR_REACH), columns[-1] + 1 + _BLUR_REACH
    )


def _bins(pixels: NDArray[np.uint8], gain: float) -> NDArray[np.intp]:
    """Return the number of the bin of each pixel's color, (H, W), of a frame or a part of it."""
    # Grain would scatter the colors of a smooth object over many bins.
    smooth = cv2.GaussianBlur(pixels, (0, 0), 1.0).astype(np.float32)
    levels = _GRAY_LEVELS if pixels.ndim == 2 else _COLOR_LEVELS
    steps: NDArray[np.intp] = np.clip(smooth * (gain * levels / 256), 0, levels - 1).astype(np.intp)
    if pixels.ndim == 3:
        steps = (steps[..., 0] * levels + steps[..., 1]) * levels + steps[..., 2]
    return steps


def _distribution(bins: NDArray[np.intp], count: int) -> NDArray[np.float64]:
    """Return the share of each bin; colors that were never seen count a little, for both sides the same."""
    shares: NDArray[np.float64] = np.bincount(bins, minlength=count) / max(len(bins), 1) + 1e-4
    return shares
