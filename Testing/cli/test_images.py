"""Reading scans: every format gives the same voxels and place, and what is wrong with a file is told."""

import gzip
import os

import numpy as np
import pytest
import SimpleITK as sitk

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.reading import read_image


def make_image(shape=(7, 6, 5), pixel_type=np.int16):
    """A volume whose every voxel differs, anisotropic, rotated and left-handed."""
    image = sitk.GetImageFromArray(np.arange(np.prod(shape)).reshape(shape).astype(pixel_type))
    image.SetSpacing((0.8, 1.1, 2.5))
    image.SetOrigin((-10, 20, 5.5))
    cosine, sine = np.cos(0.3), np.sin(0.3)
    image.SetDirection((cosine, -sine, 0, sine, cosine, 0, 0, 0, -1))
    return image


@pytest.fixture
def image():
    return make_image()


def write(path, image, compressed=False):
    sitk.WriteImage(image, str(path), useCompression=compressed)
    return path


def failure_of(*arguments):
    with pytest.raises(MedSAMSegError) as raised:
        read_image(*arguments)
    return raised.value


@pytest.mark.parametrize("name", ["a.nrrd", "a.nii", "a.nii.gz", "a.mha", "a.mhd"])
def test_every_format_gives_the_stored_order_and_the_geometry(tmp_path, image, name):
    scan = read_image(write(tmp_path / name, image))
    np.testing.assert_array_equal(scan.array, sitk.GetArrayFromImage(image))
    np.testing.assert_allclose(scan.geometry.spacing, image.GetSpacing(), rtol=1e-6)
    np.testing.assert_allclose(scan.geometry.origin, image.GetOrigin(), rtol=1e-6)
    np.testing.assert_allclose(scan.geometry.direction, image.GetDirection(), atol=1e-6)
    assert scan.geometry.voxel_ml == pytest.approx(0.8 * 1.1 * 2.5 / 1000)
    assert scan.notes == ()


@pytest.mark.parametrize("pixel_type", [np.uint8, np.int8, np.uint16, np.int32, np.float32, np.float64])
def test_voxel_types_are_kept(tmp_path, pixel_type):
    assert read_image(write(tmp_path / "a.nrrd", make_image(pixel_type=pixel_type))).array.dtype == pixel_type


def test_a_series_of_one_volume_is_a_volume(tmp_path, image):
    joined = sitk.JoinSeries([image])
    np.testing.assert_array_equal(read_image(write(tmp_path / "a.nrrd", joined)).array, sitk.GetArrayFromImage(image))


def test_a_missing_file_is_told(tmp_path):
    error = failure_of(tmp_path / "none.nrrd")
    assert (error.kind, error.code) == (ErrorKind.NOT_FOUND, "image_missing")
    assert str(tmp_path / "none.nrrd") in error.message


@pytest.mark.parametrize("name", ["a.nrrd", "a.nii.gz", "a.mha", "a.log", "a"])
@pytest.mark.parametrize("content", [b"", b"this is no image"])
def test_a_file_that_is_no_image_is_told(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    error = failure_of(tmp_path / name)
    assert (error.kind, error.code) == (ErrorKind.UNREADABLE, "image_unreadable")
    assert "NRRD, NIfTI and MetaImage" in error.hint


@pytest.mark.parametrize(
    "content, kind, code, words",
    [
        (b"", ErrorKind.UNREADABLE, "dicom_missing", "a.txt"),
        (b"1.dcm\n", ErrorKind.NOT_FOUND, "image_missing", "1.dcm, which is not there"),
        (b"\xff\xfe\x00", ErrorKind.UNREADABLE, "file_list_unreadable", "a.txt"),
    ],
)
def test_a_list_of_files_that_are_not_there_is_told(tmp_path, content, kind, code, words):
    (tmp_path / "a.txt").write_bytes(content)
    error = failure_of(tmp_path / "a.txt")
    assert (error.kind, error.code) == (kind, code)
    assert words in error.message


def test_a_file_without_permission_is_told(tmp_path, image, monkeypatch):
    path = write(tmp_path / "a.nrrd", image)

    def refuse(self, *_):
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(
        sitk.ImageFileReader, "ReadImageInformation", lambda self: (_ for _ in ()).throw(RuntimeError())
    )
    monkeypatch.setattr(type(path), "open", refuse)
    error = failure_of(path)
    assert (error.code, "Permission denied" in error.message) == ("image_unreadable", True)


@pytest.mark.parametrize("name", ["a.nrrd", "a.nii", "a.nii.gz", "a.mha"])
@pytest.mark.parametrize("compressed", [False, True])
def test_a_file_that_was_cut_off_is_told(tmp_path, name, compressed):
    path = write(tmp_path / name, make_image((20, 30, 40)), compressed)
    path.write_bytes(path.read_bytes()[:-2000])
    error = failure_of(path)
    assert (error.kind, error.code) == (ErrorKind.UNREADABLE, "image_incomplete")


def test_a_damaged_compressed_file_is_told(tmp_path):
    noise = np.random.default_rng(1).integers(0, 1000, (20, 100, 100), np.int16)
    path = write(tmp_path / "a.nii.gz", sitk.GetImageFromArray(noise))
    content = bytearray(path.read_bytes())
    content[-6] ^= 0xFF
    path.write_bytes(content)
    assert failure_of(path).code == "image_incomplete"


def test_a_compressed_file_in_several_parts_is_read(tmp_path, image):
    content = gzip.decompress(write(tmp_path / "a.nii.gz", image).read_bytes())
    (tmp_path / "b.nii.gz").write_bytes(gzip.compress(content[:400]) + gzip.compress(content[400:]) + b"\0" * 10)
    np.testing.assert_array_equal(read_image(tmp_path / "b.nii.gz").array, sitk.GetArrayFromImage(image))


@pytest.mark.parametrize("name", ["a.nrrd", "a.nii.gz"])
def test_a_series_over_time_is_told(tmp_path, image, name):
    error = failure_of(write(tmp_path / name, sitk.JoinSeries([image, image])))
    assert (error.kind, error.code) == (ErrorKind.INVALID_INPUT, "image_not_3d")
    assert "4 dimensions (5 × 6 × 7 × 2)" in error.message


@pytest.mark.parametrize("components", [2, 3, 4])
def test_several_values_per_voxel_are_told(tmp_path, image, components):
    error = failure_of(write(tmp_path / "a.nrrd", sitk.Compose([image] * components)))
    assert (error.kind, error.code) == (ErrorKind.INVALID_INPUT, "image_components")
    assert f"{components} values per voxel" in error.message


def test_a_flat_picture_is_a_scan_of_one_slice_without_milliliters(tmp_path, image):
    found = read_image(write(tmp_path / "a.mha", image[:, :, 0]))
    np.testing.assert_array_equal(found.array, sitk.GetArrayFromImage(image)[:1])
    assert found.voxel_ml is None


def test_a_series_cannot_be_chosen_in_a_file(tmp_path, image):
    assert failure_of(write(tmp_path / "a.nrrd", image), "1.2.3").code == "series_needless"
