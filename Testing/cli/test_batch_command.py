"""`medsamseg batch`: many cases in one run, whatever happens to one of them."""

import csv
import json
import re
import types
from html.parser import HTMLParser
from pathlib import Path

import fsspec
import numpy as np
import pytest
import SimpleITK as sitk
from batch_fakes import BROKEN, DEADLY, INTERRUPTED, fake_engine
from highdicom.seg import segread
from phantom_writing import SPACING, base, item, save, slice_position, write_slices
from pydicom.dataset import Dataset
from test_dicom_output import whole

from medsamseg_server.cli import engine_options
from medsamseg_server.cli.batch_report import table_lines
from medsamseg_server.image_io.label_reading import read_labels
from medsamseg_server.image_io.reading import read_image

BOX = "8,10,17,19"
ROW = {"box": BOX, "slice": "4", "window": "255,127.5"}


@pytest.fixture
def scan(tmp_path):
    """Called with a name, writes a scan with a bar of 10 × 10 × 6 voxels of a gray level."""

    def write_scan(name, level=200):
        volume = np.zeros((8, 32, 40), np.uint8)
        volume[1:7, 10:20, 8:18] = level
        image = sitk.GetImageFromArray(volume)
        image.SetSpacing((1.0, 1.0, 2.0))
        (tmp_path / name).parent.mkdir(exist_ok=True)
        sitk.WriteImage(image, str(tmp_path / name))
        return name

    return write_scan


@pytest.fixture
def batch(run, store, monkeypatch, tmp_path):
    """Called with rows and options, segments these cases into `out` with the fake network."""
    store.folder.mkdir(parents=True)
    store.final_path("litemedsam").write_bytes(b"the fake network needs none")
    monkeypatch.setattr(engine_options, "make_engine", fake_engine)

    def run_batch(rows, *options):
        table = tmp_path / "cases.csv"
        columns = list(dict.fromkeys(column for row in rows for column in row))
        with table.open("w", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
        return run("batch", table, "-o", tmp_path / "out", *options)

    return run_batch


def states(result):
    return {case["case"]: case["state"] for case in result.json()["cases"]}


def test_encoded_slices_are_kept_where_that_is_asked_for(batch, scan, tmp_path):
    store = fsspec.filesystem("memory")
    rows = [{"image": scan("a.nrrd"), **ROW}]
    assert batch(rows).status == 0
    assert batch(rows, "--force", "--cache", f"memory://{tmp_path.name}").status == 0
    kept = store.find(tmp_path.name)
    assert kept and all(each.endswith(".embedding") for each in kept)
    written = store.created(kept[0])
    assert batch(rows, "--force", "--cache", f"memory://{tmp_path.name}").status == 0
    assert store.created(kept[0]) == written


def table(tmp_path):
    with (tmp_path / "out" / "cases.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_case_is_segmented_measured_and_told(batch, scan, tmp_path):
    result = batch([ROW | {"image": scan("a.nrrd"), "name": "Node"}, ROW | {"image": scan("b.nii.gz")}])
    assert (result.status, result.err) == (0, "")
    assert "2 cases: 2 done" in result.out
    first, second = table(tmp_path)
    assert (first["case"], first["state"], first["segment"], second["segment"]) == ("a", "done", "Node", "Segment")
    # 600 voxels of 2 mm³ each; the square's diagonal, from the middle of one outer face to another's.
    assert float(first["volume_ml"]) == pytest.approx(1.2)
    assert float(first["longest_mm"]) == pytest.approx((9**2 + 10**2) ** 0.5)
    assert 0 < float(first["confidence"]) <= 1
    assert (first["slices"], first["error"], first["words"]) == ("6", "", "")
    for name in ("a.seg.nrrd", "b.seg.nrrd"):
        mask = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "out" / name)))
        assert mask[1:7, 10:20, 8:18].all() and mask.sum() == 600


def test_the_same_command_skips_what_is_as_before(batch, scan, tmp_path):
    rows = [ROW | {"image": scan(f"{name}.nrrd")} for name in "abc"]
    assert set(states(batch(rows, "--json")).values()) == {"done"}
    before = (tmp_path / "out" / "a.seg.nrrd").stat().st_mtime_ns
    again = batch(rows, "--json")
    assert (again.status, states(again)) == (0, {"a": "kept", "b": "kept", "c": "kept"})
    assert (tmp_path / "out" / "a.seg.nrrd").stat().st_mtime_ns == before
    assert [row["state"] for row in table(tmp_path)] == ["kept"] * 3
    # Another box, another scan, an output that is gone, an unreadable record.
    rows[0]["box"] = "9,11,16,18"
    scan("b.nrrd", 210)
    (tmp_path / "out" / "c.seg.nrrd").unlink()
    assert states(batch(rows, "--json")) == {"a": "done", "b": "done", "c": "done"}
    (tmp_path / "out" / "records" / "c.json").write_text("{")
    torn = batch(rows, "--json")
    assert torn.json()["cases"][2]["error"]["code"] == "output_exists"
    assert states(batch(rows, "--force", "--json")) == {"a": "done", "b": "done", "c": "done"}


def test_other_weights_are_other_settings(batch, scan, store):
    rows = [ROW | {"image": scan("a.nrrd")}]
    batch(rows)
    store.final_path("litemedsam").write_bytes(b"others")
    assert states(batch(rows, "--json")) == {"a": "done"}


def test_a_segmentation_that_was_corrected_by_hand_is_never_replaced(batch, scan, tmp_path):
    rows = [ROW | {"image": scan("a.nrrd")}]
    batch(rows)
    output = tmp_path / "out" / "a.seg.nrrd"
    output.write_bytes(b"corrected")
    kept = batch(rows, "--json").json()["cases"][0]
    assert (kept["state"], "was changed since" in kept["warnings"][0]) == ("kept", True)
    rows[0]["box"] = "9,11,16,18"
    refused = batch(rows, "--json")
    assert (refused.status, refused.json()["cases"][0]["error"]["code"]) == (10, "output_exists")
    assert output.read_bytes() == b"corrected"


def test_a_bad_case_in_the_middle_does_not_end_it(batch, scan, tmp_path):
    (tmp_path / "damaged.nrrd").write_bytes(b"NRRD0004\nno")
    rows = [
        ROW | {"image": scan("a.nrrd")},
        ROW | {"image": "damaged.nrrd"},
        ROW | {"image": scan("broken.nrrd", BROKEN)},
        ROW | {"image": scan("far.nrrd"), "slice": "99"},
        ROW | {"image": scan("e.nrrd")},
    ]
    result = batch(rows, "--json")
    assert result.status == 10
    assert states(result) == {"a": "done", "damaged": "failed", "broken": "failed", "far": "failed", "e": "done"}
    words = {row["case"]: row["words"] for row in table(tmp_path)}
    assert words["damaged"].startswith("cases.csv, row 3, column image: ")
    assert words["broken"].startswith("cases.csv, row 4: Something unexpected went wrong: ValueError: the network")
    assert words["far"].startswith("cases.csv, row 5, column slice: ")
    for each in ("damaged", "broken", "far"):
        assert words[each].splitlines()[0] in result.err
    scan("far.nrrd")
    rows[3]["slice"] = "4"
    again = states(batch(rows, "--json"))
    assert (again["a"], again["far"], again["broken"]) == ("kept", "done", "failed")


MISTAKES = [
    ({"box": "1,2,3"}, "box", "box_malformed"),
    ({"box": "8,10,99,19"}, "box", "box_outside_image"),
    ({"box": ""}, "", "case_malformed"),
    ({"line": "1,2,3,4"}, "line", "case_malformed"),
    ({"box": "", "line": "1,2,3"}, "line", "line_malformed"),
    ({"box": "", "line": "7.5,14.5,50,14.5"}, "line", "line_outside_image"),
    ({"box": "", "labels": "none.nrrd"}, "labels", "labels_missing"),
    ({"box": "", "prompts": "none.json"}, "prompts", "prompts_missing"),
    ({"slice": ""}, "slice", "case_malformed"),
    ({"slice": "four"}, "slice", "case_malformed"),
    ({"axis": "3"}, "axis", "case_malformed"),
    ({"range": "5"}, "range", "range_malformed"),
    ({"range": "5:99"}, "range", "range_outside_volume"),
    ({"window": "fog"}, "window", "window_invalid"),
    ({"model": "none"}, "model", "model_unknown"),
    ({"term": "Mas"}, "term", "term_unknown"),
    ({"region": "Lunge"}, "region", "term_unknown"),
    ({"image": "none.nrrd"}, "image", "image_missing"),
    ({"image": ""}, "image", "case_malformed"),
    ({"case": "a/b"}, "case", "case_malformed"),
    ({"case": "FIRST"}, "case", "case_malformed"),
    ({"series": "1.2"}, "series", "series_needless"),
]


def test_errors_name_the_row_and_the_column(batch, scan):
    """Every mistake is told, in one table after a row that is right."""
    image = scan("a.nrrd")
    rows = [ROW | {"case": f"c{number}", "image": image} | change for number, (change, *_) in enumerate(MISTAKES)]
    result = batch([ROW | {"image": image, "case": "first"}, *rows], "--json")
    first, *others = result.json()["cases"]
    assert (result.status, first["state"]) == (10, "done")
    told = []
    for number, (each, (_change, column, _code)) in enumerate(zip(others, MISTAKES, strict=True), start=3):
        place = f"cases.csv, row {number}, column {column}: " if column else f"cases.csv, row {number}: "
        assert each["error"]["message"].startswith(place)
        assert each["error"]["message"].count(f"row {number}") == 1
        # A table has columns, no options.
        assert "--" not in each["error"]["message"]
        told.append(each["error"]["code"])
    assert told == [code for *_, code in MISTAKES]


def test_a_wrong_term_of_an_object_is_told_with_its_file_and_name(batch, scan, tmp_path):
    content = {"objects": [{"name": "One", "term": "Mas", "prompts": [{"slice": 4, "box": [8, 10, 15, 19]}]}]}
    (tmp_path / "own.json").write_text(json.dumps(content), "utf-8")
    row = {"image": scan("a.nrrd"), "prompts": str(tmp_path / "own.json"), "term": "Mass"}
    (case,) = batch([row], "--json").json()["cases"]
    assert case["error"]["code"] == "term_unknown"
    expected = "cases.csv, row 2, column prompts: own.json, One: The term 'Mas' is in no list of terms."
    assert case["error"]["message"].startswith(expected)


def test_a_warning_with_several_names_is_one_line(batch, scan):
    result = batch([ROW | {"image": scan("a.nrrd"), "term": "Mas"}])
    warning = next(line for line in result.err.splitlines() if "column term" in line)
    assert "column term: The term 'Mas' is in no list of terms. Did you mean: " in warning
    assert "; " in warning.split("Did you mean: ")[1]
    assert "--term" not in warning


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has no column 'image'"),
        ("image,box\n", "has no cases"),
        ("image,bocks\na.nrrd,1\n", "a column 'bocks'"),
        ("image,box,box\na.nrrd,1,2\n", "two columns 'box'"),
        ('image,box\n"a.nrrd,1\n', "is no CSV"),
    ],
)
def test_a_table_that_cannot_be_understood_ends_it(batch, run, tmp_path, text, words):
    (tmp_path / "table.csv").write_text(text)
    result = run("batch", tmp_path / "table.csv", "-o", tmp_path / "out", "--json")
    assert (result.status, result.json()["error"]["code"]) == (2, "cases_malformed")
    assert words in result.json()["error"]["message"]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "text",
    [
        "image;box;slice;window\nscans/a.nrrd;8,10,17,19;4;255,127.5\n;;;\n",
        "\ufeffImage\tBox\tSlice\tWindow\nscans/a.nrrd\t8 10 17 19\t4\t255,127.5\n",
        'image,box,slice,window\nscans/a.nrrd,"8;10;17;19",4,"255,127.5"\n',
    ],
)
def test_tables_of_any_spreadsheet(batch, run, scan, tmp_path, text):
    scan("scans/a.nrrd")
    (tmp_path / "table.csv").write_text(text, encoding="utf-8")
    result = run("batch", tmp_path / "table.csv", "-o", tmp_path / "out", "--json")
    assert states(result) == {"a": "done"}


def test_the_table_of_the_documentation(batch, run, scan, tmp_path):
    page = Path(__file__).resolve().parents[2] / "docs" / "forty-cases.md"
    (tmp_path / "table.csv").write_text(re.search(r"```text\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)[1])
    scan("p01/ct.nrrd")
    cases = run("batch", tmp_path / "table.csv", "-o", tmp_path / "out", "--json").json()["cases"]
    # The scans of the test are smaller than its boxes, and the second one is not there.
    assert [(each["case"], each["error"]["code"]) for each in cases] == [
        ("p01-ct", "slice_out_of_range"),
        ("p02-ct", "image_missing"),
    ]


def test_a_box_without_quotes_is_told(batch, run, scan, tmp_path):
    scan("a.nrrd")
    (tmp_path / "table.csv").write_text("image,slice,box\na.nrrd,4,8,10,17,19\n")
    error = run("batch", tmp_path / "table.csv", "-o", tmp_path / "out", "--json").json()["cases"][0]["error"]
    assert error["message"] == "table.csv, row 2: The row has 6 cells, but 3 columns have names."
    assert "quotes" in error["hint"]


def test_json_and_lines(batch, run, scan, tmp_path):
    lines = [[7.5, 14.5, 17.5, 14.5], [12.5, 9.5, 12.5, 19.5]]
    cases = [
        {"image": scan("a.nrrd"), "line": lines, "slice": 4, "range": "3:5"},
        {"image": scan("b.nrrd"), "box": [8, 10, 17, 19], "slice": "4.5"},
    ]
    (tmp_path / "cases.json").write_text(json.dumps({"cases": cases}))
    result = run("batch", tmp_path / "cases.json", "-o", tmp_path / "out", "--window", "255,127.5", "--json")
    first, second = result.json()["cases"]
    assert (first["state"], first["segments"][0]["slices"]) == ("done", 3)
    assert second["error"]["message"].startswith("cases.json, cases[1].slice: '4.5' is not")


def test_a_structure_set_of_another_program_gives_the_boxes_of_its_objects(batch, tmp_path):
    voxels = np.zeros((8, 32, 40), np.int16)
    voxels[1:7, 10:20, 8:18] = 200
    scan = write_slices(tmp_path / "scan", voxels, change=whole)
    drawn = Dataset()
    drawn.ContourGeometricType, drawn.NumberOfContourPoints = "CLOSED_PLANAR", 4
    corners = [(7.6, 9.6), (17.4, 9.6), (17.4, 19.4), (7.6, 19.4)]
    places = [np.add(slice_position(4), (SPACING[0] * x, SPACING[1] * y, 0)) for x, y in corners]
    drawn.ContourData = [f"{value:.4f}" for place in places for value in place]
    file = base(np.zeros((1, 1), np.int16), sop_class="1.2.840.10008.5.1.4.1.1.481.3", modality="RTSTRUCT")
    del file.PixelData
    file.StructureSetROISequence = item(ROINumber=3, ROIName="GTV")
    file.ROIContourSequence = item(ReferencedROINumber=3, ContourSequence=[drawn])
    save(file, tmp_path / "labels" / "RS.dcm")
    row = {"image": "scan", "labels": "labels/RS.dcm", "window": "255,127.5", "term": "Mass"}
    (case,) = batch([row], "--json", "--format", ".dcm").json()["cases"]
    assert [each["segment"] for each in case["segments"]] == ["GTV"]
    found = segread(tmp_path / "out" / "scan.dcm").get_segment_description(1)
    assert (found.segment_label, found.segmented_property_type.meaning) == ("GTV", "Mass")
    image = read_image(scan[0].parent)
    (object_,) = read_labels(tmp_path / "out" / "scan.dcm", image).objects
    assert np.array_equal(np.argwhere(object_.voxels[4])[[0, -1]], [[10, 8], [19, 17]])


def test_labels_give_the_boxes_of_their_objects(batch, scan, tmp_path):
    labels = np.zeros((8, 32, 40), np.uint8)
    # The first is largest on slice 3, the second on slice 5; both are smaller on others.
    labels[2:4, 10:20, 8:12] = 1
    labels[2, 10:15] = 0
    labels[4:6, 12:18, 13:18] = 2
    labels[4, 12:17] = 0
    image = sitk.GetImageFromArray(labels)
    image.SetSpacing((1.0, 1.0, 2.0))
    sitk.WriteImage(image, str(tmp_path / "labels.nrrd"))
    row = {"image": scan("a.nrrd"), "labels": "labels.nrrd", "window": "255,127.5"}
    rows = [row, row | {"name": "2", "case": "one"}, row | {"name": "7", "case": "none"}]
    both, one, none = batch(rows, "--json").json()["cases"]
    assert [each["segment"] for each in both["segments"]] == ["1", "2"]
    assert [each["segment"] for each in one["segments"]] == ["2"]
    assert none["error"]["code"] == "labels_empty"
    mask = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "out" / "one.seg.nrrd")))
    assert np.array_equal(np.argwhere(mask[5])[[0, -1]], [[12, 13], [17, 17]])
    assert [row["segment"] for row in table(tmp_path)] == ["1", "2", "2", ""]


def test_prompts_files_have_several_objects(batch, scan, tmp_path):
    objects = [{"name": name, "prompts": [{"slice": 4, "box": box}]} for name, box in
               (("Left", [8, 10, 11, 19]), ("Right", [13, 10, 17, 19]))]  # fmt: skip
    (tmp_path / "boxes.json").write_text(json.dumps({"objects": objects}))
    (case,) = batch([{"image": scan("a.nrrd"), "prompts": "boxes.json", "window": "255,127.5"}], "--json").json()[
        "cases"
    ]
    assert [each["segment"] for each in case["segments"]] == ["Left", "Right"]


def test_cases_are_called_by_what_makes_them_different(batch, scan):
    images = ["p1/ct.nrrd", "p2/ct.nrrd", "a.nrrd", "a.nrrd"]
    assert list(states(batch([ROW | {"image": scan(image)} for image in images], "--json"))) == [
        "p1-ct",
        "p2-ct",
        "a",
        "a-2",
    ]


def test_what_a_case_left_half_written_does_not_stand_in_the_way(batch, scan, tmp_path):
    rows = [ROW | {"image": scan("a.nrrd")}]
    # The picture is written after the segmentation.
    in_the_way = tmp_path / "out" / "pictures" / "a.png"
    in_the_way.mkdir(parents=True)
    assert batch(rows, "--json").json()["cases"][0]["error"]["code"] == "cannot_write"
    assert not (tmp_path / "out" / "a.seg.nrrd").exists()
    in_the_way.rmdir()
    assert states(batch(rows, "--json")) == {"a": "done"}
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "a.seg.nrrd",
        "cases.csv",
        "index.html",
        "pictures",
        "records",
    ]


def test_stopping_keeps_what_is_done(batch, scan, tmp_path):
    rows = [
        ROW | {"image": scan("a.nrrd")},
        ROW | {"image": scan("b.nrrd", INTERRUPTED)},
        ROW | {"image": scan("c.nrrd")},
    ]
    stopped = batch(rows)
    assert stopped.status == 130
    assert "Stopped after 1 of 3 cases." in stopped.err
    assert [row["state"] for row in table(tmp_path)] == ["done", "waiting", "waiting"]
    scan("b.nrrd")
    assert states(batch(rows, "--json")) == {"a": "kept", "b": "done", "c": "done"}


def test_two_jobs_do_the_same_and_survive_a_process_that_ends(batch, scan, tmp_path):
    levels = [200, 201, DEADLY, 202]
    rows = [ROW | {"image": scan(f"{level}.nrrd", level)} for level in levels]
    result = batch(rows, "--jobs", "2", "--json")
    assert (result.status, states(result)) == (10, {"200": "done", "201": "done", "233": "failed", "202": "done"})
    error = result.json()["cases"][2]["error"]
    assert (error["code"], error["message"].partition(":")[0]) == ("case_process_ended", "cases.csv, row 4")
    assert [row["volume_ml"] for row in table(tmp_path)] == ["1.2", "1.2", "", "1.2"]


class Page(HTMLParser):
    """The paragraphs and figures of a page, and all that a browser would load or follow."""

    def __init__(self, text):
        super().__init__()
        self.blocks, self.loaded, self.links = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if tag in ("p", "figure"):
            self.blocks.append("")
        self.loaded += [found["src"]] if "src" in found else []
        self.links += [found["href"]] if "href" in found else []

    def handle_data(self, data):
        if self.blocks:
            self.blocks[-1] += data


def test_a_size_has_as_many_digits_as_its_range():
    sizes = {"volume_ml": 0.00412, "volume_ml_low": 0.00351, "volume_ml_high": 0.00509}
    outcome = types.SimpleNamespace(segments=[sizes | {"segment": "Node"}], state="done", seconds=2.0)
    _, row = table_lines([(types.SimpleNamespace(name="ct"), None, outcome)])
    assert row.split() == ["ct", "Node", "done", "0.00412", "0.00351–0.00509", "2.0"]


def test_the_page_shows_the_least_sure_first_and_loads_nothing(batch, scan, tmp_path):
    rows = [
        ROW | {"image": scan("sure.nrrd")},
        # A box that the object fills by a quarter.
        ROW | {"image": scan("unsure.nrrd"), "box": "0,2,17,19", "name": "<b>&"},
        ROW | {"image": "none.nrrd"},
    ]
    batch(rows)
    text = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.blocks[1].startswith("3 cases: 2 done, 1 failed.")
    assert [re.match(r"none|unsure|sure", block)[0] for block in page.blocks[2:]] == ["none", "unsure", "sure"]
    assert "There is no file or folder" in page.blocks[2]
    assert "<b>&: 1.20 ml, 13.5 × " in page.blocks[3]
    assert len(page.loaded) == 2
    assert all(source.startswith("data:image/jpeg;base64,") for source in page.loaded)
    assert page.links == ["cases.csv", "pictures/unsure.png", "pictures/sure.png"]
    assert all((tmp_path / "out" / link).is_file() for link in page.links)
    assert "url(" not in text and "@import" not in text
