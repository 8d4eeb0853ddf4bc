"""The intensity histograms of an object and its surroundings, as evidence of what it is that needs no network."""

from __future__ import annotations

import copy

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.prompts import Box

_BINS = 32
#: A gray level is foreign where of an object and its surroundings, seen equally often, less than this is the object,
#: and the object's own where less than this is the surroundings.
#: With 0.1 a tumor still took lung with it (Dice 0.80 instead of 0.88), with 0.3 lesions lost their rims.
_LEAST_SHARE = 0.2
#: The surroundings reach so many sides of the box beyond it.
_AROUND = 1 / 4
# So that some gray levels of difference, or few pixels, do not look like another object: a bell of ±10 gray levels.
_SMOOTHING = np.array([1, 6, 15, 20, 15, 6, 1]) / 64


class IntensityHistogram:
    """The smoothed histogram of an object's gray levels on a slice.

    Args:
        gray: the slice, (H, W).
        mask: the object, (H, W), not empty.
    """

    def __init__(self, gray: NDArray[np.uint8], mask: NDArray[np.bool_]) -> None:
        self._shares = _shares(gray[mask])

    def similarity(self, other: IntensityHistogram) -> float:
        """Return how similar two histograms are, 0 to 1: the Bhattacharyya coefficient."""
        return min(1.0, float(np.sqrt(self._shares * other._shares).sum()))


class TellingLevels:
    """The gray levels that tell an object from its surroundings: those of the one that are hardly the other's.

    Args:
        gray: a slice, (H, W).
        mask: the object there, (H, W), not empty.
        box: x0, y0, x1, y1 round it.
    """

    def __init__(self, gray: NDArray[np.uint8], mask: NDArray[np.bool_], box: Box) -> None:
        x0, y0, x1, y1 = box
        right, down = _AROUND * (x1 - x0), _AROUND * (y1 - y0)
        around = np.zeros(mask.shape, bool)
        around[int(max(0, y0 - down)) : int(y1 + down) + 1, int(max(0, x0 - right)) : int(x1 + right) + 1] = True
        around &= ~mask
        self._are_foreign = self._are_own = np.zeros(_BINS, bool)
        if around.any():
            own, others = _shares(gray[mask]), _shares(gray[around])
            self._are_foreign = own < _LEAST_SHARE * (own + others)
            self._are_own = others < _LEAST_SHARE * (own + others)

    def __and__(self, other: TellingLevels) -> TellingLevels:
        """Return the levels that are foreign by both, and the object's own by both."""
        both = copy.copy(self)
        both._are_foreign = self._are_foreign & other._are_foreign
        both._are_own = self._are_own & other._are_own
        return both

    def foreign(self, gray: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Return the pixels of a slice (H, W) that look like the surroundings, and hardly like the object."""
        return _at(self._are_foreign, gray)

    def own(self, gray: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Return the pixels of a slice (H, W) that look like the object, and hardly like the surroundings."""
        return _at(self._are_own, gray)


def _at(levels: NDArray[np.bool_], gray: NDArray[np.uint8]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = levels[gray // (256 // _BINS)]
    return found


def _shares(levels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the smoothed share of each bin in some gray levels, one at least."""
    counts = np.bincount(levels // (256 // _BINS), minlength=_BINS).astype(float)
    padded = np.pad(counts, len(_SMOOTHING) // 2, mode="edge")
    smooth = np.convolve(padded, _SMOOTHING, mode="valid")
    shares: NDArray[np.float64] = smooth / smooth.sum()
    return shares
