"""What shows an object on one slice of a volume: one value from the pointer to the server's JSON."""

from __future__ import annotations

import base64
import dataclasses
import functools
import math
import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.sliceAxes import AXES, fromIJK, toIJK

# Narrower than this, in pixels, a box is a line: a click without a drag, up to rounding.
SMALLEST_SIDE = 1e-3

#: What a box or a point may mean: the three answers of networks that learned to tell these apart.
MEANINGS = ("part", "object", "whole")


@dataclasses.dataclass(frozen=True, eq=False)
class DrawnMask:
    """An object on a slice, drawn or found before; two are equal if they have the same pixels.

    :param x0: column of the first pixel.
    :param y0: row of the first pixel.
    :param pixels: bool array (rows, columns), not empty.
    """

    x0: int
    y0: int
    pixels: np.ndarray

    def __eq__(self, other):
        return isinstance(other, DrawnMask) and self._content == other._content

    def __hash__(self):
        return hash(self._content)

    @functools.cached_property
    def _content(self):
        return self.x0, self.y0, self.pixels.shape, np.packbits(self.pixels).tobytes()

    def toJson(self) -> dict[str, Any]:
        """:return: the server's form: an inclusive extent, and its pixels packed row by row."""
        rows, columns = self.pixels.shape
        return {
            "extent": [self.x0, self.y0, self.x0 + columns - 1, self.y0 + rows - 1],
            "bits": base64.b64encode(np.packbits(self.pixels).tobytes()).decode("ascii"),
        }


@dataclasses.dataclass(frozen=True)
class SlicePrompt:
    """What shows one object on one slice, in voxel indices; of several kinds at once, or of any one. ::

        >>> SlicePrompt(axis=0, sliceIndex=24, box=(54, 160, 101, 204)).toJson()
        {'box': [54, 160, 101, 204]}
        >>> SlicePrompt(axis=0, sliceIndex=24, points=((70.0, 180.0, True),)).toJson()
        {'points': [[70.0, 180.0, 1]]}
        >>> SlicePrompt(axis=3, sliceIndex=24, box=(54, 160, 101, 204))
        Traceback (most recent call last):
        MedSAMSegLib.errors.UserError: Axis 3 does not exist. A volume has the axes 0, 1 and 2.

    Pixel centers are integers and a box tight around pixels i to j is [i, j], as the models were trained.

    A new kind of prompt is a field here, in `toJson`, `fromJson` and `renumbered`; what passes prompts on does not
    know of kinds.

    :param axis: array axis of the (K, J, I) volume that the slice is taken along: 0, 1 or 2.
    :param sliceIndex: index along that axis.
    :param box: (x0, y0, x1, y1): first edges along the slice's columns and rows, then the last ones; None without.
    :param points: (x, y, whether it belongs to the object) of each point.
    :param mask: DrawnMask that a propagation starts from as it is; None without.
    :param exclude: boxes (x0, y0, x1, y1) round what lies in the box and is not the object.
    :param meaning: one of `MEANINGS`; None for the one answer that all networks have.
    :param excludedSegment: ID of another segment whose voxels are not the object's; kept with the box, and not sent.
    :param excludeMask: DrawnMask of pixels that are not the object's; sent, and not kept with the box.
    :param isClipped: whether a part of the drawn box lay outside the image and was cut off.
    :raises UserError: if the axis does not exist, an edge is not a number, or the box is empty or reversed.
    """

    axis: int
    sliceIndex: int
    box: tuple | None = None
    points: tuple = ()
    mask: DrawnMask | None = None
    exclude: tuple = ()
    meaning: str | None = None
    excludedSegment: str | None = None
    excludeMask: DrawnMask | None = None
    isClipped: bool = dataclasses.field(default=False, compare=False)

    def __post_init__(self):
        if self.axis not in AXES:
            raise UserError(f"Axis {self.axis!r} does not exist.", "A volume has the axes 0, 1 and 2.", "axis_invalid")
        # The box round a mask may be as thin as the mask.
        if self.box is not None and self.mask is None:
            self._checkBox()

    @classmethod
    def ofNumbers(cls, axis: int, sliceIndex: int, box: Sequence[float]) -> SlicePrompt:
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
        return cls(axis, sliceIndex, (x0, y0, x1, y1))

    @classmethod
    def fromJson(cls, axis: int, sliceIndex: int, fields: Mapping[str, Any]) -> SlicePrompt:
        """:return: the prompt that `toJson` or `toStored` was called on, without its masks.

        :param axis: array axis of the slice.
        :param sliceIndex: index along that axis.
        :param fields: the JSON object; fields that are no kind of prompt are ignored.
        """
        box = fields.get("box")
        points = tuple((x, y, bool(label)) for x, y, label in fields.get("points", ()))
        exclude = tuple(tuple(excluded) for excluded in fields.get("exclude", ()))
        prompt = cls(axis, sliceIndex, None if box is None else tuple(box), points, exclude=exclude)
        return prompt.changed(meaning=fields.get("meaning"), excludedSegment=fields.get("excludedSegment"))

    def toJson(self) -> dict[str, Any]:
        """:return: the prompt as the server's JSON, without axis and slice: a field for each kind that is given."""
        fields = {
            "box": [] if self.box is None else list(self.box),
            "points": [[x, y, int(isInObject)] for x, y, isInObject in self.points],
            "mask": self.mask and self.mask.toJson(),
            "exclude": [list(box) for box in self.exclude],
            "meaning": self.meaning,
            "exclude_mask": self.excludeMask and self.excludeMask.toJson(),
        }
        return {kind: value for kind, value in fields.items() if value}

    def toStored(self) -> dict[str, Any]:
        """:return: what is stored with a box: its slice, the fields of `toJson`, and the excluded segment."""
        excluded = {} if self.excludedSegment is None else {"excludedSegment": self.excludedSegment}
        return {"axis": self.axis, "slice": self.sliceIndex, **self.toJson(), **excluded}

    def changed(self, **fields: Any) -> SlicePrompt:
        """:return: the prompt with other values in some fields."""
        return dataclasses.replace(self, **fields)

    def renumbered(self, change: np.ndarray) -> SlicePrompt:
        """:return: the same prompt, without masks, in other voxel indices of the volume.

        :param change: 4 × 4 array from these voxel indices to the others, along the same axes.
        """
        if (change == np.eye(4)).all():
            return self
        depth, *_place = self._moved(change, 0, 0)
        box = None if self.box is None else self._movedBox(change, self.box)
        points = tuple((*self._moved(change, x, y)[1:], isInObject) for x, y, isInObject in self.points)
        exclude = tuple(self._movedBox(change, excluded) for excluded in self.exclude)
        prompt = SlicePrompt(self.axis, round(depth), box, points, exclude=exclude)
        return prompt.changed(meaning=self.meaning, excludedSegment=self.excludedSegment)

    def __str__(self):
        what = f"{len(self.points)} points" if self.box is None else f"({_texts(self.box)})"
        return f"{what} on slice {self.sliceIndex} along axis {self.axis}"

    def _movedBox(self, change, box):
        xs, ys = zip(*(self._moved(change, *corner)[1:] for corner in (box[:2], box[2:])), strict=True)
        return min(xs), min(ys), max(xs), max(ys)

    def _moved(self, change, x, y):
        place = change @ [*toIJK(self.axis, self.sliceIndex, x, y), 1.0]
        return tuple(float(index) for index in fromIJK(self.axis, place))

    def _checkBox(self):
        x0, y0, x1, y1 = self.box
        if not all(math.isfinite(edge) for edge in self.box):
            raise UserError(f"The box {self} has an edge that is not a number.", code="box_invalid")
        if x0 > x1 or y0 > y1:
            raise UserError(f"The box {self} is reversed.", "Give x0 < x1 and y0 < y1.", "box_reversed")
        if min(x1 - x0, y1 - y0) < SMALLEST_SIDE:
            raise UserError(f"The box {self} has no area.", "Draw it from one corner to the opposite one.", "box_empty")


def _texts(edges):
    return ", ".join(f"{edge:.4g}" for edge in edges)
