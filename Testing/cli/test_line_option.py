"""`medsamseg segment --line`: a lesion from the diameters that were measured on a slice."""

import numpy as np
import pytest
import SimpleITK as sitk

WINDOW = ["--window", "255,127.5"]
#: The bar's width and height, from outline to outline.
LINES = ["--line", "7.5,14.5,17.5,14.5", "--line", "12.5,9.5,12.5,19.5"]


@pytest.fixture
def segment(run, fake_network, tmp_path):
    """Called with options, segments a bright bar of slices 0 to 29, 3 mm apart, with the fake network."""
    volume = np.zeros((30, 32, 40), np.uint8)
    volume[:, 10:20, 8:18] = 200
    image = sitk.GetImageFromArray(volume)
    image.SetSpacing((1.0, 1.0, 3.0))
    sitk.WriteImage(image, str(tmp_path / "scan.nrrd"))

    def run_segment(*options):
        return run("segment", tmp_path / "scan.nrrd", "--slice", "15", *WINDOW, "-o", tmp_path / "out.nrrd", *options)

    return run_segment


def test_two_lines_are_followed_as_far_as_their_length(segment, tmp_path):
    summary = segment(*LINES, "--json").json()
    labels = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "out.nrrd")))
    # 10 mm long: four slices of 3 mm each way.
    assert np.flatnonzero(labels.any(axis=(1, 2))).tolist() == list(range(11, 20))
    assert {end["reason"] for end in summary["stopped"]} == {"reach"}
    assert labels[15, 10:20, 8:18].all()
    assert summary["per_slice"][4]["box"] == [8.0, 10.0, 17.0, 19.0]


def test_a_range_says_it_exactly(segment):
    summary = segment(*LINES, "--range", "2:28", "--json").json()
    assert (summary["first_slice"], summary["last_slice"]) == (2, 28)
    assert {end["reason"] for end in summary["stopped"]} == {"range"}


def test_lines_and_slice_only(segment):
    assert segment(*LINES, "--slice-only", "--json").json()["slices"] == 1


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--line", "1,2,3"), "line_malformed"),
        (("--line", "7.5,14.5,50,14.5"), "line_outside_image"),
        ((*LINES[:2], "--line", "30,9.5,30,19.5"), "lines_apart"),
        ((*LINES, "--line", "1,2,3,4"), "usage"),
        ((*LINES, "--box", "8,10,17,19"), "usage"),
        ((*LINES, "--prompts", "boxes.json"), "usage"),
        ((*LINES, "--slice", "99"), "slice_out_of_range"),
    ],
)
def test_lines_that_cannot_be_used_are_refused(segment, tmp_path, options, code):
    result = segment(*options, "--json")
    assert (result.status, result.json()["error"]["code"]) == (2, code)
    assert not (tmp_path / "out.nrrd").exists()


def test_lines_in_a_film_are_refused(run, tmp_path):
    result = run("segment", tmp_path / "film.mp4", *LINES, "--slice", "0", "-o", tmp_path / "out.npz", "--json")
    assert "films" in result.json()["error"]["message"]
