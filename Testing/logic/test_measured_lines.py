"""Measured lines: which box and reach they mean, which of the scene belong together, what they make of a scene."""

import math

import numpy as np
import pytest
import slicer
from geometries import SCENARIOS, addVolume

from medsamseg_server.image_io.image import Geometry
from medsamseg_server.measurements.line_prompt import prompt_from_lines
from MedSAMSegLib.boxes.lineArguments import promptFromLines
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.volumes.sliceAxes import AXES
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

#: x0, y0, x1, y1 of diameters in pixels: along the slice and slanted, one or two, one thinner than a pixel.
DIAMETERS = (
    [(2, 3, 8, 3)],
    [(2, 2, 7, 6)],
    [(2, 3, 8, 3), (5, 1, 5, 6)],
    [(2, 2, 7, 6), (3, 6, 6, 2)],
    [(4, 4, 4.4, 4)],
    [(0, 0, 8, 7.5), (3, 6, 5, 3)],
)


def inWorld(geometry, axis, sliceIndex, line):
    return [tuple(geometry.worldFromContinuous(axis, sliceIndex, *line[place : place + 2])) for place in (0, 2)]


def addLine(ends, name="L"):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsLineNode", name)
    node.CreateDefaultDisplayNodes()
    for end in ends:
        node.AddControlPointWorld(*end)
    return node


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize(("kind", "parents"), SCENARIOS)
def test_linesMeanTheSameAsOnTheCommandLine(host, kind, parents, axis):
    geometry = SliceGeometry(addVolume(kind, parents))
    inLPS = np.diag([-1.0, -1.0, 1.0, 1.0]) @ geometry.IJKToWorld
    for diameters in DIAMETERS:
        expected = prompt_from_lines(diameters, Geometry.from_matrix(inLPS), axis, geometry.sliceShape(axis))
        prompt, reach = promptFromLines(geometry, [inWorld(geometry, axis, 4, line) for line in diameters], axis)
        assert (prompt.axis, prompt.sliceIndex, reach) == (axis, 4, expected.reach)
        assert prompt.box == pytest.approx(expected.box, abs=1e-4)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([((1, 1, 4), (1, 1, 4))], "line_invalid"),
        ([((1, math.nan, 4), (6, 6, 4))], "line_invalid"),
        ([((1, 1, 3), (6, 6, 5))], "line_spans_slices"),
        ([((1, 1, 4), (6, 1, 4)), ((1, 5, 4), (6, 5, 4))], "lines_apart"),
        ([((1, 1, 40), (6, 1, 40))], "box_outside_image"),
    ],
)
def test_linesThatShowNoObjectAreRefused(logic, ct, server, lines, code):
    with pytest.raises(UserError) as raised:
        logic.segmentLine(*ct, *lines)
    assert raised.value.code == code
    assert server.requests == []


def test_lineIsSegmentedAndPropagationGoesAsFarAsItsLength(logic, server, ct):
    line, across = addLine([(2, 3, 4), (8, 3, 4)]), addLine([(5, 1, 4), (5, 6, 4)])
    result = logic.segmentLine(*ct, line, across)
    assert result.prompt.box == pytest.approx((2.5, 1.5, 7.5, 5.5), abs=0.51)
    logic.propagate(*ct)
    assert server.requests[-1]["reach"] == 6


def test_reachIsSavedMovedAndTakenBackWithTheBox(logic, server, ct):
    volume, segmentation, _segment = ct
    logic.segmentLine(*ct, addLine([(2, 3, 4), (8, 3, 4)]))
    logic.undo(segmentation, volume)
    logic.redo(segmentation, volume)
    (entry,) = logic.boxes(segmentation, volume)
    entry.node.SetCenter(5.0, 5.0, 4.0)
    logic.updateBox(entry.node)
    logic.propagate(*ct)
    assert server.requests[-1]["reach"] == 6
    # A box that was drawn says nothing of how far the object goes.
    logic.segmentBox(*ct, axis=0, slice=6, box=(2, 2, 6, 6))
    logic.propagate(*ct)
    assert server.requests[-1].get("reach") is None


def test_linesOfOneLesionBelongTogether(logic, ct):
    volume, _segmentation, _segment = ct
    long, short = addLine([(2, 3, 4), (8, 3, 4)]), addLine([(5, 1, 4), (5, 6, 4)])
    other = addLine([(2, 3, 6), (8, 3, 6)])
    addLine([(2, 3, 4), (80, 3, 4)], "leaves the volume")
    addLine([(2, 3, 4)], "has one end")
    hidden = addLine([(2, 3, 2), (8, 3, 2)], "hidden")
    hidden.SetDisplayVisibility(False)
    assert logic.measuredLesions(volume) == [[long, short], [other]]


def test_usedLinesAreNotUsedAgainUntilTheirSegmentIsGone(logic, ct):
    volume, segmentation, segment = ct
    line = addLine([(2, 3, 4), (8, 3, 4)])
    logic.segmentLine(*ct, line)
    assert logic.measuredLesions(volume) == []
    logic.removeSegment(segmentation, segment)
    assert logic.measuredLesions(volume) == [[line]]


def test_lineAlongAnEdgeOfTheVoxelsIsOnTheStoredSlicesUnlessToldOtherwise(logic, ct):
    line = [(2, 3, 4), (8, 3, 4)]
    assert logic.segmentLine(*ct, line).prompt.axis == 0
    prompt = logic.segmentLine(*ct, line, axis=1).prompt
    assert (prompt.axis, prompt.sliceIndex) == (1, 3)


def test_lineWithOneEndIsNamed(logic, ct):
    with pytest.raises(UserError, match="The line 'Half' has 1 of its two ends"):
        logic.segmentLine(*ct, addLine([(2, 3, 4)], "Half"))
