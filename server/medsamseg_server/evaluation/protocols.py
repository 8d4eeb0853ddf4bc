"""What an evaluation gives to the program: boxes or points made from the reference, and what is told of the range."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.engine.prompts import Box
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.models.point_slots import MOST_POINTS

#: For scans.
DEFAULT_PROTOCOLS = "gtbox,propagate,propagate_zrange,keyframes:2,keyframes:3,keyframes:5"
#: What suits films and scans at all times, and flat pictures.
TRACK = "track"
PICTURE_PROTOCOL = "gtbox"
_HINT = (
    "Known are gtbox, propagate, propagate_zrange, track, keyframes:N and keyframes_open:N with N boxes, and points:N "
    "with N points."
)
#: A point on the object, as ``Prompt.points`` has it.
_ON_OBJECT = 1


@dataclass(frozen=True)
class Prompts:
    """What the program is given for one object.

    Attributes:
        boxes: box by slice; empty where points are given.
        first: first slice of the object; None where the program has to find out.
        last: last slice of the object; None likewise.
        propagates: False when only the slices with a box are segmented.
        points: points on the object, by slice, as ``Prompt.points``; empty where boxes are given.
    """

    boxes: dict[int, Box]
    first: int | None
    last: int | None
    propagates: bool
    points: dict[int, tuple[tuple[float, float, int], ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Protocol:
    """A way of prompting.

    - ``gtbox``: the reference's tight box on every slice of the object.
    - ``propagate``: its tight box on the slice where the object is largest, nothing else.
    - ``propagate_zrange``: the same, and the object's first and last slice.
    - ``keyframes:N``: tight boxes on N slices, and the object's first and last slice. The boxes stand in the middles of
      N equal parts of the object, where people see it well, not at its ends; with N = 1, where it is largest.
    - ``keyframes_open:N``: the same without first and last slice.
    - ``points:N``: N points on every slice of the object, at random pixels of it, and no box; all pixels where it has
      fewer. So Hu et al. (arXiv:2304.08506) prompted SAM, with 1, 5, 10 and 20.
    - ``track``: the tight box on the first slice, frame or time with the object, nothing else.

    Attributes:
        name: as above.
        boxes: the N of key boxes, else 0.
        points: the N of points, else 0.
    """

    name: str
    boxes: int = 0
    points: int = 0

    @property
    def propagates(self) -> bool:
        """Whether the object is followed from slice to slice."""
        return self.name != "gtbox" and not self.points

    def prompts(self, mask: NDArray[np.bool_], jitter: Jitter, target: str) -> Prompts:
        """Return the prompts for an object.

        Args:
            mask: the reference, slices along the first axis; not empty.
            jitter: how far the boxes are from tight; points go by its seed alone.
            target: name of the object, which the jitter and the points depend on.
        """
        if self.points:
            return Prompts({}, None, None, False, self._points_on(mask, jitter, target))
        present = np.flatnonzero(mask.any(axis=(1, 2)))
        knows_range = self.name not in ("propagate", TRACK) and not self.name.startswith("keyframes_open")
        boxes = {
            index: jitter.apply(tight_box(mask[index]), mask[index].shape, target, index) for index in self._on(mask)
        }
        first, last = (int(present[0]), int(present[-1])) if knows_range else (None, None)
        return Prompts(boxes, first, last, self.propagates)

    def _points_on(
        self, mask: NDArray[np.bool_], jitter: Jitter, target: str
    ) -> dict[int, tuple[tuple[float, float, int], ...]]:
        """Return the points of each slice; the first of many are those of few, so that what more points add is seen."""
        found = {}
        for index in np.flatnonzero(mask.any(axis=(1, 2))).tolist():
            pixels = np.argwhere(mask[index])
            chosen = jitter.random(target, index).permutation(len(pixels))[: self.points]
            found[index] = tuple((float(x), float(y), _ON_OBJECT) for y, x in pixels[chosen])
        return found

    def _on(self, mask: NDArray[np.bool_]) -> list[int]:
        """Return the slices that get a box, ascending."""
        areas = np.count_nonzero(mask, axis=(1, 2))
        present = np.flatnonzero(areas)
        if self.name == "gtbox":
            return present.tolist()
        if self.name == TRACK:
            return [int(present[0])]
        if self.boxes <= 1:
            return [int(areas.argmax())]
        spread = (np.arange(self.boxes) + 0.5) / self.boxes * len(present)
        return sorted({int(present[int(position)]) for position in spread})


@dataclass(frozen=True)
class Jitter:
    """Boxes as people draw them, not tight: every side moves outward by a random part of the box's width or height.

    Attributes:
        percent: the largest part; the parts are evenly distributed from 0.
        seed: of the random numbers. The same box of the same object gets the same jitter in every protocol and method.
    """

    percent: float = 0.0
    seed: int = 0

    def random(self, target: str, index: int) -> np.random.Generator:
        """Return the random numbers of an object on a slice; they are always the same."""
        return np.random.default_rng([self.seed, zlib.crc32(target.encode()), index])

    def apply(self, box: Box, shape: tuple[int, ...], target: str, index: int) -> Box:
        """Return the box of an object on slice ``index`` (H, W), moved and cut off at the image's border."""
        left, top, right, bottom = self.random(target, index).uniform(0, self.percent / 100, 4)
        x0, y0, x1, y1 = box
        width, height = x1 - x0 + 1, y1 - y0 + 1
        return (
            max(x0 - left * width, -0.5),
            max(y0 - top * height, -0.5),
            min(x1 + right * width, shape[1] - 0.5),
            min(y1 + bottom * height, shape[0] - 0.5),
        )


def parse_protocols(text: str) -> list[Protocol]:
    """Return the protocols that a list with commas names; ``points:1,5`` is ``points:1,points:5``.

    Raises:
        MedSAMSegError: ``protocol_unknown``.
    """
    names: list[str] = []
    for part in text.split(","):
        name = part.strip()
        kind = names[-1].partition(":")[0] if names and ":" in names[-1] else ""
        names.append(f"{kind}:{name}" if kind and name.isdecimal() else name)
    return [_parse(name) for name in dict.fromkeys(names)]


def tight_box(mask: NDArray[np.bool_]) -> Box:
    """Return the box tight around a mask (H, W) that is not empty; half a pixel more where it is one pixel thin."""
    rows = np.flatnonzero(mask.any(axis=1))
    columns = np.flatnonzero(mask.any(axis=0))
    x0, y0, x1, y1 = float(columns[0]), float(rows[0]), float(columns[-1]), float(rows[-1])
    # A box has an area.
    thin_x, thin_y = 0.5 * (x0 == x1), 0.5 * (y0 == y1)
    return (x0 - thin_x, y0 - thin_y, x1 + thin_x, y1 + thin_y)


def _parse(name: str) -> Protocol:
    if name in ("gtbox", "propagate", "propagate_zrange", TRACK):
        return Protocol(name)
    match = re.fullmatch(r"(keyframes(?:_open)?|points):([1-9]\d{0,3})", name)
    if match is not None and match[1] == "points":
        count = int(match[2])
        if count > MOST_POINTS:
            message = f"'{name}' asks for more points than a prompt may have, {MOST_POINTS}."
            raise MedSAMSegError(ErrorKind.INVALID_INPUT, "protocol_unknown", message, f"Give {MOST_POINTS} at most.")
        return Protocol(name, points=count)
    if match is None:
        message = f"'{name[:40]}' is no protocol."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "protocol_unknown", message, _HINT)
    return Protocol(name, int(match[2]))
