"""`medsamseg segment` with several objects: one file, each slice encoded once, overlap only where it is allowed."""

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from medsamseg_server.cli import engine_options
from medsamseg_server.engine.engine import Engine

sys.path.append(str(Path(__file__).parents[1] / "server"))
from server_fakes import FakePredictor, Watch

WINDOW = ["--window", "255,127.5"]
#: Left and right part of the bar, which share the columns 12 to 14.
LEFT, RIGHT = [7, 9, 14, 20], [12, 9, 18, 20]


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def segment(run, store, watch, monkeypatch, tmp_path):
    """Called with objects, their boxes and options, segments them in a bar on slices 2 to 9 with the fake network."""
    store.folder.mkdir(parents=True)
    store.final_path("litemedsam").write_bytes(b"the fake network needs none")

    def load(specification, weights, device):
        return FakePredictor(specification, watch)

    monkeypatch.setattr(
        engine_options, "make_engine", lambda args, store: Engine(store, device=args.device, load_predictor=load)
    )
    volume = np.zeros((12, 32, 40), np.uint8)
    volume[2:10, 10:20, 8:18] = 200 + np.arange(2, 10)[:, None, None]
    sitk.WriteImage(sitk.GetImageFromArray(volume), str(tmp_path / "scan.nrrd"))

    def run_segment(objects, *options, out="out.seg.nrrd"):
        content = {"objects": [{"name": name, "prompts": prompts} for name, prompts in objects.items()]}
        (tmp_path / "boxes.json").write_text(json.dumps(content))
        arguments = ["--prompts", tmp_path / "boxes.json", *WINDOW, "-o", tmp_path / out, *options]
        return run("segment", tmp_path / "scan.nrrd", *arguments)

    return run_segment


def boxed(box, index=5):
    return [{"slice": index, "box": box}]


def test_objects_become_segments_that_do_not_overlap(segment, watch, tmp_path):
    result = segment({"Left": boxed(LEFT), "Right": boxed(RIGHT)})
    assert (result.status, result.err) == (0, "")
    lines = result.out.splitlines()
    assert [line.split(":")[0] for line in lines if not line.startswith(" ")] == ["Left", "Right", "Written"]
    labels = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "out.seg.nrrd")))
    assert labels.ndim == 3
    assert set(np.unique(labels[2:10, 10:20, 8:18])) == {1, 2}
    assert (labels[:, :, 8:12] > 0).sum() == (labels[:, :, 8:12] == 1).sum() == 320
    assert (labels[:, :, 15:18] == 2).sum() == 240
    # The slices beyond the ends are both black, and so one embedding.
    assert sorted(watch.encoded) == [0, *range(202, 210)]


def test_overlap_that_is_allowed_takes_layers(segment, tmp_path):
    result = segment({"Left": boxed(LEFT), "Right": boxed(RIGHT)}, "--allow-overlap", "--json")
    assert [each["mask_voxels"] for each in result.json()["segments"]] == [560, 480]
    image = sitk.ReadImage(str(tmp_path / "out.seg.nrrd"))
    assert image.GetNumberOfComponentsPerPixel() == 2
    assert [image.GetMetaData(f"Segment{n}_Layer") for n in (0, 1)] == ["0", "1"]
    layers = sitk.GetArrayFromImage(image)
    assert [(layers[..., n] == n + 1).sum() for n in (0, 1)] == [560, 480]


def test_a_label_map_cannot_hold_overlap(segment, tmp_path):
    result = segment({"Left": boxed(LEFT), "Right": boxed(RIGHT)}, "--allow-overlap", "--json", out="out.nii.gz")
    assert (result.status, result.json()["error"]["code"]) == (2, "overlap_in_labelmap")
    assert not (tmp_path / "out.nii.gz").exists()
    assert segment({"Left": boxed(LEFT), "Right": boxed(RIGHT)}, out="out.nii.gz").status == 0
    assert set(np.unique(sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "out.nii.gz"))))) == {0, 1, 2}


def test_each_object_has_its_summary_and_rows(segment, tmp_path):
    result = segment({"Left": boxed(LEFT), "Right": boxed(RIGHT, 6)}, "--range", "4:7", "--json", "--csv")
    summary = result.json()
    assert [(each["name"], each["slices"], each["first_slice"]) for each in summary["segments"]] == [
        ("Left", 4, 4),
        ("Right", 4, 4),
    ]
    assert [[row["slice"] for row in each["per_slice"]] for each in summary["segments"]] == [[4, 5, 6, 7]] * 2
    assert {"mask_voxels", "per_slice"}.isdisjoint(summary)
    with (tmp_path / "out.slices.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["segment"] for row in rows] == ["Left"] * 4 + ["Right"] * 4


def test_only_the_boxed_slices_can_be_segmented(segment, tmp_path):
    result = segment({"Left": boxed(LEFT), "Right": boxed(RIGHT, 6)}, "--slice-only", "--json")
    assert [(each["slices"], each["mask_voxels"]) for each in result.json()["segments"]] == [(1, 70), (1, 60)]


def test_an_empty_box_is_told_with_the_objects_name(segment):
    result = segment({"Left": boxed(LEFT), "Nothing": boxed([25, 25, 30, 30])})
    assert "Nothing was found in the box of Nothing on slice 5." in result.err


def test_one_object_has_its_name_and_the_usual_summary(segment, tmp_path):
    summary = segment({"Left": boxed(LEFT)}, "--json").json()
    assert summary["mask_voxels"] == 560
    assert "segments" not in summary
    assert sitk.ReadImage(str(tmp_path / "out.seg.nrrd")).GetMetaData("Segment0_Name") == "Left"


def test_a_name_is_for_one_object_without_one(segment):
    result = segment({"Left": boxed(LEFT)}, "--name", "Other", "--json")
    assert (result.status, result.json()["error"]["code"]) == (2, "usage")
