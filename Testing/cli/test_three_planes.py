"""`medsamseg segment --planes 3`, with a network that sees what is bright: the same from all sides."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from test_segment_command import BOX, WINDOW, image_file, networks, read_mask  # noqa: F401

from medsamseg_server.propagation.planes import why_one_plane

sys.path.append(str(Path(__file__).parents[1] / "server"))
from server_fakes import FakePredictor

pytestmark = pytest.mark.usefixtures("networks")


def segment(run, image, *options):
    out = image.with_name("out.nrrd")
    result = run("segment", image, *BOX, *WINDOW, *options, "-o", out, "--force", "--json")
    assert result.status == 0, result.err
    return read_mask(out), result.json()


@pytest.fixture
def decoded(monkeypatch):
    """One entry for each batch of boxes that the network is asked."""
    batches, decode = [], FakePredictor.decode

    def counted(self, embedding, image_size, *prompts):
        batches.append(image_size)
        return decode(self, embedding, image_size, *prompts)

    monkeypatch.setattr(FakePredictor, "decode", counted)
    return batches


def test_object_that_looks_the_same_from_all_sides_stays_the_same(run, image_file, decoded):  # noqa: F811
    flat, quick = segment(run, image_file)
    in_one_plane = len(decoded)
    deep, careful = segment(run, image_file, "--planes", "3")
    # Ten rows and ten columns hold the object.
    assert len(decoded) == 2 * in_one_plane + 20
    np.testing.assert_array_equal(deep, flat)
    assert flat.sum() == 800
    assert (quick["warnings"], careful["warnings"]) == ([], [])
    assert careful["measurements"]["ranges"]["volume_ml"] == [7.2, 7.2]


def test_probabilities_and_further_volumes_have_three_planes_as_well(run, image_file, decoded):  # noqa: F811
    likely, further = image_file.with_name("likely.nrrd"), image_file.with_name("further.nrrd")
    shutil.copyfile(image_file, further)
    fused, _ = segment(run, image_file, "--also", further, "--planes", "3", "--probability", likely)
    assert fused.sum() == 800
    np.testing.assert_array_equal(read_mask(likely) > 0.5, fused.astype(bool))
    in_one_plane = len(decoded)
    segment(run, image_file, "--also", further)
    assert in_one_plane == len(decoded) - in_one_plane + 40


def test_thick_slices_are_a_warning_and_one_plane(run, image_file, decoded):  # noqa: F811
    image = sitk.ReadImage(str(image_file))
    image.SetSpacing((1, 1, 5))
    sitk.WriteImage(image, str(image_file))
    flat, _ = segment(run, image_file)
    in_one_plane = len(decoded)
    deep, told = segment(run, image_file, "--planes", "3")
    np.testing.assert_array_equal(deep, flat)
    assert len(decoded) == 2 * in_one_plane
    assert told["warnings"] == [why_one_plane((5, 1, 1))]


@pytest.mark.parametrize(
    ("image", "options", "what"),
    [
        ("scan.nrrd", [*BOX, "--slice-only"], "--slice-only"),
        ("scan.png", ["--boxes", "boxes.json"], "--boxes"),
        ("scan.mp4", [*BOX], "a film"),
    ],
)
def test_what_is_not_followed_through_a_volume_has_one_plane(run, tmp_path, image, options, what):
    result = run("segment", tmp_path / image, *options, "--planes", "3", "-o", tmp_path / "out.nrrd")
    assert result.status == 2
    assert result.err == f"medsamseg: --planes 3 cannot go with {what}.\n  Leave --planes out.\n"
