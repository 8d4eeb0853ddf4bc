"""Formats that may leave out how large voxels are, or what their pages are: no milliliters that nobody stated."""

import numpy as np
import pytest
import SimpleITK as sitk
import tifffile
from file_phantom import affine, phantom, write_nrrd

from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.image_io.reading import read_image

UNSTATED = "does not say how large its voxels are: they are counted, but give no milliliters."
DIRECTIONS = "space: LPS\nspace directions: (1,0,0) (0,1,0) {}\nspace origin: (10,20,30)"


def failure_of(*arguments):
    with pytest.raises(MedSAMSegError) as raised:
        read_image(*arguments)
    return raised.value


def write_header(path, lines, voxels=None):
    voxels = phantom()[0] if voxels is None else voxels
    header = "NRRD0005\ntype: short\ndimension: 3\nsizes: 7 8 9\nendian: little\nencoding: raw\n"
    header += f"{lines}\n\n" if lines else "\n"
    path.write_bytes(header.encode() + voxels.T.astype("<i2").tobytes())
    return path


NRRD = {
    "spacings": ("spacings: 0.5 0.5 2", 0.0005),
    "spacings and another unit": ('spacings: 500 500 2000\nunits: "um" "um" "um"', 0.0005),
    "directions": (DIRECTIONS.format("(0,0,2)"), 0.002),
    "directions in meters": (DIRECTIONS.format("(0,0,2)") + '\nspace units: "m" "m" "m"', 0.002 * 1e9),
    "sheared": (DIRECTIONS.format("(0,1.5,2)"), 0.002),
    "nothing": ("", None),
    "one spacing unknown": ("spacings: 0.7 0.7 nan", None),
    "one direction unknown": (DIRECTIONS.format("none"), None),
    "unit unknown": (DIRECTIONS.format("(0,0,2)") + '\nspace units: "ell" "ell" "ell"', None),
}


@pytest.mark.parametrize(("lines", "voxel_ml"), NRRD.values(), ids=NRRD)
def test_nrrd_files_give_milliliters_where_they_state_sizes(tmp_path, lines, voxel_ml):
    scan = read_image(write_header(tmp_path / "scan.nrrd", lines))
    np.testing.assert_array_equal(scan.array, phantom()[0].T)
    assert scan.voxel_ml == (None if voxel_ml is None else pytest.approx(voxel_ml))
    assert scan.notes == ((f"scan.nrrd {UNSTATED}",) if voxel_ml is None else ())


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("spacings: 0.7 0.7 0", "axis 2 spacing (0) invalid"),
        (DIRECTIONS.format("(0,0,0)"), "its voxels are 0 mm apart along K"),
        (DIRECTIONS.format("(0,1,0)"), "two of its axes have the same direction"),
        (DIRECTIONS.format("(0,0,nan)"), "must be consistent"),
        (f"spacings: 1.{'0' * 695} 1 1", "its field 'spacings' has 702 characters"),
    ],
)
def test_nrrd_files_whose_voxels_have_no_place_are_told_with_the_reason(tmp_path, lines, words):
    error = failure_of(write_header(tmp_path / "scan.nrrd", lines))
    assert error.code in ("image_unreadable", "image_place")
    assert words in error.message
    reason = error.message.partition(": ")[2]
    assert "0x" not in reason
    assert "nrrd" not in reason


def test_texts_of_any_length_do_not_matter(tmp_path):
    text = "long " * 1000
    lines = f"content: {text}\nspacings: 1 1 1\nnote:={text}\n# {text}"
    np.testing.assert_array_equal(read_image(write_header(tmp_path / "scan.nrrd", lines)).array, phantom()[0].T)


@pytest.mark.parametrize("space", ["left-posterior-superior", "right-anterior-superior", "left-anterior-superior"])
def test_every_space_of_nrrd_puts_voxels_to_the_same_place(tmp_path, space):
    matrix = affine(np.eye(3))
    scan = read_image(write_nrrd(tmp_path / "scan.nrrd", phantom()[0], matrix, space))
    np.testing.assert_allclose(np.diag([-1, -1, 1, 1]) @ scan.geometry.matrix, matrix, atol=1e-9)


def test_a_metaimage_without_a_spacing_gives_no_milliliters(tmp_path):
    sitk.WriteImage(sitk.GetImageFromArray(phantom()[0].T), str(tmp_path / "scan.mha"))
    assert read_image(tmp_path / "scan.mha").voxel_ml == pytest.approx(0.001)
    content = (tmp_path / "scan.mha").read_bytes()
    (tmp_path / "scan.mha").write_bytes(content.replace(b"ElementSpacing = 1 1 1\n", b""))
    assert (read_image(tmp_path / "scan.mha").voxel_ml, read_image(tmp_path / "scan.mha").notes) == (
        None,
        (f"scan.mha {UNSTATED}",),
    )


OME = {f"PhysicalSize{axis}{what}": value for axis in "XYZ" for what, value in (("", 0.5), ("Unit", "µm"))}
TIFF = {
    "plain": ({"photometric": "minisblack"}, None),
    "for printing": ({"photometric": "minisblack", "resolution": (300, 300), "resolutionunit": "INCH"}, None),
    "OME": ({"ome": True, "metadata": {"axes": "ZYX", **OME}}, 0.5**3 * 1e-12),
    "OME without sizes": ({"ome": True, "metadata": {"axes": "ZYX"}}, None),
    "ImageJ": ({"imagej": True, "resolution": (2, 2), "metadata": {"axes": "ZYX", "spacing": 2, "unit": "um"}}, 5e-13),
    "ImageJ without unit": ({"imagej": True, "resolution": (2, 2), "metadata": {"axes": "ZYX", "spacing": 2}}, None),
}


@pytest.mark.parametrize(("options", "voxel_ml"), TIFF.values(), ids=TIFF)
def test_tiff_stacks_give_milliliters_where_they_state_sizes(tmp_path, options, voxel_ml):
    voxels = phantom(np.uint16)[0].T
    tifffile.imwrite(tmp_path / "scan.tif", voxels, **options)
    scan = read_image(tmp_path / "scan.tif")
    np.testing.assert_array_equal(scan.array, voxels)
    assert scan.voxel_ml == (None if voxel_ml is None else pytest.approx(voxel_ml))
    assert scan.notes == ((f"scan.tif {UNSTATED}",) if voxel_ml is None else ())


@pytest.mark.parametrize("kind", ["ome", "imagej"])
@pytest.mark.parametrize(
    ("axes", "shape", "words"),
    [
        ("ZCYX", (4, 3, 8, 9), "holds 3 channels (ZCYX: 4 × 3 × 8 × 9), and these are not slices"),
        ("CYX", (3, 8, 9), "holds 3 channels"),
        ("TYX", (5, 8, 9), "holds 5 time points"),
        ("TZYX", (2, 4, 8, 9), "holds 2 time points"),
    ],
)
def test_channels_and_time_points_are_no_slices(tmp_path, kind, axes, shape, words):
    tifffile.imwrite(tmp_path / "scan.tif", np.zeros(shape, np.uint16), **{kind: True}, metadata={"axes": axes})
    error = failure_of(tmp_path / "scan.tif")
    assert (error.code, words in error.message) == ("image_not_3d", True)


def test_pages_of_different_sizes_are_no_volume(tmp_path):
    with tifffile.TiffWriter(tmp_path / "scan.tif") as file:
        file.write(np.zeros((4, 8, 9), np.uint16), photometric="minisblack")
        file.write(np.zeros((4, 5), np.uint16), photometric="minisblack")
    error = failure_of(tmp_path / "scan.tif")
    assert (error.code, "holds several pictures" in error.message) == ("image_not_3d", True)


@pytest.mark.parametrize("last", [False, True])
def test_diffusion_scans_are_not_called_color_pictures(tmp_path, last):
    voxels = np.zeros((7, 8, 9, 12) if last else (12, 7, 8, 9), np.int16)
    axes = ["(1,0,0)", "(0,1,0)", "(0,0,2)"]
    axes.insert(3 if last else 0, "none")
    kinds = ["domain"] * 3
    kinds.insert(3 if last else 0, "list")
    header = (
        f"NRRD0005\ntype: short\ndimension: 4\nsizes: {' '.join(map(str, voxels.shape))}\nendian: little\n"
        f"encoding: raw\nspace: LPS\nspace directions: {' '.join(axes)}\nspace origin: (0,0,0)\n"
        f"kinds: {' '.join(kinds)}\nmodality:=DWMRI\n\n"
    )
    (tmp_path / "scan.nrrd").write_bytes(header.encode() + voxels.tobytes())
    error = failure_of(tmp_path / "scan.nrrd")
    assert error.code == "image_components"
    assert "12 values per voxel instead of one, as diffusion scans and vector fields have" in error.message
