"""What a reader does, and how long that takes by a stated model."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

#: Pixels by which a contour may be off before it has to be redrawn.
_TOLERANCE = 1.5


@dataclass(frozen=True)
class CostModel:
    """Seconds for each thing that a reader does.

    A box by its four extreme points takes 7 s (Papadopoulos et al., "Extreme clicking for efficient object annotation",
    ICCV 2017), so a careful click on an outline is counted as a quarter of that. A key is that of an average typist who
    is no secretary (Card, Moran, Newell, "The keystroke-level model for user performance time with interactive
    systems", CACM 23(7), 1980), and a click is what the same model has for pointing with a mouse, 1.1 s, and a key. A
    look at a slice is an assumption.

    Attributes:
        box: to draw one box.
        point: to set one point of an outline.
        check: to look at one slice and find it good or not.
        key: to press one key; of a combination, each key counts.
        click: to press a button of the panel, or to point at a place in a view so that the others show it.
    """

    box: float = 7.0
    point: float = 1.75
    check: float = 2.0
    key: float = 0.28
    click: float = 1.38


@dataclass(frozen=True)
class Effort:
    """What a reader has done.

    Attributes:
        boxes: drawn.
        points: of outlines, set by hand.
        checks: slices, and cuts across them, that were looked at.
        keys: pressed.
        clicks: on buttons of the panel and at places in views.
        waited: seconds for the computer, as it took them in the study.
    """

    boxes: int = 0
    points: int = 0
    checks: int = 0
    keys: int = 0
    clicks: int = 0
    waited: float = 0.0

    def plus(self, **more: float) -> Effort:
        """Return the effort with more of it, by the names of the attributes."""
        return replace(self, **{name: getattr(self, name) + value for name, value in more.items()})

    def seconds(self, costs: CostModel) -> float:
        """Return the modeled time, and what was waited."""
        drawn = self.boxes * costs.box + self.points * costs.point
        pressed = self.keys * costs.key + self.clicks * costs.click
        return drawn + self.checks * costs.check + pressed + self.waited

    @property
    def interactions(self) -> int:
        """Boxes and points together."""
        return self.boxes + self.points


def outline(mask: NDArray[np.bool_], dice: float) -> NDArray[np.int32]:
    """Return the fewest points (N, 2), as x and y, whose polygons give a mask (H, W) with the wanted Dice.

    The simplification is that of Douglas and Peucker, with the largest tolerance that is still good enough.
    """
    # Twice as large, so that polygons run round the pixels and not through their centers.
    large = mask.repeat(2, axis=0).repeat(2, axis=1).astype(np.uint8)
    contours, _ = cv2.findContours(large, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    for tolerance in (16, 12, 8, 6, 4, 3, 2, 1.5, 1, 0.5):
        polygons = [cv2.approxPolyDP(contour, tolerance, closed=True) for contour in contours]
        drawn = np.zeros(large.shape, np.uint8)
        cv2.fillPoly(drawn, polygons, 1)
        if 2.0 * np.count_nonzero(drawn & large) >= dice * (np.count_nonzero(drawn) + np.count_nonzero(large)):
            break
    return np.concatenate(polygons)[:, 0].astype(np.int32) // 2


def correction_points(mask: NDArray[np.bool_], reference: NDArray[np.bool_], dice: float) -> int:
    """Return how many points a reader sets to make a slice's mask (H, W) good.

    Only the part of the outline that is off is drawn again; an object that should not be there is deleted by one click.
    """
    if not reference.any():
        return int(mask.any())
    points = outline(reference, dice)
    if not mask.any():
        return len(points)
    edge = mask & ~cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0).astype(bool)
    distance = cv2.distanceTransform((~edge).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    wrong = int(np.count_nonzero(distance[points[:, 1], points[:, 0]] > _TOLERANCE))
    # A stroke has a beginning and an end.
    return max(2, wrong)
