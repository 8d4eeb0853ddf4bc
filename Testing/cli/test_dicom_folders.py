"""Reading DICOM folders: slices in their order in space, and no volume where they do not make one."""

import numpy as np
import pytest
import SimpleITK as sitk
from dicom_writing import write_series

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.reading import read_image


def make_image(direction=(1, 0, 0, 0, 1, 0, 0, 0, 1)):
    image = sitk.GetImageFromArray(np.arange(12 * 9 * 8, dtype=np.int16).reshape(12, 9, 8) - 300)
    image.SetSpacing((0.8, 1.1, 2.5))
    image.SetOrigin((-10, 20, 5.5))
    image.SetDirection(direction)
    return image


@pytest.fixture
def image():
    return make_image()


def failure_of(*arguments):
    with pytest.raises(MedSAMSegError) as raised:
        read_image(*arguments)
    return raised.value


COSINE, SINE = np.cos(0.4), np.sin(0.4)


@pytest.mark.parametrize(
    "direction",
    [
        (1, 0, 0, 0, 1, 0, 0, 0, 1),
        (1, 0, 0, 0, 0, 1, 0, -1, 0),  # coronal
        (1, 0, 0, 0, COSINE, -SINE, 0, SINE, COSINE),  # oblique
    ],
)
def test_slices_are_sorted_in_space(tmp_path, direction):
    image = make_image(direction)
    write_series(image, tmp_path)
    scan = read_image(tmp_path)
    np.testing.assert_array_equal(scan.array, sitk.GetArrayFromImage(image))
    np.testing.assert_allclose(scan.geometry.spacing, image.GetSpacing(), rtol=1e-6)
    np.testing.assert_allclose(scan.geometry.origin, image.GetOrigin(), atol=1e-5)
    np.testing.assert_allclose(scan.geometry.direction, image.GetDirection(), atol=1e-6)
    assert scan.notes == ()


def test_files_in_subfolders_belong_to_the_series(tmp_path, image):
    write_series(image, tmp_path / "a", skipped=range(6))
    write_series(image, tmp_path / "b", skipped=range(6, 12))
    np.testing.assert_array_equal(read_image(tmp_path).array, sitk.GetArrayFromImage(image))


def test_other_files_in_the_folder_do_not_matter(tmp_path, image):
    write_series(image, tmp_path)
    (tmp_path / "notes.txt").write_text("not an image")
    assert read_image(tmp_path).array.shape == (12, 9, 8)


def test_a_single_slice_is_a_volume(tmp_path, image):
    write_series(image, tmp_path, skipped=range(1, 12))
    assert read_image(tmp_path).array.shape == (1, 9, 8)


@pytest.mark.parametrize("files", [{}, {"notes.txt": "not an image"}])
def test_a_folder_without_images_is_told(tmp_path, files):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    error = failure_of(tmp_path)
    assert (error.kind, error.code) == (ErrorKind.UNREADABLE, "dicom_missing")


@pytest.fixture
def two_series(tmp_path, image):
    write_series(image, tmp_path, uid="1.2.1", description="Lung 2.5", skipped=[11])
    write_series(image + 1, tmp_path, uid="1.2.2", description="Soft tissue")
    return tmp_path


def test_several_series_are_listed_to_choose_from(two_series):
    error = failure_of(two_series)
    assert (error.kind, error.code) == (ErrorKind.INVALID_INPUT, "series_ambiguous")
    assert "holds 2 series" in error.message
    assert error.hint.splitlines() == ["1.2.2  CT 'Soft tissue', 12 files", "1.2.1  CT 'Lung 2.5', 11 files"]


def test_a_series_can_be_chosen(two_series, image):
    np.testing.assert_array_equal(read_image(two_series, "1.2.2").array, sitk.GetArrayFromImage(image) + 1)


def test_a_series_that_is_not_there_is_answered_with_those_that_are(two_series):
    error = failure_of(two_series, "9.9")
    assert (error.code, "1.2.1" in error.hint) == ("series_unknown", True)


def test_a_missing_slice_is_told(tmp_path, image):
    write_series(image, tmp_path, skipped=[5])
    error = failure_of(tmp_path)
    assert (error.kind, error.code) == (ErrorKind.UNREADABLE, "dicom_slice_missing")
    assert "a slice is missing" in error.message
    assert "5.00 mm apart, the others 2.50 mm" in error.message


def test_several_missing_slices_are_counted(tmp_path, image):
    write_series(image, tmp_path, skipped=[5, 6, 7])
    assert "3 slices are missing" in failure_of(tmp_path).message


def test_uneven_spacing_is_refused(tmp_path, image):
    write_series(image, tmp_path, shift=lambda k: (0, 0, 0.5 if k == 11 else 0))
    error = failure_of(tmp_path)
    assert error.code == "dicom_spacing_uneven"
    assert "3.00 mm apart, most others 2.50 mm" in error.message


def test_slightly_uneven_spacing_is_told(tmp_path, image):
    write_series(image, tmp_path, shift=lambda k: (0, 0, 0.1 if k == 11 else 0))
    assert "varies by up to 0.10 mm" in read_image(tmp_path).notes[0]


def test_images_at_the_same_place_are_refused(tmp_path, image):
    write_series(image, tmp_path, shift=lambda k: (0, 0, -2.5 if k % 2 else 0))
    assert failure_of(tmp_path).code == "dicom_same_position"


def test_a_tilted_gantry_is_refused(tmp_path, image):
    write_series(image, tmp_path, shift=lambda k: (0, 0.5 * k, 0))
    error = failure_of(tmp_path)
    assert error.code == "dicom_sheared"
    assert "gantry tilt of 11.3 degrees" in error.message
    assert "3D Slicer" in error.hint


def test_files_that_do_not_say_where_they_lie_are_refused(tmp_path, image):
    write_series(image, tmp_path)
    for path in tmp_path.iterdir():
        # The next element's number, so that the image position is gone and the file still sound.
        path.write_bytes(path.read_bytes().replace(b"\x20\x00\x32\x00", b"\x20\x00\x33\x00", 1))
    assert failure_of(tmp_path).code == "dicom_positions_missing"


def tilted(angle):
    return make_image((1, 0, 0, 0, np.cos(angle), -np.sin(angle), 0, np.sin(angle), np.cos(angle)))


def test_slices_that_turn_are_refused(tmp_path):
    for k in range(12):
        write_series(tilted(0.1 * k), tmp_path, skipped=[other for other in range(12) if other != k])
    error = failure_of(tmp_path)
    assert error.code == "dicom_sheared"
    assert "turned against each other" in error.message


@pytest.mark.parametrize(
    ("second", "words"), [(tilted(0.9), "coronal, 8 × 9"), (make_image()[:6], "axial, 6 × 9")], ids=["turned", "sizes"]
)
def test_volumes_of_other_direction_or_size_in_one_series_are_listed(tmp_path, image, second, words):
    write_series(image, tmp_path, skipped=range(6, 12))
    write_series(second, tmp_path, skipped=range(6))
    error = failure_of(tmp_path)
    assert (error.kind, error.code) == (ErrorKind.INVALID_INPUT, "series_ambiguous")
    assert "holds 2 volumes" in error.message
    assert "1.2.3.4:1  CT 'Chest', axial, 8 × 9, 6 files" in error.hint
    assert words in error.hint
    array = sitk.GetArrayFromImage(second)[6:]
    np.testing.assert_array_equal(read_image(tmp_path, "1.2.3.4:2").array, array)


def test_slices_in_color_are_not_offered_beside_a_scan(tmp_path):
    scan = sitk.Image(8, 9, 3, sitk.sitkInt16)
    write_series(scan, tmp_path)
    write_series(sitk.Compose([sitk.Image(8, 9, 3, sitk.sitkUInt8)] * 3), tmp_path / "color", uid="1.2.3.9")
    assert read_image(tmp_path).array.shape == (3, 9, 8)
    assert read_image(tmp_path, "1.2.3.9").array.shape == (3, 9, 8, 3)
