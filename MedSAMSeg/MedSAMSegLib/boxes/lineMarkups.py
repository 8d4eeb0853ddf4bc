"""Slicer's Line markups as the diameters of lesions: which belong together, and which were used already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import slicer

from MedSAMSegLib.boxes.lineArguments import linesCross
from MedSAMSegLib.boxes.usedMarkups import isUsed
from MedSAMSegLib.errors import UserError

if TYPE_CHECKING:
    from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry


def endsOf(line: Any) -> tuple[tuple[float, ...], ...]:
    """Return both ends of a line as (R, A, S) in the world.

    :param line: vtkMRMLMarkupsLineNode, or two such points themselves.
    :raises UserError: when it has not two points.
    """
    if not isinstance(line, slicer.vtkMRMLNode):
        return tuple(tuple(float(number) for number in point) for point in line)
    if line.GetNumberOfDefinedControlPoints() != 2:
        raise UserError(
            f"The line '{line.GetName()}' has {line.GetNumberOfDefinedControlPoints()} of its two ends.",
            "Place both ends, then try again.",
            "line_incomplete",
        )
    ends = []
    for index in range(2):
        place = [0.0, 0.0, 0.0]
        line.GetNthControlPointPositionWorld(index, place)
        ends.append(tuple(place))
    return tuple(ends)


def measuredLesions(geometry: SliceGeometry) -> list[Any]:
    """Return the lines of the scene that no segment was made from, as a list of lesions: one line or two that cross.

    Hidden lines, and those with an end outside the volume, are left out.

    :param geometry: SliceGeometry of the volume.
    """
    lesions: list[list] = []
    for line in _unusedLines(geometry):
        partner = next((each for each in lesions if len(each) == 1 and _areOneLesion(geometry, each[0], line)), None)
        if partner is None:
            lesions.append([line])
        else:
            partner.append(line)
    return lesions


def _unusedLines(geometry):
    return [
        line
        for line in slicer.util.getNodesByClass("vtkMRMLMarkupsLineNode")
        if line.GetNumberOfDefinedControlPoints() == 2
        and line.GetDisplayVisibility()
        and not isUsed(line)
        and all(_isInside(geometry, end) for end in endsOf(line))
    ]


def _isInside(geometry, point):
    return all(
        -0.5 <= index <= size - 0.5
        for index, size in zip(geometry.continuousIJK(point), reversed(geometry.shape), strict=True)
    )


def _areOneLesion(geometry, first, second):
    return linesCross(geometry, [endsOf(first), endsOf(second)])
