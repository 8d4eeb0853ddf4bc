"""Diameters: shapes whose answers are known, in every kind of geometry, and random ones against brute force."""

import itertools
import math

import numpy as np
import pytest
from scan_geometries import GEOMETRIES, IN_ALL_GEOMETRIES
from scipy.spatial.distance import pdist, squareform
from skimage.measure import find_contours, label

from medsamseg_server.image_io.image import STRAIGHT, Geometry
from medsamseg_server.measurements.diameters import diameters


def box_of(shape, *corners):
    """A mask (K, J, I), true from the first to the last index of each axis."""
    mask = np.zeros(shape, bool)
    mask[tuple(slice(first, last + 1) for first, last in corners)] = True
    return mask


def position(geometry, voxel):
    return (geometry.matrix @ [*voxel, 1])[:3]


def test_nothing_has_no_diameter():
    assert diameters(np.zeros((3, 4, 5), bool), GEOMETRIES["cubes"]) is None


def test_a_voxel_is_as_long_as_its_longer_side():
    found = diameters(box_of((3, 9, 9), (1, 1), (4, 4), (6, 6)), GEOMETRIES["anisotropic"])
    assert (found.slice, found.longest.length) == (1, pytest.approx(1.3))
    assert found.longest.voxels == ((6, 3.5, 1), (6, 4.5, 1))
    assert found.perpendicular.length == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("axis", "longest", "perpendicular", "index"), [(0, 13, 0.7, 2), (1, 13, 0.9, 4), (2, 0.9, 0.7, 3)]
)
def test_a_row_of_voxels_is_as_long_as_all_of_them(axis, longest, perpendicular, index):
    geometry = Geometry((1.3, 0.7, 0.9), (0.0, 0.0, 0.0), STRAIGHT)
    found = diameters(box_of((6, 9, 20), (2, 2), (4, 4), (3, 12)), geometry, axis)
    lengths = (found.slice, found.longest.length, found.perpendicular.length)
    assert lengths == (index, pytest.approx(longest), pytest.approx(perpendicular))


def test_the_longest_diameter_is_taken_from_the_slice_that_has_it():
    mask = box_of((8, 30, 30), (2, 6), (10, 14), (10, 14))
    mask[5, 12, 4:22] = True
    found = diameters(mask, GEOMETRIES["cubes"])
    assert (found.slice, found.longest.length) == (5, pytest.approx(18.0))
    assert found.longest.voxels == ((3.5, 12, 5), (21.5, 12, 5))
    assert found.perpendicular.length == pytest.approx(5)


def test_voxels_that_lie_apart_do_not_make_it_longer():
    mask = box_of((1, 40, 40), (0, 0), (10, 10), (10, 19))
    mask[0, 35, 35] = True
    assert diameters(mask, GEOMETRIES["cubes"]).longest.length == pytest.approx(10)
    mask[0, 11, 20] = True
    assert diameters(mask, GEOMETRIES["cubes"]).longest.length == pytest.approx(math.hypot(11, 1))


def test_a_hole_does_not_make_it_shorter():
    ring = box_of((1, 20, 40), (0, 0), (5, 14), (5, 29))
    whole = diameters(ring, GEOMETRIES["cubes"])
    ring[0, 7:13, 7:28] = False
    pierced = diameters(ring, GEOMETRIES["cubes"])
    assert pierced.longest == whole.longest
    assert pierced.perpendicular.length == pytest.approx(whole.perpendicular.length)


def ellipse(geometry, axis, long, short, degrees, size=81):
    """A mask of an elliptic cylinder with its axes in the plane of the slices, true to millimeters."""
    x_axis, y_axis = _plane_axes(axis)
    columns = geometry.matrix[:3, :3][:, [x_axis, y_axis]]
    first = columns[:, 0] / np.linalg.norm(columns[:, 0])
    second = columns[:, 1] - (columns[:, 1] @ first) * first
    second /= np.linalg.norm(second)
    y, x = np.mgrid[0:size, 0:size] - (size - 1) / 2 + 0.3
    points = x[..., None] * columns[:, 0] + y[..., None] * columns[:, 1]
    angle = math.radians(degrees)
    along = points @ (math.cos(angle) * first + math.sin(angle) * second)
    across = points @ (-math.sin(angle) * first + math.cos(angle) * second)
    inside = (along / (long / 2)) ** 2 + (across / (short / 2)) ** 2 <= 1
    return np.stack([inside] * 2, axis=axis)


def _plane_axes(axis):
    y_axis, x_axis = (2 - number for number in range(3) if number != axis)
    return x_axis, y_axis


@IN_ALL_GEOMETRIES
@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("degrees", [0, 25, 60, 115])
def test_an_ellipse_has_its_axes_as_diameters_however_it_is_turned(geometry, axis, degrees):
    pixel = max(np.linalg.norm(geometry.matrix[:3, index]) for index in _plane_axes(axis))
    long, short = 40 * pixel * 0.6, 24 * pixel * 0.6
    found = diameters(ellipse(geometry, axis, long, short, degrees, size=301 if axis else 121), geometry, axis)
    # Voxels have a size; see the module on how far that goes.
    assert found.longest.length == pytest.approx(long, abs=pixel)
    assert found.perpendicular.length == pytest.approx(short, abs=pixel)


@IN_ALL_GEOMETRIES
def test_ends_are_where_the_geometry_puts_them_and_at_right_angles(geometry):
    found = diameters(ellipse(geometry, 0, 30 * geometry.spacing[0], 17 * geometry.spacing[0], 35), geometry)
    lines = []
    for diameter in (found.longest, found.perpendicular):
        assert {voxel[2] for voxel in diameter.voxels} == {found.slice}
        ends = [position(geometry, voxel) for voxel in diameter.voxels]
        np.testing.assert_allclose(np.array(diameter.ras) * (-1, -1, 1), ends, atol=1e-9)
        assert math.dist(*diameter.ras) == pytest.approx(diameter.length)
        lines.append(ends[1] - ends[0])
    assert lines[0] @ lines[1] == pytest.approx(0, abs=1e-9)


def random_shape(seed):
    """Blobs, thin and ragged parts, holes and specks on three slices."""
    random = np.random.default_rng(seed)
    noise = random.normal(size=(3, 26, 30))
    for axis in (1, 2):
        for _ in range(random.integers(1, 5)):
            noise = (np.roll(noise, 1, axis) + noise + np.roll(noise, -1, axis)) / 3
    mask = noise > np.quantile(noise, random.uniform(0.5, 0.97))
    mask[:, random.integers(5, 20), random.integers(0, 15) :] = True
    return mask


def test_of_equally_long_lines_across_the_middle_one_is_taken():
    found = diameters(box_of((1, 20, 40), (0, 0), (5, 5), (5, 35)), GEOMETRIES["cubes"])
    assert found.perpendicular.voxels == ((20, 4.5, 0), (20, 5.5, 0))


def outline_points(part):
    """The middles of all sides of a part's pixels, x and y, each once."""
    pixels = np.argwhere(part)[:, ::-1]
    return np.unique(np.concatenate([pixels + offset for offset in [(0.5, 0), (-0.5, 0), (0, 0.5), (0, -0.5)]]), axis=0)


def brute_force(mask, geometry):
    """All pairs of points of every part: the longest distance, and where it is: slice, part and direction of each."""
    columns = geometry.matrix[:3, :2]
    lines = []
    for index, slice_ in enumerate(mask):
        parts, count = label(slice_, connectivity=2, return_num=True)
        for number in range(1, count + 1):
            places = outline_points(parts == number) @ columns.T
            distances = squareform(pdist(places))
            for first, second in np.argwhere(np.triu(distances > distances.max() - 1e-9)):
                lines.append((distances.max(), index, parts == number, places[second] - places[first]))
    longest = max(line[0] for line in lines)
    return longest, [line[1:] for line in lines if line[0] > longest - 1e-9]


def widest_cut(part, along, columns):
    along = along / np.linalg.norm(along)
    normal = np.cross(columns[:, 0], columns[:, 1])
    across = np.cross(normal / np.linalg.norm(normal), along)
    edges = []
    for outline in find_contours(np.pad(part, 1).astype(float), 0.5, fully_connected="high"):
        points = (outline[:, ::-1] - 1) @ columns.T
        edges += itertools.pairwise(np.stack([points @ along, points @ across], axis=1).tolist())
    widest = 0.0
    for place in {corner[0] for edge in edges for corner in edge}:
        heights = []
        for (x0, y0), (x1, y1) in edges:
            if min(x0, x1) <= place <= max(x0, x1):
                heights += [y0, y1] if x0 == x1 else [y0 + (place - x0) / (x1 - x0) * (y1 - y0)]
        widest = max(widest, max(heights) - min(heights))
    return widest


@pytest.mark.parametrize("seed", range(50))
def test_random_shapes_measure_as_by_brute_force(seed):
    mask = random_shape(seed)
    geometry = list(GEOMETRIES.values())[seed % len(GEOMETRIES)]
    longest, lines = brute_force(mask, geometry)
    found = diameters(mask, geometry)
    assert found.longest.length == pytest.approx(longest)
    # Several lines may be equally long.
    widths = [widest_cut(part, along, geometry.matrix[:3, :2]) for index, part, along in lines if index == found.slice]
    assert found.perpendicular.length in [pytest.approx(width) for width in widths]
