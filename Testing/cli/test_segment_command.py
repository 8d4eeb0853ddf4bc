"""`medsamseg segment`, with a network that finds what is bright in the box: what it does, every way to be wrong."""

import csv
import json
import math
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from phantom_writing import enhanced, save, slice_position

from medsamseg_server.cli import engine_options, segment_scan
from medsamseg_server.engine.engine import Engine
from medsamseg_server.engine.prompts import Prompt

sys.path.append(str(Path(__file__).parents[1] / "server"))
from server_fakes import FAKE_SHA256, FakePredictor

SPACING = (2.0, 1.5, 3.0)
#: 0 to 255 unchanged, so that the network sees the voxels' values.
WINDOW = ["--window", "255,127.5"]
BOX = ["--box", "7,9,18,20", "--slice", "5"]


def rod():
    """Dark, with a bright bar on slices 2 to 9 of 12, rows 10 to 19, columns 8 to 17."""
    volume = np.zeros((12, 32, 40), np.uint8)
    volume[2:10, 10:20, 8:18] = 200
    return volume


@pytest.fixture
def networks(store, monkeypatch):
    """Says that LiteMedSAM is installed, and puts the fake network in its place; lists the models that were loaded."""
    store.folder.mkdir(parents=True)
    store.final_path("litemedsam").write_bytes(b"the fake network needs none")
    loaded = []

    def load(specification, weights, device):
        loaded.append(specification.name)
        return FakePredictor(specification)

    monkeypatch.setattr(
        engine_options, "make_engine", lambda args, store: Engine(store, device=args.device, load_predictor=load)
    )
    return loaded


@pytest.fixture
def image_file(tmp_path):
    return write_image(tmp_path / "scan.nrrd", rod())


def write_image(path, array):
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(SPACING)
    sitk.WriteImage(image, str(path))
    return path


def read_mask(path):
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path)))


def test_a_box_becomes_the_object_through_the_volume(run, networks, image_file, tmp_path):
    out = tmp_path / "out.seg.nrrd"
    result = run("segment", image_file, *BOX, *WINDOW, "--name", "Tumour", "-o", out)
    assert result.status == 0
    np.testing.assert_array_equal(read_mask(out), rod() // 200)
    assert result.out.splitlines() == [
        "Tumour: 800 voxels, 7.20 ml on 8 slices (2 to 9), longest diameter 24.1 mm × 18.1 mm on slice 2",
        "  backward: Stopped after slice 2: nothing was found on the next slice.",
        "  forward: Stopped after slice 9: nothing was found on the next slice.",
        "  Window 255,127.5 (0 to 255)",
        *[line for line in result.out.splitlines() if line.startswith("  litemedsam on cpu: ")],
        f"Written: {out}",
    ]
    assert result.err == ""


def test_json_is_one_line_with_everything(run, networks, image_file, tmp_path):
    out = tmp_path / "out.nii.gz"
    result = run("segment", image_file, *BOX, *WINDOW, "--range", "4:6", "-o", out, "--json")
    assert (result.status, len(result.out.splitlines()), result.err) == (0, 1, "")
    summary = result.json()
    for step in ("loading", "encoding", "decoding"):
        assert summary.pop(f"seconds_{step}") >= 0
    assert [(row["slice"], row["provenance"], row["direction"]) for row in summary["per_slice"]] == [
        (4, "propagated", "backward"),
        (5, "box", "prompt"),
        (6, "propagated", "forward"),
    ]
    for row in summary.pop("per_slice"):
        # The object fills 100 of the 144 pixels of the box.
        assert 0.65 < row["confidence"] <= 1
        assert "jitter" in row["confidence_parts"]
        assert (row["voxels"], row["score"]) == (100, 0.75)
    measured = summary.pop("measurements")
    assert (measured["volume_ml"], measured["slices"], measured["extent_mm"]) == (2.7, 3, 9)
    assert measured["intensities"] == {"mean": 200, "sd": 0, "minimum": 200, "maximum": 200}
    longest = measured["diameters"]["longest"]
    # From the left side of the first voxel to the right side of the last one.
    assert (longest["mm"], longest["voxels"]) == (pytest.approx(math.hypot(20, 13.5)), [[7.5, 10, 4], [17.5, 19, 4]])
    assert longest["ras"] == [[-15, -15, 12], [-35, -28.5, 12]]
    assert summary == {
        "slices_total": 12,
        "output": str(out),
        "mask_voxels": 300,
        "volume_ml": 2.7,
        "slices": 3,
        "first_slice": 4,
        "last_slice": 6,
        "stopped": [
            {
                "direction": way,
                "slice": index,
                "reason": "range",
                "message": f"Stopped at slice {index}, the end of the range.",
            }
            for way, index in (("backward", 4), ("forward", 6))
        ],
        "model": "litemedsam",
        "weights_sha256": FAKE_SHA256,
        "device": "cpu",
        "window": {"name": "255,127.5", "lower": 0.0, "upper": 255.0},
        "warnings": [],
    }


def test_csv_beside_the_segmentation_has_a_row_a_slice(run, networks, image_file, tmp_path):
    result = run("segment", image_file, *BOX, *WINDOW, "--range", "4:6", "-o", tmp_path / "out.seg.nrrd", "--csv")
    assert result.out.splitlines()[-1] == f"Written: {tmp_path / 'out.seg.nrrd'}, and the tables of slices and segments"
    with (tmp_path / "out.slices.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["slice"] for row in rows] == ["4", "5", "6"]
    assert [row["provenance"] for row in rows] == ["propagated", "box", "propagated"]
    assert [rows[1][name] for name in ("x0", "y0", "x1", "y1")] == ["7.0", "9.0", "18.0", "20.0"]
    assert (rows[0]["confidence_box"], rows[1]["confidence_neighbors"]) == ("", "")
    assert float(rows[0]["confidence_intensity"]) > 0.9


def test_csv_beside_the_segmentation_has_a_row_a_segment(run, networks, image_file, tmp_path):
    run("segment", image_file, *BOX, *WINDOW, "--range", "4:6", "-o", tmp_path / "out.seg.nrrd", "--csv")
    with (tmp_path / "out.segments.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert (row["segment"], row["volume_ml"], row["slices"], row["extent_mm"], row["slice"]) == (
        "Segment",
        "2.7",
        "3",
        "9.0",
        "4",
    )
    assert float(row["longest_mm"]) == pytest.approx(math.hypot(20, 13.5))
    assert (row["mean"], row["sd"], row["min"], row["max"]) == ("200.0", "0.0", "200.0", "200.0")


def test_sizes_are_told_with_the_range_of_the_masks_that_voted(run, networks, image_file, tmp_path):
    # The box leaves out a row and a column of the object, which the largest margin brings in.
    inside = ("--slice", "5", "--box", "8,10,16.4,18.4", "--range", "5:5", *WINDOW)
    out = tmp_path / "out.seg.nrrd"
    result = run("segment", image_file, *inside, "-o", out, "--csv")
    sizes = "0.73 ml (0.73–0.90) on slice 5, longest diameter 21.6 mm (21.6–24.1) × 16.2 mm (16.2–18.1) on"
    assert sizes in result.out
    with (tmp_path / "out.segments.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert (row["volume_ml_low"], row["volume_ml_high"]) == ("0.729", "0.9")
    measured = run("segment", image_file, *inside, "-o", out, "--force", "--json").json()["measurements"]
    assert measured["ranges"]["volume_ml"] == [0.729, 0.9]
    assert measured["ranges"]["longest_mm"][0] == pytest.approx(float(row["longest_mm_low"]))
    assert len(measured["ranges"]["perpendicular_mm"]) == 2


def test_the_published_recipe_can_be_chosen(run, networks, image_file, tmp_path):
    out = tmp_path / "out.nrrd"
    rows = run("segment", image_file, *BOX, *WINDOW, "-o", out, "--method", "reference", "--json").json()["per_slice"]
    assert {row["confidence"] for row in rows} == {None}
    code = run("segment", image_file, *BOX, "-o", out, "--force", "--method", "magic", "--json").json()["error"]["code"]
    assert code == "method_unknown"


def test_quiet_prints_nothing(run, networks, image_file, tmp_path):
    result = run("segment", image_file, *BOX, *WINDOW, "-o", tmp_path / "out.nrrd", "--quiet")
    assert (result.status, result.out, result.err) == (0, "", "")


def test_progress_is_shown_to_a_terminal(run, networks, image_file, tmp_path, monkeypatch):
    for module in (segment_scan, engine_options):
        monkeypatch.setattr(module, "shows_progress", lambda args: True)
    shown = run("segment", image_file, *BOX, *WINDOW, "-o", tmp_path / "out.nrrd").err
    assert "slice/s" in shown
    # Gone again once the network is there.
    waiting = shown.split("\r")[0]
    assert waiting.startswith("Loading the network; the first time")
    assert shown.split("\r")[1] == " " * len(waiting)


@pytest.mark.parametrize(
    ("limits", "slices"), [("4:6", [4, 5, 6]), ("5:5", [5]), ("4:", range(4, 10)), (":6", range(2, 7))]
)
def test_a_range_is_kept_exactly(run, networks, image_file, tmp_path, limits, slices):
    run("segment", image_file, *BOX, *WINDOW, "--range", limits, "-o", tmp_path / "out.nrrd")
    assert list(np.flatnonzero(read_mask(tmp_path / "out.nrrd").any(axis=(1, 2)))) == list(slices)


def test_only_the_slices_with_a_box_can_be_segmented(run, networks, image_file, tmp_path):
    result = run("segment", image_file, *BOX, *WINDOW, "--slice-only", "-o", tmp_path / "out.nrrd")
    line = "Segment: 100 voxels, 0.90 ml on slice 5, longest diameter 24.1 mm × 18.1 mm on slice 5"
    assert result.out.splitlines()[0] == line
    assert list(np.flatnonzero(read_mask(tmp_path / "out.nrrd").any(axis=(1, 2)))) == [5]


@pytest.mark.parametrize(
    ("axis", "index", "box"),
    [(0, 5, "7,9,18,20"), (1, 15, "7,1,18,10"), (2, 12, "9,1,20,10")],
    ids=["x=I y=J", "x=I y=K", "x=J y=K"],
)
def test_boxes_are_in_plane_along_every_axis(run, networks, image_file, tmp_path, axis, index, box):
    out = tmp_path / "out.nrrd"
    result = run("segment", image_file, "--axis", axis, "--slice", index, "--box", box, *WINDOW, "-o", out)
    assert result.status == 0
    np.testing.assert_array_equal(read_mask(out), rod() // 200)


def write_prompts(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_boxes_on_several_slices_come_from_a_file(run, networks, image_file, tmp_path):
    prompts = write_prompts(
        tmp_path / "boxes.json",
        {"prompts": [{"slice": 3, "box": [7, 9, 18, 20]}, {"slice": 8, "box": [7.5, 9, 12, 20]}]},
    )
    run("segment", image_file, "--prompts", prompts, *WINDOW, "--slice-only", "-o", tmp_path / "out.nrrd")
    expected = np.zeros_like(rod())
    expected[3, 10:20, 8:18] = 1
    expected[8, 10:20, 8:13] = 1
    np.testing.assert_array_equal(read_mask(tmp_path / "out.nrrd"), expected)


def test_the_axis_comes_from_the_prompts_file(run, networks, image_file, tmp_path):
    prompts = write_prompts(tmp_path / "boxes.json", {"axis": 2, "prompts": [{"slice": 12, "box": [9, 1, 20, 10]}]})
    run("segment", image_file, "--prompts", prompts, *WINDOW, "-o", tmp_path / "out.nrrd")
    np.testing.assert_array_equal(read_mask(tmp_path / "out.nrrd"), rod() // 200)


def test_a_prompts_file_from_windows_editors_is_read(run, networks, image_file, tmp_path):
    prompts = tmp_path / "boxes.json"
    prompts.write_text(json.dumps({"prompts": [{"slice": 3, "box": [7, 9, 18, 20]}]}), encoding="utf-8-sig")
    result = run("segment", image_file, "--prompts", prompts, *WINDOW, "--slice-only", "-o", tmp_path / "out.nrrd")
    assert result.status == 0


def test_nothing_found_is_a_warning_and_an_empty_file(run, networks, image_file, tmp_path):
    result = run("segment", image_file, "--box", "25,25,30,30", "--slice", 5, *WINDOW, "-o", tmp_path / "out.nrrd")
    assert result.status == 0
    assert "Warning: Nothing was found in the box on slice 5." in result.err
    assert result.out.startswith("Segment: 0 voxels, 0.00 ml\n")
    assert read_mask(tmp_path / "out.nrrd").sum() == 0


@pytest.mark.parametrize("more", [(), ("--slice-only",)])
def test_a_mask_that_is_likely_to_be_wrong_is_a_warning(run, networks, image_file, tmp_path, more):
    """The bar is a ninth of this box; in a closer one it is not doubted."""
    loose = ["--box", "4,4,38,28", "--slice", "5", *WINDOW, *more]
    result = run("segment", image_file, *loose, "-o", tmp_path / "loose.nrrd")
    doubt = "The mask on slice 5 is uncertain: it leaves much of the box empty. "
    assert result.err == f"medsamseg: Warning: {doubt}Draw the box tighter, or add a point or a box on another slice.\n"
    assert run("segment", image_file, *BOX, *WINDOW, *more, "-o", tmp_path / "close.nrrd").err == ""


def test_what_was_changed_in_the_image_is_told(run, networks, tmp_path):
    array = rod().astype(np.float32)
    array[0, 0, 0] = np.nan
    path = write_image(tmp_path / "scan.nrrd", array)
    result = run("segment", path, *BOX, *WINDOW, "-o", tmp_path / "out.nrrd", "--json")
    assert "Replaced 1 voxels that were not a number" in result.err
    assert len(result.json()["warnings"]) == 1


def test_an_existing_file_is_replaced_only_when_asked(run, networks, image_file, tmp_path):
    out = tmp_path / "out.nrrd"
    out.write_text("precious")
    result = run("segment", image_file, *BOX, *WINDOW, "-o", out)
    assert (result.status, "--force" in result.err, networks) == (6, True, [])
    assert out.read_text() == "precious"
    assert run("segment", image_file, *BOX, *WINDOW, "-o", out, "--force").status == 0
    assert read_mask(out).sum() == 800


def test_the_image_itself_is_never_replaced(run, networks, image_file):
    before = image_file.read_bytes()
    result = run("segment", image_file, *BOX, *WINDOW, "-o", image_file, "--force")
    assert (result.status, "is the image itself" in result.err) == (2, True)
    assert image_file.read_bytes() == before


@pytest.fixture
def refused(run, networks, tmp_path):
    """Runs a command that must fail before any network is loaded and leave no file; returns status and error text."""

    def run_refused(*arguments):
        files = sorted(tmp_path.rglob("*"))
        arguments = [str(argument) for argument in arguments]
        if "-o" not in arguments:
            arguments += ["-o", str(tmp_path / "out.nrrd")]
        result = run("segment", *arguments)
        assert networks == []
        assert sorted(tmp_path.rglob("*")) == files
        assert result.out == ""
        assert "Traceback" not in result.err
        assert result.err.startswith("medsamseg: ")
        code = run("segment", *arguments, "--json").json()["error"]["code"]
        return result.status, code, result.err

    return run_refused


def test_no_such_file(refused, tmp_path):
    status, code, text = refused(tmp_path / "none.nrrd", *BOX)
    assert (status, code) == (3, "image_missing")
    assert f"There is no file or folder {tmp_path / 'none.nrrd'}." in text


def test_a_file_that_cannot_be_read(refused, tmp_path):
    (tmp_path / "scan.nrrd").write_text("not an image")
    assert refused(tmp_path / "scan.nrrd", *BOX)[:2] == (4, "image_unreadable")


def test_a_volume_over_time(refused, tmp_path):
    image = sitk.JoinSeries([sitk.GetImageFromArray(rod())] * 2)
    sitk.WriteImage(image, str(tmp_path / "scan.nrrd"))
    assert refused(tmp_path / "scan.nrrd", *BOX)[:2] == (2, "image_not_3d")


def test_a_volume_of_vectors(refused, tmp_path):
    image = sitk.Compose([sitk.GetImageFromArray(rod().astype(np.int16))] * 3)
    sitk.WriteImage(image, str(tmp_path / "scan.nrrd"))
    assert refused(tmp_path / "scan.nrrd", *BOX)[:2] == (2, "image_components")


@pytest.mark.parametrize(
    ("box", "code"),
    [
        ("7,9,60,20", "box_outside_image"),
        ("-3,9,18,20", "box_outside_image"),
        ("7,9,18,31.6", "box_outside_image"),
        ("18,9,7,20", "box_reversed"),
        ("7,20,18,9", "box_reversed"),
        ("7,9,7,20", "box_empty"),
        ("7,9,nan,20", "box_not_finite"),
        ("7,9,18", "box_malformed"),
        ("7,9,18,20,21", "box_malformed"),
        ("7 9 18 20", "box_malformed"),
        ("7,9,x,20", "box_malformed"),
        ("", "box_malformed"),
    ],
)
def test_boxes_that_are_none(refused, image_file, box, code):
    status, found, text = refused(image_file, "--box", box, "--slice", 5)
    assert (status, found) == (2, code)
    assert "box" in text


@pytest.mark.parametrize(("axis", "index", "last"), [(0, 12, 11), (0, -1, 11), (1, 32, 31), (2, 40, 39)])
def test_a_slice_outside_the_volume(refused, image_file, axis, index, last):
    status, code, text = refused(image_file, "--box", "1,1,5,5", "--axis", axis, "--slice", index)
    assert (status, code) == (2, "slice_out_of_range")
    assert f"0 to {last}" in text


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ("3", "range_malformed"),
        ("a:b", "range_malformed"),
        ("3-7", "range_malformed"),
        ("1.5:3", "range_malformed"),
        ("7:3", "range_reversed"),
        ("0:12", "range_outside_volume"),
        ("-1:8", "range_outside_volume"),
        ("6:8", "prompt_outside_range"),
    ],
)
def test_ranges_that_are_none(refused, image_file, limits, code):
    assert refused(image_file, *BOX, "--range", limits)[:2] == (2, code)


@pytest.mark.parametrize("window", ["long", "1500", "0,40", "a,b", "-5,3", ""])
def test_a_window_that_is_none(refused, image_file, window):
    status, code, text = refused(image_file, *BOX, "--window", window)
    assert (status, code) == (2, "window_invalid")
    assert "lung" in text


def test_a_model_that_there_is_not(refused, image_file):
    status, code, text = refused(image_file, *BOX, "--model", "medsma")
    assert (status, code) == (3, "model_unknown")
    assert "litemedsam, medsam, mobilesam, sam" in text


def test_a_model_that_is_not_installed(refused, image_file):
    status, code, text = refused(image_file, *BOX, "--model", "medsam")
    assert (status, code) == (5, "model_missing")
    assert "medsamseg models download medsam" in text


def test_a_missing_model_is_told_before_the_scan_is_read(refused, tmp_path):
    assert refused(tmp_path / "none.nrrd", *BOX, "--model", "medsam")[1] == "model_missing"


@pytest.mark.parametrize("arguments", [["--box", "7,9,18,20"], ["--slice", "5"], []])
def test_without_a_whole_prompt(refused, image_file, arguments):
    status, code, text = refused(image_file, *arguments)
    assert (status, code) == (2, "usage")
    assert "is missing" in text


@pytest.mark.parametrize("name", ["", "  ", "two\nlines"])
def test_a_name_that_is_none(refused, image_file, name):
    assert refused(image_file, *BOX, "--name", name)[:2] == (2, "name_invalid")


def test_a_series_of_a_file(refused, image_file):
    assert refused(image_file, *BOX, "--series", "1.2")[:2] == (2, "series_needless")


@pytest.mark.parametrize(
    ("out", "status", "code"),
    [
        ("out.jpg", 2, "output_suffix"),
        ("out", 2, "output_suffix"),
        ("none/out.nrrd", 6, "folder_missing"),
        ("scan.nrrd/out.nrrd", 6, "folder_missing"),
        ("/proc/self/out.nrrd", 6, None),
    ],
)
def test_an_output_that_cannot_be_written_is_told_before_anything_is_computed(
    refused, image_file, tmp_path, out, status, code
):
    found_status, found_code, _ = refused(image_file, *BOX, "-o", tmp_path / out)
    assert found_status == status
    assert code in (None, found_code)


def test_a_disk_that_fills_up_while_writing(run, networks, image_file, tmp_path, monkeypatch):
    def fill_the_disk(image, name, **_):
        Path(name).write_bytes(b"half")
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(sitk, "WriteImage", fill_the_disk)
    result = run("segment", image_file, *BOX, *WINDOW, "-o", tmp_path / "out.nrrd")
    assert (result.status, f"The disk of the folder {tmp_path} is full." in result.err) == (6, True)
    assert not (tmp_path / "out.nrrd").exists()


def test_ctrl_c_leaves_no_file(run, networks, image_file, tmp_path, monkeypatch):
    def interrupt(self, prepared):
        raise KeyboardInterrupt

    monkeypatch.setattr(FakePredictor, "encode_prepared", interrupt)
    result = run("segment", image_file, *BOX, *WINDOW, "-o", tmp_path / "out.nrrd")
    assert (result.status, result.err) == (130, "medsamseg: Stopped.\n")
    assert not (tmp_path / "out.nrrd").exists()


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("{", "line 1, column 2"),
        ([], "the start"),
        ({}, "the start: 'prompts' is missing"),
        ({"prompts": []}, "prompts: a list with at least one entry"),
        ({"prompts": [], "axes": 1}, "the start: 'axes' is not known"),
        ({"axis": 3, "prompts": []}, "axis: 3 is not 0, 1 or 2"),
        ({"axis": True, "prompts": []}, "axis: true is not 0, 1 or 2"),
        ({"prompts": [3]}, "prompts[0]: {"),
        ({"prompts": [{"slice": 3}]}, "prompts[0]: 'box' is missing"),
        ({"objects": []}, "objects: a list with at least one entry"),
        ({"objects": [{"name": "A", "prompts": []}]}, "objects[0].prompts: a list with at least one entry"),
        ({"objects": [{"prompts": []}]}, "objects[0]: 'name' is missing"),
        ({"objects": [{"name": " ", "prompts": []}]}, 'objects[0].name: " " is no name'),
        ({"objects": [{"name": "A", "prompts": [{"slice": 3, "box": 4}]}]}, "objects[0].prompts[0].box: a list"),
        (
            {"objects": [{"name": "A", "prompts": [{"slice": 3, "box": [1, 2, 3, 4]}]}] * 2},
            "objects[1].name: there is a 'A'",
        ),
        ({"objects": [], "prompts": []}, "the start: 'prompts' is not known"),
        ({"prompts": [{"slice": 3, "box": [1, 2, 3, 4], "note": ""}]}, "prompts[0]: 'note' is not known"),
        ({"prompts": [{"slice": "3", "box": [1, 2, 3, 4]}]}, 'prompts[0].slice: "3" is not a whole number'),
        ({"prompts": [{"slice": 3, "box": [1, 2, 3]}]}, "prompts[0].box: a list of four numbers"),
        ({"prompts": [{"slice": 3, "box": [1, 2, None, 4]}]}, "prompts[0].box[2]: null is not a number"),
        (
            {"prompts": [{"slice": 3, "box": [1, 2, 3, 4]}, {"slice": 3, "box": [1, 2, 3, 4]}]},
            "prompts[1].slice: slice 3 has a prompt already",
        ),
    ],
)
def test_a_wrong_prompts_file_is_told_with_the_place(refused, image_file, tmp_path, content, place):
    path = write_prompts(tmp_path / "boxes.json", content)
    status, code, text = refused(image_file, "--prompts", path)
    assert (status, code) == (2, "prompts_malformed")
    assert f"{path} is wrong at {place}" in text


def test_a_stack_of_pictures_gives_voxels_and_no_milliliters(run, networks, tmp_path):
    path = tmp_path / "scan.tif"
    sitk.WriteImage(sitk.GetImageFromArray(rod()), str(path))
    result = run("segment", path, *BOX, *WINDOW, "-o", tmp_path / "out.nrrd")
    assert result.status == 0
    assert result.out.splitlines()[0] == "Segment: 800 voxels on 8 slices (2 to 9)"
    assert "does not say how large its voxels are" in result.err
    summary = run("segment", path, *BOX, *WINDOW, "-o", tmp_path / "out.nrrd", "--force", "--json").json()
    assert (summary["mask_voxels"], summary["volume_ml"], summary["measurements"]) == (800, None, None)


def test_another_unit_than_millimeters_gives_no_diameters(run, networks, tmp_path):
    path = tmp_path / "scan.nrrd"
    sitk.WriteImage(sitk.GetImageFromArray(rod()), str(path))
    header, _, voxels = path.read_bytes().partition(b"\n\n")
    path.write_bytes(header + b'\nspace units: "um" "um" "um"\n\n' + voxels)
    summary = run("segment", path, *BOX, *WINDOW, "-o", tmp_path / "out.nrrd", "--json").json()
    assert (summary["volume_ml"], summary["measurements"]) == (pytest.approx(800e-12), None)


def test_milliliters_of_slanted_and_of_tiny_voxels_are_exact(run, networks, tmp_path):
    image = sitk.GetImageFromArray(rod())
    image.SetSpacing((1e-3, 2e-3, 3e-3))
    image.SetDirection((1, 0, 0, 0, 1, 0.6, 0, 0, 0.8))
    sitk.WriteImage(image, str(tmp_path / "scan.nrrd"))
    result = run("segment", tmp_path / "scan.nrrd", *BOX, *WINDOW, "-o", tmp_path / "out.nii.gz", "--json").json()
    assert result["volume_ml"] == pytest.approx(800 * 6e-9 * 0.8 / 1000, rel=1e-6)
    assert "36.9° off a right angle, which out.nii.gz keeps in its sform" in result["warnings"][0]


DIGITS = "9" * 5000


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[" * 100_000, "its brackets: they are nested too deeply"),
        ('{"prompts": ' + '{"a":' * 100_000, "its brackets: they are nested too deeply"),
        (f'{{"prompts": [{{"slice": {DIGITS}, "box": [1, 2, 3, 4]}}]}}', "a number: it has thousands of digits"),
        (f'{{"prompts": [{{"slice": {DIGITS[:400]}, "box": [1, 2, 3, 4]}}]}}', "prompts[0].slice: 99999999"),
        (f'{{"prompts": [{{"slice": 3, "box": [1, 2, 3, {DIGITS[:400]}]}}]}}', "prompts[0].box[3]: 99999999"),
        (f'{{"axis": {"[" * 500}{"]" * 500}, "prompts": []}}', "axis: [[[[[[[["),
        (f'{{"{DIGITS}": 1, "prompts": []}}', "the start: '99999999"),
    ],
)
def test_a_senseless_prompts_file_is_told_in_a_sentence(refused, image_file, tmp_path, text, place):
    path = tmp_path / "boxes.json"
    path.write_text(text)
    status, code, told = refused(image_file, "--prompts", path)
    assert (status, code) == (2, "prompts_malformed")
    assert f"{path} is wrong at {place}" in told
    assert len(told) < 700


@pytest.mark.parametrize("text", [f"{DIGITS}:", f":{DIGITS}", f"-{DIGITS}:5", "٣:٤", DIGITS])
def test_a_senseless_range_is_told_in_a_sentence(refused, image_file, text):
    status, code, told = refused(image_file, *BOX, f"--range={text}")
    assert (status, code, len(told) < 400) == (2, "range_malformed", True)


def test_a_wrong_box_in_a_prompts_file_is_told_before_anything_is_computed(refused, image_file, tmp_path):
    boxes = [{"slice": 3, "box": [7, 9, 18, 20]}, {"slice": 8, "box": [7, 9, 99, 20]}]
    status, code, text = refused(image_file, "--prompts", write_prompts(tmp_path / "boxes.json", {"prompts": boxes}))
    assert (status, code, "7, 9, 99, 20" in text) == (2, "box_outside_image", True)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_prompts_file_that_cannot_be_read(refused, image_file, tmp_path, content):
    path = tmp_path / "boxes.json"
    if content is not None:
        path.write_bytes(content)
    status, code, text = refused(image_file, "--prompts", path)
    expected = (3, "prompts_missing") if content is None else (4, "prompts_unreadable")
    assert ((status, code), str(path) in text) == (expected, True)


@pytest.mark.parametrize("option", [["--box", "1,2,3,4"], ["--slice", "3"], ["--axis", "0"]])
def test_prompts_come_from_one_place(refused, image_file, tmp_path, option):
    path = write_prompts(tmp_path / "boxes.json", {"prompts": [{"slice": 3, "box": [1, 2, 3, 4]}]})
    status, code, text = refused(image_file, "--prompts", path, *option)
    assert (status, code) == (2, "usage")
    assert f"{option[0]} cannot go with --prompts" in text


def test_help_explains_boxes_prompts_files_and_windows(run):
    result = run("segment", "--help")
    assert result.status == 0
    for expected in (
        "examples:",
        '"prompts": [',
        "percentile",
        "--axis   --slice is   x is   y is",
        "not a medical device",
    ):
        assert expected in result.out


def test_the_example_prompts_file_in_the_help_is_right(run, networks, tmp_path):
    from medsamseg_server.cli.prompt_arguments import FILE_EXAMPLE, OBJECTS_EXAMPLE, read_prompts

    read = read_prompts(write_prompts(tmp_path / "boxes.json", FILE_EXAMPLE))
    assert (read.axis, read.terms) == (0, {})
    assert read.objects == {None: {24: Prompt((54, 160, 101, 204)), 30: Prompt((60, 165, 95, 200))}}
    read = read_prompts(write_prompts(tmp_path / "boxes.json", OBJECTS_EXAMPLE))
    assert (read.axis, list(read.objects)) == (0, ["Liver", "Tumor"])
    assert read.terms == {"Tumor": ("Neoplasm", "Liver")}
    assert read.objects["Tumor"] == {24: Prompt((54, 160, 101, 204))}


@pytest.fixture
def scrambled(tmp_path):
    """The rod as an enhanced DICOM file, whose frames are stored in threes; returns the file and each frame's slice."""
    order = [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]
    values = rod().astype(np.int16)[order]
    return save(enhanced(values, [slice_position(k) for k in order]), tmp_path / "dicom/scan"), order


def test_a_slice_of_scrambled_frames_is_asked_about(refused, scrambled):
    path, order = scrambled
    index = order.index(5)
    status, code, message = refused(path, "--box", "7,9,18,20", "--slice", index)
    assert (status, code) == (2, "slice_order_ambiguous")
    assert f"scan does not store its frames in the order of space: frame {index} of the file is slice 5" in message
    assert "--slice-order space, or --slice-order file" in message


@pytest.mark.parametrize("order", ["space", "file"])
def test_a_slice_of_scrambled_frames_is_counted_as_said(run, networks, scrambled, tmp_path, order):
    path, frames = scrambled
    index = 5 if order == "space" else frames.index(5)
    arguments = ("--box", "7,9,18,20", "--slice", index, "--slice-order", order, "--slice-only", *WINDOW)
    assert run("segment", path, *arguments, "-o", tmp_path / "out.nrrd").status == 0
    mask = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "out.nrrd")))
    assert np.flatnonzero(mask.any(axis=(1, 2))).tolist() == [5]


def test_a_frame_that_a_volume_does_not_have_is_told(refused, scrambled):
    path, _ = scrambled
    status, code, message = refused(path, "--box", "7,9,18,20", "--slice", "12", "--slice-order", "file")
    assert (status, code) == (2, "slice_outside")
    assert "no frame 12 of scan; it has the frames 0 to 11" in message


def test_a_slice_that_both_orders_count_alike_is_not_asked_about(run, networks, scrambled, tmp_path):
    path, order = scrambled
    assert order.index(0) == 0
    result = run("segment", path, "--box", "7,9,18,20", "--slice", 0, *WINDOW, "-o", tmp_path / "out.nrrd")
    assert result.status == 0
