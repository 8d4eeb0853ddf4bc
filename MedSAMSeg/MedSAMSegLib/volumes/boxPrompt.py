"""What the user draws: a box on one slice of a volume."""

import math
import operator
from dataclasses import dataclass, field

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.sliceAxes import AXES

# Narrower than this, in pixels, a box is a line: a click without a drag, up to rounding.
SMALLEST_SIDE = 1e-3


@dataclass(frozen=True)
class BoxPrompt:
    """A box on one slice, in voxel indices. ::

        >>> BoxPrompt(axis=0, sliceIndex=24, x0=54, y0=160, x1=101, y1=204).box
        (54, 160, 101, 204)
        >>> BoxPrompt(axis=3, sliceIndex=24, x0=54, y0=160, x1=101, y1=204)
        Traceback (most recent call last):
        MedSAMSegLib.errors.UserError: Axis 3 does not exist. A volume has the axes 0, 1 and 2.

    Pixel centers are integers and a box tight around pixels i to j is [i, j], as the models were trained.

    :param axis: array axis of the (K, J, I) volume that the slice is taken along: 0, 1 or 2.
    :param sliceIndex: index along that axis.
    :param x0: first edge along the slice's columns.
    :param y0: first edge along the slice's rows.
    :param x1: last edge along the columns.
    :param y1: last edge along the rows.
    :param isClipped: whether a part of the drawn box lay outside the image and was cut off.
    :raises UserError: if the axis is none, an edge is not a number, or the box is empty or reversed.
    """

    axis: int
    sliceIndex: int
    x0: float
    y0: float
    x1: float
    y1: float
    isClipped: bool = field(default=False, compare=False)

    def __post_init__(self):
        if self.axis not in AXES:
            raise UserError(f"Axis {self.axis!r} does not exist.", "A volume has the axes 0, 1 and 2.", "axis_invalid")
        if not all(math.isfinite(edge) for edge in self.box):
            raise UserError(f"The box {self} has an edge that is not a number.", code="box_invalid")
        if self.x0 > self.x1 or self.y0 > self.y1:
            raise UserError(f"The box {self} is reversed.", "Give x0 < x1 and y0 < y1.", "box_reversed")
        if min(self.x1 - self.x0, self.y1 - self.y0) < SMALLEST_SIDE:
            raise UserError(f"The box {self} has no area.", "Draw it from one corner to the opposite one.", "box_empty")

    @classmethod
    def ofNumbers(cls, axis, sliceIndex, box):
        """Make a box of numbers of any kind, such as numpy's.

        :param axis: array axis, a whole number.
        :param sliceIndex: index along that axis, a whole number.
        :param box: (x0, y0, x1, y1).
        :raises UserError: as the class does, and if these are no numbers.
        """
        try:
            axis, sliceIndex = operator.index(axis), operator.index(sliceIndex)
            x0, y0, x1, y1 = (float(edge) for edge in box)
        except (TypeError, ValueError):
            raise UserError(
                f"Axis {axis!r}, slice {sliceIndex!r} and box {box!r} do not make a box on a slice.",
                "Axis and slice are whole numbers, and a box has four: x0, y0, x1, y1.",
                "box_invalid",
            ) from None
        return cls(axis, sliceIndex, x0, y0, x1, y1)

    def __str__(self):
        edges = ", ".join(f"{edge:.4g}" for edge in self.box)
        return f"({edges}) on slice {self.sliceIndex} along axis {self.axis}"

    @property
    def box(self):
        """The edges as (x0, y0, x1, y1)."""
        return (self.x0, self.y0, self.x1, self.y1)
