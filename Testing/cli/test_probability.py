"""`medsamseg segment --probability` and `--threshold`, with a network to which brightness is probability."""

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image
from test_segment_command import BOX, SPACING, WINDOW, networks, write_image  # noqa: F401

#: Embeddings, which the fake network takes brightness from, are kept in half floats.
HALF_FLOAT = 5e-4

pytestmark = pytest.mark.usefixtures("networks")


def graded():
    """A bar on slices 2 to 9 of 12 whose brightness falls to the right, from 250 to 90."""
    volume = np.zeros((12, 32, 40), np.uint8)
    volume[2:10, 10:20, 8:18] = np.linspace(250, 90, 10).astype(np.uint8)
    return volume


@pytest.fixture
def scan(tmp_path):
    return write_image(tmp_path / "scan.nrrd", graded())


@pytest.fixture
def picture(tmp_path):
    Image.fromarray(graded()[5]).save(tmp_path / "picture.png")
    return tmp_path / "picture.png"


@pytest.mark.parametrize("name", ["p.nii.gz", "p.nii", "p.nrrd", "p.mha"])
def test_a_volumes_map_lies_on_the_scan_and_exceeds_half_on_the_mask(run, scan, tmp_path, name):
    result = run("segment", scan, *BOX, *WINDOW, "-o", tmp_path / "m.nrrd", "--probability", tmp_path / name)
    assert result.status == 0, result.err
    assert result.out.splitlines()[-1] == f"Written: {tmp_path / 'm.nrrd'}, and {tmp_path / name}"
    written = sitk.ReadImage(str(tmp_path / name))
    assert written.GetPixelID() == sitk.sitkFloat32
    assert written.GetSpacing() == pytest.approx(SPACING)
    mask = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "m.nrrd")))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(written) > 0.5, mask > 0)
    np.testing.assert_allclose(sitk.GetArrayFromImage(written)[5], graded()[5] / 255, atol=HALF_FLOAT)


def test_a_pictures_map_is_a_picture_of_gray_levels(run, picture, tmp_path):
    box = [*BOX[:2], *WINDOW]
    assert run("segment", picture, *box, "-o", tmp_path / "m.png", "--probability", tmp_path / "p.png").status == 0
    levels, mask = (np.asarray(Image.open(tmp_path / name)) for name in ("p.png", "m.png"))
    assert levels.dtype == np.uint8
    np.testing.assert_array_equal(levels >= 128, mask > 0)
    assert np.abs(levels[10:20, 8:18].astype(int) - graded()[5, 10:20, 8:18]).max() <= 1


def test_a_tiff_holds_the_numbers_themselves(run, picture, tmp_path):
    box = [*BOX[:2], *WINDOW]
    assert run("segment", picture, *box, "-o", tmp_path / "m.png", "--probability", tmp_path / "p.tif").status == 0
    np.testing.assert_allclose(np.asarray(Image.open(tmp_path / "p.tif")), graded()[5] / 255, atol=HALF_FLOAT)


@pytest.mark.parametrize(("threshold", "columns"), [(0.4, 10), (0.5, 8), (0.7, 5)])
def test_a_threshold_makes_the_object_larger_or_smaller(run, scan, tmp_path, threshold, columns):
    out = tmp_path / "m.nrrd"
    assert run("segment", scan, *BOX, *WINDOW, "--threshold", threshold, "-o", out).status == 0
    mask = sitk.GetArrayFromImage(sitk.ReadImage(str(out)))
    np.testing.assert_array_equal(mask[5] > 0, graded()[5] > threshold * 255)
    assert np.count_nonzero(mask[5, 15]) in (columns - 1, columns)
    # Followed as usual: as far as with any other threshold.
    assert mask.any(axis=(1, 2)).tolist() == graded().any(axis=(1, 2)).tolist()


def test_a_nifti_map_keeps_the_scans_place(run, tmp_path):
    affine = np.array([[-2.0, 0, 0, 30], [0, 1.5, 0, -20], [0, 0, 3, 7], [0, 0, 0, 1]])
    nibabel.save(nibabel.Nifti1Image(graded().transpose(2, 1, 0), affine), tmp_path / "scan.nii.gz")
    out = tmp_path / "p.nii.gz"
    scan = tmp_path / "scan.nii.gz"
    assert run("segment", scan, *BOX, *WINDOW, "-o", tmp_path / "m.nii.gz", "--probability", out).status == 0
    np.testing.assert_allclose(nibabel.load(out).affine, affine)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--threshold", "0"], "0 is no threshold of probabilities"),
        (["--threshold", "1.5"], "1.5 is no threshold"),
        (["--threshold", "nan"], "nan is no threshold"),
        (["--probability", "p.jpg"], "p.jpg is no name for a probability map"),
        (["--probability", "p.seg.nrrd"], "p.seg.nrrd is no name for a probability map"),
        (["--probability", "p.png"], "p.png would be one picture, but the scan has 12 slices"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_computed(run, scan, tmp_path, networks, arguments, words):  # noqa: F811
    if arguments[0] == "--probability":
        arguments = [arguments[0], tmp_path / arguments[1]]
    result = run("segment", scan, *BOX, *WINDOW, "-o", tmp_path / "m.nrrd", *arguments)
    assert result.status == 2
    assert words in result.err
    assert networks == []


def test_an_existing_map_is_replaced_only_when_told_so(run, scan, tmp_path):
    out = tmp_path / "p.nrrd"
    out.write_text("mine")
    arguments = ["segment", scan, *BOX, *WINDOW, "-o", tmp_path / "m.nrrd", "--probability", out]
    assert run(*arguments).status == 6
    assert out.read_text() == "mine"
    assert run(*arguments, "--force").status == 0


def test_a_map_of_several_objects_is_refused(run, scan, tmp_path):
    (tmp_path / "boxes.json").write_text(
        '{"objects": [{"name": "A", "prompts": [{"slice": 5, "box": [7, 9, 18, 20]}]},'
        ' {"name": "B", "prompts": [{"slice": 5, "box": [7, 9, 12, 20]}]}]}'
    )
    result = run(
        "segment", scan, "--prompts", tmp_path / "boxes.json", "-o", tmp_path / "m.nrrd", "--probability",
        tmp_path / "p.nrrd",
    )  # fmt: skip
    assert result.status == 2
    assert "one object" in result.err
