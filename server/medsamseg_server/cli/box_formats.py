"""Boxes as annotation tools write them, brought into pixels of the slice."""

from __future__ import annotations

from medsamseg_server.engine.prompts import Box

#: What the four numbers of ``--box`` can be, with the words of the help.
BOX_FORMATS = {
    "corners": "X0,Y0,X1,Y1 in voxel indices",
    "xywh": "X,Y,WIDTH,HEIGHT in pixels, as COCO has it",
    "fractions": "X0,Y0,X1,Y1 as parts of the slice's width and height",
    "yolo": "X,Y of the center, WIDTH,HEIGHT as parts of them",
}


def in_pixels(numbers: Box, kind: str, image_size: tuple[int, int]) -> Box:
    """Return a box in voxel indices of a slice; one tight around the pixels i…j is [i, j].

    COCO, YOLO and others measure from the outer edge of the first pixel: a box on pixels i…j begins at i and is
    j − i + 1 wide. What reaches a little beyond the slice, as rounded numbers do, ends at its edge.

    >>> in_pixels((10, 20, 30, 40), "xywh", (100, 200))
    (10, 20, 39, 59)
    >>> in_pixels((0.05, 0.2, 0.2, 0.6), "fractions", (100, 200))
    (10.0, 20.0, 39.0, 59.0)

    Args:
        numbers: four numbers.
        kind: one of ``BOX_FORMATS``.
        image_size: (H, W) of the slice.
    """
    if kind == "corners":
        return numbers
    height, width = image_size
    a, b, c, d = numbers
    left, top, right, bottom = {
        "xywh": (a, b, a + c, b + d),
        "fractions": (a * width, b * height, c * width, d * height),
        "yolo": ((a - c / 2) * width, (b - d / 2) * height, (a + c / 2) * width, (b + d / 2) * height),
    }[kind]
    x0, x1 = _inside(left, right, width)
    y0, y1 = _inside(top, bottom, height)
    return x0, y0, x1, y1


#: Numbers with six digits are off by this share of a side at most.
_ROUNDING = 1e-3


def _inside(first: float, last: float, length: int) -> tuple[float, float]:
    """Return where pixel centers begin and end between two outer edges."""
    slack = max(1.0, _ROUNDING * length)
    if -slack <= first < 0:
        first = 0.0
    if length < last <= length + slack:
        last = float(length)
    if 0 < last - first <= 1:
        # A line of single pixels has an area as well.
        middle = (first + last - 1) / 2
        return middle - 0.5, middle + 0.5
    return first, last - 1
