"""`medsamseg segment --also`: several volumes of one patient, with a network that sees what is bright.

How likely a pixel is the object's is how bright it is, so what is fused is known to the pixel.
"""

import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image
from test_segment_command import BOX, SPACING, WINDOW, networks, read_mask, write_image  # noqa: F401

from medsamseg_server.cli import engine_options
from medsamseg_server.engine.engine import Engine

sys.path.append(str(Path(__file__).parents[1] / "server"))
from server_fakes import FakePredictor, Watch

pytestmark = pytest.mark.usefixtures("networks")

SHAPE = (12, 32, 40)
#: Columns of the object's two halves, and how bright each is in the first and in the second phase (255 is certain).
LEFT, RIGHT = slice(8, 13), slice(13, 18)


def phase(left, right):
    """The object, on slices 2 to 9 and rows 10 to 19, as bright as given on its halves."""
    volume = np.zeros(SHAPE, np.uint8)
    for columns, level in ((LEFT, left), (RIGHT, right)):
        volume[2:10, 10:20, columns] = level
    return volume


def half(columns):
    mask = np.zeros(SHAPE, np.uint8)
    mask[2:10, 10:20, columns] = 1
    return mask


#: The mean of the left half is above 127.5, that of the right half is not; its maximum is.
FIRST, SECOND = phase(100, 60), phase(200, 150)


@pytest.fixture
def scans(tmp_path):
    return write_image(tmp_path / "first.nrrd", FIRST), write_image(tmp_path / "second.nrrd", SECOND)


def segment(run, first, *options):
    out = first.with_name("out.nrrd")
    result = run("segment", first, *BOX, *WINDOW, *options, "-o", out, "--force")
    assert result.status == 0, result.err
    return read_mask(out), result


@pytest.mark.parametrize("method", ["tracking", "reference", "film"])
@pytest.mark.parametrize(
    ("fuse", "expected"),
    [([], half(LEFT)), (["--fuse", "mean"], half(LEFT)), (["--fuse", "max"], half(slice(8, 18)))],
    ids=["default", "mean", "max"],
)
def test_probabilities_are_fused_on_every_slice(run, scans, fuse, expected, method):
    first, second = scans
    mask, _ = segment(run, first, "--also", second, "--method", method, *fuse)
    np.testing.assert_array_equal(mask, expected)


def test_one_phase_alone_does_not_see_it(run, scans):
    mask, result = segment(run, scans[0])
    assert not mask.any()
    assert "Nothing was found" in result.err


def test_the_order_of_phases_does_not_matter_to_the_mask_and_it_is_said_what_was_fused(run, scans):
    first, second = scans
    mask, result = segment(run, second, "--also", first)
    np.testing.assert_array_equal(mask, half(LEFT))
    assert "  Fused by the mean: second.nrrd, first.nrrd" in result.out.splitlines()
    # Nothing else: half of the box is empty.
    assert [line for line in result.err.splitlines() if "The mask on slice 5 is uncertain" not in line] == []
    _, result = segment(run, second, "--also", first, "--fuse", "max", "--json")
    assert (result.json()["also"], result.json()["fused"]) == ([str(first)], "max")


def test_three_phases(run, scans, tmp_path):
    third = write_image(tmp_path / "third.nrrd", phase(60, 250))
    mask, _ = segment(run, scans[0], "--also", scans[1], "--also", third)
    # Means: 120 and 153.
    np.testing.assert_array_equal(mask, half(RIGHT))


def test_the_fused_probability_is_written(run, scans, tmp_path):
    first, second = scans
    segment(run, first, "--also", second, "--fuse", "max", "--probability", tmp_path / "p.nrrd")
    np.testing.assert_allclose(read_mask(tmp_path / "p.nrrd"), SECOND / 255, atol=2e-3)
    mask, _ = segment(run, first, "--also", second, "--threshold", "0.4", "--slice-only")
    np.testing.assert_array_equal(mask[5], half(slice(8, 18))[5])


def test_each_slice_is_encoded_once_a_phase(run, scans, monkeypatch):
    watch = Watch()

    def make(args, store):
        return Engine(store, load_predictor=lambda specification, *_: FakePredictor(specification, watch))

    monkeypatch.setattr(engine_options, "make_engine", make)
    first, second = scans
    segment(run, second)
    once = sorted(watch.encoded)
    watch.encoded.clear()
    segment(run, first, "--also", second, "--fuse", "max")
    # The first phase's slices are 100 at their brightest, the second's 200; the network asks for the same of both.
    assert sorted(level for level in watch.encoded if level not in (100,)) == once
    assert watch.encoded.count(100) == once.count(200)


def test_a_phase_in_other_voxels_is_resampled_and_that_is_said(run, scans, tmp_path):
    finer = sitk.Expand(sitk.ReadImage(str(scans[1])), (2, 2, 1), sitk.sitkNearestNeighbor)
    finer = finer[4:, :, :]
    sitk.WriteImage(finer, str(tmp_path / "finer.nii.gz"))
    mask, result = segment(run, scans[0], "--also", tmp_path / "finer.nii.gz")
    np.testing.assert_array_equal(mask, half(LEFT))
    assert "finer.nii.gz has other voxels than first.nrrd: it was resampled to them, of which it covers 95%." in (
        result.err
    )


def test_a_phase_that_is_turned_lies_where_it_is(run, scans, tmp_path):
    turned = sitk.PermuteAxes(sitk.ReadImage(str(scans[1])), (2, 0, 1))
    sitk.WriteImage(sitk.Flip(turned, (True, False, False)), str(tmp_path / "turned.nrrd"))
    mask, result = segment(run, scans[0], "--also", tmp_path / "turned.nrrd", "--fuse", "max")
    np.testing.assert_array_equal(mask, half(slice(8, 18)))
    assert "it was resampled to them." in result.err


def test_pictures_in_color_too(run, tmp_path):
    for name, level in (("a.png", 100), ("b.png", 200)):
        picture = np.zeros((32, 40, 3), np.uint8)
        picture[10:20, 8:18] = (level, level // 2, 10)
        Image.fromarray(picture).save(tmp_path / name)
    out = tmp_path / "mask.png"
    result = run("segment", tmp_path / "a.png", *BOX[:2], "--also", tmp_path / "b.png", "-o", out)
    assert result.status == 0, result.err
    np.testing.assert_array_equal(np.asarray(Image.open(out))[10:20, 8:18], 255)


def _elsewhere(folder):
    image = sitk.GetImageFromArray(SECOND)
    image.SetSpacing(SPACING)
    image.SetOrigin((500, 0, 0))
    sitk.WriteImage(image, str(folder / "other.nrrd"))
    return ["--also", folder / "other.nrrd"]


def _colored(folder):
    image = sitk.GetImageFromArray(np.stack([SECOND] * 3, axis=-1), isVector=True)
    image.SetSpacing(SPACING)
    sitk.WriteImage(image, str(folder / "color.nrrd"))
    return ["--also", folder / "color.nrrd"]


REFUSED = {
    "nothing in common": (_elsewhere, "other.nrrd and first.nrrd have no place in common"),
    "colors and gray": (_colored, "some are in color and some are gray"),
    "no such file": (lambda folder: ["--also", folder / "none.nrrd"], "none.nrrd"),
    "the image itself": (lambda folder: ["--also", folder / "." / "first.nrrd"], "first.nrrd is given twice"),
    "one volume twice": (lambda folder: ["--also", folder / "second.nrrd"] * 2, "second.nrrd is given twice"),
    "fuse alone": (lambda folder: ["--fuse", "max"], "Name the others with --also"),
}


@pytest.mark.parametrize(("options", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_fused_is_told(run, scans, tmp_path, networks, options, words):  # noqa: F811
    result = run("segment", scans[0], *BOX, *options(tmp_path), "-o", tmp_path / "out.nrrd")
    assert result.status in (2, 3)
    assert words in result.err
    assert networks == []


def test_pictures_of_different_sizes_are_told(run, tmp_path):
    for name, size in (("a.png", (32, 40)), ("b.png", (30, 50))):
        Image.fromarray(np.full(size, 100, np.uint8)).save(tmp_path / name)
    result = run("segment", tmp_path / "a.png", *BOX[:2], "--also", tmp_path / "b.png", "-o", tmp_path / "m.png")
    assert result.status == 2
    assert "b.png has 50 × 30 pixels, but a.png has 40 × 32" in result.err


def test_lists_of_boxes_have_no_phases(run, tmp_path):
    boxes = ["--boxes", "boxes.json", "--also", tmp_path / "b.png"]
    result = run("segment", tmp_path / "photo.png", *boxes, "-o", tmp_path / "m")
    assert result.status == 2
    assert "--also cannot go with" in result.err
