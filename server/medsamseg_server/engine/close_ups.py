"""Which part of a slice a network gets to see for an object: the whole slice, or a close-up of the object.

A close-up is a square round the object, encoded on its own in fewer pixels than a whole slice: the object has as many
pixels as the network knows objects with, for a quarter of the arithmetic. Coordinates are those of ``prompts``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.prompts import Box, Prompt
from medsamseg_server.models.specification import ModelSpecification

_Pixel = TypeVar("_Pixel", bound=np.generic)

#: Side of a close-up's square, in sides of the object's box; up to `_LADDER` times that.
SURROUNDINGS = 3.0
#: A whole slice that the encoder's input enlarges so much, or more, has nothing that could be seen closer: a close-up
#: would take away what is round the object. Enlarging it four times is too much again, as it is of close-ups.
_COARSE, _TOO_COARSE = 2, 4
#: Sides are rungs of a ladder, and centers are on a grid of so many steps a side, so that a box which moves a little
#: is seen in the same close-up, whose embedding is there.
_LADDER = 2**0.25
_STEPS = 8
#: The least side of a close-up, in pixels of the slice: what is round a small object tells what it is. With less, a
#: brain tumor of 15 pixels was taken for its bright core: Dice 0.43 instead of 0.69; sides of 76 to 128 are the same.
#: Of a small slice it is only a part, or nothing would be closer.
_LEAST_SIDE, _LEAST_PART = 96, 3 / 4


@dataclass(frozen=True)
class View:
    """A rectangle of a slice, and how large the network sees it.

    Attributes:
        x0: first column.
        y0: first row.
        width: number of columns.
        height: number of rows.
        input_size: side of the encoder's input, in pixels; the rectangle's longer side becomes that.
    """

    x0: int
    y0: int
    width: int
    height: int
    input_size: int

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width)."""
        return self.height, self.width

    def cut(self, pixels: NDArray[_Pixel]) -> NDArray[_Pixel]:
        """Return this part of a slice (H, W), as a view of its memory."""
        return pixels[self.y0 : self.y0 + self.height, self.x0 : self.x0 + self.width]

    def box_inside(self, box: Box) -> Box:
        """Return a box of the slice in this part's own pixels, cut off at the outer edges of its border pixels."""
        x0, y0, x1, y1 = box
        right, bottom = self.width - 0.5, self.height - 0.5
        return (
            min(max(x0 - self.x0, -0.5), right),
            min(max(y0 - self.y0, -0.5), bottom),
            min(max(x1 - self.x0, -0.5), right),
            min(max(y1 - self.y0, -0.5), bottom),
        )

    def points_inside(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return points (…, 2), as x, y on the slice, in this part's own pixels."""
        return points - np.array((self.x0, self.y0), np.float32)

    def holds(self, box: Box, points: Sequence[tuple[float, float, int]] = ()) -> bool:
        """Return whether a box and points of the slice lie inside."""
        x0, y0, x1, y1 = box
        xs, ys = [x0, x1, *(point[0] for point in points)], [y0, y1, *(point[1] for point in points)]
        return (
            min(xs) >= self.x0 - 0.5
            and min(ys) >= self.y0 - 0.5
            and max(xs) <= self.x0 + self.width - 0.5
            and max(ys) <= self.y0 + self.height - 0.5
        )


def crop_to_box(pixels: NDArray[_Pixel], box: Box) -> NDArray[_Pixel]:
    """Return the pixels of a slice (H, W) whose centers are in a box, one at least."""
    x0, y0, x1, y1 = box
    columns, rows = (
        _inside(low, high, size) for low, high, size in ((x0, x1, pixels.shape[1]), (y0, y1, pixels.shape[0]))
    )
    return pixels[rows, columns]


def _inside(low: float, high: float, size: int) -> slice:
    first = min(max(math.ceil(low), 0), size - 1)
    return slice(first, max(first, min(math.floor(high), size - 1)) + 1)


def whole_slice(specification: ModelSpecification, image_size: tuple[int, int]) -> View:
    """Return the view of a whole slice of ``image_size`` (H, W)."""
    height, width = image_size
    return View(0, 0, width, height, specification.input_size)


def view_ahead(specification: ModelSpecification, image_size: tuple[int, int]) -> View:
    """Return what is seen of a slice before anybody has drawn on it: what its large boxes are seen in."""
    height, width = image_size
    return choose_view(specification, Prompt((0, 0, width - 1, height - 1)), image_size)


def choose_view(
    specification: ModelSpecification, prompt: Prompt, image_size: tuple[int, int], zoom: float = 1.0
) -> View:
    """Return what a model sees for a prompt on a slice.

    The answer depends on these alone, not on what is encoded already: the same box always gets the same mask.

    Args:
        specification: the model.
        prompt: which has been checked.
        image_size: (H, W) of the slice.
        zoom: how much larger than usual the close-up's square is, for a network that learns from more than one.
    """
    is_coarse = _COARSE <= specification.input_size / max(image_size) < _TOO_COARSE
    if specification.close_up_size is None or prompt.box is None or is_coarse:
        return whole_slice(specification, image_size)
    view = _close_up(specification.close_up_size, prompt.box, image_size, zoom)
    return view if view.holds(prompt.box, prompt.points) else whole_slice(specification, image_size)


def _close_up(input_size: int, box: Box, image_size: tuple[int, int], zoom: float) -> View:
    """Return the close-up of a box: of one of a third of the slice or more, that is all of it, in fewer pixels."""
    x0, y0, x1, y1 = box
    # A box tight around pixels i…j is [i, j], so its side is one more.
    side = max(x1 - x0, y1 - y0) + 1
    least = min(_LEAST_SIDE, _LEAST_PART * max(image_size))
    rungs = math.ceil(round(math.log(zoom * max(SURROUNDINGS * side, least), _LADDER), 6))
    side = _LADDER**rungs
    left, width = _span((x0 + x1) / 2, side, image_size[1])
    top, height = _span((y0 + y1) / 2, side, image_size[0])
    return View(left, top, width, height, input_size)


def _span(center: float, side: float, length: int) -> tuple[int, int]:
    """Return first pixel and number of pixels of a span of about ``side`` inside of 0…length - 1."""
    count = min(round(side), length)
    step = side / _STEPS
    first = round(round(center / step) * step - (count - 1) / 2)
    return min(max(first, 0), length - count), count
