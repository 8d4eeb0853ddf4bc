"""One object at a known place, through every format, orientation, handedness, shear and scaling, and back as a mask."""

import contextlib
import gzip
import struct

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from file_phantom import (
    affine,
    axis_orders,
    centroid,
    phantom,
    read_mask,
    sheared,
    turned,
    write_itk,
    write_nifti,
    write_nrrd,
)

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.image import ScanPlace
from medsamseg_server.image_io.mask_writer import Segment
from medsamseg_server.image_io.reading import read_image
from medsamseg_server.image_io.segmentations import VOLUME_SUFFIXES, notes_on_output, write_segmentation

STRAIGHT = np.eye(3)
SLIGHTLY_OFF = np.array([[1, 0.001, 0], [0, 1, 0.0005], [0, 0, 1.0]])
RIGID = {"turned": turned(), "mirrored": turned() @ np.diag([1, 1, -1])}
SHEARED = {"tilted by 20 degrees": sheared(), "tilted and mirrored": sheared(20) @ np.diag([1, -1, 1])}
SPACINGS = {"micrometer": (1e-3, 2e-3, 3e-3), "usual": (0.75, 1.25, 2.5), "meters": (5e3, 1e4, 2e4)}


def failure_of(function, *arguments):
    with pytest.raises(MedSAMSegError) as raised:
        function(*arguments)
    return raised.value


def check_masks(folder, scan, mask, matrix, expected_ml):
    """Write the mask in every format, read it by other readers, and compare place, voxels and volume."""
    assert scan.voxel_ml * mask.sum() == pytest.approx(expected_ml, rel=1e-6)
    for suffix in VOLUME_SUFFIXES:
        path = folder / f"mask{suffix}"
        write_segmentation(path, Segment("A", mask.T), scan.place)
        found, lies = read_mask(path)
        np.testing.assert_array_equal(found, mask)
        np.testing.assert_allclose(
            centroid(found, lies), centroid(mask, matrix), atol=0.01 * min(scan.geometry.spacing)
        )


def volume_ml(mask, matrix):
    return abs(np.linalg.det(matrix[:3, :3])) * mask.sum() / 1000


@pytest.mark.parametrize("suffix", ["nii.gz", "nrrd", "mha"])
def test_every_axis_order_and_handedness(tmp_path, suffix):
    writer = {"nii.gz": write_nifti, "nrrd": write_nrrd, "mha": write_itk}[suffix]
    voxels, mask = phantom()
    for axes in axis_orders():
        matrix = affine(axes)
        scan = read_image(writer(tmp_path / f"scan.{suffix}", voxels, matrix))
        np.testing.assert_array_equal(scan.array, voxels.T)
        assert scan.notes == ()
        check_masks(tmp_path, scan, mask, matrix, volume_ml(mask, matrix))


@pytest.mark.parametrize("spacing", SPACINGS.values(), ids=SPACINGS)
@pytest.mark.parametrize("axes", RIGID.values(), ids=RIGID)
@pytest.mark.parametrize("writer", [write_nifti, write_nrrd, write_itk])
def test_every_spacing(tmp_path, writer, axes, spacing):
    voxels, mask = phantom()
    matrix = affine(axes, spacing, origin=np.array(spacing) * (7, -20, 3))
    suffix = {write_nifti: ".nii", write_nrrd: ".nrrd", write_itk: ".mha"}[writer]
    scan = read_image(writer(tmp_path / f"scan{suffix}", voxels, matrix))
    check_masks(tmp_path, scan, mask, matrix, volume_ml(mask, matrix))


@pytest.mark.parametrize("axes", SHEARED.values(), ids=SHEARED)
@pytest.mark.parametrize("writer", [write_nrrd, write_itk, write_nifti])
def test_a_sheared_scan_keeps_its_shear_in_every_format(tmp_path, writer, axes):
    voxels, mask = phantom()
    matrix = affine(axes)
    suffix = {write_nifti: ".nii", write_nrrd: ".nrrd", write_itk: ".mha"}[writer]
    options = {"qform": None} if writer is write_nifti else {}
    scan = read_image(writer(tmp_path / f"scan{suffix}", voxels, matrix, **options))
    check_masks(tmp_path, scan, mask, matrix, volume_ml(mask, matrix))
    if writer is write_nifti:
        assert "off a right angle, which is kept; 3D Slicer does not open such NIfTI files" in scan.notes[0]
    else:
        assert scan.notes == ()
        (note,) = notes_on_output(tmp_path / "a.nii.gz", [], ScanPlace(scan.geometry))
        assert "The axes of the scan are 20.0° off a right angle" in note
    assert notes_on_output(tmp_path / "a.nrrd", [], ScanPlace(scan.geometry)) == ()


NIFTI = {
    "NIfTI-2": {"kind": nib.Nifti2Image},
    "pair": {"kind": nib.Nifti1Pair, "name": "scan.hdr"},
    "pair by its voxels": {"kind": nib.Nifti1Pair, "name": "scan.img"},
    "big-endian": {"order": ">"},
    "big-endian NIfTI-2": {"kind": nib.Nifti2Image, "order": ">"},
    "packed": {"name": "scan.nii.gz"},
    "capitals": {"name": "SCAN.NII"},
    "only sform": {"qform": 0},
    "only qform": {"sform": 0},
    "other codes": {"sform": 4, "qform": 4},
}


@pytest.mark.parametrize("axes", RIGID.values(), ids=RIGID)
@pytest.mark.parametrize("options", NIFTI.values(), ids=NIFTI)
def test_every_kind_of_nifti_file(tmp_path, options, axes):
    voxels, mask = phantom()
    matrix = affine(axes)
    options = dict(options)
    path = tmp_path / options.pop("name", "scan.nii")
    write_nifti(path, voxels, matrix, **options)
    scan = read_image(path)
    np.testing.assert_array_equal(scan.array, voxels.T)
    assert scan.array.dtype == np.int16
    assert scan.notes == ()
    check_masks(tmp_path, scan, mask, matrix, volume_ml(mask, matrix))


def test_axes_that_are_slightly_off_a_right_angle_are_read_as_they_are(tmp_path):
    voxels, mask = phantom()
    matrix = affine(SLIGHTLY_OFF)
    scan = read_image(write_nifti(tmp_path / "scan.nii", voxels, matrix, qform=None))
    assert "0.06° off a right angle" in scan.notes[0]
    check_masks(tmp_path, scan, mask, matrix, volume_ml(mask, matrix))


@pytest.mark.parametrize(("unit", "length"), [(1, 1000.0), (2, 1.0), (3, 0.001), (0, 1.0)])
def test_units_of_space(tmp_path, unit, length):
    voxels, mask = phantom()
    matrix = affine(turned())
    scan = read_image(write_nifti(tmp_path / "scan.nii", voxels, matrix, xyzt_units=unit))
    assert scan.voxel_ml == pytest.approx(volume_ml(mask, matrix) / mask.sum() * length**3, rel=1e-6)
    write_segmentation(tmp_path / "mask.nii", Segment("A", mask.T), scan.place)
    written = nib.load(tmp_path / "mask.nii")
    assert written.header["xyzt_units"] == unit
    np.testing.assert_array_equal(written.affine, nib.load(tmp_path / "scan.nii").affine)


def disagreeing(path, codes):
    voxels, mask = phantom()
    write_nifti(path, voxels, affine(np.eye(3)), sform=0, qform=0)
    image = nib.load(path)
    image = nib.Nifti1Image(np.asarray(image.dataobj), None, image.header)
    image.header.set_sform(affine(turned(10)), codes[0])
    image.header.set_qform(affine(np.eye(3)), codes[1])
    nib.save(image, path)
    return mask


@pytest.mark.parametrize(
    ("codes", "chosen"), [((2, 1), "qform"), ((1, 1), "sform"), ((1, 2), "sform"), ((4, 1), "qform")]
)
def test_a_mask_lies_on_its_scan_in_both_kinds_of_readers_where_the_transforms_disagree(tmp_path, codes, chosen):
    mask = disagreeing(tmp_path / "scan.nii.gz", codes)
    scan = read_image(tmp_path / "scan.nii.gz")
    others = "as nibabel and FSL do" if chosen == "sform" else "but nibabel and FSL take the sform"
    assert f"3D Slicer takes the {chosen}, and so it is taken here, {others}." in scan.notes[0]
    write_segmentation(tmp_path / "mask.nii.gz", Segment("A", mask.T), scan.place)
    scan_header, mask_header = (nib.load(tmp_path / f"{name}.nii.gz").header for name in ("scan", "mask"))
    for name in ("qform_code", "sform_code", "quatern_b", "qoffset_x", "srow_x", "srow_y", "srow_z"):
        np.testing.assert_array_equal(mask_header[name], scan_header[name])
    np.testing.assert_array_equal(mask_header["pixdim"][:4], scan_header["pixdim"][:4])
    by_itk = [sitk.ReadImage(str(tmp_path / f"{name}.nii.gz")) for name in ("scan", "mask")]
    assert by_itk[0].GetDirection() == by_itk[1].GetDirection()
    assert by_itk[0].GetOrigin() == by_itk[1].GetOrigin()
    # In a format that knows one place only, it is the place that Slicer shows.
    write_segmentation(tmp_path / "mask.nrrd", Segment("A", mask.T), scan.place)
    found, lies = read_mask(tmp_path / "mask.nrrd")
    taken = affine(turned(10) if chosen == "sform" else np.eye(3))
    np.testing.assert_allclose(centroid(found, lies), centroid(mask, taken), atol=0.001)


def test_a_file_that_says_nothing_of_its_place_gets_a_mask_that_says_nothing_either(tmp_path):
    voxels, mask = phantom()
    scan = read_image(write_nifti(tmp_path / "scan.nii", voxels, affine(np.eye(3)), sform=0, qform=0))
    assert "does not say how it lies in the patient" in scan.notes[0]
    write_segmentation(tmp_path / "mask.nii", Segment("A", mask.T), scan.place)
    scan_again, written = nib.load(tmp_path / "scan.nii"), nib.load(tmp_path / "mask.nii")
    np.testing.assert_array_equal(written.affine, scan_again.affine)
    assert (written.header["sform_code"], written.header["qform_code"]) == (0, 0)


def test_voxel_sizes_that_contradict_the_sform_are_told(tmp_path):
    voxels, _ = phantom()
    path = write_nifti(
        tmp_path / "scan.nii", voxels, affine(np.eye(3)), qform=None, pixdim=[1, 0.75, 1.25, 1, 1, 1, 1, 1]
    )
    assert (
        "The sform of scan.nii and its voxel sizes (pixdim) put voxels up to 12.00 mm apart"
        in read_image(path).notes[0]
    )


SCALED = {
    "fraction": (np.int16, 0.1, -1024.0, np.float32),
    "intercept alone": (np.int16, 1.0, -1024.0, np.float32),
    "slope 0 means unscaled": (np.int16, 0.0, 5.0, np.int16),
    "slope not a number": (np.int16, np.nan, np.nan, np.int16),
    "32 bits": (np.int32, 1.5, 0.25, np.float64),
    "64 bits": (np.int64, 1.5, 0.0, np.float64),
    "single precision": (np.float32, 2.0, 1.0, np.float32),
}


@pytest.mark.parametrize(("dtype", "slope", "intercept", "expected"), SCALED.values(), ids=SCALED)
@pytest.mark.parametrize("order", ["<", ">"])
def test_scaled_voxels_are_exact(tmp_path, order, dtype, slope, intercept, expected):
    voxels, _ = phantom(dtype)
    if np.dtype(dtype).itemsize > 2 and np.dtype(dtype).kind == "i":
        voxels = voxels + dtype(2**30)
    path = write_nifti(tmp_path / "scan.nii", voxels, affine(np.eye(3)), order=order)
    content = bytearray(path.read_bytes())
    struct.pack_into(f"{order}2f", content, 112, slope, intercept)
    path.write_bytes(content)
    scan = read_image(path)
    assert scan.array.dtype == expected
    applies = np.isfinite(slope) and slope != 0
    true = voxels * np.float64(np.float32(slope)) + np.float64(np.float32(intercept)) if applies else voxels
    np.testing.assert_array_equal(scan.array, true.T.astype(expected))


def test_voxels_that_are_no_numbers_are_read_as_slicer_reads_them_and_told(tmp_path):
    voxels, _ = phantom(np.float32)
    voxels[0, 0, :3] = np.nan, np.inf, -np.inf
    scan = read_image(write_nifti(tmp_path / "scan.nii", voxels, affine(np.eye(3))))
    assert scan.array.T[0, 0, :4].tolist() == [0, 0, 0, 3]
    assert scan.notes == ("3 voxels that are not a number are read as 0, as 3D Slicer reads them.",)


def test_one_time_point_is_a_volume_and_several_are_told(tmp_path):
    voxels, _ = phantom()
    scan = read_image(write_nifti(tmp_path / "one.nii", voxels[..., None], affine(np.eye(3))))
    np.testing.assert_array_equal(scan.array, voxels.T)
    error = failure_of(read_image, write_nifti(tmp_path / "two.nii", np.stack([voxels] * 2, -1), affine(np.eye(3))))
    assert (error.code, "7 × 8 × 9 × 2" in error.message) == ("image_not_3d", True)


def patched(path, offset, code, *values, axes=STRAIGHT):
    voxels, _ = phantom()
    write_nifti(path, voxels, affine(axes))
    content = bytearray(path.read_bytes())
    struct.pack_into("<" + code, content, offset, *values)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("handedness", [0.0, 5.0, np.nan, -7.0])
def test_the_handedness_is_a_sign(tmp_path, handedness):
    """By the format, 0 stands for 1; ITK takes all but negative numbers so."""
    axes = np.diag([1, 1, -1 if handedness < 0 else 1])
    path = patched(tmp_path / "scan.nii", 76, "f", handedness, axes=axes)
    scan = read_image(path)
    assert scan.notes == ()
    _, mask = phantom()
    check_masks(tmp_path, scan, mask, affine(axes), volume_ml(mask, affine(axes)))


def test_complex_numbers_are_no_scan(tmp_path):
    path = write_nifti(tmp_path / "scan.nii", phantom()[0].astype(np.complex64), affine(np.eye(3)))
    error = failure_of(read_image, path)
    assert (error.code, error.message) == (
        "image_components",
        f"{path} holds complex numbers, as raw data of MR scanners do.",
    )


def test_nothing_of_the_libraries_is_printed(tmp_path, capfd):
    voxels, mask = phantom()
    scan = read_image(write_nifti(tmp_path / "scan.nii", voxels, affine(np.eye(3)), kind=nib.Nifti2Image))
    write_segmentation(tmp_path / "mask.nii", [Segment("A", mask.T)], scan.place)
    path = write_itk(tmp_path / "scan.mha", voxels, affine(np.eye(3)))
    path.write_bytes(path.read_bytes()[:-10])
    assert failure_of(read_image, path).code == "image_incomplete"
    # A code that the format does not have, which nibabel would say that it repairs.
    scan = read_image(patched(tmp_path / "code.nii", 252, "2h", 99, 99))
    with contextlib.suppress(MedSAMSegError):
        write_segmentation(tmp_path / "other.nii", [Segment("A", mask.T)], scan.place)
    assert capfd.readouterr() == ("", "")


WRONG = {
    "voxels apart by 0": (88, "f", [0.0], "image_place", "its voxels are 0 mm apart along K"),
    "voxels apart by NaN": (80, "f", [np.nan], "image_place", "its voxels are nan mm apart along I"),
    "negative size": (80, "f", [-0.75], "image_place", "is negative, which readers take differently"),
    "NaN in the sform": (292, "f", [np.nan], "image_place", "its sform holds values that are not numbers"),
    "nothing in the sform": (280, "12f", [0.0] * 12, "image_place", "puts different voxels to the same place"),
    "NaN in the qform": (256, "f", [np.nan], "image_place", "its qform holds values that are not numbers"),
    "no rotation": (256, "f", [1.5], "image_place", "its qform is no rotation"),
    "offset NaN": (108, "f", [np.nan], "image_unreadable", "begin at byte nan, but a number of at least 352 is due"),
    "offset infinite": (108, "f", [np.inf], "image_unreadable", "begin at byte inf"),
    "offset in the header": (108, "f", [100.0], "image_unreadable", "begin at byte 100"),
    "offset negative": (108, "f", [-1.0], "image_unreadable", "begin at byte -1"),
    "offset beyond the end": (108, "f", [1e9], "image_incomplete", "of 1000001008 bytes"),
    "no slices": (46, "h", [0], "image_unreadable", "it has no voxels (7 × 8 × 0)"),
    "negative rows": (44, "h", [-8], "image_unreadable", "it has -8 voxels in a row"),
    "nine dimensions": (40, "h", [9], "image_unreadable", "it has 9 dimensions"),
    "more slices than voxels": (46, "h", [32000], "image_incomplete", "holds 1360 of"),
    "unknown type": (70, "h", [3], "image_unreadable", "of the type 3, which NIfTI does not have"),
    "bits": (70, "h", [1], "image_unreadable", "NIfTI"),
}


@pytest.mark.parametrize(("offset", "code", "values", "error", "words"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("packed", [False, True])
def test_a_header_that_cannot_be_right_is_told_in_words(tmp_path, capfd, packed, offset, code, values, error, words):
    path = patched(tmp_path / "scan.nii", offset, code, *values)
    if packed:
        path = tmp_path / "scan.nii.gz"
        path.write_bytes(gzip.compress((tmp_path / "scan.nii").read_bytes()))
    told = failure_of(read_image, path)
    assert (told.kind, told.code) == (ErrorKind.UNREADABLE, error)
    assert words in told.message
    assert str(path) in told.message
    # Nor do the libraries say anything of their own.
    assert capfd.readouterr() == ("", "")


def test_half_a_pair_is_told(tmp_path):
    voxels, _ = phantom()
    write_nifti(tmp_path / "scan.hdr", voxels, affine(np.eye(3)), kind=nib.Nifti1Pair)
    content = (tmp_path / "scan.img").read_bytes()
    (tmp_path / "scan.img").write_bytes(content[:-10])
    assert "holds 998 of 1008 bytes" in failure_of(read_image, tmp_path / "scan.hdr").message
    (tmp_path / "scan.img").unlink()
    assert "scan.img, with the voxels, is missing beside it" in failure_of(read_image, tmp_path / "scan.hdr").message


def test_an_analyze_pair_is_read_and_must_be_whole(tmp_path):
    voxels, _ = phantom()
    nib.save(nib.AnalyzeImage(voxels, np.eye(4)), tmp_path / "scan.hdr")
    np.testing.assert_array_equal(read_image(tmp_path / "scan.hdr").array, voxels.T)
    (tmp_path / "scan.img").write_bytes((tmp_path / "scan.img").read_bytes()[:-10])
    assert failure_of(read_image, tmp_path / "scan.hdr").code == "image_incomplete"


def test_a_place_that_a_format_cannot_hold_is_refused_and_the_file_stays(tmp_path):
    voxels, mask = phantom()
    scan = read_image(
        write_nrrd(tmp_path / "scan.nrrd", voxels, affine(np.eye(3), (1e-6, 1e-6, 1e-6), (100.1234567, 0, 0)))
    )
    error = failure_of(write_segmentation, tmp_path / "mask.nii.gz", Segment("A", mask.T), scan.place)
    assert (error.kind, error.code) == (ErrorKind.CANNOT_WRITE, "place_not_kept")
    assert "A .nii.gz file cannot hold the place of this scan" in error.message
    assert error.hint == "End its name with .seg.nrrd, .nrrd or .mha."
    assert [file.name for file in tmp_path.iterdir()] == ["scan.nrrd"]
