"""`medsamseg evaluate` with points, and with cases of several volumes; the network sees what is bright."""

import json

import numpy as np
import pytest
import SimpleITK as sitk
from evaluation_scans import bar

from medsamseg_server.cli import main

pytestmark = pytest.mark.usefixtures("fake_network")


def evaluate(manifest, *options):
    out = manifest.with_name("report.json")
    assert main(["evaluate", str(manifest), "--out", str(out), "--jitter", "0", "--quiet", *options]) == 0
    return json.loads(out.read_text())["protocols"]


def write_like(path, array):
    image = sitk.GetImageFromArray(array)
    image.SetSpacing((2.0, 1.5, 3.0))
    sitk.WriteImage(image, str(path))


def test_points_are_asked_on_every_slice(make_manifest):
    found = evaluate(make_manifest(), "--protocol", "points:1,5,gtbox")
    assert list(found) == ["points:1", "points:5", "gtbox"]
    (target,) = found["points:1"]["targets"]
    # The network gives what is bright within two pixels of the point.
    assert 0.1 < target["dice"] < 0.5
    assert (target["boxes"], target["encoder_calls"], target["decoder_calls"]) == (8, 8, 8)
    assert [part["index"] for part in target["per_slice"]] == list(range(2, 10))


def test_the_seed_chooses_the_points(make_manifest):
    manifest = make_manifest()
    once, again, other = (evaluate(manifest, "--protocol", "points:1", "--seed", seed) for seed in "113")
    assert once["points:1"]["targets"][0]["dice"] == again["points:1"]["targets"][0]["dice"]
    assert once["points:1"]["targets"][0]["dice"] != other["points:1"]["targets"][0]["dice"]


@pytest.mark.parametrize(("fuse", "expected"), [("mean", 0), ("max", 1)])
@pytest.mark.parametrize("protocol", ["gtbox", "propagate_zrange", "points:1"])
def test_several_volumes_are_fused(make_manifest, tmp_path, fuse, expected, protocol):
    # The object is at 50 of 255 in the first volume and at 200 in the second: 0.2 and 0.78, and 0.49 in the mean.
    write_like(tmp_path / "second.nrrd", bar())
    manifest = make_manifest(scan=bar() // 4, also=["second.nrrd"], fuse=fuse)
    (target,) = evaluate(manifest, "--protocol", protocol)[protocol]["targets"]
    assert target["dice"] == (expected if protocol != "points:1" else pytest.approx(0.3 * expected, abs=0.2))
    assert (target["dice"] > 0) == (expected > 0)


def test_a_volume_in_other_voxels_is_resampled_and_that_is_said(make_manifest, tmp_path, capsys):
    image = sitk.GetImageFromArray(bar().repeat(2, axis=1))
    image.SetSpacing((2.0, 0.75, 3.0))
    image.SetOrigin((0, -0.375, 0))
    sitk.WriteImage(image, str(tmp_path / "second.nrrd"))
    manifest = make_manifest(scan=bar() // 4, also=["second.nrrd"], fuse="max")
    assert evaluate(manifest, "--protocol", "gtbox")["gtbox"]["mean_dice"] == 1
    assert capsys.readouterr().err.count("second.nrrd has other voxels than scan.nrrd") == 1


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"also": "second.nrrd"}, "cases[0].also: a list of texts"),
        ({"also": [3]}, "cases[0].also: a list of texts"),
        ({"fuse": "sum"}, "cases[0].fuse: one of mean, max"),
        ({"also": ["b.nrrd"], "all_times": True}, "have no further images"),
        ({"also": ["b.nrrd"], "image": "film.mp4"}, "have no further images"),
    ],
)
def test_what_is_no_list_of_volumes_is_told(make_manifest, capsys, entry, words):
    assert main(["evaluate", str(make_manifest(**entry)), "--json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == "manifest_malformed"
    assert words in error["message"]


def test_further_volumes_are_not_left_out_silently(make_manifest, capsys):
    manifest = make_manifest(also=["b.nrrd"])
    assert main(["study", str(manifest), "--json"]) == 2
    assert "the case 'scan' is several volumes" in json.loads(capsys.readouterr().out)["error"]["message"]


def test_every_pixel_of_a_small_object_may_be_a_point(make_manifest):
    labels = np.zeros((12, 32, 40), np.uint8)
    labels[4, 12, 10:13] = 7
    (target,) = evaluate(make_manifest(labels=labels), "--protocol", "points:20")["points:20"]["targets"]
    assert target["boxes"] == 1
