"""From measured diameters to a box: ellipses whose boxes are known, in every kind of geometry."""

import math

import numpy as np
import pytest
from scan_geometries import GEOMETRIES, IN_ALL_GEOMETRIES

from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.measurements.line_prompt import ACROSS, prompt_from_lines
from medsamseg_server.measurements.slice_plane import SlicePlane

SIZE = (200, 200)
MIDDLE = np.array([100.0, 90.0])


def crossed_lines(plane, degrees, half_long=30.0, half_short=20.0):
    """Two perpendicular diameters in mm, as lines in pixels round `MIDDLE`."""
    angle = math.radians(degrees)
    along = np.array([math.cos(angle), math.sin(angle)])
    across = np.array([-along[1], along[0]])
    lines = []
    for direction, half in ((along, half_long), (across, half_short)):
        step = plane.in_pixels(direction[None] * half)[0]
        lines.append((*(MIDDLE - step).tolist(), *(MIDDLE + step).tolist()))
    return lines


def ellipse_box(plane, degrees, half_long=30.0, half_short=20.0):
    """The lowest and highest place in pixels of points on the ellipse: by going round it."""
    turns = np.radians(np.arange(0, 360, 0.05))
    angle = math.radians(degrees)
    x, y = half_long * np.cos(turns), half_short * np.sin(turns)
    points = np.stack([x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle)], axis=1)
    pixels = plane.in_pixels(points) + MIDDLE
    return np.concatenate([pixels.min(axis=0), pixels.max(axis=0)])


def ends_box(lines):
    ends = np.array(lines).reshape(-1, 2)
    return np.concatenate([ends.min(axis=0), ends.max(axis=0)])


def outline(box):
    return np.array(box) + np.array([-0.5, -0.5, 0.5, 0.5])


@IN_ALL_GEOMETRIES
@pytest.mark.parametrize("degrees", [0, 30, 45, 100])
def test_two_lines_give_the_box_halfway_from_their_ends_to_their_ellipse(geometry, degrees):
    plane = SlicePlane(geometry, 0)
    lines = crossed_lines(plane, degrees)
    expected = (ellipse_box(plane, degrees) + ends_box(lines)) / 2
    for given in (lines, lines[::-1], [(*line[2:], *line[:2]) for line in lines]):
        found = prompt_from_lines(given, geometry, 0, SIZE)
        assert outline(found.box) == pytest.approx(expected, abs=0.01)
        assert found.reach == math.ceil(60.0 / plane.slice_distance - 1e-6)


@IN_ALL_GEOMETRIES
@pytest.mark.parametrize("degrees", [0, 30, 45, 100])
def test_one_line_gives_the_box_of_a_usual_ellipse(geometry, degrees):
    plane = SlicePlane(geometry, 0)
    line = crossed_lines(plane, degrees)[0]
    found = prompt_from_lines([line], geometry, 0, SIZE)
    expected = ellipse_box(plane, degrees, half_short=30.0 * ACROSS)
    assert outline(found.box) == pytest.approx(expected, abs=0.01)


def test_slices_along_another_axis_have_their_own_millimeters():
    geometry = GEOMETRIES["anisotropic"]
    found = prompt_from_lines([(10, 10, 30, 10), (20, 8, 20, 12)], geometry, 1, (40, 60))
    # Along J slices are 1.3 mm apart; x is I, of 0.7 mm, and y is K, of 5 mm: the second line is the longest.
    assert found.reach == math.ceil(4 * 5.0 / 1.3)
    assert outline(found.box) == pytest.approx((10, 8, 30, 12))


def test_the_box_stays_on_the_slice():
    found = prompt_from_lines([(0, 10, 30, 10), (2, -0.5, 2, 25)], GEOMETRIES["cubes"], 0, (40, 60))
    assert outline(found.box)[1] == -1.0


def test_an_object_thinner_than_a_pixel_has_a_box_of_a_pixel():
    x0, y0, x1, y1 = prompt_from_lines([(10, 10, 11, 10)], GEOMETRIES["cubes"], 0, (40, 60)).box
    assert x1 - x0 >= 1
    assert y1 - y0 >= 1


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([(10, 10, 10, 10)], "line_invalid"),
        ([(10, math.nan, 20, 10)], "line_invalid"),
        ([(10, math.inf, 20, 10)], "line_invalid"),
        ([(10, 10, 61, 10)], "line_outside_image"),
        ([(10, 10, 20, -1)], "line_outside_image"),
        ([(10, 10, 20, 10), (30, 5, 30, 20)], "lines_apart"),
        ([(10, 10, 20, 10), (10, 12, 20, 12)], "lines_apart"),
    ],
)
def test_lines_that_show_no_object_are_refused(lines, code):
    with pytest.raises(MedSAMSegError) as raised:
        prompt_from_lines(lines, GEOMETRIES["cubes"], 0, (40, 60))
    assert raised.value.code == code


def test_a_line_that_just_misses_the_other_still_crosses_it():
    found = prompt_from_lines([(10, 10, 30, 10), (20, 10.5, 20, 20)], GEOMETRIES["cubes"], 0, (40, 60))
    assert found.box[3] > 19
