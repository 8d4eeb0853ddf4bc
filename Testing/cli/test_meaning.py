"""`medsamseg segment --meaning`, with a network whose part, object and whole are the first columns of its one mask."""

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image
from test_segment_command import BOX, WINDOW, networks, write_image  # noqa: F401

COLUMNS = {"part": 1, "object": 2, "whole": 3}
MODEL = ["--model", "mobilesam"]


@pytest.fixture(autouse=True)
def answers(networks, store, monkeypatch):  # noqa: F811
    from server_fakes import FakePredictor

    decode = FakePredictor.decode

    def several(self, embedding, image_size, boxes=None, points=None, labels=None, answer=0, coarse_surroundings=False):
        prediction = decode(self, embedding, image_size, boxes, points, labels)
        if answer:
            prediction.masks[:, :, 8 + answer :] = False
        return prediction

    monkeypatch.setattr(FakePredictor, "decode", several)
    store.final_path("mobilesam").write_bytes(b"the fake network needs none")


def bar():
    """A bar of ten columns on slices 2 to 9 of 12."""
    volume = np.zeros((12, 32, 40), np.uint8)
    volume[2:10, 10:20, 8:18] = 200
    return volume


@pytest.mark.parametrize("meaning", COLUMNS)
def test_the_object_is_followed_from_what_its_box_means(run, tmp_path, meaning):
    scan = write_image(tmp_path / "scan.nrrd", bar())
    result = run("segment", scan, *BOX, *WINDOW, *MODEL, "--meaning", meaning, "-o", tmp_path / "m.nrrd")
    assert result.status == 0, result.err
    mask = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "m.nrrd")))
    assert mask[5].sum() == 10 * COLUMNS[meaning]
    assert np.flatnonzero(mask.any(axis=(1, 2))).size > 1
    alone = ["--slice-only", "--force", "-o", tmp_path / "m.nrrd"]
    assert run("segment", scan, *BOX, *WINDOW, *MODEL, "--meaning", meaning, *alone).status == 0
    mask = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "m.nrrd")))
    assert mask.sum() == mask[5].sum() == 10 * COLUMNS[meaning]


def test_the_boxes_of_annotation_tools_have_it_too(run, tmp_path):
    Image.fromarray(bar()[5]).save(tmp_path / "picture.png")
    (tmp_path / "picture.txt").write_text(f"0 {12.5 / 40} {14.5 / 32} {11 / 40} {11 / 32}\n")
    options = ["--boxes", tmp_path / "picture.txt", "--meaning", "object", "-o", tmp_path / "m.png"]
    result = run("segment", tmp_path / "picture.png", *WINDOW, *MODEL, *options)
    assert result.status == 0, result.err
    assert np.count_nonzero(np.asarray(Image.open(tmp_path / "m.png"))) == 20


def test_models_with_one_mask_say_so_before_the_scan_is_read(run, tmp_path):
    options = ["--meaning", "part", "-o", tmp_path / "m.nrrd"]
    result = run("segment", tmp_path / "there is none.nrrd", *BOX, *options)
    assert result.status == 2
    assert "LiteMedSAM learned one mask for a box" in result.err
    assert "mobilesam or sam" in result.err
