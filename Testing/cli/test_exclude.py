"""`medsamseg segment --exclude`: a ring from two boxes, followed through the slices."""

import numpy as np
import pytest
import SimpleITK as sitk

WINDOW = ["--window", "255,127.5"]


@pytest.fixture
def segment(run, fake_network, tmp_path):
    """Called with options, segments a bright bar on slices 2 to 9 with the fake network; its box is the bar's."""
    volume = np.zeros((12, 32, 40), np.uint8)
    volume[2:10, 10:20, 8:18] = 200
    sitk.WriteImage(sitk.GetImageFromArray(volume), str(tmp_path / "scan.nrrd"))

    def run_segment(*options):
        given = [] if "--prompts" in options else ["--box", "7,9,18,20", "--slice", "5"]
        return run("segment", tmp_path / "scan.nrrd", *given, *WINDOW, "-o", tmp_path / "out.nrrd", *options)

    return run_segment


def test_what_is_excluded_is_taken_away_on_every_slice(segment, tmp_path):
    whole = segment("--json").json()["mask_voxels"]
    hole = ["--exclude", "11,13,14,16"]
    summary = segment(*hole, "--json", "--csv", "--force").json()
    labels = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "out.nrrd")))
    assert summary["mask_voxels"] == np.count_nonzero(labels)
    assert "segments" not in summary
    inside = labels[2:10, 13:17, 11:15]
    assert not inside.any()
    assert summary["mask_voxels"] == whole - 8 * 16
    assert [row["voxels"] for row in summary["per_slice"]] == [84] * 8
    assert summary["measurements"]["ranges"]["volume_ml"] == [0.672, 0.672]
    # Two of them take away more.
    more = segment(*hole, "--exclude", "8,10,9,11", "--json", "--force").json()
    assert more["mask_voxels"] == whole - 8 * 20


def test_nothing_left_is_said(segment):
    result = segment("--exclude", "7,10,18,20", "--slice-only")
    assert "Nothing is left in the box on slice 5." in result.err


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--exclude", "1,2,3"), "box_malformed"),
        (("--exclude", "11,13,14,16", "--prompts", "boxes.json"), "usage"),
        (("--exclude", "30,13,60,16"), "box_outside_image"),
        (("--exclude", "30,13,36,16"), "exclude_outside_box"),
        (("--exclude", "7,9,18,20"), "exclude_covers_box"),
        (("--exclude-labels", "labels.nrrd", "--all-times"), "usage"),
    ],
)
def test_what_cannot_be_excluded_is_refused(segment, options, code, tmp_path):
    (tmp_path / "boxes.json").write_text('{"prompts": [{"slice": 5, "box": [7, 9, 18, 20]}]}')
    options = tuple(str(tmp_path / "boxes.json") if each == "boxes.json" else each for each in options)
    result = segment(*options, "--json")
    assert (result.status, result.json()["error"]["code"]) == (2, code)
    assert not (tmp_path / "out.nrrd").exists()
