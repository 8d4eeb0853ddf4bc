"""Simulated readers: each segments an object to a wanted Dice in its own way, and counts what it did.

A reader sees how good a slice is, as people do by looking; the reference stands for the reader's own opinion.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from medsamseg_server.annotation_study.costs import Effort, correction_points, outline
from medsamseg_server.annotation_study.study_object import Reading, StudyObject
from medsamseg_server.engine.engine import Engine
from medsamseg_server.engine.prompts import Box
from medsamseg_server.propagation.interval import interpolated_box

#: The ways by their names.
CONTOURS, BOXES, INTERPOLATED = "contours", "boxes", "interpolated"


def read_by_contours(target: StudyObject) -> Reading:
    """Outline the object on every slice by hand."""
    reference = target.reference
    points = sum(len(outline(mask, target.wanted)) for mask in reference if mask.any())
    return Reading(CONTOURS, Effort(points=points), target.wanted, 0.0)


def read_by_boxes(target: StudyObject, engine: Engine) -> Reading:
    """Draw a box on every slice, look at every mask, and correct the worst ones."""
    boxes = {index: target.box(index) for index in target.present}
    mask = target.on_slices(engine, boxes)
    effort = Effort(boxes=len(boxes), checks=len(boxes))
    return corrected(BOXES, target, mask, effort)


def read_by_interpolated_boxes(target: StudyObject, engine: Engine, every: int) -> Reading:
    """Draw a box on every Nth slice, as in the MedSAM study; the boxes between are interpolated; correct the worst."""
    present = target.present
    drawn = {index: target.box(index) for index in sorted({*present[::every], present[-1]})}
    boxes = {index: _between(drawn, index) for index in present}
    mask = target.on_slices(engine, boxes)
    effort = Effort(boxes=len(drawn), checks=len(present))
    return corrected(INTERPOLATED, target, mask, effort)


def corrected(way: str, target: StudyObject, mask: NDArray[np.bool_], effort: Effort) -> Reading:
    """Correct the outlines of the worst slices until the object is good enough.

    Args:
        way: name of the way.
        target: the object.
        mask: what was found, slices along the first axis.
        effort: of the reader until now.
    """
    reference = target.reference
    mask = mask.copy()
    first = target.dice(mask)
    slices = np.flatnonzero((mask | reference).any(axis=(1, 2))).tolist()
    wrong = {index: int(np.count_nonzero(mask[index] ^ reference[index])) for index in slices}
    for index in sorted(slices, key=lambda index: -wrong[index]):
        if target.is_good(mask):
            break
        effort = effort.plus(points=correction_points(mask[index], reference[index], target.wanted))
        mask[index] = reference[index]
    return Reading(way, effort, target.dice(mask), first)


def _between(drawn: Mapping[int, Box], index: int) -> Box:
    if index in drawn:
        return drawn[index]
    left = max(other for other in drawn if other < index)
    right = min(other for other in drawn if other > index)
    return interpolated_box(drawn[left], drawn[right], (index - left) / (right - left))
