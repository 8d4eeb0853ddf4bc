"""How likely each pixel of a slice belongs to an object: what is behind a mask, which is where that exceeds 0.5."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.errors import ErrorKind, MedSAMSegError

_Value = TypeVar("_Value", bound=np.generic)

#: Where the models' authors, and so this program by default, part object and background.
DEFAULT_THRESHOLD = 0.5


@dataclass(frozen=True, eq=False)
class ProbabilityMap:
    """The probabilities on a rectangle of a slice; beyond it they are 0.

    Attributes:
        values: float32 (h, w), 0 to 1, on the slice's own pixels.
        x0: first column.
        y0: first row.
    """

    values: NDArray[np.float32]
    x0: int = 0
    y0: int = 0

    def moved(self, right: int, down: int) -> ProbabilityMap:
        """Return the same map so many pixels further right and down."""
        return replace(self, x0=self.x0 + right, y0=self.y0 + down)

    def without(self, other: NDArray[np.generic]) -> ProbabilityMap:
        """Return how likely each pixel is the object's and not another one's.

        Over 0.5 where this one is and the other is not, so that it parts the same pixels as the two masks do.

        Args:
            other: the other's probabilities, or its mask, on the same rectangle.
        """
        return replace(self, values=np.minimum(self.values, 1 - other.astype(np.float32)))

    def cut(self, x0: int, y0: int, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """Return the probabilities on a rectangle (h, w) of the slice from column ``x0`` and row ``y0`` on."""
        part = np.zeros(shape, np.float32)
        paste(part, self.values, self.x0 - x0, self.y0 - y0)
        return part

    def to_array(self, image_size: tuple[int, int]) -> NDArray[np.float32]:
        """Return the probabilities on a full slice, float32 (H, W)."""
        full = np.zeros(image_size, np.float32)
        height, width = self.values.shape
        full[self.y0 : self.y0 + height, self.x0 : self.x0 + width] = self.values
        return full


def paste(target: NDArray[_Value], values: NDArray[_Value], x0: int, y0: int) -> None:
    """Put values (h, w) into an array (H, W) from column ``x0`` and row ``y0`` on, as far as they lie in it."""
    (height, width), (rows, columns) = values.shape, target.shape
    top, bottom = max(y0, 0), max(min(y0 + height, rows), 0)
    left, right = max(x0, 0), max(min(x0 + width, columns), 0)
    if top < bottom and left < right:
        target[top:bottom, left:right] = values[top - y0 : bottom - y0, left - x0 : right - x0]


def check_threshold(threshold: float) -> float:
    """Return a threshold that can be used; raise ``threshold_invalid`` for another one."""
    if not 0 < threshold < 1:
        message = f"{threshold:g} is no threshold of probabilities."
        hint = "Give a number between 0 and 1, such as 0.3 for larger masks or 0.7 for smaller ones; 0.5 is usual."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "threshold_invalid", message, hint)
    return threshold


def voted(
    candidates: NDArray[np.float32], is_elected: Callable[[NDArray[np.bool_]], NDArray[np.bool_]]
) -> NDArray[np.float32]:
    """Return the probabilities, (H, W), that exceed a threshold exactly where a vote of the masks at it elects a pixel.

    That is the weighted median of the candidates.

    Args:
        candidates: the probabilities that vote, (C, H, W).
        is_elected: from the candidates' masks (C, H, W) to what they elect, (H, W); more votes never take a pixel away.
    """
    elected = [np.where(is_elected(candidates >= each), each, 0) for each in candidates]
    probabilities: NDArray[np.float32] = np.max(elected, axis=0).astype(np.float32, copy=False)
    return probabilities
