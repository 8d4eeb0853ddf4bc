"""All that is measured of an object: known answers, and ITK's own statistics."""

import numpy as np
import pytest
import SimpleITK as sitk
from test_diameters import GEOMETRIES, box_of, random_shape

from medsamseg_server.image_io.image import Geometry
from medsamseg_server.measurements.measuring import Intensities, measure


def test_a_bar_measures_what_it_is():
    mask = box_of((12, 20, 20), (2, 7), (4, 8), (3, 12))
    scan = np.arange(mask.size, dtype=np.int16).reshape(mask.shape)
    found = measure(mask, Geometry((0.5, 0.8, 3.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1)), 0, scan)
    assert found.volume_ml == pytest.approx(6 * 5 * 10 * 0.5 * 0.8 * 3 / 1000)
    assert (found.slices, found.extent_mm) == (6, pytest.approx(18))
    values = scan[2:8, 4:9, 3:13].astype(float)
    assert found.intensities.mean == pytest.approx(values.mean())
    assert (found.intensities.minimum, found.intensities.maximum) == (values.min(), values.max())
    assert found.diameters.slice == 2


def test_slices_in_between_without_the_object_count_for_the_extent_alone():
    mask = box_of((12, 9, 9), (2, 2), (4, 4), (4, 4)) | box_of((12, 9, 9), (8, 8), (4, 4), (4, 4))
    found = measure(mask, GEOMETRIES["anisotropic"], 0, mask)
    assert (found.slices, found.extent_mm) == (2, pytest.approx(7 * 5))


def test_slanted_slices_are_as_far_apart_as_their_planes():
    found = measure(box_of((9, 9, 9), (2, 4), (4, 4), (4, 4)), GEOMETRIES["sheared"], 0, np.zeros((9, 9, 9)))
    assert found.extent_mm == pytest.approx(3 * 2.5 * 0.8)


def test_an_object_without_voxels_has_no_diameter_and_no_intensities():
    found = measure(np.zeros((3, 4, 5), bool), GEOMETRIES["oblique"], 0, np.zeros((3, 4, 5)))
    assert (found.volume_ml, found.slices, found.extent_mm) == (0, 0, 0)
    assert (found.diameters, found.intensities) == (None, None)


def test_colors_have_no_intensities():
    mask = box_of((3, 4, 5), (1, 1), (1, 2), (1, 2))
    assert measure(mask, GEOMETRIES["oblique"], 0, np.zeros((3, 4, 5, 3), np.uint8)).intensities is None


def test_voxels_that_are_no_numbers_do_not_count():
    mask = box_of((1, 1, 5), (0, 0), (0, 0), (0, 3))
    scan = np.array([[[2.0, np.nan, 4.0, np.inf, 9.0]]])
    assert measure(mask, GEOMETRIES["cubes"], 0, scan).intensities == Intensities(3.0, pytest.approx(2**0.5), 2.0, 4.0)
    assert measure(mask, GEOMETRIES["cubes"], 0, np.full_like(scan, np.nan)).intensities is None


def test_one_voxel_does_not_deviate():
    mask = box_of((1, 1, 5), (0, 0), (0, 0), (2, 2))
    assert measure(mask, GEOMETRIES["cubes"], 0, mask * 7).intensities == Intensities(7.0, 0.0, 7.0, 7.0)


@pytest.mark.parametrize("seed", range(50))
def test_random_shapes_measure_as_by_itk(seed):
    mask = random_shape(seed)
    scan = np.random.default_rng(seed).normal(40, 300, mask.shape).astype(np.float32)
    # ITK takes spacing alone for a voxel's size, so that slanted ones are left to the test above.
    geometry = [each for name, each in GEOMETRIES.items() if name != "sheared"][seed % 3]
    labels, image = (sitk.GetImageFromArray(array) for array in (mask.astype(np.uint8), scan))
    for each in (labels, image):
        geometry.apply(each)
    statistics = sitk.LabelIntensityStatisticsImageFilter()
    statistics.Execute(labels, image)
    found = measure(mask, geometry, 0, scan)
    assert found.volume_ml == pytest.approx(statistics.GetPhysicalSize(1) / 1000)
    assert found.slices == np.count_nonzero(mask.any(axis=(1, 2)))
    assert found.intensities == Intensities(
        pytest.approx(statistics.GetMean(1)),
        pytest.approx(statistics.GetStandardDeviation(1)),
        pytest.approx(statistics.GetMinimum(1)),
        pytest.approx(statistics.GetMaximum(1)),
    )
